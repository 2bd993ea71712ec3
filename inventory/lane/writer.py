"""The writer of the inventory: the one way a batch of works becomes rows and journal entries.

Works are frozen values with two functions: what they touch, and what they do to the working set.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Protocol, cast
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg

from inventory.lane.flushing import flush
from inventory.lane.loading import Touches, load, lock
from inventory.lane.reading import Found, read
from inventory.lane.working import SYSTEM, Working, current
from inventory.model.policy import Policy
from inventory.model.state import Moment
from inventory.problems import ChangedMeanwhile
from inventory.store import read_policy
from kernel.journal import Subject
from kernel.lane import Finish, Written
from kernel.postgres import Connection
from kernel.problems import Problem


class Work(Protocol):
    """A report, a movement, a hold, a closing: all of them pass through here."""

    def touch(self, touches: Touches) -> None: ...

    def apply(self, working: Working) -> Finish: ...


# More than any batch holds: a whole is always alone in its transaction, and so may roll it back.
ALONE = 1_000_000_000


class WholeWork(ABC):
    """A work of many parts, all of them or none: it is heavier than any batch, so that it is alone in its transaction.

    It lets others have the processor in between, and raises its refusal, whatever it has changed by then. A class and
    no protocol: each work of each batch is asked whether it is one, and a protocol looks at all of it to answer.
    """

    __slots__ = ()

    @property
    def weight(self) -> int:
        return ALONE

    @abstractmethod
    def touch(self, touches: Touches) -> None: ...

    @abstractmethod
    async def apply_whole(self, working: Working) -> Finish: ...


_THINK = "SET LOCAL idle_in_transaction_session_timeout = '10s'"


class InventoryWriter:
    """Bound to one region; called by its lane with an open transaction."""

    def __init__(self, region_id: UUID, zone: ZoneInfo) -> None:
        self._region_id = region_id
        self._zone = zone
        # The rules that the last batch found in force, so that only their id is read again.
        self._policy = Policy()

    async def __call__(self, connection: Connection, works: Sequence[Any]) -> Written:
        touches = Touches()
        for work in works:
            cast("Work", work).touch(touches)
        if isinstance(works[0], WholeWork):
            # It is alone. Postgres gives it longer than a second to think: reading much in takes its time too.
            await connection.execute(_THINK)
        locked = await lock(connection, touches, self._region_id)
        grants = (pair for pair in touches.grants if pair[0] != SYSTEM)
        found = await read(connection, self._region_id, touches.units, touches.feeds, grants, touches.reports)
        moment = Moment(found.now, self._zone, await self._in_force(connection, found.policy))
        working = Working(self._region_id, moment)
        await self.load(connection, touches, locked, found, working)
        answers = [await _attempt(work, working, alone=len(works) == 1) for work in works]
        self.settle(working)
        await self.flush(connection, working)
        return Written(answers, working.entries, moment.now)

    # What a package above adds to a batch, it adds to these three.

    async def load(
        self,
        connection: Connection,
        touches: Touches,
        holds: Sequence[asyncpg.Record],
        found: Found,
        working: Working,
    ) -> None:
        await load(connection, touches, holds, found, working)

    def settle(self, working: Working) -> None:
        working.settle()

    async def flush(self, connection: Connection, working: Working) -> None:
        await flush(connection, working)

    async def _in_force(self, connection: Connection, policy_id: UUID | None) -> Policy:
        if policy_id != self._policy.id:
            self._policy = await read_policy(connection, self._region_id)
        return self._policy


async def _attempt(work: Work | WholeWork, working: Working, *, alone: bool) -> Finish | Problem:
    if isinstance(work, WholeWork):
        if not alone:
            raise TypeError("a whole may roll back its transaction: nothing else may be in it")
        # Its refusal ends the transaction, in which it is alone.
        return await work.apply_whole(working)
    try:
        return work.apply(working)
    except ChangedMeanwhile as problem:
        return partial(_with_state, problem, working)
    except Problem as problem:
        return problem


def _with_state(problem: ChangedMeanwhile, working: Working, numbered: Mapping[UUID, Subject]) -> Problem:
    """Give the refusal the state as it is after this batch, for the phone to show and ask again."""
    problem.subjects = (current(working, working.units[UUID(problem.facts["unit"])], numbered),)
    return problem
