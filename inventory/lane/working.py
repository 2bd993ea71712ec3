"""The working set of one batch: what was locked and loaded, and what will be written.

Use cases read and change it; nothing here talks to Postgres. A use case that refuses must not have
changed anything yet: it first decides about all its parts, then records.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Table

from inventory.bodies import shelter_body, unit_body
from inventory.model.audience import masked_view_changed
from inventory.model.counting import FeedMemory, HoldSpan, Movement
from inventory.model.state import Known, Moment, Shown, UnitState, fold
from inventory.model.unit import Operator, Shelter, Unit
from inventory.problems import NotYourShelter, UnknownUnit
from kernel.journal import Cause, Entry, Subject
from kernel.problems import IdReused

# The actor of what the system does by itself: the turn of the night, the end of a surge unit.
SYSTEM = UUID(int=2)


@dataclass(slots=True)
class Live:
    """A unit under work: what is known of it, and what this batch has done to it."""

    unit: Unit
    known: Known
    secret: bool
    removed: bool
    seq: int
    visible_seq: int
    before: bytes | None
    reports: int
    count_prior_seq: int
    held_before: int
    shown_before: Shown
    movements: dict[UUID, Movement] = field(default_factory=dict)
    holds: dict[UUID, HoldSpan] = field(default_factory=dict)
    feeds: dict[UUID, FeedMemory] = field(default_factory=dict)
    causes: list[Cause] = field(default_factory=list)
    dirty: bool = False

    def fold(self, moment: Moment) -> UnitState:
        return fold(self.known, tuple(self.movements.values()), tuple(self.holds.values()), moment)

    def moved_since(self, base_seq: int, moment: Moment) -> bool:
        """Tell whether what a person bases a report on has changed since they saw `base_seq`."""
        return base_seq <= self.count_prior_seq or self.fold(moment).shown != self.shown_before

    def know(self, cause: Cause | None, **changes: Any) -> None:
        """Change what is known of the unit, and note why, if the change is to be told."""
        if changes:
            self.known = replace(self.known, **changes)
        self.dirty = True
        if cause is not None:
            self.causes.append(cause)


@dataclass(frozen=True, slots=True)
class StoredReport:
    body_hash: bytes
    outcomes: tuple[tuple[UUID, str], ...]


@dataclass(frozen=True, slots=True)
class StoredMovement:
    unit_id: UUID
    shelter_id: UUID
    body_hash: bytes
    outcome: str
    voided: bool


@dataclass(frozen=True, slots=True)
class StoredHold:
    id: UUID
    unit_id: UUID
    request_id: UUID | None
    places: int
    state: str
    held_at: datetime
    expires_at: datetime
    body_hash: bytes


@dataclass(frozen=True, slots=True)
class StoredEnd:
    hold_id: UUID
    outcome: str
    body_hash: bytes


@dataclass(slots=True)
class Site:
    """A shelter under work, with its units as they are defined."""

    shelter: Shelter
    operator: Operator
    units: dict[UUID, Unit] = field(default_factory=dict)
    before: bytes | None = None
    causes: list[Cause] = field(default_factory=list)


@dataclass(slots=True)
class Working:
    """Everything one batch may touch."""

    region_id: UUID
    moment: Moment
    units: dict[UUID, Live] = field(default_factory=dict)
    grants: set[tuple[UUID, UUID]] = field(default_factory=set)
    reports: dict[UUID, StoredReport] = field(default_factory=dict)
    movements: dict[UUID, StoredMovement] = field(default_factory=dict)
    holds: dict[UUID, StoredHold] = field(default_factory=dict)
    ends: dict[UUID, StoredEnd] = field(default_factory=dict)
    open_holds: dict[UUID, UUID] = field(default_factory=dict)
    operators: dict[UUID, Operator] = field(default_factory=dict)
    sites: dict[UUID, Site] = field(default_factory=dict)
    # The kind of whatever bears an id that a definition names; "elsewhere" in another region.
    taken: dict[UUID, str] = field(default_factory=dict)
    upserts: list[tuple[Table, dict[str, Any]]] = field(default_factory=list)
    inserts: dict[Table, list[dict[str, Any]]] = field(default_factory=dict)
    voided: list[tuple[UUID, UUID]] = field(default_factory=list)
    # Per hold: the state it was found in, and the one it ends in.
    ended: dict[UUID, tuple[str, str]] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        return self.moment.now

    def authorise(self, actor_id: UUID, shelter_id: UUID) -> None:
        """Refuse an actor without a grant for this shelter (I10: before anything else is said)."""
        if actor_id != SYSTEM and (actor_id, shelter_id) not in self.grants:
            raise NotYourShelter(shelter=str(shelter_id))

    def claim(self, kind: str, id: UUID) -> None:
        """Refuse a definition under an id that is another kind's, or another region's, already."""
        if self.taken.get(id, kind) != kind:
            raise IdReused(id=str(id))
        self.taken[id] = kind

    def live(self, unit_id: UUID) -> Live:
        live = self.units.get(unit_id)
        if live is None or live.removed:
            raise UnknownUnit(unit=str(unit_id))
        return live

    def insert(self, table: Table, **row: Any) -> None:
        self.inserts.setdefault(table, []).append(row)

    def settle(self) -> None:
        """Turn every changed shelter and unit into at most one journal entry; equal bodies make none."""
        for site in self.sites.values():
            body = shelter_body(site.shelter, site.operator, tuple(site.units.values()))
            if site.causes and body != site.before:
                self.entries.append(Entry("shelter", site.shelter.id, body, tuple(site.causes)))
        for live in self.units.values():
            if not live.dirty or live.removed:
                continue
            state = live.fold(self.moment)
            body = unit_body(state, live.secret)
            if state.shown != live.shown_before:
                live.count_prior_seq = live.seq
            if body != live.before:
                visible = not live.secret or masked_view_changed(live.before, body)
                self.entries.append(Entry("unit", live.unit.id, body, tuple(live.causes), visible))
            live.before = body


def current(working: Working, live: Live, numbered: Mapping[UUID, Subject]) -> Subject:
    """Return a unit's state after the batch: as numbered just now, or as it already was."""
    subject = numbered.get(live.unit.id)
    if subject is not None:
        return subject
    body = live.before or unit_body(live.fold(working.moment), live.secret)
    return Subject("unit", live.unit.id, live.seq, live.visible_seq, False, body)
