"""Acting: something is done with a draw, once under the client's id (I10), and while it is tonight's."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from inventory.lane.loading import Touches
from inventory.lane.working import Working
from kernel.journal import Cause, Subject
from kernel.lane import Finish
from kernel.problems import IdReused
from orientation.lane.records import Records, records_of
from orientation.model.draw import Draw, DrawState
from orientation.problems import DrawMovedOn, UnknownDraw


@dataclass(frozen=True, slots=True)
class DrawAnswer:
    """The draw as it is after the batch; `repeated` where this had been done before."""

    draw: Draw
    repeated: bool


def tell_draw(records: Records, draw_id: UUID, *, repeated: bool) -> Finish:
    def finish(_numbered: Mapping[UUID, Subject]) -> DrawAnswer:
        return DrawAnswer(records.draws[draw_id], repeated)

    return finish


def done_before(records: Records, act_id: UUID, draw_id: UUID, verb: str, body_hash: bytes) -> bool:
    """Tell whether the very same was done under this id; refuse it for anything else."""
    stored = records.sharings.get(act_id)
    if stored is None:
        return False
    if (stored.subject_id, stored.verb, stored.body_hash) != (draw_id, verb, body_hash):
        raise IdReused(id=str(act_id))
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawAct(ABC):
    """`states` are those in which it can be done."""

    verb: ClassVar[str]
    states: ClassVar[frozenset[DrawState]]
    id: UUID
    actor_id: UUID
    draw_id: UUID
    body_hash: bytes

    @abstractmethod
    def change(self, working: Working, draw: Draw) -> Draw | None:
        """Return the draw as it becomes, or None where nothing is to be shown; refuse before anything is changed."""

    def touch(self, touches: Touches) -> None:
        touches.acts.add(self.id)
        touches.turns.add(self.draw_id)

    def apply(self, working: Working) -> Finish:
        records = records_of(working)
        draw = records.draws.get(self.draw_id)
        if draw is None:
            raise UnknownDraw(draw=str(self.draw_id))
        if done_before(records, self.id, self.draw_id, self.verb, self.body_hash):
            return tell_draw(records, self.draw_id, repeated=True)
        if draw.state not in self.states or draw.night != working.night:
            raise DrawMovedOn(draw=str(draw.id), state=draw.state, night=draw.night.isoformat())
        changed = self.change(working, draw)
        if changed is not None:
            records.put_draw(changed, Cause(self.verb, self.id, self.actor_id))
        records.record_sharing(
            self.id, self.verb, working.now, self.actor_id, self.body_hash,
            region_id=working.region_id, subject_id=draw.id,
        )  # fmt: skip
        return tell_draw(records, draw.id, repeated=False)
