"""Tending: what time does to plans: who worked on one is gone, its night is over, a night's case is to be kept (I12).

Any node does it. Whether a node is alive is asked of the real clock: a demonstration's runs faster.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from uuid import UUID

from inventory.model.night import night_of
from inventory.region import Region
from orientation.distributing.applying import Applying
from orientation.distributing.capturing import capture
from orientation.distributing.cases import evening_of, is_wanted, keep_case
from orientation.distributing.changing import EndPlans, GiveUp
from orientation.distributing.drafting import Drafting
from orientation.distributing.problems import PlanInterrupted, PlanMovedOn
from orientation.model.request import SHOWN_CLOSED
from orientation.planning.case import encode

# Who works on a plan says so several times in this.
_SILENT_S = 30.0
_PORTION = 100
_SILENT = """
SELECT id, state FROM plan
WHERE region_id = $1 AND NOT gone AND state IN ('solving', 'applying')
  AND heard_at < clock_timestamp() - make_interval(secs => $2)
"""
_TAKE_OVER = """
UPDATE plan SET heard_at = clock_timestamp()
WHERE id = $1 AND state = 'applying' AND heard_at < clock_timestamp() - make_interval(secs => $2)
"""
_PAST = """
SELECT id FROM plan
WHERE region_id = $1 AND NOT gone AND (ended_at <= $2 OR state = 'draft' AND night < $3) ORDER BY id LIMIT $4
"""


async def tend(region: Region, drafting: Drafting) -> None:
    for row in await region.pool.fetch(_SILENT, region.id, _SILENT_S):
        if row["state"] == "applying":
            await _take_over(region, drafting, row["id"])
        else:
            await _give_up(region, row["id"])
    now: datetime = await region.pool.fetchval("SELECT halte_now()")
    await _end(region, now)
    await _keep(region, now)


async def _take_over(region: Region, drafting: Drafting, plan_id: UUID) -> None:
    """Go on with what another node has begun to apply; the first who says so does."""
    if await region.pool.execute(_TAKE_OVER, plan_id, _SILENT_S) == "UPDATE 1":
        drafting.run(f"apply {plan_id}", Applying.resume(region, drafting, plan_id))


async def _give_up(region: Region, plan_id: UUID) -> None:
    try:
        await region.lane.submit(GiveUp(plan_id, PlanInterrupted.slug), bulk=True)
    except PlanMovedOn:
        return


async def _end(region: Region, now: datetime) -> None:
    past = await region.pool.fetch(_PAST, region.id, now - SHOWN_CLOSED, night_of(now, region.zone), _PORTION)
    if past:
        await region.lane.submit(EndPlans(tuple(row["id"] for row in past)), bulk=True)


async def _keep(region: Region, now: datetime) -> None:
    night = night_of(now, region.zone)
    evening = evening_of(night, region.zone)
    # After midnight the queue is not what it was any more.
    other = now < evening or now.astimezone(region.zone).date() != night
    if other or not await is_wanted(region.pool, region.id, night, evening):
        return
    case = (await capture(region)).case
    content = await asyncio.to_thread(encode, case)
    await keep_case(region.pool, region.id, case.night, case.now, content, evening=evening)
