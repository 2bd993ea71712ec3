"""Moving: people come in and leave between two reports; a wrong tap is voided, never balanced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from inventory import tables
from inventory.holding import ARRIVABLE, arrive
from inventory.lane.loading import Touches
from inventory.lane.working import Live, StoredHold, StoredMovement, Working, current
from inventory.model.counting import Direction, Movement, counts_after, place
from inventory.model.state import Status, noon_for
from inventory.problems import HoldEnded, ObservedAfterSent, UnknownHold, UnknownMovement
from kernel.journal import Cause, Subject
from kernel.lane import Finish
from kernel.problems import IdReused


class MovementOutcome(StrEnum):
    """Whether the movement changes the number: it may be in the report already, or older than it."""

    COUNTED = "counted"
    INCLUDED = "included"
    EARLIER = "earlier"
    VOIDED = "voided"


@dataclass(frozen=True, slots=True)
class MovementAnswer:
    """`hold_id`: the hold that a voided arrival had ended; whoever it was for is without a place again."""

    movement_id: UUID
    outcome: str
    subject: Subject
    hold_id: UUID | None = None


def _finish(working: Working, live: Live, movement_id: UUID, outcome: str, hold_id: UUID | None = None) -> Finish:
    def finish(numbered: Mapping[UUID, Subject]) -> MovementAnswer:
        return MovementAnswer(movement_id, outcome, current(working, live, numbered), hold_id)

    return finish


@dataclass(frozen=True, slots=True)
class Move:
    """`places` of a unit fill or empty; `counted_in` names the report that already includes it."""

    id: UUID
    actor_id: UUID
    unit_id: UUID
    direction: Direction
    places: int
    body_hash: bytes
    occurred_at: datetime | None = None
    sent_at: datetime | None = None
    hold_id: UUID | None = None
    counted_in: UUID | None = None
    received_at: datetime | None = None

    def touch(self, touches: Touches) -> None:
        touches.movements.add(self.id)
        if self.counted_in is not None:
            touches.named.add((self.counted_in, self.unit_id))
        touches.units.add(self.unit_id)
        touches.actors.add(self.actor_id)
        if self.hold_id is not None:
            touches.holds.add(self.hold_id)

    def apply(self, working: Working) -> Finish:
        stored = working.movements.get(self.id)
        if stored is not None and stored.unit_id in working.units:
            working.authorise(self.actor_id, stored.shelter_id)
            if stored.body_hash != self.body_hash:
                raise IdReused(id=str(self.id))
            return _finish(working, working.units[stored.unit_id], self.id, stored.outcome)
        live = working.live(self.unit_id)
        working.authorise(self.actor_id, live.unit.shelter_id)
        if stored is not None:
            raise IdReused(id=str(self.id))  # in another region
        if self.occurred_at is not None and self.sent_at is not None and self.occurred_at > self.sent_at:
            raise ObservedAfterSent(observed_at=self.occurred_at.isoformat(), sent_at=self.sent_at.isoformat())
        hold = self._hold(working)
        finish = self._record(working, live)
        if hold is not None:
            arrive(working, hold, live.movements[self.id], self.actor_id, self.body_hash)
        return finish

    def _hold(self, working: Working) -> StoredHold | None:
        """Return the hold that this arrival fulfils; it must be one of this unit."""
        if self.hold_id is None or self.direction is not Direction.IN:
            return None
        hold = working.holds.get(self.hold_id)
        if hold is None or hold.unit_id != self.unit_id:
            raise UnknownHold(hold=str(self.hold_id))
        if hold.state not in ARRIVABLE:
            raise HoldEnded(hold=str(hold.id), state=hold.state)
        return hold

    def _record(self, working: Working, live: Live) -> Finish:
        received_at = working.received(self.received_at)
        timing = place(received_at, self.occurred_at, self.sent_at)
        counted_at = live.named.get(self.counted_in) if self.counted_in is not None else None
        movement = Movement(self.id, self.direction, self.places, timing.at, self.counted_in, counted_at=counted_at)
        outcome = self._outcome(working, live, movement)
        working.insert(
            tables.movement,
            id=self.id,
            region_id=working.region_id,
            unit_id=self.unit_id,
            direction=self.direction.value,
            places=self.places,
            occurred_at=timing.at,
            received_at=received_at,
            sent_at=self.sent_at,
            client_at=self.occurred_at,
            skewed=timing.skewed,
            hold_id=self.hold_id,
            counted_in=self.counted_in,
            outcome=outcome.value,
            actor_id=self.actor_id,
            body_hash=self.body_hash,
            voided_at=None,
            voided_by=None,
        )
        hold_id = self.hold_id if self.direction is Direction.IN else None
        live.movements[self.id] = movement
        live.know(Cause("movement", self.id, self.actor_id))
        working.movements[self.id] = StoredMovement(
            self.unit_id, live.unit.shelter_id, self.body_hash, outcome.value, voided=False, hold_id=hold_id
        )
        return _finish(working, live, self.id, outcome.value)

    @staticmethod
    def _outcome(working: Working, live: Live, movement: Movement) -> MovementOutcome:
        """Say whether it changes the number that stands: it may be in that count, or older than it.

        What is only expected of a nightly unit assumes already that last night's people leave.
        """
        if movement.direction is Direction.OUT and live.fold(working.moment).status is Status.UNCONFIRMED:
            return MovementOutcome.EARLIER
        count = live.known.told.turned(working.night).count
        if count is None or counts_after(movement, count, noon_for(live.known, count, working.moment.zone)):
            return MovementOutcome.COUNTED
        unnamed = replace(movement, counted_in=None, counted_at=None)
        alone = counts_after(unnamed, count, noon_for(live.known, count, working.moment.zone))
        return MovementOutcome.INCLUDED if alone else MovementOutcome.EARLIER


@dataclass(frozen=True, slots=True)
class VoidMovement:
    """A movement that never was. Voiding twice is voiding once."""

    movement_id: UUID
    actor_id: UUID

    def touch(self, touches: Touches) -> None:
        touches.movements.add(self.movement_id)
        touches.actors.add(self.actor_id)

    def apply(self, working: Working) -> Finish:
        stored = working.movements.get(self.movement_id)
        if stored is None or stored.unit_id not in working.units:
            raise UnknownMovement(movement=str(self.movement_id))
        live = working.units[stored.unit_id]
        working.authorise(self.actor_id, stored.shelter_id)
        if not stored.voided:
            self._void(working, live, stored)
        return _finish(working, live, self.movement_id, MovementOutcome.VOIDED.value, stored.hold_id)

    def _void(self, working: Working, live: Live, stored: StoredMovement) -> None:
        working.voided.append((self.movement_id, self.actor_id))
        live.movements.pop(self.movement_id, None)
        span = live.holds.get(stored.hold_id) if stored.hold_id is not None else None
        if span is not None and stored.hold_id is not None:
            # Nobody came: the hold stays ended, and stood until that was written.
            live.holds[stored.hold_id] = replace(span, ended_at=span.closed_at)
        live.know(Cause("void", self.movement_id, self.actor_id))
        working.movements[self.movement_id] = replace(stored, voided=True)
