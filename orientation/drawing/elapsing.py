"""Elapsing: with its night a draw is over, and the key of its pseudonyms is destroyed (I9, I12)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from inventory.lane.loading import Touches
from inventory.lane.working import SYSTEM, Working
from inventory.model.night import night_of
from inventory.region import Region
from kernel.journal import Cause
from kernel.lane import Finish
from orientation.lane.records import records_of
from orientation.model.draw import Draw
from orientation.model.request import SHOWN_CLOSED

_DUE = """
SELECT id FROM draw WHERE region_id = $1 AND NOT gone AND (ended_at IS NULL AND night < $2 OR ended_at <= $3)
ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class LetDrawPass:
    """End it with its night, and later take it off the screens; if that is still due."""

    draw_id: UUID

    def touch(self, touches: Touches) -> None:
        touches.turns.add(self.draw_id)

    def apply(self, working: Working) -> Finish:
        records = records_of(working)
        draw = records.draws.get(self.draw_id)
        if draw is not None:
            passed = _passed(draw, working)
            if passed != draw:
                records.put_draw(passed, Cause("go" if passed.gone else "close-out", None, SYSTEM))
        return lambda _numbered: None


def _passed(draw: Draw, working: Working) -> Draw:
    if draw.ended_at is None:
        return draw if draw.night >= working.night else replace(draw, ended_at=working.now, key=None)
    return replace(draw, gone=draw.gone or draw.ended_at <= working.now - SHOWN_CLOSED)


async def pass_draws(region: Region) -> None:
    now: datetime = await region.pool.fetchval("SELECT halte_now()")
    rows = await region.pool.fetch(_DUE, region.id, night_of(now, region.zone), now - SHOWN_CLOSED)
    if rows and await region.trusts_clock():
        await region.lane.submit_all([LetDrawPass(row["id"]) for row in rows])
