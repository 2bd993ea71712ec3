"""Publishing: brings this node's committed ranges to the mirror and to Redis, in order.

It never raises and never waits longer than the bound: Redis being slow or away is the relay's
business, not a reporter's. On a gap the caller's side reads the journal itself (I6): "apply only the
next seq" made three batches of four wait for the relay.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import structlog

from kernel.journal import Range
from kernel.live import metrics
from kernel.live.board import Absent, Applied, Gap, LiveBoard
from kernel.live.mirror import Mirror
from kernel.live.truth import POSTGRES_AWAY, Truth
from kernel.redis import REDIS_AWAY

log = structlog.get_logger(__name__)

# States in one Lua call: a few milliseconds of Redis' time.
CHUNK = 500
# Further behind than this, loading the whole board is cheaper than replaying the journal.
CATCH_UP_MAX = 5_000
# A range waits at most for this many others; beyond, the relay will bring it.
_QUEUE_MAX = 1_000
_SUSPENDED_S = 1.0

_Waiting = tuple[Range, "asyncio.Future[None]"]


class Publisher:
    """One region's publisher on this node. `suspended`: Redis failed, and only the relay tries it."""

    def __init__(self, truth: Truth, board: LiveBoard | None, mirror: Mirror, timeout_s: float) -> None:
        self._truth = truth
        self._board = board
        self._mirror = mirror
        self._timeout_s = timeout_s
        self._region = str(mirror.region_id)
        self._queue: deque[_Waiting] = deque()
        self._arrived = asyncio.Event()
        self.suspended = False
        self._suspended_at = 0.0
        # Set when only the relay can help; it then does not wait for its next poll.
        self.relay_wanted = asyncio.Event()

    async def publish(self, change: Range) -> None:
        """Give a committed range to the mirror and to Redis; return when it is there, or the bound has passed."""
        self._mirror.apply(change)
        if self._board is None:
            return
        if self.suspended or len(self._queue) >= _QUEUE_MAX:
            metrics.LEFT_TO_RELAY.labels(self._region).inc()
            return
        there = asyncio.get_running_loop().create_future()
        self._queue.append((change, there))
        self._arrived.set()
        try:
            async with asyncio.timeout(self._timeout_s):
                await there
        except TimeoutError:
            metrics.LEFT_TO_RELAY.labels(self._region).inc()

    async def run(self, board: LiveBoard) -> None:
        """Send what is queued, oldest first. Runs under the region's supervisor."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._queue:
                await self._send_next(board)

    def suspend(self, error: BaseException) -> None:
        """Stop trying: whoever commits must not wait for a Redis that is known to be away."""
        self._suspended_at = time.monotonic()
        _release(self._queue)
        self._queue.clear()
        if not self.suspended:
            self.suspended = True
            log.warning("live.redis_away", region=self._region, error=type(error).__name__)
            # Once: every failed look of the relay ends here, and would otherwise call for the next.
            self.relay_wanted.set()

    def resume(self) -> None:
        """Redis answers again and has caught up. Not at once: one that merely stutters would cost a bound each time."""
        if self.suspended and time.monotonic() - self._suspended_at > _SUSPENDED_S:
            self.suspended = False
            log.info("live.redis_back", region=self._region)

    async def catch_up(self, board: LiveBoard, epoch: UUID, after: int, to: int) -> None:
        """Bring Redis from `after` to `to` out of the journal; whoever else does the same does no harm."""
        if to - after > CATCH_UP_MAX:
            self.relay_wanted.set()
            return
        while after < to:
            try:
                change = await self._truth.range(epoch, after, to, CHUNK)
            except POSTGRES_AWAY:
                return
            outcome = None if change is None else await board.apply(change)
            if not isinstance(outcome, Applied):
                self.relay_wanted.set()
                return
            after = outcome.seq

    async def _send_next(self, board: LiveBoard) -> None:
        waiting = self._take()
        try:
            await self._send(board, _merge([change for change, _ in waiting]))
        except REDIS_AWAY as error:
            self.suspend(error)
        finally:
            _release(waiting)

    def _take(self) -> list[_Waiting]:
        """Take the oldest range and those that continue it: one call to Redis for all of them."""
        taken = [self._queue.popleft()]
        states = len(taken[0][0].subjects)
        while self._queue and states < CHUNK:
            last, following = taken[-1][0], self._queue[0][0]
            if (following.epoch, following.after) != (last.epoch, last.to):
                break
            taken.append(self._queue.popleft())
            states += len(following.subjects)
        return taken

    async def _send(self, board: LiveBoard, change: Range) -> None:
        outcome = await board.apply(change)
        if isinstance(outcome, Gap):
            metrics.GAPS.labels(self._region).inc()
            await self.catch_up(board, change.epoch, outcome.seq, change.to)
        elif isinstance(outcome, Absent):
            self.relay_wanted.set()


def _merge(changes: Sequence[Range]) -> Range:
    first = changes[0]
    if len(changes) == 1:
        return first
    return replace(first, to=changes[-1].to, subjects=tuple(s for change in changes for s in change.subjects))


def _release(waiting: deque[_Waiting] | list[_Waiting]) -> None:
    for _, there in waiting:
        if not there.done():
            there.set_result(None)
