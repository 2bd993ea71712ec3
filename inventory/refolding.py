"""Refolding: a unit's registers and state, told anew from everything that was ever said of it (I2, I8).

Pure. The rules are the model's; only the order in which lines came is taken from what was stored (`nth`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from inventory.bodies import unit_body
from inventory.lane.looking import PINS_WITHIN
from inventory.lane.rows import state_row
from inventory.model.counting import HoldSpan, Movement, Spoke, Stated, newest
from inventory.model.feeds import FeedMemory
from inventory.model.night import noon_of
from inventory.model.policy import Policy
from inventory.model.state import Known, Moment, fold
from inventory.model.story import Outcome, Said, Story
from inventory.model.unit import Unit

# What, expected, found.
Wrong = tuple[str, object, object]

# A removed unit is not told of noon or of its shelter any more: only its registers still mean something.
_OF_THE_BOARD = frozenset({"status", "free", "over_by", "night"})
# By which rules an older release folded a state is not written down; the first sweep of this one folds it anew.
_UNWRITTEN = Policy(version=-1)


@dataclass(frozen=True, slots=True)
class Arrived:
    """A stored line as it came: its number among the unit's, and what makes it a repetition or a correction."""

    said: Said
    outcome: str
    said_at: datetime
    as_of: datetime | None
    body_hash: bytes
    capacity: int | None


@dataclass(slots=True)
class _Newest:
    """What a feed said last: when, of when, in which words, and how often again."""

    at: datetime
    as_of: datetime | None
    body_hash: bytes
    repeats: int = 0


@dataclass(slots=True)
class Retelling:
    """Hears every line of a unit twice: as it came, which shows repetitions, and by its time, which is the story."""

    story: Story
    stuck_after: Sequence[int]
    capacity: Stated[int] | None = None
    heard: int = 0
    newest: dict[UUID, _Newest] = field(default_factory=dict)
    # Who is stuck, by each of the rules there ever were.
    stuck: dict[int, UUID | None] = field(default_factory=dict)
    # One of a kind is enough: what follows a missing line is all wrong.
    wrong: dict[str, Wrong] = field(default_factory=dict)

    def hear_as_it_came(self, line: Arrived) -> None:
        said = line.said
        self.heard += 1
        name = f"report {said.report_id}"
        if said.nth != self.heard:
            self._note("nth", f"{name} nth", self.heard, said.nth)
            self.heard = said.nth
        last = self.newest.get(said.source_id) if said.spoke is Spoke.FEED else None
        corrects = last is not None and line.as_of is not None and line.as_of == last.as_of
        self._note("at", f"{name} at", last.at if last is not None and corrects else line.said_at, said.at)
        repeated = last is not None and last.body_hash == line.body_hash
        self._note("repeated", f"{name} repeated", repeated, line.outcome == Outcome.REPEATED)
        if line.capacity is not None and not repeated:
            stated = Stated(line.capacity, said.at, said.report_id)
            self.capacity = newest(self.capacity, stated, corrects=last is not None and last.at == said.at)
        self._hear_feed(line, last, repeated=repeated)

    def _hear_feed(self, line: Arrived, last: _Newest | None, *, repeated: bool) -> None:
        source_id = line.said.source_id
        if last is not None and repeated:
            last.repeats += 1
        elif line.said.spoke is Spoke.FEED and (last is None or line.said.at >= last.at):
            self.newest[source_id] = _Newest(line.said.at, line.as_of, line.body_hash)
        for rule in self.stuck_after:
            stuck_by = self.stuck.get(rule)
            if last is not None and repeated:
                stuck_now = stuck_by is None and last.repeats + 1 >= rule
                self.stuck[rule] = source_id if stuck_now else stuck_by
            elif line.said.spoke is Spoke.PERSON or stuck_by == source_id:
                self.stuck[rule] = None

    def _note(self, kind: str, what: str, expected: object, found: object) -> None:
        if expected != found:
            self.wrong.setdefault(kind, (what, expected, found))

    def feeds(self) -> dict[UUID, FeedMemory]:
        memories = {}
        for source_id, last in self.newest.items():
            run = self.story.runs.get(source_id)
            free, over_by = (run.value if run is not None else None) or (None, None)
            since = last.at if run is None else run.since
            memories[source_id] = FeedMemory(free, over_by, last.at, since, last.as_of, last.body_hash, last.repeats)
        return memories

    def may_be_stuck(self) -> set[UUID | None]:
        """Who `stuck_by` may name: judged by the rules of the time, which a line does not name."""
        return {self.stuck.get(rule) for rule in self.stuck_after} or {None}


@dataclass(frozen=True, slots=True)
class Closings:
    """The closing rows of a unit alternate, from open: their number says whether it is closed."""

    number: int = 0
    # The last one first.
    reopened: Sequence[datetime] = ()

    @property
    def reopened_at(self) -> datetime | None:
        return self.reopened[0] if self.reopened else None

    @property
    def closed(self) -> bool:
        return self.number % 2 == 1


@dataclass(frozen=True, slots=True)
class Evidence:
    """A unit's stored row, and everything it should follow from."""

    unit: Unit
    row: dict[str, Any]
    body: bytes | None
    secret: bool
    shelter_closed: bool
    removed: bool
    retelling: Retelling
    held: int
    closings: Closings
    # The shelter was defined at the very moment the row says the unit reopened at.
    reopened_by_shelter: bool
    movements: Sequence[Movement]
    holds: Sequence[HoldSpan]
    feeds: dict[UUID, FeedMemory]


def compare(evidence: Evidence, zone: ZoneInfo, policies: Mapping[int, Policy]) -> list[Wrong]:
    """Return everything about a unit that does not follow from what is known of it."""
    told, row = evidence.retelling, evidence.row
    wrong = list(told.wrong.values())
    if told.capacity is None:
        return [*wrong, ("capacity_change", "at least one", "none")]
    heard = told.story.told(row["night"])
    wrong += [(f"report {one.report_id} pinned", one.pinned, not one.pinned) for one in told.story.changed[:1]]
    wrong += _compare_feeds(told.feeds(), evidence.feeds)
    if row["stuck_by"] not in (allowed := told.may_be_stuck()):
        wrong.append(("unit_state.stuck_by", sorted(map(str, allowed)), row["stuck_by"]))
    reopened_at = _reopened_at(evidence)
    known = Known(
        unit_id=evidence.unit.id,
        shelter_id=evidence.unit.shelter_id,
        regime=evidence.unit.regime,
        turnover=evidence.unit.turnover,
        capacity=told.capacity,
        held=evidence.held,
        told=heard,
        closed=evidence.closings.closed,
        shelter_closed=evidence.shelter_closed,
        reopened_at=reopened_at,
        stuck_by=row["stuck_by"],
    )
    # All that time decides is the night: its noon stands for all of it.
    now = noon_of(row["night"], zone)
    policy = policies.get(row["policy"], _UNWRITTEN)
    state = fold(known, evidence.movements, evidence.holds, Moment(now, zone, policy))
    expected = state_row(evidence.unit.id, known, state, told.heard, row["count_prior_seq"])
    unasked = _OF_THE_BOARD if evidence.removed else frozenset()
    wrong += [
        (f"unit_state.{name}", value, row[name])
        for name, value in expected.items()
        if value != row[name] and name not in unasked
    ]
    if not evidence.removed and policy != _UNWRITTEN:
        wrong += compare_bodies("unit", unit_body(state, evidence.secret), evidence.body)
    return wrong


def _reopened_at(evidence: Evidence) -> datetime | None:
    """A unit is reopened by a closing row, or with its shelter, of which no row tells."""
    if evidence.reopened_by_shelter:
        reopened_at: datetime = evidence.row["reopened_at"]
        return reopened_at
    return evidence.closings.reopened_at


def _compare_feeds(expected: dict[UUID, FeedMemory], found: dict[UUID, FeedMemory]) -> list[Wrong]:
    return [
        (f"feed {key_id}", expected.get(key_id), found.get(key_id))
        for key_id in sorted(expected.keys() | found.keys())
        if _as_it_matters(expected.get(key_id)) != _as_it_matters(found.get(key_id))
    ]


def _as_it_matters(memory: FeedMemory | None) -> FeedMemory | None:
    """Since when a number is said counts within the reach of a pin; a late line is told with no more than that."""
    if memory is None:
        return None
    return replace(memory, value_since=max(memory.value_since, memory.at - PINS_WITHIN))


def compare_bodies(kind: str, right: bytes, found: bytes | None) -> list[Wrong]:
    """Compare a journalled body with what it should be; name only what differs."""
    if found == right:
        return []
    if found is None:
        return [(f"{kind} body", right.decode(), "none")]
    expected = msgspec.json.decode(right)
    there = msgspec.json.decode(found)
    if not isinstance(there, dict) or there == expected:
        return [(f"{kind} body", right.decode(), found.decode())]
    return [
        (f"{kind} body.{name}", expected.get(name), there.get(name))
        for name in [*expected, *(there.keys() - expected.keys())]
        if expected.get(name, ...) != there.get(name, ...)
    ]
