"""The writer of the inventory: the one way a batch of works becomes rows and journal entries.

Works are frozen values with two functions: what they touch, and what they do to the working set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Protocol, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from inventory.lane.flushing import flush
from inventory.lane.loading import Touches, load, lock
from inventory.lane.working import Working, current
from inventory.model.freshness import Policy
from inventory.model.state import Moment
from inventory.problems import ChangedMeanwhile
from kernel.journal import Subject
from kernel.lane import Finish, Written
from kernel.postgres import Connection
from kernel.problems import Problem


class Work(Protocol):
    """A report, a movement, a hold, a closing: all of them pass through here."""

    def touch(self, touches: Touches) -> None: ...

    def apply(self, working: Working) -> Finish: ...


class InventoryWriter:
    """Bound to one region; called by its lane with an open transaction."""

    def __init__(self, region_id: UUID, zone: ZoneInfo, policy: Policy) -> None:
        self._region_id = region_id
        self._zone = zone
        self.policy = policy

    async def __call__(self, connection: Connection, works: Sequence[Any]) -> Written:
        touches = Touches()
        for work in works:
            cast("Work", work).touch(touches)
        locked = await lock(connection, touches)
        # After the locks: a batch that waited for them must not date its work before what it waited for.
        now = await connection.fetchval("SELECT halte_now()")
        working = Working(self._region_id, Moment(now, self._zone, self.policy))
        await load(connection, touches, locked, working)
        answers = [_attempt(work, working) for work in works]
        working.settle()
        await flush(connection, working)
        return Written(answers, working.entries, now)


def _attempt(work: Work, working: Working) -> Finish | Problem:
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
