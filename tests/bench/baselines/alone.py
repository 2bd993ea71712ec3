"""The same application with a transaction and a call to Redis for every report: what the lane is measured against.

Everything else is the product's: the door, keys, ids, rules, the tables that are written and what they are written
with. `asyncpg`: the lane's own writer and statements with one report, on as many connections as help. `sqlalchemy`: the
same reads and rows, as statements of SQLAlchemy's on its asynchronous engine. Started as `halte run` by
`python -c "from tests.bench.baselines.alone import main; main()"`, with HALTE_BASELINE=asyncpg|sqlalchemy,
HALTE_BASELINE_POOL=16 and HALTE_BASELINE_COUNTER=1; 0 takes the numbers from a sequence, which is neither gapless nor
in the order of commits (I5): only to see what the counter's row costs.
"""

from __future__ import annotations

import asyncio
import os
import sys
from abc import ABC, abstractmethod
from typing import Any

import asyncpg

import inventory.region
import kernel.journal
from halte.cli import main as halte
from inventory.reporting import Report
from kernel.journal import Range, read_batch, write_and_commit
from kernel.lane import Lane, Written
from kernel.live.board import LiveBoard
from kernel.live.publishing import Publisher
from kernel.postgres import BOUNDS
from kernel.problems import Problem
from kernel.redis import REDIS_AWAY

POOL = int(os.environ.get("HALTE_BASELINE_POOL", "32"))
COUNTER = os.environ.get("HALTE_BASELINE_COUNTER", "1") == "1"
SEQUENCE = "baseline_seq"
_COUNTED = "UPDATE region SET seq = seq + {count} WHERE id = '{region}' RETURNING seq - {count} AS base"
_DRAWN = f"SELECT nextval('{SEQUENCE}') - 1 AS base"
_CALLS = asyncio.Semaphore(64)


class AloneLane(Lane, ABC):
    """Reports go past the queue, each in a transaction of its own; whatever else is written goes through the lane."""

    _pool_of_reports: Any = None

    async def submit(self, work: Any, *, bulk: bool = False) -> Any:
        if not isinstance(work, Report):
            return await super().submit(work, bulk=bulk)
        written, changes = await self._write_alone(work)
        if changes is not None:
            self._numbered = max(self._numbered or 0, changes.to)
            await self._publish(changes)
        (answer,) = written.answers
        if isinstance(answer, Problem):
            raise answer
        return answer({} if changes is None else {subject.id: subject for subject in changes.subjects})

    @abstractmethod
    async def _write_alone(self, work: Report) -> tuple[Written, Range | None]: ...


class AsyncpgLane(AloneLane):
    _opening: asyncio.Lock = asyncio.Lock()

    async def _write_alone(self, work: Report) -> tuple[Written, Range | None]:
        # Numbers from a sequence are not those of a moment ago plus one.
        after = (self._numbered or 0) - (0 if COUNTER else 1_000)
        async with (await self._reports()).acquire() as connection:
            await connection.execute("BEGIN")
            try:
                written = await self._writer(connection, [work])
                batch = await write_and_commit(connection, self._region_id, written.entries, written.at)
            except BaseException:
                await connection.execute("ROLLBACK")
                raise
            return written, await read_batch(connection, self._region_id, after, batch, written.entries)

    async def _reports(self) -> Any:
        async with self._opening:
            if self._pool_of_reports is None:
                self._pool_of_reports = await asyncpg.create_pool(
                    self._settings.database_url, min_size=POOL, max_size=POOL, server_settings=BOUNDS
                )
        return self._pool_of_reports


async def publish_alone(self: Publisher, change: Range) -> None:
    """One call to Redis for each report, side by side."""
    self._mirror.apply(change)
    if self._board is None or self.suspended:
        return
    async with _CALLS:
        try:
            if COUNTER:
                await self._send(self._board, change)
            else:
                await _apply_somehow(self._board, change)
        except REDIS_AWAY as error:
            self.suspend(error)


async def _apply_somehow(board: LiveBoard, change: Range) -> None:
    # Numbers from a sequence come in no order: each would be a gap.
    await board.apply(Range(change.region_id, change.epoch, 0, change.to, change.subjects))


def main() -> None:
    from tests.bench.baselines.through_sqlalchemy import SqlalchemyLane

    lanes: dict[str, type[Lane]] = {"asyncpg": AsyncpgLane, "sqlalchemy": SqlalchemyLane}
    inventory.region.Lane = lanes[os.environ["HALTE_BASELINE"]]  # type: ignore[attr-defined]
    Publisher.publish = publish_alone  # type: ignore[method-assign]
    if not COUNTER:
        kernel.journal._WRITE = kernel.journal._WRITE.replace(_COUNTED, _DRAWN)
    sys.argv = ["halte", "run"]
    halte()
