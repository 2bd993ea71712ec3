"""Telling why: what speaks for a household's place in a plan, and where it could not go, from the case of that plan."""

from __future__ import annotations

import asyncio
from uuid import UUID

from inventory.region import Region
from orientation.distributing.drafting import rules_of
from orientation.distributing.plan_records import read_worked_out
from orientation.distributing.problems import PlanMovedOn
from orientation.distributing.results import Task
from orientation.distributing.working import Workers
from orientation.problems import UnknownRequest

_WITHIN_S = 20.0


class Telling:
    """One question at a time: each is a process of its own."""

    def __init__(self, region: Region, workers: Workers) -> None:
        self._region = region
        self._workers = workers
        self._turn = asyncio.Semaphore(1)

    async def why(self, plan_id: UUID, request_id: UUID) -> bytes:
        """Return the answer as JSON."""
        found = await read_worked_out(self._region.pool, self._region.id, plan_id)
        if found.result is None or found.content is None:
            raise PlanMovedOn(plan=str(plan_id), state=found.state)
        choice = {row.request: row.unit for row in found.result.rows}
        if request_id not in choice:
            raise UnknownRequest(request=str(request_id))
        task = Task(len(found.content), rules_of(found.policy), 0.0, why=request_id, choice=choice)
        async with self._turn:
            return await self._workers.work(task, found.content, _WITHIN_S)
