"""Rebuilding: puts the board of Postgres in the place of whatever Redis holds of a region (I6)."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from kernel.ids import new_id
from kernel.journal import Head, read_board, read_head
from kernel.live.board import LiveBoard
from kernel.postgres import Pool, tie_epoch
from kernel.redis import RedisLinks

_ATTEMPTS = 10


class RedisLeadsError(Exception):
    """Redis knows numbers that Postgres does not: history was lost, and only a new epoch tells everybody."""


class RedisEmptiedError(Exception):
    """What was loaded was gone again before it could be put in place, or writers were always faster."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    epoch: UUID
    seq: int
    subjects: int


async def renew_epoch(pool: Pool, region_id: UUID) -> UUID:
    """Give the region a new epoch: no node, screen or Redis then trusts a number it remembers."""
    epoch = new_id()
    await pool.execute("UPDATE region SET epoch = $2 WHERE id = $1", region_id, epoch)
    return epoch


async def rebuild_region(pool: Pool, links: RedisLinks, region_id: UUID, timeout_s: float) -> Rebuilt:
    """Load the board and put it in place, also over one of the same seq; nodes may go on writing."""
    board = LiveBoard(links, region_id, timeout_s)
    async with pool.acquire() as connection:
        await tie_epoch(connection, region_id)
    for _ in range(_ATTEMPTS):
        async with pool.acquire() as connection:
            head, subjects = await read_board(connection, region_id)
        if await board.rebuild(head, subjects, force=True):
            return Rebuilt(head.epoch, head.seq, len(subjects))
        await _check_not_ahead(pool, region_id, await board.head())
    raise RedisEmptiedError(f"not put in place in {_ATTEMPTS} attempts")


async def _check_not_ahead(pool: Pool, region_id: UUID, there: Head | None) -> None:
    async with pool.acquire() as connection:
        truth = await read_head(connection, region_id)
    if there is not None and there.epoch == truth.epoch and there.seq > truth.seq:
        raise RedisLeadsError(f"Redis is at {there.seq}, Postgres at {truth.seq}")
