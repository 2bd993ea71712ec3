"""A batch is bounded by number and by weight; nothing waits for ever, and nothing is left behind."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from kernel.lane_queue import LaneQueue, Ticket, weight_of
from kernel.problems import Busy
from kernel.settings import Settings

# Room for 40 in weight.
SETTINGS = Settings(lane_batch_max=10, lane_bulk_max=4)


@dataclass(frozen=True)
class Heavy:
    weight: int


def _queue(singles: list[object], bulk: list[object] | None = None) -> LaneQueue:
    queue = LaneQueue(SETTINGS)
    loop = asyncio.get_running_loop()
    for works, is_bulk in ((singles, False), (bulk or [], True)):
        queue.add([Ticket(work, weight_of(work), loop.create_future()) for work in works], bulk=is_bulk)
    return queue


def _batches(queue: LaneQueue) -> list[list[int]]:
    batches = []
    while batch := queue.take():
        batches.append([ticket.weight for ticket in batch])
    return batches


def test_whoever_says_nothing_weighs_one() -> None:
    assert [weight_of(work) for work in (object(), Heavy(7), Heavy(0))] == [1, 7, 1]


async def test_light_works_are_bounded_by_their_number() -> None:
    assert [len(batch) for batch in _batches(_queue([object()] * 25))] == [10, 10, 5]


async def test_heavy_works_are_bounded_by_their_weight() -> None:
    assert _batches(_queue([Heavy(15)] * 5)) == [[15, 15], [15, 15], [15]]


async def test_a_work_too_heavy_for_any_batch_goes_alone_and_in_its_turn() -> None:
    assert _batches(_queue([Heavy(1), Heavy(200), Heavy(1), Heavy(1)])) == [[1], [200], [1, 1]]


async def test_bulk_has_what_singles_leave() -> None:
    assert _batches(_queue([Heavy(30)], [Heavy(6)] * 6)) == [[30, 6], [6] * 4, [6]]
    assert _batches(_queue([object()] * 8, [object()] * 6)) == [[1] * 10, [1] * 4]


async def test_emptying_leaves_nothing() -> None:
    queue = _queue([object()] * 3, [object()] * 2)
    left = queue.empty()
    assert (len(left), len(queue), queue.take()) == (5, 0, [])


async def test_nobody_is_answered_twice() -> None:
    (ticket,) = _queue([object()]).empty()
    assert ticket.refuse(Busy())
    assert not ticket.refuse(Busy())
