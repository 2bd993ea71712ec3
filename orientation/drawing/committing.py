"""Committing: a draw begins, and two people bind themselves to secrets while nobody can know the list.

Of a draw that is given up, the reason stays for ever: who would not tell their secret cannot choose in silence.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar
from uuid import UUID, uuid5

from inventory.lane.loading import Touches
from inventory.lane.working import Working
from kernel.journal import Cause
from kernel.lane import Finish
from kernel.problems import IdReused
from orientation.drawing.acting import DrawAct, done_before, tell_draw
from orientation.lane.records import records_of
from orientation.model.counts import PartyGroup
from orientation.model.draw import Commitment, Draw, DrawState
from orientation.problems import CommitmentMade, DrawExists

PEOPLE = 2
# Whoever begins a draw takes turns with whoever begins one for the same people.
_TURNS = UUID("5b0a8a6e-5d0c-4f0e-9d4c-0a6c5f7f1f11")
_MAKE = "make"


@dataclass(frozen=True, slots=True)
class MakeDraw:
    """Begin tonight's draw of an audience; the act and the draw have one id."""

    id: UUID
    actor_id: UUID
    audience: PartyGroup
    body_hash: bytes

    def touch(self, touches: Touches) -> None:
        touches.acts.add(self.id)
        touches.turns.update((self.id, uuid5(_TURNS, self.audience)))

    def apply(self, working: Working) -> Finish:
        records = records_of(working)
        if done_before(records, self.id, self.id, _MAKE, self.body_hash):
            return tell_draw(records, self.id, repeated=True)
        if self.id in records.elsewhere or self.id in records.plans or self.id in records.events:
            raise IdReused(id=str(self.id))
        for other in records.draws.values():
            same = (other.night, other.audience) == (working.night, self.audience)
            if same and other.state is not DrawState.ABANDONED:
                raise DrawExists(draw=str(other.id), audience=self.audience)
        draw = Draw(
            id=self.id,
            region_id=working.region_id,
            night=working.night,
            audience=self.audience,
            made_at=working.now,
            actor_id=self.actor_id,
        )
        records.put_draw(draw, Cause(_MAKE, self.id, self.actor_id))
        records.record_sharing(
            self.id, _MAKE, working.now, self.actor_id, self.body_hash,
            region_id=working.region_id, subject_id=self.id,
        )  # fmt: skip
        return tell_draw(records, self.id, repeated=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit(DrawAct):
    """Once each, and never taken back: a commitment that could be changed binds nobody."""

    verb: ClassVar[str] = "commit"
    states: ClassVar[frozenset[DrawState]] = frozenset({DrawState.OPEN})
    commitment: str

    def change(self, working: Working, draw: Draw) -> Draw:
        made = draw.commitments
        taken = any(one.by == self.actor_id or one.commitment == self.commitment for one in made)
        if taken or len(made) == PEOPLE:
            raise CommitmentMade(draw=str(draw.id))
        return replace(draw, commitments=(*made, Commitment(self.actor_id, working.now, self.commitment)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Abandon(DrawAct):
    verb: ClassVar[str] = "abandon"
    states: ClassVar[frozenset[DrawState]] = frozenset({DrawState.OPEN, DrawState.FROZEN})
    why: str

    def change(self, working: Working, draw: Draw) -> Draw:
        return replace(draw, state=DrawState.ABANDONED, why=self.why, ended_at=working.now, key=None)
