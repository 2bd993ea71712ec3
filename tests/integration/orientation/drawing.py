"""What two people and a clock do with a draw, with the least words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from kernel.ids import new_id
from kernel.lane import Lane
from kernel.postgres import Pool
from orientation.drawing.acting import DrawAct, DrawAnswer
from orientation.drawing.algorithm import commitment
from orientation.drawing.committing import Abandon, Commit, MakeDraw
from orientation.drawing.revealing import Freeze, Reveal
from orientation.drawing.store import DrawRecord, read_draws
from orientation.model.counts import PartyGroup
from orientation.model.draw import Draw

SECRETS = ("11" * 32, "22" * 32)


@dataclass(slots=True)
class Drawing:
    """Two people at one desk; `people` are their accounts."""

    lane: Lane
    pool: Pool
    region_id: UUID
    people: tuple[UUID, UUID] = field(default_factory=lambda: (new_id(), new_id()))

    async def make(self, audience: PartyGroup = PartyGroup.MAN, id: UUID | None = None) -> UUID:
        answer: DrawAnswer = await self.lane.submit(MakeDraw(id or new_id(), self.people[0], audience, b"make"))
        return answer.draw.id

    def act(self, kind: type[DrawAct], draw_id: UUID, who: int = 0, **said: Any) -> DrawAct:
        body: dict[str, Any] = {"id": new_id(), "actor_id": self.people[who], "body_hash": kind.verb.encode()} | said
        return kind(draw_id=draw_id, **body)

    async def do(self, kind: type[DrawAct], draw_id: UUID, who: int = 0, **said: Any) -> Draw:
        answer: DrawAnswer = await self.lane.submit(self.act(kind, draw_id, who, **said))
        return answer.draw

    async def commit(self, draw_id: UUID, who: int) -> Draw:
        return await self.do(Commit, draw_id, who, commitment=commitment(SECRETS[who]))

    async def reveal(self, draw_id: UUID, who: int) -> Draw:
        return await self.do(Reveal, draw_id, who, secret=SECRETS[who])

    async def frozen(self, audience: PartyGroup = PartyGroup.MAN) -> UUID:
        draw_id = await self.make(audience)
        for who in (0, 1):
            await self.commit(draw_id, who)
        await self.do(Freeze, draw_id)
        return draw_id

    async def drawn(self, audience: PartyGroup = PartyGroup.MAN) -> UUID:
        draw_id = await self.frozen(audience)
        for who in (1, 0):
            await self.reveal(draw_id, who)
        return draw_id

    async def abandon(self, draw_id: UUID) -> Draw:
        return await self.do(Abandon, draw_id, why="One of us lost the secret")

    async def read(self, draw_id: UUID) -> DrawRecord:
        (record,) = await read_draws(self.pool, self.region_id, [draw_id])
        return record
