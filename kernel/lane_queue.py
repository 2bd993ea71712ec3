"""The queue of a lane: singles before bulk, and batches bounded by what they cost, not only by their number."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from kernel.problems import Problem
from kernel.settings import Settings

# Everything that is decided in a batch is decided while its transaction is open and its units are locked, on one
# processor; Postgres ends a transaction that is idle for a second. Four times what single reports amount to leaves
# that second alone on a slow machine too.
_WEIGHT_PER_ITEM = 4


@dataclass(slots=True, eq=False)
class Ticket:
    """One work, and who waits for its answer."""

    work: Any
    weight: int
    answer: asyncio.Future[Any] = field(repr=False)

    def refuse(self, problem: Problem) -> bool:
        """Answer with a problem who has no answer yet; return whether anybody was."""
        if self.answer.done():
            return False
        self.answer.set_result(problem)
        return True


def weight_of(work: Any) -> int:
    """Return how many subjects a work touches. It says so in an attribute `weight`; most touch one, and say nothing."""
    return max(1, int(getattr(work, "weight", 1)))


class LaneQueue:
    def __init__(self, settings: Settings) -> None:
        self._batch_max = settings.lane_batch_max
        self._bulk_max = settings.lane_bulk_max
        self._weight_max = _WEIGHT_PER_ITEM * settings.lane_batch_max
        self._single: deque[Ticket] = deque()
        self._bulk: deque[Ticket] = deque()

    def __len__(self) -> int:
        return len(self._single) + len(self._bulk)

    def add(self, tickets: Iterable[Ticket], *, bulk: bool) -> None:
        (self._bulk if bulk else self._single).extend(tickets)

    def take(self) -> list[Ticket]:
        """Take the next batch: singles first, then a bounded part of the bulk. A work too heavy for any goes alone."""
        batch: list[Ticket] = []
        light = self._weight_max
        for waiting, most in ((self._single, self._batch_max), (self._bulk, self._bulk_max)):
            room = min(most, self._batch_max - len(batch))
            while waiting and room > 0 and (not batch or waiting[0].weight <= light):
                ticket = waiting.popleft()
                batch.append(ticket)
                light -= ticket.weight
                room -= 1
        return batch

    def empty(self) -> Sequence[Ticket]:
        """Take all that is left."""
        left = [*self._single, *self._bulk]
        self._single.clear()
        self._bulk.clear()
        return left
