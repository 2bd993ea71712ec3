"""The working set of one batch: what was locked and loaded, and what will be written.

Use cases read and change it; nothing here talks to Postgres. A use case that refuses must not have
changed anything yet: it first decides about all its parts, then records.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Table

from inventory import tables
from inventory.bodies import shelter_body, unit_body
from inventory.lane.looking import received
from inventory.model.audience import masked_view_changed
from inventory.model.counting import HoldSpan, Movement, Stated, newest
from inventory.model.feeds import FeedMemory
from inventory.model.state import Known, Moment, Shown, UnitState, fold
from inventory.model.story import Run, Said, Story, tell
from inventory.model.surge import Surge
from inventory.model.unit import Operator, Shelter, Unit
from inventory.problems import NotYourShelter, UnknownUnit
from kernel.ids import new_id
from kernel.journal import Cause, Entry, Subject
from kernel.problems import Busy, IdReused

# Lines that one batch may tell anew: a fifth of a second, of the one after which Postgres ends what is idle.
_RETOLD_MAX = 20_000

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
    # The lines about the unit since `lines_since`, where one of this batch comes out of order.
    lines: list[Said] | None = None
    lines_since: datetime | None = None
    runs: dict[UUID, Run] = field(default_factory=dict)
    # When reports were true that movements of this batch name.
    named: dict[UUID, datetime] = field(default_factory=dict)
    causes: list[Cause] = field(default_factory=list)
    dirty: bool = False
    # Whether anything moved, or is held, that a line in order may have to reckon with.
    past: bool = True
    # What the batch has made of it.
    settled: UnitState | None = None

    def fold(self, moment: Moment) -> UnitState:
        return fold(self.known, tuple(self.movements.values()), tuple(self.holds.values()), moment)

    def tell(self, said: Said, run: Run | None) -> Story:
        """Return the story of the unit with one more line; `run` is what its source has been saying."""
        told = self.known.told
        reopened = () if self.known.reopened_at is None else (self.known.reopened_at,)
        if self.lines is None or self.lines_since is None:
            return tell(told, {} if run is None else {said.source_id: run}, [said], reopened, said.report_id)
        return tell(told.before(self.lines_since), self.runs, [*self.lines, said], reopened, said.report_id)

    def retell_since(self, since: datetime) -> None:
        """Begin with the lines since then. What a feed had been saying before, its memory tells if it is of before."""
        self.lines, self.lines_since = [], since
        self.runs = {source_id: memory.run for source_id, memory in self.feeds.items() if memory.at < since}

    def keep(self, said: Said) -> None:
        """Keep a line for those of this batch that come after it."""
        if self.lines is not None:
            self.lines.append(said)
        if said.count is not None:
            self.named[said.report_id] = said.at
            for movement in self.movements.values():
                if movement.counted_in == said.report_id:
                    self.movements[movement.id] = replace(movement, counted_at=said.at)

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
    hold_id: UUID | None = None


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


@dataclass(frozen=True, slots=True)
class StoredPolicy:
    """A change of rules under the client's id, and in which table; `version` is none where it is another region's."""

    table: str
    version: int | None
    body_hash: bytes


@dataclass(frozen=True, slots=True)
class StoredSurgeChange:
    """What was done to a surge under the client's id; `surge_id` is none where it is another region's."""

    surge_id: UUID | None
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
    policies: dict[UUID, StoredPolicy] = field(default_factory=dict)
    surges: dict[UUID, Surge] = field(default_factory=dict)
    surge_changes: dict[UUID, StoredSurgeChange] = field(default_factory=dict)
    # Per unit whose shelter was loaded too: the last surge in it, running or not.
    last_surges: dict[UUID, Surge] = field(default_factory=dict)
    operators: dict[UUID, Operator] = field(default_factory=dict)
    sites: dict[UUID, Site] = field(default_factory=dict)
    # The kind of whatever bears an id that a definition names; "elsewhere" in another region.
    taken: dict[UUID, str] = field(default_factory=dict)
    upserts: list[tuple[Table, dict[str, Any]]] = field(default_factory=list)
    # States of new units: two nodes that define the same id must not both have begun it.
    births: list[dict[str, Any]] = field(default_factory=list)
    inserts: dict[Table, list[dict[str, Any]]] = field(default_factory=dict)
    # Per line: whether it is pinned, where that has changed.
    pinned: dict[tuple[UUID, UUID], bool] = field(default_factory=dict)
    voided: list[tuple[UUID, UUID]] = field(default_factory=list)
    # Per hold: the state it was found in, and the one it ends in.
    ended: dict[UUID, tuple[str, str]] = field(default_factory=dict)
    # Surges with another end, and the units whose own end moves with a surge.
    moved_surges: dict[UUID, Surge] = field(default_factory=dict)
    expiries: dict[UUID, datetime] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    # Per hold: the instant to which its end was moved.
    extended: dict[UUID, datetime] = field(default_factory=dict)
    # What the package above keeps of the same batch.
    beside: object = None
    # How many lines were told anew for lines that came out of order, and how many may be.
    retold: int = 0
    retold_max: int = _RETOLD_MAX

    @property
    def now(self) -> datetime:
        return self.moment.now

    @property
    def night(self) -> date:
        return self.moment.night

    def received(self, stamped: datetime | None) -> datetime:
        return received(self.now, stamped)

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

    def close(self, live: Live, verb: str, actor_id: UUID, *, closed: bool) -> None:
        """Close a unit or open it again; an opened one awaits a report."""
        closing_id = new_id()
        self.insert(tables.closing, id=closing_id, unit_id=live.unit.id, at=self.now, closed=closed, actor_id=actor_id)
        reopened_at = live.known.reopened_at if closed else self.now
        live.know(Cause(verb, closing_id, actor_id), closed=closed, reopened_at=reopened_at)

    def retell(self, live: Live) -> None:
        """Account for telling a unit anew. One that catches up on much shares the lane with everybody else: what does
        not fit into this batch comes again with its client's next try.
        """
        lines = len(live.lines or ())
        if self.retold and self.retold + lines > self.retold_max:
            raise Busy
        self.retold += lines

    def judge_anew(self, live: Live, said: Said) -> None:
        """Note that an older line is pinned, or no more, because of one that came late."""
        self.pinned[said.report_id, live.unit.id] = said.pinned
        live.lines = [said if one.report_id == said.report_id else one for one in live.lines or ()]

    def state_capacity(self, live: Live, stated: Stated[int], actor_id: UUID, *, corrects: bool = False) -> Stated[int]:
        """Write down a dated change of the capacity, and return the one that stands.

        A late one is written with the one that stands again behind it: the last change is the capacity.
        """
        current = live.known.capacity
        stands = newest(current, stated, corrects=corrects)
        if stated.value != current.value:
            for one in (stated,) if stands is stated else (stated, current):
                self.insert(
                    tables.capacity_change,
                    id=new_id(),
                    unit_id=live.unit.id,
                    at=one.at,
                    report_id=one.report_id,
                    capacity=one.value,
                    actor_id=actor_id,
                )
        return stands

    def turn(self, live: Live, night: date, policy: int) -> None:
        """Tell what time and newer rules have changed since the unit was written, whatever this batch does to it."""
        if live.removed:
            return
        if policy < self.moment.policy.version:
            live.know(Cause("policy", self.moment.policy.id, SYSTEM))
        if night < self.night:
            live.know(Cause("noon", None, SYSTEM), told=live.known.told.turned(self.night))
        if live.unit.expires_at is not None and live.unit.expires_at <= self.now and not live.known.closed:
            self.close(live, "expire", SYSTEM, closed=True)

    def settle(self) -> None:
        """Turn every changed shelter and unit into at most one journal entry; equal bodies make none."""
        for site in self.sites.values():
            body = shelter_body(site.shelter, site.operator, tuple(site.units.values()))
            if site.causes and body != site.before:
                self.entries.append(Entry("shelter", site.shelter.id, body, tuple(site.causes)))
        for live in self.units.values():
            if not live.dirty or live.removed:
                continue
            state = live.settled = live.fold(self.moment)
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
