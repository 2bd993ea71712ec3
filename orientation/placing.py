"""Placing: places are held for a request (I2, I3, I4). The inventory decides whether they are there.

A placement has the id of its hold. What its end means for the request is settled once a batch (lane/settling.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from inventory.holding import Hold
from inventory.lane.loading import Touches
from inventory.lane.working import StoredHold, Working
from inventory.lane.writer import WholeWork
from kernel.journal import Cause, Subject
from kernel.lane import Finish
from kernel.problems import IdReused, Problem
from orientation.lane.records import Records, records_of
from orientation.model.placement import Placement
from orientation.model.request import Request, RequestState
from orientation.problems import PartyTooLarge, RequestClosed, UnknownRequest


@dataclass(frozen=True, slots=True)
class PlacementAnswer:
    """The placement and its request as they are after the batch; `expires_at` is when the clock ends it."""

    placement: Placement
    request: Request
    expires_at: datetime
    repeated: bool


def tell_placement(working: Working, records: Records, placement_id: UUID, *, repeated: bool) -> Finish:
    """Answer with the placement as the whole batch leaves it."""

    def finish(_numbered: Mapping[UUID, Subject]) -> PlacementAnswer:
        placement = records.placements[placement_id]
        request = records.requests[placement.request_id]
        return PlacementAnswer(placement, request, working.holds[placement_id].expires_at, repeated)

    return finish


@dataclass(frozen=True, slots=True)
class Place:
    """Hold what the household of a request takes in a unit; with `replaces`, end that placement in the same act."""

    id: UUID
    actor_id: UUID
    request_id: UUID
    unit_id: UUID
    body_hash: bytes
    replaces: UUID | None = None

    def touch(self, touches: Touches) -> None:
        touches.holds.update({self.id} if self.replaces is None else {self.id, self.replaces})
        touches.units.add(self.unit_id)
        touches.requests.add(self.request_id)
        touches.actors.add(self.actor_id)
        touches.acts.add(self.id)

    def apply(self, working: Working) -> Finish:
        records = records_of(working)
        stored = working.holds.get(self.id)
        if stored is not None:
            return self._again(working, records, stored)
        request = records.requests.get(self.request_id)
        if request is None:
            raise UnknownRequest(request=str(self.request_id))
        if self.id in records.events or self.id in records.elsewhere:
            raise IdReused(id=str(self.id))
        if not request.open:
            raise RequestClosed(request=str(request.id), outcome=request.outcome)
        # The lane's answer to the hold is the inventory's; ours says more.
        self._hold(working, records, self._need(working, request)).apply(working)
        self._record(working, records, request)
        return tell_placement(working, records, self.id, repeated=False)

    def _again(self, working: Working, records: Records, stored: StoredHold) -> Finish:
        """Answer as the first time, whatever party, request and unit have become since (I10)."""
        placement = records.placements.get(self.id)
        if placement is not None:
            working.authorise(self.actor_id, placement.shelter_id)
        if placement is None or stored.body_hash != self.body_hash:
            raise IdReused(id=str(self.id))
        return tell_placement(working, records, self.id, repeated=True)

    def _need(self, working: Working, request: Request) -> int:
        need = working.live(self.unit_id).unit.need(request.household.party_size)
        if need is None:
            raise PartyTooLarge(unit=str(self.unit_id), party_size=request.household.party_size)
        return need

    def _hold(self, working: Working, records: Records, need: int) -> Hold:
        unit = working.live(self.unit_id).unit
        ttl_s = records.policy.hold_ttl_s(unit.regime, unit.shelter_id)
        return Hold(
            id=self.id,
            actor_id=self.actor_id,
            unit_id=self.unit_id,
            places=need,
            expires_at=working.now + timedelta(seconds=ttl_s),
            body_hash=self.body_hash,
            request_id=self.request_id,
            replaces=self.replaces,
        )

    def _record(self, working: Working, records: Records, request: Request) -> None:
        hold, cause = working.holds[self.id], Cause("place", self.id, self.actor_id)
        placement = Placement(
            id=self.id,
            region_id=working.region_id,
            request_id=request.id,
            unit_id=self.unit_id,
            shelter_id=working.units[self.unit_id].unit.shelter_id,
            places=hold.places,
            held_at=hold.held_at,
            holder_id=self.actor_id,
            policy_version=records.policy.version,
            replaces=self.replaces,
        )
        records.put_placement(placement, cause)
        held = records.put_request(replace(request, state=RequestState.HELD, placement_id=self.id), cause)
        records.record_event(
            self.id, "place", working.now, self.actor_id, self.body_hash, request=held, placement_id=self.id
        )


@dataclass(frozen=True, slots=True)
class PlaceTogether(WholeWork):
    """Several households at once, all of them or none."""

    placements: tuple[Place, ...]

    def touch(self, touches: Touches) -> None:
        for place in self.placements:
            place.touch(touches)

    async def apply_whole(self, working: Working) -> Finish:
        finishes = [self._apply(place, working) for place in self.placements]

        def finish(numbered: Mapping[UUID, Subject]) -> list[PlacementAnswer]:
            return [one(numbered) for one in finishes]

        return finish

    @staticmethod
    def _apply(place: Place, working: Working) -> Finish:
        try:
            return place.apply(working)
        except Problem as problem:
            # Which of them it was: the others could have been held.
            problem.facts["placement"] = str(place.id)
            raise
