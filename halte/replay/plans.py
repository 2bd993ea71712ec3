"""Plans: what one step of a replay (a day, a file) asks of a server. Both kinds of replay end in these. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Definition:
    """A PUT of an operator, a shelter or a unit; `line` is the row that says so."""

    kind: str
    id: UUID
    body: dict[str, Any]
    line: int


@dataclass(frozen=True, slots=True)
class Turn:
    """A unit to be closed or reopened by the key of `holder_id`."""

    unit_id: UUID
    holder_id: UUID
    ref: str
    closed: bool


@dataclass(frozen=True, slots=True)
class Counted:
    """One row as a report, by the key of `holder_id`. `ref` is what the row calls the unit. None: not said."""

    report_id: UUID
    shelter_id: UUID
    unit_id: UUID
    holder_id: UUID
    line: int
    ref: str
    observed_at: datetime
    free: int
    capacity: int
    over_by: int = 0
    out: int | None = None
    night: date | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything of one step, in this order: definitions, turns, counts.

    A demo server's clock stands at `begins_at` for the first two, and at `counted_at` when the counts come in.
    """

    name: str
    begins_at: datetime
    counted_at: datetime
    operators: tuple[Definition, ...] = ()
    shelters: tuple[Definition, ...] = ()
    units: tuple[Definition, ...] = ()
    turns: tuple[Turn, ...] = ()
    counts: tuple[Counted, ...] = ()
    # Whether the clock that says when this was counted is that of whoever sends it: then it may be corrected.
    in_own_time: bool = True


@dataclass(slots=True)
class Defined:
    """What was defined so far: a definition goes out when it says something new."""

    _bodies: dict[UUID, dict[str, Any]] = field(default_factory=dict)

    def changed(self, wanted: Iterable[Definition]) -> tuple[Definition, ...]:
        changed = tuple(one for one in wanted if self._bodies.get(one.id) != one.body)
        self._bodies |= {one.id: one.body for one in changed}
        return changed
