"""A region on this node: its lane, its live board, and what time alone must change (I12)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog

from inventory.defining import Refresh
from inventory.directory import Directory
from inventory.lane.working import SYSTEM
from inventory.lane.writer import InventoryWriter
from inventory.model.night import night_of
from inventory.problems import NotReady
from inventory.store import due_units, read_policy
from kernel.clock import ClockWatch, ShownClock
from kernel.journal import Range
from kernel.lane import Lane
from kernel.live.region import RegionLive
from kernel.live.truth import POSTGRES_AWAY
from kernel.postgres import Pool, tie_epoch
from kernel.problems import Problem
from kernel.settings import Settings
from kernel.supervising import Supervisor

log = structlog.get_logger(__name__)

_SWEEP_MAX = 500

MakeLive = Callable[[UUID], RegionLive]


class Region:
    """Everything of one region that runs on this node."""

    def __init__(
        self, settings: Settings, pool: Pool, region_id: UUID, zone: ZoneInfo, live: RegionLive, clock: ShownClock
    ) -> None:
        self.id = region_id
        self.zone = zone
        self.pool = pool
        self.live = live
        self.clock = clock
        self.directory = Directory(live.mirror)
        self._settings = settings
        self._supervisor = Supervisor(f"region {region_id}")
        self.writer: InventoryWriter
        self.lane: Lane

    async def start(self, watch: ClockWatch) -> None:
        async with self.pool.acquire() as connection:
            await tie_epoch(connection, self.id)
        self.writer = InventoryWriter(self.id, self.zone, await read_policy(self.pool, self.id))
        self.lane = Lane(self.pool, self.id, self.writer, self._publish, self._settings)
        await self.live.start()
        self.lane.start()
        self._supervisor.start("sweep", lambda: self._sweep(watch))

    async def stop(self) -> None:
        await self._supervisor.stop()
        await self.lane.stop()
        await self.live.stop()

    async def _publish(self, changes: Range) -> None:
        await self.live.publisher.publish(changes)

    async def _sweep(self, watch: ClockWatch) -> None:
        """Every few seconds, turn the units that noon or an expiry has reached; not by a clock that jumped."""
        while True:
            await asyncio.sleep(self._settings.sweep_s)
            if watch.sweeps_allowed:
                try:
                    await self.turn()
                except POSTGRES_AWAY as error:
                    log.info("sweep.postgres_away", error=type(error).__name__)

    async def turn(self) -> int:
        """Fold anew every unit that time alone has changed; return how many."""
        now = await self.pool.fetchval("SELECT halte_now()")
        turned = 0
        while due := await due_units(self.pool, self.id, night_of(now, self.zone), _SWEEP_MAX):
            try:
                await self.lane.submit(Refresh(tuple(due), "noon", SYSTEM), bulk=True)
            except Problem as problem:
                log.warning("sweep.postponed", problem=problem.slug)
                break
            turned += len(due)
        return turned


class Regions:
    """The regions that run on this node; one that appears later is started when it is first asked for."""

    def __init__(
        self, settings: Settings, pool: Pool, clock: ShownClock, watch: ClockWatch, make_live: MakeLive
    ) -> None:
        self._settings = settings
        self._pool = pool
        self._clock = clock
        self._watch = watch
        self._make_live = make_live
        self._running: dict[UUID, Region] = {}
        self._starting = asyncio.Lock()

    async def start(self) -> None:
        for row in await self._pool.fetch("SELECT id FROM region ORDER BY slug"):
            await self.running(row["id"])

    async def running(self, region_id: UUID) -> Region:
        """Return a running region, starting it where needed."""
        region = self._running.get(region_id)
        if region is not None:
            return region
        async with self._starting:
            return self._running.get(region_id) or await self._start_one(region_id)

    async def _start_one(self, region_id: UUID) -> Region:
        zone = await self._pool.fetchval("SELECT timezone FROM region WHERE id = $1", region_id)
        if zone is None:
            raise NotReady(region=str(region_id))
        region = Region(self._settings, self._pool, region_id, ZoneInfo(zone), self._make_live(region_id), self._clock)
        await region.start(self._watch)
        self._running[region_id] = region
        return region

    def at_hand(self, region_id: UUID) -> Region:
        """Return a region that runs already; websockets cannot wait for one to start."""
        region = self._running.get(region_id)
        if region is None:
            raise NotReady(region=str(region_id))
        return region

    def all(self) -> list[Region]:
        return list(self._running.values())

    async def stop(self) -> None:
        for region in reversed(self.all()):
            await region.stop()
