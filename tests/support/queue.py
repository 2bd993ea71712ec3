"""Tonight's queue before two nodes: a region with some houses, households that ask, and plans of all that."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from uuid import UUID

import httpx
import psutil

from halte.embedded import EmbeddedServers
from inventory.lane.working import SYSTEM
from inventory.model.unit import Regime
from kernel.ids import new_id
from kernel.lane import Lane
from kernel.postgres import Pool, open_pool
from orientation.asking import AskRequest
from orientation.closing import CloseRequest
from orientation.lane.writer import OrientationWriter
from orientation.model.household import Age, Gender, Household, Member, Relation, Urgency
from orientation.model.request import Channel, Outcome
from tests.integration.inventory.acting import BRUSSELS
from tests.support.region import SmallRegion, found_region, furnish
from tests.support.running import Server, serving, settings_of_its_own

T = TypeVar("T")

_READY_S = 60
_LOOK_S = 0.1


def family(*ages: Age, urgency: tuple[Urgency, ...] = ()) -> Household:
    first = Member(Age.ADULT, Gender.WOMAN, Relation.SELF)
    return Household((first, *(Member(age, Gender.UNSAID, Relation.CHILD) for age in ages)), urgency=urgency)


def man(*urgency: Urgency) -> Household:
    return Household((Member(Age.ADULT, Gender.MAN, Relation.SELF),), urgency=urgency)


def workers_of(pid: int) -> list[psutil.Process]:
    """Return the workers of a process; one that ends while it is looked at is none."""
    found = []
    for child in psutil.Process(pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if "orientation.distributing.worker" in child.cmdline():
                found.append(child)
    return found


@dataclass(slots=True)
class Queue:
    """`nodes`: the same region, as each node serves it. Requests are asked through a node of the test's own."""

    nodes: list[SmallRegion]
    servers: list[Server]
    lane: Lane
    pool: Pool
    units: dict[str, UUID] = field(default_factory=dict)

    @property
    def region(self) -> SmallRegion:
        return self.nodes[0]

    async def send(self, who: str, method: str, path: str, body: object = None, node: int = 0) -> httpx.Response:
        async with self.nodes[node].client(who) as client:
            return await client.request(method, path, json=body)

    async def expect(self, status: int, who: str, method: str, path: str, body: object = None, node: int = 0) -> Any:
        told = await self.send(who, method, path, body, node)
        assert told.status_code == status, told.text
        return told.json()

    async def refused(self, slug: str, who: str, method: str, path: str, body: object = None, node: int = 0) -> Any:
        told = (await self.send(who, method, path, body, node)).json()
        assert told.get("slug") == slug, told
        return told

    async def ask(self, household: Household, **more: Any) -> UUID:
        request_id: UUID = more.pop("id", None) or new_id()
        await self.lane.submit(AskRequest(request_id, SYSTEM, Regime.NIGHT, Channel.PHONE, household, b"ask", **more))
        return request_id

    async def code(self, request_id: UUID | str) -> str:
        """Return what the desk calls a household."""
        code: str = await self.pool.fetchval("SELECT code FROM request WHERE id = $1", UUID(str(request_id)))
        return code

    async def rule(self, **plan: object) -> None:
        """Set rules of the plan from now on: those named, and all others as they are."""
        now = (await self.expect(200, "supervisor", "GET", "/policies/orientation"))["policies"][0]
        rules = now["policy"] | {"plan": now["policy"]["plan"] | plan}
        said = {"id": str(new_id()), "base_version": now["version"], "policy": rules, "why": "another night"}
        await self.expect(200, "supervisor", "PUT", "/policies/orientation", said)

    async def close(self, request_id: UUID | str) -> None:
        said: dict[str, Any] = {"actor_id": SYSTEM, "body_hash": b"close", "outcome": Outcome.WITHDRAWN}
        await self.lane.submit(CloseRequest(id=new_id(), request_id=UUID(str(request_id)), **said))

    async def begin_anew(self, **free: int) -> None:
        """Send everybody away, and count the units named."""
        for row in await self.pool.fetch("SELECT id FROM request WHERE state <> 'closed'"):
            await self.close(row["id"])
        await self.pool.execute("UPDATE plan SET state = 'discarded', ended_at = halte_now() WHERE state = 'draft'")
        for name, places in free.items():
            await self.count(name, places)

    async def count(self, name: str, free: int) -> None:
        region = self.region
        shelter = {"men": region.linden, "women": region.linden, "canal_unit": region.canal}.get(name, region.secret)
        body = region.report(free, getattr(region, name), shelter)
        await self.expect(200, "admin", "PUT", f"/reports/{new_id()}", body)

    async def place(self, request_id: str, unit: UUID | str) -> Any:
        body = {"request": request_id, "unit": str(unit)}
        return (await self.expect(200, "desk", "PUT", f"/placements/{new_id()}", body))["placement"]

    async def begin(self, node: int = 0, **more: Any) -> Any:
        return await self.expect(202, "desk", "POST", "/plans", {"id": str(new_id()), "time_limit_s": 5} | more, node)

    async def draft(self, node: int = 0, **more: Any) -> Any:
        plan = await self.until((await self.begin(node, **more))["id"], node=node)
        assert plan["state"] == "draft", plan
        return plan

    async def until(self, plan_id: str, *states: str, node: int = 0) -> dict[str, Any]:
        """Look at a plan until nobody works on it any more, or until it is in one of these states."""
        async with asyncio.timeout(_READY_S), self.nodes[node].client("desk") as client:
            while True:
                told = await client.get(f"/plans/{plan_id}")
                assert told.status_code == 200, told.text
                plan: dict[str, Any] = told.json()
                if plan["state"] in states or (not states and plan["state"] not in {"solving", "applying"}):
                    return plan
                await asyncio.sleep(_LOOK_S)

    async def apply(self, plan_id: str, node: int = 0, who: str = "desk", **more: Any) -> httpx.Response:
        return await self.send(who, "POST", f"/plans/{plan_id}/apply", {"id": str(new_id())} | more, node)

    def workers(self) -> list[psutil.Process]:
        """Return the processes in which the nodes have plans worked out."""
        running = [one.process for one in self.servers if one.process is not None and one.process.returncode is None]
        return [worker for process in running for worker in workers_of(process.pid)]

    async def retire_workers(self) -> None:
        """End those that wait for a task: the next one is then met while it starts."""
        for worker in self.workers():
            worker.kill()
        await self.no_worker()

    async def freeze_worker(self) -> psutil.Process:
        """Wait for a worker, and stop it where it is: what it works out takes no time in here."""
        (worker,) = await _until(self.workers, 0)
        worker.suspend()
        return worker

    async def no_worker(self) -> None:
        await _until(lambda: not self.workers())

    async def held(self) -> dict[str, str]:
        """Return where each open placement is, by request."""
        rows = await self.pool.fetch("SELECT request_id, unit_id FROM placement WHERE state <> 'ended'")
        assert len({row["request_id"] for row in rows}) == len(rows)
        return {str(row["request_id"]): str(row["unit_id"]) for row in rows}


@asynccontextmanager
async def queueing(servers: EmbeddedServers, template: str, nodes: int = 2, **variables: str) -> AsyncIterator[Queue]:
    """Serve the small region from some nodes."""
    async with settings_of_its_own(servers, template) as settings:
        region_id = await found_region(settings)
        async with serving(settings, None, **variables) as first:
            region = SmallRegion(first.address, region_id)
            await furnish(region)
            pool = await open_pool(settings, "asking")
            lane = Lane(pool, region_id, OrientationWriter(region_id, BRUSSELS), _publish, settings)
            lane.start()
            queue = Queue([region], [first], lane, pool)
            try:
                for _ in range(nodes - 1):
                    await add_node(queue, Server(settings, variables=variables))
                yield queue
            finally:
                for server in queue.servers[1:]:
                    await server.stop()
                await lane.stop()
                await pool.close()


async def add_node(queue: Queue, server: Server) -> None:
    await server.start()
    queue.servers.append(server)
    queue.nodes.append(replace(queue.region, address=server.address))


async def _until(look: Callable[[], T], every_s: float = _LOOK_S) -> T:
    """Look until there is something to be seen."""
    async with asyncio.timeout(_READY_S):
        while True:
            found = look()
            if found:
                return found
            await asyncio.sleep(every_s)


async def _publish(_changes: object) -> None:
    """The nodes hear of it from the journal."""
