"""Acting: something is done with a placement, once under the client's id (I3, I10).

Who may do what is the table ACTS; what an end means for the request is settled once a batch (lane/settling.py).
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from inventory.holding import HELD, Ending, end
from inventory.lane.loading import Touches
from inventory.lane.working import StoredHold, Working
from kernel.access.problems import Forbidden
from kernel.journal import Cause
from kernel.lane import Finish
from kernel.problems import IdReused
from orientation.lane.records import Records, records_of
from orientation.model.placement import ACTS, Act, Party, Placement, PlacementState
from orientation.model.times import Times
from orientation.placing import tell_placement
from orientation.problems import PlacementMovedOn, UnknownPlacement


@dataclass(frozen=True, slots=True)
class Said:
    """Under which id who says something of which placement, and in whose name."""

    id: UUID
    actor_id: UUID
    party: Party
    placement_id: UUID
    body_hash: bytes


@dataclass(slots=True)
class Scene:
    """What an act changes: the placement and its hold, as they are in this batch."""

    working: Working
    records: Records
    said: Said
    placement: Placement
    hold: StoredHold
    cause: Cause

    @property
    def now(self) -> datetime:
        return self.working.now

    @property
    def times(self) -> Times:
        return self.records.policy.times(self.working.units[self.placement.unit_id].unit.regime)

    def change(self, **changes: Any) -> None:
        self.placement = self.records.put_placement(replace(self.placement, **changes), self.cause)

    def end(self, ending: Ending) -> None:
        said = self.said
        end(self.working, self.hold, ending, end_id=said.id, actor_id=said.actor_id, body_hash=said.body_hash)

    def note(self, act: Act, facts: dict[str, Any]) -> None:
        """Keep the act under its id; the request is another one with it."""
        request = self.records.put_request(self.records.requests[self.placement.request_id], self.cause)
        said = self.said
        self.records.record_event(
            said.id, act, self.now, said.actor_id, said.body_hash, request=request, placement_id=self.placement.id,
            facts=json.dumps(facts),
        )  # fmt: skip


class PlacementAct(ABC):
    """A class and no protocol: what all acts have in common is most of each."""

    __slots__ = ()
    act: ClassVar[Act]
    said: Said

    def touch(self, touches: Touches) -> None:
        touches.acts.add(self.said.id)
        touches.holds.add(self.said.placement_id)
        touches.actors.add(self.said.actor_id)

    def apply(self, working: Working) -> Finish:
        said, records = self.said, records_of(working)
        hold, placement = working.holds.get(said.placement_id), records.placements.get(said.placement_id)
        if hold is None or placement is None:
            raise UnknownPlacement(placement=str(said.placement_id))
        working.authorise(said.actor_id, placement.shelter_id)
        stored = records.events.get(said.id)
        if stored is not None and stored.body_hash != said.body_hash:
            raise IdReused(id=str(said.id))
        if stored is None:
            self._begin(Scene(working, records, said, placement, hold, Cause(self.act, said.id, said.actor_id)))
        return tell_placement(working, records, placement.id, repeated=stored is not None)

    def _begin(self, scene: Scene) -> None:
        placement, party = _now(scene.placement, scene.hold), scene.said.party
        if party not in ACTS[self.act].parties:
            raise Forbidden
        if not placement.allows(self.act, party):
            raise moved_on(placement)
        facts = self.play(scene)
        if facts is not None:
            scene.note(self.act, facts)

    @abstractmethod
    def play(self, scene: Scene) -> dict[str, Any] | None:
        """Do it, and return what is worth keeping of it, as coded facts; None where there was nothing to do.

        A refusal must come before the first change.
        """


def _now(placement: Placement, hold: StoredHold) -> Placement:
    """Return the placement as it is now: what ended its hold in this very batch is settled when the batch is."""
    if hold.state == HELD:
        return placement
    return replace(placement, state=PlacementState.ENDED, ending=Ending(hold.state))


def moved_on(placement: Placement) -> PlacementMovedOn:
    return PlacementMovedOn(placement=str(placement.id), state=placement.state, ending=placement.ending)
