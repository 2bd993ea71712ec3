"""The relay: compares Postgres, Redis and the mirror every relay_poll_ms, and mends what lags.

Nothing else has to be perfect: a range that was never published, a Redis that was emptied, restored
from an old dump or away for minutes, a mirror that missed its news; all of it converges from here.
Polling, because LISTEN neither survives transaction pooling nor leaves commits concurrent.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

import structlog

from kernel.journal import Head
from kernel.live import metrics
from kernel.live.board import LiveBoard
from kernel.live.mirror import Fold, Mirror
from kernel.live.publishing import CATCH_UP_MAX, CHUNK, Publisher
from kernel.live.truth import POSTGRES_AWAY, Truth
from kernel.redis import REDIS_AWAY

log = structlog.get_logger(__name__)

# A publisher that asks for help is heard at once, but not more often than this.
_SHORTEST_PAUSE_S = 0.02
# Redis counts as a way for news only while it keeps up this well.
_BEHIND_S = 1.0
# A Redis that answers but cannot take or keep the board (full, read-only, emptied) is not offered it at every poll.
_REBUILD_PAUSE_S = 2.0


class Relay:
    """Runs for ever under the region's supervisor."""

    def __init__(
        self, truth: Truth, board: LiveBoard | None, mirror: Mirror, publisher: Publisher, poll_s: float
    ) -> None:
        self._truth = truth
        self._board = board
        self._mirror = mirror
        self._publisher = publisher
        self._poll_s = poll_s
        self._region = str(mirror.region_id)
        # Where Postgres was at the poll before: what is older than that is late, the rest is under way.
        self._before = 0
        self._kept_up_at = time.monotonic()
        self._rebuild_from = 0.0
        self._redis_seq = 0

    async def run(self) -> None:
        while True:
            urgent = self._publisher.relay_wanted.is_set()
            self._publisher.relay_wanted.clear()
            await self.poll(urgent=urgent)
            await asyncio.sleep(_SHORTEST_PAUSE_S)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._poll_s):
                    await self._publisher.relay_wanted.wait()

    async def poll(self, *, urgent: bool = False) -> None:
        """Look once at all three and mend. Redis and the mirror are looked at first: they never lead."""
        redis_answers, there = await self._look_at_redis()
        here = self._mirror.head
        try:
            truth = await self._truth.head()
            self._mirror.authorise(truth.epoch)
            ahead = max((h.seq for h in (there, here) if h is not None and h.epoch == truth.epoch), default=0)
            if ahead > truth.seq:
                await self._truth.renew_epoch(truth.epoch, ahead)
                return
            if redis_answers:
                self._redis_seq = there.seq if there is not None and there.epoch == truth.epoch else 0
            self._note_lags(here, truth)
            await self._mend_mirror(truth, urgent=urgent)
        except POSTGRES_AWAY as error:
            log.debug("live.journal_away", region=self._region, error=type(error).__name__)
            self._mirror.feed(journal=False)
            metrics.forget_lags(self._region)
            return
        self._mirror.feed(journal=True)
        if self._board is not None:
            kept_up = redis_answers and await self._mend_redis(self._board, there, truth, urgent=urgent)
            self._note(kept_up=kept_up)
        self._before = truth.seq

    async def _look_at_redis(self) -> tuple[bool, Head | None]:
        if self._board is None:
            return False, None
        try:
            return True, await self._board.head()
        except REDIS_AWAY as error:
            self._publisher.suspend(error)
            return False, None

    async def _mend_mirror(self, truth: Head, *, urgent: bool) -> None:
        here = self._mirror.head
        if here is None or here.epoch != truth.epoch or truth.seq - here.seq > CATCH_UP_MAX:
            self._mirror.replace(*await self._truth.board())
            return
        under_way = self._mirror.source == "redis" and not urgent and here.seq >= self._before
        while not under_way and here is not None and here.seq < truth.seq:
            change = await self._truth.range(truth.epoch, here.seq, truth.seq, CHUNK)
            if change is None or self._mirror.apply(change) is Fold.OTHER:
                return
            here = self._mirror.head

    async def _mend_redis(self, board: LiveBoard, there: Head | None, truth: Head, *, urgent: bool) -> bool:
        """Bring Redis to where Postgres was seen; say whether it keeps up."""
        try:
            if there is None or there.epoch != truth.epoch or truth.seq - there.seq > CATCH_UP_MAX:
                return await self._rebuild(board)
            if there.seq < self._before or (urgent and there.seq < truth.seq):
                await self._publisher.catch_up(board, truth.epoch, there.seq, truth.seq)
        except REDIS_AWAY as error:
            self._publisher.suspend(error)
            return False
        self._publisher.resume()
        return True

    async def _rebuild(self, board: LiveBoard) -> bool:
        if time.monotonic() < self._rebuild_from:
            return False
        self._rebuild_from = time.monotonic() + _REBUILD_PAUSE_S
        try:
            head, subjects = await self._truth.board()
        except POSTGRES_AWAY:
            return False
        if await board.rebuild(head, subjects):
            metrics.REBUILDS.labels(self._region).inc()
            log.info("live.board_rebuilt", region=self._region, seq=head.seq, subjects=len(subjects))
        elif not await self._is_there(board, head):
            return False
        self._rebuild_from = 0.0
        self._publisher.resume()
        return True

    async def _is_there(self, board: LiveBoard, head: Head) -> bool:
        """Say whether another node was quicker; if not, Redis lost part of what was being loaded."""
        there = await board.head()
        return there is not None and there.epoch == head.epoch and there.seq >= head.seq

    def _note_lags(self, here: Head | None, truth: Head) -> None:
        """Tell how far Redis and the mirror were found behind. A Redis that is away falls behind with every change."""
        if self._board is not None:
            metrics.REDIS_LAG.labels(self._region).set(max(0, truth.seq - self._redis_seq))
        known = here.seq if here is not None and here.epoch == truth.epoch else 0
        metrics.MIRROR_LAG.labels(self._region).set(max(0, truth.seq - known))

    def _note(self, *, kept_up: bool) -> None:
        now = time.monotonic()
        if kept_up:
            self._kept_up_at = now
        self._mirror.feed(redis_behind=now - self._kept_up_at > _BEHIND_S)
