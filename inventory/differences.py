"""What a verification found: differences in order, and how much it examined. Bounded, whatever is broken."""

from __future__ import annotations

from dataclasses import dataclass, field

# Whoever has this many does not read on; the rest is counted.
_KEPT_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not what it should be. `id` names a unit, a hold, a subject or a seq."""

    region: str
    what: str
    id: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.region}  {self.what}  {self.id}  expected {self.expected}  found {self.found}"


@dataclass(slots=True)
class Verification:
    """One region's result. `redis` says how the live board was compared, or why it was not."""

    region: str
    seq: int = 0
    entries: int = 0
    units: int = 0
    shelters: int = 0
    reports: int = 0
    holds: int = 0
    redis: str = "not configured"
    differences: list[Difference] = field(default_factory=list)
    omitted: int = 0

    @property
    def clean(self) -> bool:
        return not self.differences

    def differ(self, what: str, id: object, expected: object, found: object) -> None:
        if len(self.differences) < _KEPT_MAX:
            self.differences.append(Difference(self.region, what, str(id), str(expected), str(found)))
        else:
            self.omitted += 1

    def compare(self, what: str, id: object, expected: object, found: object) -> None:
        if expected != found:
            self.differ(what, id, expected, found)
