"""Truth: what Postgres says about a region, asked with bounded waits.

Also keeps the epoch honest (I6): it is tied to the cluster at every new acquaintance, and renewed
when the counter stands behind what Redis or this node already saw, which only lost history explains.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

import structlog

from kernel.ids import new_id
from kernel.journal import Head, Range, Subject, read_board, read_head, read_range
from kernel.live import metrics
from kernel.postgres import POSTGRES_GONE, Connection, Pool, tie_epoch

log = structlog.get_logger(__name__)
T = TypeVar("T")

# Everything that means "not now". LookupError: the region is not there (yet).
POSTGRES_AWAY = (*POSTGRES_GONE, LookupError)

_GLANCE_S = 1.0
_BOARD_S = 5.0
# A promoted standby shows its new timeline only after its first checkpoint: look again.
_TIED_S = 30.0
# The newest entry's subject stays: a board that has a seq has something on it. Locked rows are being written: later.
_PURGE = """
DELETE FROM subject WHERE id IN (
  SELECT s.id FROM subject s JOIN journal j ON j.region_id = s.region_id AND j.seq = s.seq
  WHERE s.region_id = $1 AND s.kind = ANY($2) AND s.gone AND j.at < halte_now() - $3::interval
    AND s.seq < (SELECT seq FROM region WHERE id = $1)
  FOR UPDATE OF s SKIP LOCKED)
"""
_STAMPED = "SELECT id FROM subject WHERE region_id = $1 AND id = ANY($2)"
_RENEW = "UPDATE region SET epoch = $2 WHERE id = $1 AND epoch = $3 AND seq < $4"


class Truth:
    """One region's journal and board in Postgres. Raises what POSTGRES_AWAY names."""

    def __init__(self, pool: Pool, region_id: UUID) -> None:
        self._pool = pool
        self.region_id = region_id
        self._tied_until = 0.0

    async def head(self) -> Head:
        try:
            if time.monotonic() > self._tied_until:
                await self._ask(lambda connection: tie_epoch(connection, self.region_id))
                self._tied_until = time.monotonic() + _TIED_S
            return await self._ask(lambda connection: read_head(connection, self.region_id))
        except POSTGRES_AWAY:
            # Whoever answers next may be a promoted standby or a restored dump.
            self._tied_until = 0.0
            raise

    async def range(self, epoch: UUID, after: int, to: int, limit: int) -> Range | None:
        """Return the changes in (after, to], or the first `limit` of them; None where there are none."""
        subjects = await self._ask(lambda c: read_range(c, self.region_id, after, to, limit))
        return Range(self.region_id, epoch, after, subjects[-1].seq, subjects) if subjects else None

    async def board(self) -> tuple[Head, tuple[Subject, ...]]:
        return await self._ask(lambda connection: read_board(connection, self.region_id), _BOARD_S)

    async def renew_epoch(self, epoch: UUID, seen_seq: int) -> None:
        """Give up an epoch of which Postgres no longer knows the numbers up to `seen_seq`."""
        async with asyncio.timeout(_GLANCE_S), self._pool.acquire(timeout=_GLANCE_S) as connection:
            done = await connection.execute(_RENEW, self.region_id, new_id(), epoch, seen_seq)
        if done == "UPDATE 1":
            metrics.EPOCHS.labels(str(self.region_id)).inc()
            log.error("live.history_lost", region=str(self.region_id), epoch=str(epoch), seen_seq=seen_seq)

    async def purge(self, kinds: Sequence[str], kept: timedelta) -> None:
        """Forget the stamps of what has been gone for longer than `kept`."""
        await self._ask(lambda c: c.execute(_PURGE, self.region_id, kinds, kept), _BOARD_S)

    async def stamped(self, ids: Sequence[UUID]) -> set[UUID]:
        """Return those of which there is a stamp."""
        rows = await self._ask(lambda c: c.fetch(_STAMPED, self.region_id, ids), _BOARD_S)
        return {row["id"] for row in rows}

    async def _ask(self, read: Callable[[Connection], Awaitable[T]], bound_s: float = _GLANCE_S) -> T:
        async with asyncio.timeout(bound_s), self._pool.acquire(timeout=bound_s) as connection:
            return await read(connection)
