"""What orientation runs for a region on a node: what time alone does to requests and placements (I12)."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import structlog

from inventory.region import Region
from kernel.access.key_secrets import KeySecrets
from kernel.live.truth import POSTGRES_AWAY
from kernel.problems import Problem
from kernel.supervising import Supervisor
from orientation import metrics
from orientation.distributing.drafting import Drafting
from orientation.distributing.previewing import Previewing
from orientation.distributing.telling import Telling
from orientation.distributing.tending import tend
from orientation.distributing.working import Workers
from orientation.drawing.elapsing import pass_draws
from orientation.elapsing import destroy_keys, pass_placements, pass_requests
from orientation.erasing import erase_contacts, erase_plans, erase_requests
from orientation.lapsing import escalate, lapse
from orientation.receipts import Receipts
from orientation.sealing import Sealer
from orientation.suggesting import Suggesting

log = structlog.get_logger(__name__)

# One look at what is due, and the works that come of it, through the region's lane.
Sweep = Callable[[Region], Awaitable[None]]
SWEEPS: tuple[Sweep, ...] = (lapse, escalate, pass_requests, pass_placements, pass_draws, destroy_keys)
# What nobody waits for, and what looks further back.
ERASURES: tuple[Sweep, ...] = (erase_contacts, erase_plans, erase_requests)
_ERASE_EVERY_S = 600.0


class Desk:
    """Orientation's part of a region on this node."""

    def __init__(self, region: Region) -> None:
        self.region = region
        self.sealer = Sealer.of(region.settings)
        self.receipts = Receipts(KeySecrets(region.settings).derive("receipts"))
        self.suggesting = Suggesting(region)
        self._workers = Workers()
        self.drafting = Drafting(region, self._workers)
        self.telling = Telling(region, self._workers)
        self.previewing = Previewing(region, self._workers)
        metrics.announce(str(region.id))
        self._supervisor = Supervisor(f"desk {region.id}")
        self._hastened = asyncio.Event()
        self._erased_at = -math.inf

    @classmethod
    @asynccontextmanager
    async def attending(cls, region: Region) -> AsyncIterator[Desk]:
        desk = cls(region)
        desk._supervisor.start("sweep", desk._sweep)
        try:
            yield desk
        finally:
            await desk._supervisor.stop()
            await desk.drafting.stop()
            await desk.previewing.stop()
            await desk._workers.stop()

    def hasten(self) -> None:
        """Look at once at what is due."""
        self._hastened.set()

    async def sweep(self) -> None:
        """Do what is due, each kind for itself; nothing by a clock that jumped."""
        for look in (*SWEEPS, self._tend, *self._erasures()):
            if not self.region.watch.sweeps_allowed:
                return
            try:
                await look(self.region)
            except Problem as problem:
                log.warning("desk.sweep_postponed", problem=problem.slug)

    async def _tend(self, region: Region) -> None:
        await tend(region, self.drafting)

    def _erasures(self) -> tuple[Sweep, ...]:
        now = time.monotonic()
        if now - self._erased_at < _ERASE_EVERY_S:
            return ()
        self._erased_at = now
        return ERASURES

    async def _sweep(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self.region.settings.sweep_s):
                    await self._hastened.wait()
            self._hastened.clear()
            try:
                await self.sweep()
            except POSTGRES_AWAY as error:
                log.info("desk.postgres_away", error=type(error).__name__)


def desk_of(region: Region) -> Desk:
    if not isinstance(region.attendant, Desk):
        raise TypeError("this region was started without a desk")
    return region.attendant
