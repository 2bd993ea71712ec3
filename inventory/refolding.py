"""Refolding: a unit's registers and state, told anew from everything that was ever said of it (I2, I8).

Pure. The rules are the model's; only the order of events is taken from what was stored (`nth`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from inventory.bodies import unit_body
from inventory.lane.rows import state_row
from inventory.model.counting import (
    Count,
    FeedMemory,
    HoldSpan,
    Movement,
    Outcome,
    Spoke,
    Stated,
    judge,
    newest,
    place_in_time,
    remember,
)
from inventory.model.freshness import Policy
from inventory.model.night import noon_of
from inventory.model.state import Intake, Known, Moment, OutOfService, fold
from inventory.model.unit import Unit

# What, expected, found.
Wrong = tuple[str, object, object]

# A removed unit is not told of noon or of its shelter any more: only its registers still mean something.
_OF_THE_BOARD = frozenset({"status", "free", "over_by", "night"})


@dataclass(frozen=True, slots=True)
class Said:
    """One stored line of a report about the unit. `count` is as it was stored, placed in time."""

    nth: int
    outcome: str
    count: Count
    said_at: datetime
    as_of: datetime | None
    body_hash: bytes
    pin: timedelta
    capacity: int | None
    out_of_service: tuple[OutOfService, ...] | None
    intake: Intake | None


@dataclass(slots=True)
class Retelling:
    """Hears every line of a unit in order; keeps what the lane should have kept, and what it recorded wrongly."""

    capacity: Stated[int] | None = None
    count: Count | None = None
    out_of_service: Stated[tuple[OutOfService, ...]] | None = None
    intake: Stated[Intake] | None = None
    feeds: dict[UUID, FeedMemory] = field(default_factory=dict)
    # How often the feed that spoke last had repeated itself by then; None where no feed spoke.
    repeats: int | None = None
    heard: int = 0
    # One of a kind is enough: what follows a missing line is all wrong.
    wrong: dict[str, Wrong] = field(default_factory=dict)

    def hear(self, said: Said) -> None:
        self.heard += 1
        name = f"report {said.count.report_id}"
        if said.nth != self.heard:
            self._note("nth", f"{name} nth", self.heard, said.nth)
            self.heard = said.nth
        memory = self.feeds.get(said.count.source_id) if said.count.spoke is Spoke.FEED else None
        count = place_in_time(_as_it_came(said), memory, said.as_of)
        self._note("count", f"{name} count", count, said.count)
        repeated = memory is not None and memory.body_hash == said.body_hash
        outcome = Outcome.REPEATED if repeated else judge(self.count, count, said.pin)
        self._note("outcome", f"{name} outcome", outcome.value, said.outcome)
        if outcome is Outcome.APPLIED:
            self.count = count
        if outcome is not Outcome.REPEATED:
            self._learn_facts(said, count)
        if count.spoke is Spoke.FEED:
            memory = remember(memory, count, said.as_of, said.body_hash)
            self.feeds[count.source_id] = memory
            self.repeats = memory.repeats

    def _learn_facts(self, said: Said, count: Count) -> None:
        if said.capacity is not None:
            self.capacity = newest(self.capacity, Stated(said.capacity, count.at, count.report_id))
        if said.out_of_service is not None:
            stated = Stated(said.out_of_service, count.at, count.report_id)
            self.out_of_service = newest(self.out_of_service, stated)
        if said.intake is not None:
            self.intake = newest(self.intake, Stated(said.intake, count.at, count.report_id))

    def _note(self, kind: str, what: str, expected: object, found: object) -> None:
        if expected != found:
            self.wrong.setdefault(kind, (what, expected, found))

    def may_be_stuck(self, policies: Sequence[Policy]) -> set[bool]:
        """What `stuck` may be: judged by the rules of the time, which a line does not name."""
        if self.repeats is None:
            return {False}
        return {self.repeats >= policy.stuck_after for policy in policies}


def _as_it_came(said: Said) -> Count:
    """The count before it was given its place in its feed's story; the settle lag survives placing."""
    lag = said.count.at - said.count.known_until
    return replace(said.count, at=said.said_at, known_until=said.said_at - lag, value_since=said.said_at)


@dataclass(frozen=True, slots=True)
class Closings:
    """The closing rows of a unit alternate, from open: their number says whether it is closed."""

    number: int = 0
    reopened_at: datetime | None = None

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


def compare(evidence: Evidence, zone: ZoneInfo, policies: Sequence[Policy]) -> list[Wrong]:
    """Return everything about a unit that does not follow from what is known of it."""
    told, row = evidence.retelling, evidence.row
    wrong = list(told.wrong.values())
    if told.capacity is None:
        return [*wrong, ("capacity_change", "at least one", "none")]
    wrong += _compare_feeds(told.feeds, evidence.feeds)
    if row["stuck"] not in (allowed := told.may_be_stuck(policies)):
        wrong.append(("unit_state.stuck", sorted(allowed), row["stuck"]))
    reopened_at = _reopened_at(evidence)
    known = Known(
        unit_id=evidence.unit.id,
        shelter_id=evidence.unit.shelter_id,
        regime=evidence.unit.regime,
        turnover=evidence.unit.turnover,
        capacity=told.capacity,
        held=evidence.held,
        count=told.count,
        out_of_service=told.out_of_service,
        intake=told.intake,
        closed=evidence.closings.closed,
        shelter_closed=evidence.shelter_closed,
        reopened_at=reopened_at,
        stuck=row["stuck"],
    )
    # All that time decides is the night: its noon stands for all of it.
    now = noon_of(row["night"], zone)
    states = [fold(known, evidence.movements, evidence.holds, Moment(now, zone, policy)) for policy in policies]
    expected = state_row(evidence.unit.id, known, states[0], told.heard, row["count_prior_seq"])
    unasked = _OF_THE_BOARD if evidence.removed else frozenset()
    wrong += [
        (f"unit_state.{name}", value, row[name])
        for name, value in expected.items()
        if value != row[name] and name not in unasked
    ]
    if not evidence.removed:
        wrong += compare_bodies("unit", [unit_body(state, evidence.secret) for state in states], evidence.body)
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
        if expected.get(key_id) != found.get(key_id)
    ]


def compare_bodies(kind: str, allowed: Sequence[bytes], found: bytes | None) -> list[Wrong]:
    """Compare a journalled body with those it may be (one per policy); name only what differs."""
    if found in allowed:
        return []
    if found is None:
        return [(f"{kind} body", allowed[0].decode(), "none")]
    expected = msgspec.json.decode(allowed[0])
    there = msgspec.json.decode(found)
    if not isinstance(there, dict) or there == expected:
        return [(f"{kind} body", allowed[0].decode(), found.decode())]
    return [
        (f"{kind} body.{name}", expected.get(name), there.get(name))
        for name in [*expected, *(there.keys() - expected.keys())]
        if expected.get(name, ...) != there.get(name, ...)
    ]
