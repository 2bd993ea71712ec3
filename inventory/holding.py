"""Holding: places set aside for a request, with an end (I2, I3, I4).

A hold is granted only where the unit may be held and `free - held` covers the need, decided on the
locked row and written back only where the column `held` is still the one decided on. It ends
exactly once; an arrival is accepted even after the clock had ended it, because the world outranks
the clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from inventory import tables
from inventory.lane.loading import Touches
from inventory.lane.working import Live, StoredEnd, StoredHold, Working, current
from inventory.model.counting import HoldSpan, Movement
from inventory.problems import HoldEnded, PlaceTaken, RequestHasHold, UnknownHold
from kernel.ids import new_id
from kernel.journal import Cause, Subject
from kernel.lane import Finish
from kernel.problems import IdReused


class Ending(StrEnum):
    ARRIVED = "arrived"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    LAPSED = "lapsed"
    NO_SHOW = "no-show"


HELD = "held"
# The clock may have ended the hold, but here the people are.
ARRIVABLE = frozenset({HELD, Ending.LAPSED.value, Ending.NO_SHOW.value})


@dataclass(frozen=True, slots=True)
class HoldAnswer:
    hold_id: UUID
    state: str
    subject: Subject


def _finish(working: Working, live: Live, hold_id: UUID, state: str) -> Finish:
    def finish(numbered: Mapping[UUID, Subject]) -> HoldAnswer:
        return HoldAnswer(hold_id, state, current(working, live, numbered))

    return finish


def _may_hold(live: Live, need: int, given_back: int, working: Working) -> bool:
    state = live.fold(working.moment)
    return state.holdable and state.intake.open_at(working.now) and state.free - (live.known.held - given_back) >= need


def _end(working: Working, hold: StoredHold, ending: Ending, cause: Cause, came_at: datetime | None = None) -> None:
    """End an open hold: its row, the column, the journal. An arrived one stood until people came."""
    _mark(working, hold, ending)
    if hold.request_id is not None:
        working.open_holds.pop(hold.request_id, None)
    live = working.units[hold.unit_id]
    ended_at = min(working.now, came_at or working.now)
    live.holds[hold.id] = replace(live.holds[hold.id], ended_at=ended_at, closed_at=working.now)
    live.know(cause, held=live.known.held - hold.places)


def _mark(working: Working, hold: StoredHold, ending: Ending) -> None:
    found, _ = working.ended.get(hold.id, (hold.state, ending.value))
    working.ended[hold.id] = (found, ending.value)
    working.holds[hold.id] = replace(hold, state=ending.value)


def end(working: Working, hold: StoredHold, ending: Ending, *, end_id: UUID, actor_id: UUID, body_hash: bytes) -> None:
    """End an open hold under the client's id. Whether it may end so, the caller has decided."""
    _end(working, hold, ending, Cause(ending.value, hold.id, actor_id))
    _insert_end(working, end_id, hold, ending, actor_id, body_hash)


def extend(working: Working, hold: StoredHold, until: datetime) -> None:
    """Move the instant at which the clock ends an open hold."""
    working.extended[hold.id] = until
    working.holds[hold.id] = replace(hold, expires_at=until)


def _insert_end(
    working: Working, end_id: UUID, hold: StoredHold, ending: Ending, actor_id: UUID, body_hash: bytes,
    *, late: bool = False, movement_id: UUID | None = None,
) -> None:  # fmt: skip
    working.ends[end_id] = StoredEnd(hold.id, ending.value, body_hash)
    working.insert(
        tables.hold_end,
        id=end_id,
        hold_id=hold.id,
        outcome=ending.value,
        late=late,
        movement_id=movement_id,
        at=working.now,
        actor_id=actor_id,
        body_hash=body_hash,
    )


@dataclass(frozen=True, slots=True)
class Hold:
    """Set `places` aside; with `replaces`, end that hold in the same act, or do neither (I4)."""

    id: UUID
    actor_id: UUID
    unit_id: UUID
    places: int
    expires_at: datetime
    body_hash: bytes
    request_id: UUID | None = None
    replaces: UUID | None = None

    def touch(self, touches: Touches) -> None:
        touches.holds.update({self.id} if self.replaces is None else {self.id, self.replaces})
        touches.units.add(self.unit_id)
        touches.actors.add(self.actor_id)
        if self.request_id is not None:
            touches.requests.add(self.request_id)

    def apply(self, working: Working) -> Finish:
        stored = working.holds.get(self.id)
        if stored is not None and stored.unit_id in working.units:
            there = working.units[stored.unit_id]
            working.authorise(self.actor_id, there.unit.shelter_id)
            if stored.body_hash != self.body_hash:
                raise IdReused(id=str(self.id))
            return _finish(working, there, self.id, stored.state)
        live = working.live(self.unit_id)
        working.authorise(self.actor_id, live.unit.shelter_id)
        if stored is not None:
            raise IdReused(id=str(self.id))  # in another region
        replaced = self._replaced(working)
        self._check_request(working)
        given_back = replaced.places if replaced is not None and replaced.unit_id == self.unit_id else 0
        if not _may_hold(live, self.places, given_back, working):
            raise PlaceTaken(unit=str(self.unit_id), need=self.places)
        if replaced is not None:
            _end(working, replaced, Ending.CANCELLED, Cause("cancelled", replaced.id, self.actor_id))
            _insert_end(working, new_id(), replaced, Ending.CANCELLED, self.actor_id, self.body_hash)
        return self._record(working, live)

    def _replaced(self, working: Working) -> StoredHold | None:
        if self.replaces is None:
            return None
        hold = working.holds.get(self.replaces)
        if hold is None or hold.unit_id not in working.units or hold.request_id != self.request_id:
            raise UnknownHold(hold=str(self.replaces))
        if hold.state != HELD:
            raise HoldEnded(hold=str(hold.id), state=hold.state)
        return hold

    def _check_request(self, working: Working) -> None:
        if self.request_id is None:
            return
        other = working.open_holds.get(self.request_id)
        if other is not None and other != self.replaces:
            raise RequestHasHold(hold=str(other))

    def _record(self, working: Working, live: Live) -> Finish:
        working.insert(
            tables.hold,
            id=self.id,
            region_id=working.region_id,
            unit_id=self.unit_id,
            request_id=self.request_id,
            places=self.places,
            state=HELD,
            held_at=working.now,
            expires_at=self.expires_at,
            ended_at=None,
            actor_id=self.actor_id,
            body_hash=self.body_hash,
        )
        working.holds[self.id] = StoredHold(
            self.id, self.unit_id, self.request_id, self.places, HELD, working.now, self.expires_at, self.body_hash
        )
        if self.request_id is not None:
            working.open_holds[self.request_id] = self.id
        live.holds[self.id] = HoldSpan(self.places, working.now, None)
        live.know(Cause("hold", self.id, self.actor_id), held=live.known.held + self.places)
        return _finish(working, live, self.id, HELD)


@dataclass(frozen=True, slots=True)
class EndHold:
    """Decline, cancel, lapse or no-show, under the client's id. Arrival is a movement (moving.py)."""

    id: UUID
    actor_id: UUID
    hold_id: UUID
    ending: Ending
    body_hash: bytes

    def touch(self, touches: Touches) -> None:
        touches.ends.add(self.id)
        touches.holds.add(self.hold_id)
        touches.actors.add(self.actor_id)

    def apply(self, working: Working) -> Finish:
        hold = working.holds.get(self.hold_id)
        if hold is None or hold.unit_id not in working.units:
            raise UnknownHold(hold=str(self.hold_id))
        live = working.units[hold.unit_id]
        working.authorise(self.actor_id, live.unit.shelter_id)
        stored = working.ends.get(self.id)
        if stored is not None:
            if stored.body_hash != self.body_hash:
                raise IdReused(id=str(self.id))
            return _finish(working, live, hold.id, stored.outcome)
        if hold.state != HELD or (self.ending is Ending.LAPSED and hold.expires_at > working.now):
            raise HoldEnded(hold=str(hold.id), state=hold.state)
        end(working, hold, self.ending, end_id=self.id, actor_id=self.actor_id, body_hash=self.body_hash)
        return _finish(working, live, hold.id, self.ending.value)


def arrive(working: Working, hold: StoredHold, movement: Movement, actor_id: UUID, body_hash: bytes) -> None:
    """Let a movement fulfil its hold. After a lapse or no-show it is late, and ends any newer hold
    of the same request: these people are inside now. Either way nobody arrives on it again."""
    late = hold.state != HELD
    if late:
        _mark(working, hold, Ending.ARRIVED)
        _shorten(working.units[hold.unit_id], hold.id, movement.occurred_at)
    else:
        _end(working, hold, Ending.ARRIVED, Cause("arrived", hold.id, actor_id), movement.occurred_at)
    _insert_end(working, new_id(), hold, Ending.ARRIVED, actor_id, body_hash, late=late, movement_id=movement.id)
    newer = working.open_holds.get(hold.request_id) if late and hold.request_id is not None else None
    if newer is not None:
        other = working.holds[newer]
        _end(working, other, Ending.CANCELLED, Cause("cancelled", other.id, actor_id))
        _insert_end(working, new_id(), other, Ending.CANCELLED, actor_id, body_hash)


def _shorten(live: Live, hold_id: UUID, came_at: datetime) -> None:
    span = live.holds.get(hold_id)
    if span is not None and span.ended_at is not None:
        live.holds[hold_id] = replace(span, ended_at=min(span.ended_at, came_at))
