"""A region on this node: its lane, its live board, and what time alone must change (I12)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog

from inventory.defining import Refresh
from inventory.directory import Directory
from inventory.lane.writer import InventoryWriter
from inventory.mapping import Card
from inventory.model.night import night_of
from inventory.problems import NotReady
from inventory.store import due_units
from inventory.troubles import Troubles
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

# What one batch folds anew: single reports wait for no more than that.
_SWEEP_MAX = 100
# Who adds a region by command goes on to add an account and signs in: that takes longer than this, and the question is
# one small query. Not a setting, because nobody would be better off with another number.
_LOOK_S = 2.0
_BEFORE_ALL = UUID(int=0)
_IDS = "SELECT id FROM region ORDER BY slug"

MakeLive = Callable[[UUID], RegionLive]
MakeWriter = Callable[[UUID, ZoneInfo], InventoryWriter]
# What a package above runs beside a region, for as long as the region runs.
Attend = Callable[["Region"], AbstractAsyncContextManager[object]]


class Region:
    """Everything of one region that runs on this node."""

    def __init__(
        self,
        settings: Settings,
        pool: Pool,
        region_id: UUID,
        zone: ZoneInfo,
        *,
        live: RegionLive,
        clock: ShownClock,
        watch: ClockWatch,
        make_writer: MakeWriter,
        attend: Attend,
    ) -> None:
        self.id = region_id
        self.zone = zone
        self.pool = pool
        self.live = live
        self.clock = clock
        self.directory = Directory(live.mirror)
        self.troubles = Troubles(live.mirror)
        self.card = Card(pool, region_id)
        self.settings = settings
        self.watch = watch
        self.writer = make_writer(region_id, zone)
        self.lane = Lane(pool, region_id, self.writer, self._publish, settings)
        self.attendant: object = None
        self._attend = attend
        self._attending = AsyncExitStack()
        self._supervisor = Supervisor(f"region {region_id}")
        self._hastened = asyncio.Event()

    async def start(self) -> None:
        """Start everything or nothing: who cannot start it may try again."""
        async with self.pool.acquire() as connection:
            await tie_epoch(connection, self.id)
        self.lane.start()
        try:
            await self.live.start()
            self.attendant = await self._attending.enter_async_context(self._attend(self))
        except BaseException:
            await self.stop()
            raise
        self._supervisor.start("sweep", self._sweep)

    async def stop(self) -> None:
        await self._supervisor.stop()
        await self._attending.aclose()
        await self.lane.stop()
        await self.live.stop()

    async def _publish(self, changes: Range) -> None:
        await self.live.publisher.publish(changes)

    async def _sweep(self) -> None:
        """Every few seconds, turn the units that noon, an end or new rules have reached; not by a clock that jumped."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self.settings.sweep_s):
                    await self._hastened.wait()
            self._hastened.clear()
            try:
                await self.turn()
            except POSTGRES_AWAY as error:
                log.info("sweep.postgres_away", error=type(error).__name__)

    def hasten(self) -> None:
        """Sweep at once. Another node's sweep goes on with whatever this one leaves undone."""
        self._hastened.set()

    async def trusts_clock(self) -> bool:
        """Look at the clock once more, after it has said what is due and before anything is done about it (I12).

        It is read once a second: had it jumped since, it is seen now; if it jumps later, what is due was so before.
        """
        await self.clock.refresh()
        return self.watch.sweeps_allowed

    async def turn(self) -> int:
        """Fold anew every unit that time or new rules have changed; return how many.

        One way through the units and no second look, and the clock is read for each portion: it may step back across
        noon meanwhile, or jump, and a unit that stays due however often it is folded must not keep us here.
        """
        turned, after = 0, _BEFORE_ALL
        while self.watch.sweeps_allowed:
            now = await self.pool.fetchval("SELECT halte_now()")
            due = await due_units(self.pool, self.id, night_of(now, self.zone), _SWEEP_MAX, after)
            if not due or not await self.trusts_clock():
                break
            after = due[-1]
            try:
                await self.lane.submit(Refresh(tuple(due)), bulk=True)
            except Problem as problem:
                log.warning("sweep.postponed", problem=problem.slug)
                break
            turned += len(due)
        return turned


class Regions:
    """The regions that run on this node: all that there are, whether they were there at the start or came later."""

    def __init__(
        self,
        settings: Settings,
        pool: Pool,
        clock: ShownClock,
        watch: ClockWatch,
        *,
        make_live: MakeLive,
        make_writer: MakeWriter,
        attend: Attend,
    ) -> None:
        self._settings = settings
        self._pool = pool
        self._clock = clock
        self._watch = watch
        self._make_live = make_live
        self._make_writer = make_writer
        self._attend = attend
        self._running: dict[UUID, Region] = {}
        self._starting = asyncio.Lock()
        self._supervisor = Supervisor("regions")

    async def start(self) -> None:
        await self._start_all()
        self._supervisor.start("newcomers", self._look)

    async def _look(self) -> None:
        """Start what was added since: its screens and its nights must not wait for a request to this very node."""
        while True:
            await asyncio.sleep(_LOOK_S)
            try:
                await self._start_all()
            except POSTGRES_AWAY as error:
                log.debug("regions.postgres_away", error=type(error).__name__)

    async def _start_all(self) -> None:
        for row in await self._pool.fetch(_IDS):
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
        live = self._make_live(region_id)
        region = Region(
            self._settings,
            self._pool,
            region_id,
            ZoneInfo(zone),
            live=live,
            clock=self._clock,
            watch=self._watch,
            make_writer=self._make_writer,
            attend=self._attend,
        )
        await region.start()
        self._running[region_id] = region
        log.info("region.started", region=str(region_id))
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
        """All at once: each may take as long as its lane's last write."""
        await self._supervisor.stop()
        for outcome in await asyncio.gather(*(region.stop() for region in self.all()), return_exceptions=True):
            if isinstance(outcome, BaseException):
                log.error("region.stop_failed", error=repr(outcome))
