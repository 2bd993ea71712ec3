"""One region's live board on this node: composed here, started and stopped as one.

Works with Redis, without it, and through anything that happens to it in between; every loop is
supervised. The lane calls `publisher.publish`, routes use `hub`, readiness asks `standing`.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from uuid import UUID

import structlog

from kernel.clock import ShownClock
from kernel.live import metrics
from kernel.live.board import LiveBoard
from kernel.live.following import Follower
from kernel.live.hub import Hub, StillValid
from kernel.live.mirror import Mirror, Source
from kernel.live.publishing import Publisher
from kernel.live.purging import Purger
from kernel.live.relay import Relay
from kernel.live.shelves import Lens
from kernel.live.truth import Truth
from kernel.postgres import Pool
from kernel.problems import Problem
from kernel.redis import RedisLinks
from kernel.settings import Settings
from kernel.supervising import Supervisor

log = structlog.get_logger(__name__)

# How long a start waits for the first board. Later it arrives by itself.
_FIRST_BOARD_S = 3.0


@dataclass(frozen=True, slots=True)
class Standing:
    """What /readyz tells. `seq` is the mirror's; None before the first board."""

    source: Source
    seq: int | None


class RegionLive:
    """`board` is None where no Redis is configured: everything then goes on from the journal."""

    def __init__(
        self,
        *,
        settings: Settings,
        region_id: UUID,
        pool: Pool,
        redis: RedisLinks | None,
        clock: ShownClock,
        lens: Lens,
        kinds: tuple[str, ...],
        still_valid: StillValid | None = None,
    ) -> None:
        metrics.announce(str(region_id))
        self.region_id = region_id
        reserved = lens.reserve.kinds
        self.mirror = Mirror(region_id, passing=reserved)
        self.board = None if redis is None else LiveBoard(redis, region_id, settings.redis_timeout_s)
        truth = Truth(pool, region_id)
        self.publisher = Publisher(truth, self.board, self.mirror, settings.redis_timeout_s)
        self.relay = Relay(truth, self.board, self.mirror, self.publisher, settings.relay_poll_ms / 1_000)
        self.purger = Purger(truth, self.board, self.mirror, reserved) if reserved else None
        self.hub = Hub(self.mirror, lens, clock.now, kinds, settings.beat_s)
        self._still_valid = still_valid
        self._session_check_s = settings.session_check_s
        self._supervisor = Supervisor(f"live {region_id}")

    async def start(self) -> None:
        """Start every loop; return with the first board, or without it when none comes in time."""
        if self.board is not None:
            self._supervisor.start("publisher", partial(self.publisher.run, self.board))
            self._supervisor.start("follower", Follower(self.board, self.mirror).run)
        self._supervisor.start("relay", self.relay.run)
        if self.purger is not None:
            self._supervisor.start("purger", self.purger.run)
        if self._still_valid is not None:
            self._supervisor.start("sessions", partial(self._watch_sessions, self._still_valid))
        self.hub.start()
        with suppress(TimeoutError):
            async with asyncio.timeout(_FIRST_BOARD_S):
                await self.mirror.loaded.wait()

    async def stop(self) -> None:
        """Say goodbye to the screens, then end every loop. Redis and the pool belong to the caller."""
        await self.hub.stop()
        await self._supervisor.stop()

    def standing(self) -> Standing:
        head = self.mirror.head
        return Standing(self.mirror.source, None if head is None else head.seq)

    async def _watch_sessions(self, still_valid: StillValid) -> None:
        """A right that was taken away ends its connections within two checks, without Redis."""
        while True:
            await asyncio.sleep(self._session_check_s)
            try:
                await self.hub.revoke(still_valid)
            except Problem as problem:
                # Postgres does not answer: nothing is known about anybody, so nobody is sent away.
                log.info("live.sessions_unchecked", region=str(self.region_id), problem=problem.slug)
