"""A node: the connections, clocks and regions of one process, started and stopped as one."""

from __future__ import annotations

import os
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from inventory.model.audience import project, sees_exactly
from inventory.region import Regions
from kernel.access.access import Access
from kernel.clock import ClockWatch, ShownClock
from kernel.live.region import RegionLive
from kernel.live.view import Lens
from kernel.postgres import Pool, open_engine, open_pool
from kernel.redis import RedisLinks, open_redis
from kernel.settings import Settings, SettingsError

log = structlog.get_logger(__name__)

# What stands on the board; orientation adds its own kinds to its own stream.
KINDS = ("unit", "shelter")


class Node:
    """Attributes are there from `start` to `stop`."""

    pool: Pool
    engine: AsyncEngine
    links: RedisLinks | None
    access: Access
    clock: ShownClock
    watch: ClockWatch
    regions: Regions

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.name = f"node-{os.getpid()}"

    async def start(self) -> None:
        settings = self.settings
        self.pool = await open_pool(settings, self.name)
        await self._refuse_demo_clock()
        self.engine = open_engine(settings, self.name)
        self.links = open_redis(settings, self.name)
        self.access = Access(settings, self.engine, self.links.quick if self.links else None)
        self.watch = ClockWatch()
        self.clock = ShownClock(self.pool, self.watch)
        await self.clock.start()
        self.regions = Regions(settings, self.pool, self.clock, self.watch, self._make_live)
        await self.regions.start()

    async def stop(self) -> None:
        await self.regions.stop()
        await self.clock.stop()
        await self.access.close()
        if self.links is not None:
            await self.links.close()
        await self.engine.dispose()
        # A connection that hangs must not keep the process: what was acknowledged is committed (I1).
        self.pool.terminate()

    async def _refuse_demo_clock(self) -> None:
        """Production refuses to start where the deciding clock is set or sped up (I12)."""
        if not self.settings.demo and await self.pool.fetchval("SELECT count(*) FROM demo_clock"):
            self.pool.terminate()
            raise SettingsError(
                "This database has a demonstration clock. Set HALTE_DEMO=1, or remove the row of table demo_clock."
            )

    def _make_live(self, region_id: UUID) -> RegionLive:
        return RegionLive(
            settings=self.settings,
            region_id=region_id,
            pool=self.pool,
            redis=self.links,
            clock=self.clock,
            lens=Lens(project, sees_exactly),
            kinds=KINDS,
            still_valid=self.access.still_valid,
        )
