"""A node: the connections, clocks and regions of one process, started and stopped as one."""

from __future__ import annotations

import os
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from inventory.region import Regions
from kernel.access.access import Access
from kernel.clock import ClockWatch, ShownClock
from kernel.live.region import RegionLive
from kernel.postgres import Pool, open_engine, open_pool
from kernel.redis import RedisLinks, open_redis
from kernel.settings import Settings, SettingsError
from orientation.lane.writer import OrientationWriter
from orientation.model.audience import LENS
from orientation.region import Desk

log = structlog.get_logger(__name__)

_DEMONSTRATION = "SELECT (SELECT count(*) FROM demonstration) AS marked, (SELECT count(*) FROM demo_clock) AS clocks"
_MARKED = (
    "This database is a demonstration, and everybody can read the passwords of its log-ins. Use another database or "
    "data directory, or set HALTE_DEMO=1 to serve it as a demonstration."
)
_CLOCK_SET = "This database has a demonstration clock. Set HALTE_DEMO=1, or remove the row of table demo_clock."

# What stands on every board. Who may know of requests and placements is told of these kinds too.
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
        await self._refuse_demonstration()
        self.engine = open_engine(settings, self.name)
        self.links = open_redis(settings, self.name)
        self.access = Access(settings, self.engine, self.links.quick if self.links else None)
        self.watch = ClockWatch()
        self.clock = ShownClock(self.pool, self.watch)
        await self.clock.start()
        self.regions = Regions(
            settings,
            self.pool,
            self.clock,
            self.watch,
            make_live=self._make_live,
            make_writer=OrientationWriter,
            attend=Desk.attending,
        )
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

    async def _refuse_demonstration(self) -> None:
        """Production refuses published passwords, and a deciding clock that is set or sped up (I12)."""
        if self.settings.demo:
            return
        (found,) = await self.pool.fetch(_DEMONSTRATION)
        if found["marked"] or found["clocks"]:
            self.pool.terminate()
            raise SettingsError(_MARKED if found["marked"] else _CLOCK_SET)

    def _make_live(self, region_id: UUID) -> RegionLive:
        return RegionLive(
            settings=self.settings,
            region_id=region_id,
            pool=self.pool,
            redis=self.links,
            clock=self.clock,
            lens=LENS,
            kinds=KINDS,
            still_valid=self.access.still_valid,
        )
