"""Following: feeds the mirror from Redis, one blocking read after the other.

Reads the board and the position of the wake stream at one moment, then folds every entry after it;
on a gap, another epoch, an emptied Redis or any failure it starts again from the board.
"""

from __future__ import annotations

import asyncio

import structlog

from kernel.live.board import LiveBoard, Wake
from kernel.live.mirror import Fold, Mirror
from kernel.redis import REDIS_AWAY

log = structlog.get_logger(__name__)

_FIRST_PAUSE_S = 0.1
_LAST_PAUSE_S = 1.0


class Follower:
    """Runs for ever under the region's supervisor."""

    def __init__(self, board: LiveBoard, mirror: Mirror) -> None:
        self._board = board
        self._mirror = mirror
        self._forced = False

    async def run(self) -> None:
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                position = await self._load()
                if position is not None:
                    pause_s = _FIRST_PAUSE_S
                    await self._follow(position)
                    continue
            except REDIS_AWAY as error:
                log.debug("live.follower_paused", region=str(self._mirror.region_id), error=type(error).__name__)
            self._mirror.feed(following=False)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LAST_PAUSE_S)

    async def _load(self) -> bytes | None:
        """Bring the mirror to where Redis is; None where Redis has no board that may be believed."""
        reading = await self._board.read()
        if reading is None or not self._mirror.trusts(reading.head.epoch):
            return None
        take_over = self._mirror.correct if self._forced else self._mirror.replace
        take_over(reading.head, reading.subjects)
        self._forced = False
        return reading.position

    async def _follow(self, position: bytes) -> None:
        """Fold entry after entry; return when the board must be read again."""
        while True:
            self._mirror.feed(following=True)
            wakes = await self._board.follow(position)
            if not wakes and await self._missed():
                return
            for wake in wakes:
                position = wake.position
                if not self._fold(wake):
                    return

    def _fold(self, wake: Wake) -> bool:
        if wake.forced:
            self._forced = True
            return False
        if wake.change is not None:
            return self._mirror.apply(wake.change) in {Fold.APPLIED, Fold.KNOWN}
        head = self._mirror.head
        return head is not None and head.epoch == wake.head.epoch and head.seq >= wake.head.seq

    async def _missed(self) -> bool:
        """Say whether silence hides something: an emptied Redis, or one whose stream began anew."""
        there, here = await self._board.head(), self._mirror.head
        return there is None or here is None or there.epoch != here.epoch or there.seq > here.seq
