"""The rules of a region that counts and surges obey: data, versioned, never edited in place (I7).

Every change is a new version. A unit's state says by which version it was folded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import Field, asdict, dataclass
from datetime import timedelta
from typing import Any, ClassVar, Protocol
from uuid import UUID

from inventory.model.freshness import Ageing
from inventory.model.unit import Regime

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
# Nobody who reads "silent after two years" is helped; shorter than a minute, a count ages on its way.
_AGES_MIN_S, _AGES_MAX_S = _MINUTE, 366 * _DAY
# A line that comes late is told together with those of two hours before it, because no pin reaches further.
PIN_MAX_S = 2 * _HOUR
_STUCK_MIN, _STUCK_MAX = 2, 1_000
_SURGE_MIN_S, _SURGE_MAX_S = _HOUR, 183 * _DAY
_ANSWER_MIN_S, _ANSWER_MAX_S = 5 * _MINUTE, 7 * _DAY


@dataclass(frozen=True, slots=True)
class SurgeRules:
    """How long a surge lasts where nobody says it, and at most; how soon its units should have reported."""

    lasts_s: int = 16 * _HOUR
    longest_s: int = 14 * _DAY
    report_within_s: int = 2 * _HOUR


# What holds where nobody has set anything.
_NIGHT = Ageing(2 * _HOUR, 6 * _HOUR, 24 * _HOUR)
_ADMISSION = Ageing(_DAY, 3 * _DAY, 7 * _DAY)
_SURGE = SurgeRules()


@dataclass(frozen=True, slots=True)
class Policy:
    """All of it, of one version. Nobody has set version 0; `id` is that of the version's row."""

    night: Ageing = _NIGHT
    admission: Ageing = _ADMISSION
    pin_s: int = 1800
    stuck_after: int = 12
    hold_unconfirmed: bool = False
    surge: SurgeRules = _SURGE
    version: int = 0
    id: UUID | None = None

    @property
    def pin(self) -> timedelta:
        return timedelta(seconds=self.pin_s)

    def ageing(self, regime: Regime) -> Ageing:
        return self.night if regime is Regime.NIGHT else self.admission

    @property
    def rules(self) -> dict[str, Any]:
        """What it says, without which version of it this is."""
        return {name: value for name, value in asdict(self).items() if name not in {"version", "id"}}


@dataclass(frozen=True, slots=True)
class Unsound:
    """A rule that cannot be meant, and what it may be."""

    field: str
    least: int
    most: int


def unsound(policy: Policy) -> Unsound | None:
    """Return the first rule that is out of its bounds; ages must follow each other, or a word could never be read."""
    for field, value, least, most in _bounded(policy):
        if not least <= value <= most:
            return Unsound(field, least, most)
    return None


def _bounded(policy: Policy) -> Iterator[tuple[str, int, int, int]]:
    for name, ages in (("night", policy.night), ("admission", policy.admission)):
        yield f"{name}.aging_after_s", ages.aging_after_s, _AGES_MIN_S, _AGES_MAX_S - 2
        yield f"{name}.stale_after_s", ages.stale_after_s, ages.aging_after_s + 1, _AGES_MAX_S - 1
        yield f"{name}.silent_after_s", ages.silent_after_s, ages.stale_after_s + 1, _AGES_MAX_S
    yield "pin_s", policy.pin_s, 0, PIN_MAX_S
    yield "stuck_after", policy.stuck_after, _STUCK_MIN, _STUCK_MAX
    yield "surge.longest_s", policy.surge.longest_s, _SURGE_MIN_S, _SURGE_MAX_S
    yield "surge.lasts_s", policy.surge.lasts_s, _SURGE_MIN_S, policy.surge.longest_s
    yield "surge.report_within_s", policy.surge.report_within_s, _ANSWER_MIN_S, _ANSWER_MAX_S


# What one rule says: a number, a switch, or a list, whose order is a part of what it says.
Rule = int | bool | Sequence[Any]


@dataclass(frozen=True, slots=True)
class Changed:
    """One rule that is otherwise than in the version before; None where it was not there, or is no longer.

    A list is told whole, before and after: told by position, one line put first would make all look changed.
    """

    field: str
    was: Rule | None
    now: Rule | None


class Versioned(Protocol):
    """A policy, of whatever it is one: a dataclass of what it says, by name."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def version(self) -> int: ...

    @property
    def id(self) -> UUID | None: ...

    @property
    def rules(self) -> Mapping[str, Any]: ...


def changes(before: Versioned, after: Versioned) -> list[Changed]:
    was, now = dict(_flat(before.rules)), dict(_flat(after.rules))
    fields = [*now, *(field for field in was if field not in now)]
    return [Changed(field, was.get(field), now.get(field)) for field in fields if was.get(field) != now.get(field)]


def _flat(rules: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, Rule]]:
    for name, value in rules.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{within}{name}.")
        else:
            yield within + name, value
