"""Purging: forgets that reserved things are gone, once everybody has long been told: hundreds go every night (I6, I7).

First Postgres, then this node's mirror and Redis, which drop what Postgres no longer stamps; the journal
keeps every row. So of a reserved kind a tombstone and nothing at all mean the same, and nobody has to be at
the same point: whoever catches up by the journal gets tombstones again, and drops them at the next look.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import timedelta

import structlog

from kernel.journal import Subject
from kernel.live.board import LiveBoard
from kernel.live.mirror import Mirror
from kernel.live.truth import POSTGRES_AWAY, Truth
from kernel.redis import REDIS_AWAY

log = structlog.get_logger(__name__)

_EVERY_S = 600.0
# A screen or a node that lags hears of an end from the journal, as of everything. This long it is asked of nobody to
# begin anew instead.
KEPT = timedelta(hours=6)


class Purger:
    """Runs for ever under the region's supervisor, on every node; whoever comes second finds nothing to do."""

    def __init__(self, truth: Truth, board: LiveBoard | None, mirror: Mirror, kinds: Iterable[str]) -> None:
        self._truth = truth
        self._board = board
        self._mirror = mirror
        self._kinds = tuple(sorted(kinds))

    async def run(self) -> None:
        while True:
            await asyncio.sleep(_EVERY_S)
            try:
                await self.purge()
            except (*POSTGRES_AWAY, *REDIS_AWAY) as error:
                log.info("live.purge_postponed", region=str(self._mirror.region_id), error=type(error).__name__)

    async def purge(self, kept: timedelta = KEPT) -> None:
        """Look once at all three."""
        await self._truth.purge(self._kinds, kept)
        self._mirror.drop(await self._purged(self._mirror.tombstones()))
        if self._board is not None:
            await self._board.purge(await self._purged(await self._board.tombstones(self._kinds)))

    async def _purged(self, tombstones: list[Subject]) -> list[Subject]:
        """Return those that Postgres stamps no more. What is written anew meanwhile is not what was seen, and stays."""
        stamped = await self._truth.stamped([subject.id for subject in tombstones])
        return [subject for subject in tombstones if subject.id not in stamped]
