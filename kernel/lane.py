"""The lane: all writes of a region on this node, in group commits (I1, I5).

The next batch starts when the last commit returns; there is no timer. The writer that is passed in
does everything between BEGIN and the journal; the lane owns the connection, the queue, the retry
and the answers. One bad item never fails its neighbours: an SQL error re-runs the items singly.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import structlog

from kernel.journal import Entry, Head, Range, Subject, read_head, write_and_commit
from kernel.postgres import Connection, Pool
from kernel.problems import Busy, Internal, OutcomeUnknown, Problem
from kernel.settings import Settings

log = structlog.get_logger()

# An answer is finished once the batch is numbered: it may then name the seq of what it changed.
Finish = Callable[[Mapping[UUID, Subject]], Any]


@dataclass(frozen=True, slots=True)
class Written:
    """What a writer did in the open transaction: an answer or a refusal per item, and the entries."""

    answers: Sequence[Finish | Problem]
    entries: Sequence[Entry]
    at: datetime


Writer = Callable[[Connection, Sequence[Any]], Awaitable[Written]]
Publish = Callable[[Range], Awaitable[None]]


class Contradiction(Exception):
    """A guarded statement did not find what the batch was decided on: nothing of it may be kept."""


@dataclass(slots=True, eq=False)
class _Ticket:
    work: Any
    answer: asyncio.Future[Any] = field(repr=False)


# The transaction is dead on the server; nothing of it was kept.
_ROLLED_BACK = (asyncpg.PostgresError, Contradiction)
# The connection is gone or silent: whether the commit happened is unknown (I1).
_UNKNOWN = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    # What asyncpg says of a connection that was killed while it lay idle in the pool.
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
)


# A lock that another session has kept for 2 s is not about to be let go: the batch that met it is
# taken apart, and no item waits long for its own. After three in vain the cause is one for all.
_BEGIN_IMPATIENT = "BEGIN; SET LOCAL lock_timeout = '100ms'"
_IN_VAIN_MAX = 3


class Lane:
    """One region's writes on this node. `submit` returns after COMMIT, with the item's own answer."""

    def __init__(self, pool: Pool, region_id: UUID, writer: Writer, publish: Publish, settings: Settings) -> None:
        self._pool = pool
        self._region_id = region_id
        self._writer = writer
        self._publish = publish
        self._settings = settings
        self._single: deque[_Ticket] = deque()
        self._bulk: deque[_Ticket] = deque()
        self._waiting = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._finishing: set[asyncio.Task[None]] = set()
        self._closing = False

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name=f"lane {self._region_id}")

    async def stop(self) -> None:
        """Write what is queued, then end."""
        self._closing = True
        self._waiting.set()
        if self._task is not None:
            await self._task
        await asyncio.gather(*self._finishing, return_exceptions=True)

    @property
    def depth(self) -> int:
        return len(self._single) + len(self._bulk)

    async def submit(self, work: Any, *, bulk: bool = False) -> Any:
        """Queue one item and return its answer after COMMIT; raise its Problem where it is refused."""
        (outcome,) = await self.submit_all([work], bulk=bulk)
        if isinstance(outcome, Problem):
            raise outcome
        return outcome

    async def submit_all(self, works: Sequence[Any], *, bulk: bool = True) -> list[Any]:
        """Queue several items; return an answer or a Problem for each, in order.

        A caller that goes away does not take its items along: what is queued will be written (I1).
        """
        if self._closing or self.depth + len(works) > self._settings.lane_queue_max:
            raise Busy
        loop = asyncio.get_running_loop()
        tickets = [_Ticket(work, loop.create_future()) for work in works]
        (self._bulk if bulk else self._single).extend(tickets)
        self._waiting.set()
        return [await asyncio.shield(ticket.answer) for ticket in tickets]

    async def _run(self) -> None:
        while True:
            await self._waiting.wait()
            batch = self._take()
            if not batch:
                if self._closing:
                    return
                self._waiting.clear()
                continue
            try:
                await self._write(batch)
            except Exception:
                log.exception("lane.batch_failed", region=str(self._region_id))
                _refuse(batch, Internal())

    def _take(self) -> list[_Ticket]:
        """Take the next batch: singles first, then a bounded part of the bulk."""
        batch: list[_Ticket] = []
        while self._single and len(batch) < self._settings.lane_batch_max:
            batch.append(self._single.popleft())
        room = min(self._settings.lane_bulk_max, self._settings.lane_batch_max - len(batch))
        while self._bulk and room > 0:
            batch.append(self._bulk.popleft())
            room -= 1
        return batch

    async def _write(self, batch: list[_Ticket]) -> None:
        try:
            await self._commit_or_repeat(batch)
        except Exception as error:  # noqa: BLE001 -- whatever it was, each item gets its answer
            await self._after(error, batch)

    async def _commit_or_repeat(self, batch: list[_Ticket]) -> None:
        """Repeat once after a deadlock: the lock order makes it rare, not impossible."""
        try:
            await self._commit(batch)
        except asyncpg.DeadlockDetectedError:
            await self._commit(batch)

    async def _after(self, error: Exception, batch: list[_Ticket]) -> None:
        """Answer where nothing can be known; where nothing was kept, go on item by item."""
        if isinstance(error, _UNKNOWN):
            log.warning("lane.outcome_unknown", error=repr(error), items=len(batch))
            _refuse(batch, OutcomeUnknown())
            await asyncio.sleep(0.05)
            return
        log.warning("lane.rolled_back", error=repr(error), items=len(batch))
        blocked = isinstance(error, asyncpg.LockNotAvailableError)
        if blocked and len(batch) == 1:
            _refuse(batch, Busy())
        else:
            await self._singly(batch, impatient=blocked)

    async def _singly(self, batch: list[_Ticket], *, impatient: bool = False) -> None:
        """Find the item that Postgres will not have, so that only it is refused.

        Even a lone item is run again: two nodes that met in a unique index are told apart by the
        second look, which finds what the other one wrote. After a lock that was not had in time,
        the items ask for theirs with little patience, and a few in vain mean that all would be.
        """
        in_vain = 0
        for ticket in batch:
            if in_vain >= _IN_VAIN_MAX:
                _refuse([ticket], Busy())
                continue
            try:
                await self._commit([ticket], impatient=impatient)
            except _UNKNOWN:
                _refuse([ticket], OutcomeUnknown())
            except asyncpg.LockNotAvailableError:
                in_vain += 1
                _refuse([ticket], Busy())
            except _ROLLED_BACK as error:
                log.error("lane.item_refused_by_postgres", error=repr(error))  # noqa: TRY400 -- ours is no news in it
                _refuse([ticket], Internal())
            except Exception:
                log.exception("lane.item_failed", region=str(self._region_id))
                _refuse([ticket], Internal())

    async def _commit(self, batch: list[_Ticket], *, impatient: bool = False) -> None:
        async with self._pool.acquire(timeout=self._settings.command_timeout_s) as connection:
            try:
                await connection.execute(_BEGIN_IMPATIENT if impatient else "BEGIN")
                head: Head = await read_head(connection, self._region_id)
                written = await self._writer(connection, [ticket.work for ticket in batch])
                subjects = await write_and_commit(connection, self._region_id, head.seq, written.entries, written.at)
            except BaseException:
                await _abandon(connection)
                raise
        self._finish(batch, written, head, subjects)

    def _finish(self, batch: list[_Ticket], written: Written, head: Head, subjects: tuple[Subject, ...]) -> None:
        """Publish and answer beside the next batch, not before it."""
        task = asyncio.create_task(self._publish_and_answer(batch, written, head, subjects))
        self._finishing.add(task)
        task.add_done_callback(self._finishing.discard)

    async def _publish_and_answer(
        self, batch: list[_Ticket], written: Written, head: Head, subjects: tuple[Subject, ...]
    ) -> None:
        if subjects:
            after, to = subjects[0].seq - 1, subjects[-1].seq
            try:
                await self._publish(Range(self._region_id, head.epoch, after, to, subjects))
            except Exception:
                # It is committed all the same; the relay will find it.
                log.exception("lane.publish_failed", region=str(self._region_id))
        numbered = {subject.id: subject for subject in subjects}
        for ticket, answer in zip(batch, written.answers, strict=True):
            if not ticket.answer.done():
                ticket.answer.set_result(_finished(answer, numbered))


def _finished(answer: Finish | Problem, numbered: Mapping[UUID, Subject]) -> Any:
    """Finish one answer. One that cannot be finished must not leave its neighbours waiting."""
    if isinstance(answer, Problem):
        return answer
    try:
        return answer(numbered)
    except Exception:
        log.exception("lane.answer_failed")
        return Internal()


async def _abandon(connection: Connection) -> None:
    """Roll back without waiting long: the connection may be the very thing that broke."""
    try:
        await connection.execute("ROLLBACK", timeout=1.0)
    except Exception:  # noqa: BLE001 -- broken in whatever way, it must not be used again
        # asyncpg has let go of it already where it saw the connection end.
        with contextlib.suppress(asyncpg.InterfaceError):
            connection.terminate()


def _refuse(batch: Sequence[_Ticket], problem: Problem) -> None:
    for ticket in batch:
        if not ticket.answer.done():
            ticket.answer.set_result(problem)
