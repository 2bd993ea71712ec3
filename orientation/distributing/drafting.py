"""Drafting: a plan is worked out beside the node, and its progress written where every node can read it.

Whoever works on a plan says so again and again (`heard_at`); of one that is silent another node says that it failed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
import structlog

from inventory.region import Region
from kernel.live.truth import POSTGRES_AWAY
from kernel.problems import IdReused, Problem
from orientation.distributing.capturing import Captured, Links, capture, restrict
from orientation.distributing.cases import keep_case
from orientation.distributing.changing import BeginPlan, GiveUp, PlanAnswer, Propose
from orientation.distributing.insisting import insist
from orientation.distributing.plan_records import pack
from orientation.distributing.problems import PlanFailed, PlanInterrupted, PlanMovedOn, PlanRunning
from orientation.distributing.results import Progress, Rules, Task
from orientation.distributing.working import Workers
from orientation.model.plan import PlanDraft
from orientation.model.policy import OrientationPolicy
from orientation.planning.case import encode

log = structlog.get_logger(__name__)

# For those who ask for no other: a plan, and one after another, for which somebody waits on the telephone.
PLAN_S, REPLAN_S = 10, 2
# Beside the plan itself: the same by the rules of a day ago, what fairness costs, and a process that starts.
_GRACE_S = 20.0
_LIMITS = 2.0
_REPORT_S = 0.5
# Also without news, so that nobody takes it for dead.
_REPORT_ANYWAY = 10
_STORED = "SELECT body_hash FROM plan WHERE region_id = $1 AND id = $2"
_SOLVING = "SELECT id FROM plan WHERE region_id = $1 AND state = 'solving'"
_HEARD = "UPDATE plan SET progress = $2, heard_at = clock_timestamp() WHERE id = $1 AND state = 'solving'"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A plan that somebody asks for. `links`: households that go to one shelter, or nowhere.

    Of one `after` another the time is for all that is made of it, and not for the solving alone; it moves few, or
    `freely` whom it must.
    """

    id: UUID
    actor_id: UUID
    body_hash: bytes
    time_limit_s: int
    after: UUID | None = None
    links: Links = ()
    freely: bool = False


def within_s(time_limit_s: float) -> float:
    """Return how long a worker may live whose solving may take that long."""
    return _LIMITS * time_limit_s + _GRACE_S


def rules_of(policy: OrientationPolicy) -> Rules:
    return Rules(policy.version, policy.id, policy.rules)


class Drafting:
    """One region's plans that are worked out on this node."""

    def __init__(self, region: Region, workers: Workers) -> None:
        self._region = region
        self._workers = workers
        self._tasks: set[asyncio.Task[None]] = set()

    async def begin(self, wanted: Wanted, *, lenient: bool = False) -> bool:
        """Begin a plan; return whether it had been begun before. `lenient`: links of who is gone are left out."""
        region = self._region
        stored = await region.pool.fetchval(_STORED, region.id, wanted.id)
        if stored is not None:
            if stored != wanted.body_hash:
                raise IdReused(id=str(wanted.id))
            return True
        running = await region.pool.fetchval(_SOLVING, region.id)
        if running is not None:
            raise PlanRunning(plan=str(running))
        captured = restrict(await capture(region, wanted.after), wanted.links, lenient=lenient)
        content = await asyncio.to_thread(encode, captured.case)
        answer: PlanAnswer = await region.lane.submit(BeginPlan(_draft(region.id, wanted, captured, content)))
        if not answer.repeated:
            self.run(f"plan {wanted.id}", self._draft(wanted, captured, content))
        return answer.repeated

    def run(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Do it beside whatever asked for it, for as long as this node runs; what is being done already, once."""
        if any(task.get_name() == name for task in self._tasks):
            work.close()
            return
        task = asyncio.create_task(_logged(name, work), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Stop what is being worked out, and say so of it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _draft(self, wanted: Wanted, captured: Captured, content: bytes) -> None:
        case = captured.case
        try:
            await keep_case(self._region.pool, self._region.id, case.night, case.now, content)
            await self._propose(wanted, await self._work_out(wanted, captured, content))
        except PlanMovedOn:
            log.info("plan.withdrawn", task=str(wanted.id))
        except Problem as problem:
            await self._give_up(wanted.id, problem.slug)
        except asyncio.CancelledError:
            await self._give_up(wanted.id, PlanInterrupted.slug)
            raise
        except Exception:
            log.exception("plan.failed", task=str(wanted.id))
            await self._give_up(wanted.id, PlanFailed.slug)

    async def _work_out(self, wanted: Wanted, captured: Captured, content: bytes) -> bytes:
        again = wanted.after is not None
        yesterday = None if again or captured.yesterday is None else rules_of(captured.yesterday)
        task = Task(len(content), rules_of(captured.policy), wanted.time_limit_s, again, wanted.freely, yesterday)
        heard: list[Progress] = []
        working = asyncio.create_task(self._workers.work(task, content, within_s(wanted.time_limit_s), heard.append))
        try:
            await self._report(wanted.id, working, heard)
            return await working
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)

    async def _report(self, plan_id: UUID, working: asyncio.Task[bytes], heard: list[Progress]) -> None:
        """Write down how far it is, until it is done. One that was discarded meanwhile is not worked on any more."""
        said, quiet = 0, 0
        while not working.done():
            await asyncio.wait({working}, timeout=_REPORT_S)
            quiet += 1
            if len(heard) == said and quiet < _REPORT_ANYWAY:
                continue
            said, quiet = len(heard), 0
            progress = msgspec.json.encode(heard[-1]).decode() if heard else None
            try:
                written = await self._region.pool.execute(_HEARD, plan_id, progress)
            except POSTGRES_AWAY as error:
                log.info("plan.progress_unwritten", error=type(error).__name__)
                continue
            if written == "UPDATE 0":
                raise PlanMovedOn(plan=str(plan_id))

    async def _propose(self, wanted: Wanted, result: bytes) -> None:
        summary = msgspec.json.decode(result, type=_Summed).summary
        packed = await asyncio.to_thread(pack, result)
        await insist(self._region, Propose(wanted.id, bytes(summary).decode(), packed))

    async def _give_up(self, plan_id: UUID, slug: str) -> None:
        """Say that it failed. Where that cannot be said either, its silence does."""
        try:
            await self._region.lane.submit(GiveUp(plan_id, slug))
        except Problem as problem:
            log.warning("plan.failure_untold", task=str(plan_id), slug=slug, problem=problem.slug)


async def _logged(name: str, work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception:
        log.exception("plan.task_failed", task=name)


class _Summed(msgspec.Struct):
    summary: msgspec.Raw


def _draft(region_id: UUID, wanted: Wanted, captured: Captured, content: bytes) -> PlanDraft:
    case = captured.case
    return PlanDraft(
        id=wanted.id,
        region_id=region_id,
        night=case.night,
        made_at=case.now,
        actor_id=wanted.actor_id,
        body_hash=wanted.body_hash,
        time_limit_s=wanted.time_limit_s,
        after=wanted.after,
        links=msgspec.json.encode(wanted.links).decode(),
        policy_version=captured.policy.version,
        policy_hash=captured.policy.hash,
        seq=case.seq,
        epoch=case.epoch,
        content=content,
        heard_at=captured.real,
    )
