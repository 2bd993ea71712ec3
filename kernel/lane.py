"""The lane: all writes of a region on this node, in group commits (I1, I5).

The next batch starts when the last commit returns; there is no timer. The writer that is passed in
does everything between BEGIN and the journal; the lane owns the connection, the queue, the retry
and the answers. One bad item never fails its neighbours: an SQL error re-runs the items singly.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import structlog

from kernel.blaming import ROLLED_BACK, Contradiction, Sent, blame
from kernel.journal import Entry, Range, Subject, read_batch, read_head, write_and_commit
from kernel.lane_metrics import LaneMetrics
from kernel.lane_queue import LaneQueue, Ticket, weight_of
from kernel.postgres import Connection, Pool, begin_statement
from kernel.problems import Busy, Internal, OutcomeUnknown, Problem
from kernel.settings import Settings
from kernel.supervising import Supervisor

__all__ = ["Contradiction", "Finish", "Lane", "Publish", "Writer", "Written"]

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

# A lock that another session has kept for 2 s is not about to be let go: the batch that met it is
# taken apart, and no item waits long for its own. After three in vain the cause is one for all.
_IMPATIENT = "; SET LOCAL lock_timeout = '100ms'"
_IN_VAIN_MAX = 3
# Between two batches to a Postgres that is away: clients come again after a second.
_AWAY_PAUSE_S = 0.05
_ROLLBACK_S = 1.0
# Containers are killed 10 s after they were told to stop, and requests under way get 5 of those.
_STOP_S = 3.0
_RUN = "lane"


@dataclass(slots=True)
class _Attempt:
    """One transaction, and how far it came: that outlives whatever ended it."""

    batch: list[Ticket]
    impatient: bool
    sent: Sent = Sent.UNBEGUN
    answered: bool = False


class Lane:
    """One region's writes on this node. `submit` returns after COMMIT, with the item's own answer."""

    def __init__(self, pool: Pool, region_id: UUID, writer: Writer, publish: Publish, settings: Settings) -> None:
        self._pool = pool
        self._region_id = region_id
        self._writer = writer
        self._publish = publish
        self._settings = settings
        self._begin = begin_statement(settings)
        self._queue = LaneQueue(settings)
        self._metrics = LaneMetrics(str(region_id))
        self._supervisor = Supervisor(f"lane {region_id}")
        self._waiting = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._finishing: set[asyncio.Task[None]] = set()
        self._closing = False
        # Some seq that is older than whatever this lane writes next, once it knows one.
        self._numbered: int | None = None

    def start(self) -> None:
        self._supervisor.start(_RUN, self._run)

    async def stop(self) -> None:
        """Write what is queued, for as long as a stop may take; refuse the rest, then end.

        What was not begun is not written. What is under way is cut off: nobody knows, so nobody is told it was kept.
        """
        self._closing = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_STOP_S):
                if self.running:
                    await self._idle.wait()
                while self._finishing:
                    await asyncio.wait(self._finishing)
        await self._supervisor.stop()
        self._send_away(self._queue.empty())
        for task in self._finishing:
            task.cancel()
        await asyncio.gather(*self._finishing, return_exceptions=True)

    @property
    def running(self) -> bool:
        """False before the start, after the stop, and while it is down after a crash."""
        return self._supervisor.running(_RUN)

    @property
    def depth(self) -> int:
        return len(self._queue)

    async def submit(self, work: Any, *, bulk: bool = False) -> Any:
        """Queue one item and return its answer after COMMIT; raise its Problem where it is refused."""
        (ticket,) = self._queue_up([work], bulk=bulk)
        outcome = await ticket.answer
        if isinstance(outcome, Problem):
            raise outcome
        return outcome

    async def submit_all(self, works: Sequence[Any], *, bulk: bool = True) -> list[Any]:
        """Queue several items; return an answer or a Problem for each, in order.

        A caller that goes away does not take its items along: what is queued will be written (I1).
        """
        tickets = self._queue_up(works, bulk=bulk)
        return [await ticket.answer for ticket in tickets]

    def _queue_up(self, works: Sequence[Any], *, bulk: bool) -> list[Ticket]:
        if self._closing or self.depth + len(works) > self._settings.lane_queue_max:
            self._metrics.busy.inc(len(works))
            raise Busy
        loop = asyncio.get_running_loop()
        tickets = [Ticket(work, weight_of(work), loop.create_future()) for work in works]
        self._queue.add(tickets, bulk=bulk)
        self._metrics.queued.set(self.depth)
        self._idle.clear()
        self._waiting.set()
        return tickets

    async def _run(self) -> None:
        while True:
            await self._waiting.wait()
            batch = self._queue.take()
            self._metrics.queued.set(self.depth)
            if not batch:
                self._idle.set()
                self._waiting.clear()
                continue
            try:
                await self._write(batch)
            except BaseException:
                # We are stopped, or something in here is broken: how far the batch came is not known any more.
                self._leave_open(batch)
                raise

    async def _write(self, batch: list[Ticket]) -> None:
        try:
            await self._commit_or_repeat(batch)
        except (Busy, OutcomeUnknown) as problem:
            self._refuse(batch, problem)
            await asyncio.sleep(_AWAY_PAUSE_S)
        except Problem as problem:
            # One of them was refused as a whole, and nothing was kept: its neighbours have done nothing wrong.
            if len(batch) == 1:
                self._refuse(batch, problem)
            else:
                await self._singly(batch)
        except Exception as error:  # noqa: BLE001 -- whatever it was, each item gets its answer
            await self._after(error, batch)

    async def _commit_or_repeat(self, batch: list[Ticket]) -> None:
        """Repeat once after a deadlock: the lock order makes it rare, not impossible."""
        try:
            await self._commit(batch)
        except asyncpg.DeadlockDetectedError:
            await self._commit(batch)

    async def _after(self, error: Exception, batch: list[Ticket]) -> None:
        """Nothing was kept: go on item by item."""
        log.warning("lane.rolled_back", error=repr(error), items=len(batch))
        self._metrics.rolled_back.inc()
        blocked = isinstance(error, asyncpg.LockNotAvailableError)
        if blocked and len(batch) == 1:
            self._send_away(batch)
        else:
            await self._singly(batch, impatient=blocked)

    async def _singly(self, batch: list[Ticket], *, impatient: bool = False) -> None:
        """Find the item that Postgres will not have, so that only it is refused.

        Even a lone item is run again: two nodes that met in a unique index are told apart by the
        second look, which finds what the other one wrote. After a lock that was not had in time,
        the items ask for theirs with little patience, and a few in vain mean that all would be; so
        does a Postgres that went away.
        """
        in_vain = 0
        for ticket in batch:
            if in_vain >= _IN_VAIN_MAX:
                self._send_away([ticket])
                continue
            try:
                await self._commit([ticket], impatient=impatient)
            except Problem as problem:
                in_vain += isinstance(problem, Busy | OutcomeUnknown)
                self._refuse([ticket], problem)
            except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
                in_vain += 1
                self._send_away([ticket])
            except ROLLED_BACK as error:
                log.error("lane.item_refused_by_postgres", error=repr(error))  # noqa: TRY400 -- ours is no news in it
                ticket.refuse(Internal())
            except Exception:
                log.exception("lane.item_failed", region=str(self._region_id))
                ticket.refuse(Internal())

    async def _commit(self, batch: list[Ticket], *, impatient: bool = False) -> None:
        """Write one batch. Raises what everybody is told, what a whole in it is refused for, or any other error."""
        attempt = _Attempt(batch, impatient)
        try:
            async with self._pool.acquire(timeout=self._settings.command_timeout_s) as connection:
                await self._transact(connection, attempt)
        except Exception as error:
            if attempt.answered:
                log.info("lane.connection_lost_after_commit", error=repr(error))
                return
            problem = blame(error, attempt.sent)
            if problem is None:
                raise
            log.warning("lane.postgres_away", error=repr(error), sent=attempt.sent.value, items=len(batch))
            raise problem from error

    async def _transact(self, connection: Connection, attempt: _Attempt) -> None:
        began = time.monotonic()
        attempt.sent = Sent.NOTHING
        try:
            await connection.execute(self._begin + _IMPATIENT if attempt.impatient else self._begin)
            if self._numbered is None:
                self._numbered = (await read_head(connection, self._region_id)).seq
            written = await self._writer(connection, [ticket.work for ticket in attempt.batch])
            attempt.sent = Sent.COMMIT
            number = await write_and_commit(connection, self._region_id, written.entries, written.at)
            attempt.sent = Sent.KEPT
            changes = await read_batch(connection, self._region_id, self._numbered, number, written.entries)
        except BaseException as error:
            # It may be another database by now, whose numbers are lower.
            self._numbered = None
            await _abandon(connection, error)
            raise
        self._metrics.commit_seconds.observe(time.monotonic() - began)
        self._metrics.batch_items.observe(len(attempt.batch))
        if changes is not None:
            self._numbered = changes.to
        self._finish(attempt.batch, written, changes)
        attempt.answered = True

    def _finish(self, batch: list[Ticket], written: Written, changes: Range | None) -> None:
        """Publish and answer beside the next batch, not before it."""
        task = asyncio.create_task(self._publish_and_answer(batch, written, changes))
        self._finishing.add(task)
        task.add_done_callback(self._finishing.discard)

    async def _publish_and_answer(self, batch: list[Ticket], written: Written, changes: Range | None) -> None:
        try:
            if changes is not None:
                await self._publish(changes)
        except Exception:
            log.exception("lane.publish_failed", region=str(self._region_id))
        finally:
            # It is committed all the same, and the relay will find it.
            numbered = {} if changes is None else {subject.id: subject for subject in changes.subjects}
            for ticket, answer in zip(batch, written.answers, strict=True):
                if not ticket.answer.done():
                    ticket.answer.set_result(_finished(answer, numbered))

    def _refuse(self, tickets: Sequence[Ticket], problem: Problem) -> None:
        refused = sum(ticket.refuse(problem) for ticket in tickets)
        if isinstance(problem, OutcomeUnknown):
            self._metrics.unknown.inc(refused)
        elif isinstance(problem, Busy):
            self._metrics.busy.inc(refused)

    def _send_away(self, tickets: Sequence[Ticket]) -> None:
        """Nothing of these was written."""
        self._refuse(tickets, Busy())

    def _leave_open(self, tickets: Sequence[Ticket]) -> None:
        """Whether these were written is not known."""
        self._refuse(tickets, OutcomeUnknown())


def _finished(answer: Finish | Problem, numbered: Mapping[UUID, Subject]) -> Any:
    """Finish one answer. One that cannot be finished must not leave its neighbours waiting."""
    if isinstance(answer, Problem):
        return answer
    try:
        return answer(numbered)
    except Exception:
        log.exception("lane.answer_failed")
        return Internal()


async def _abandon(connection: Connection, error: BaseException) -> None:
    """Roll back without waiting long: the connection may be the very thing that broke."""
    rolled_back = False
    try:
        # One that did not answer in time will not answer this either, and who is stopped does not wait at all.
        if not isinstance(error, TimeoutError | asyncio.CancelledError):
            await connection.execute("ROLLBACK", timeout=_ROLLBACK_S)
            rolled_back = True
    except Exception as broken:  # noqa: BLE001 -- whatever it is, it comes second
        log.info("lane.connection_lost", error=repr(broken))
    finally:
        if not rolled_back:
            # It must not be used again. asyncpg has let go of it already where it saw it end.
            with contextlib.suppress(asyncpg.InterfaceError):
                connection.terminate()
