"""I6: the board in Redis is the fold of the tables at a seq; it may lag, never lead."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from kernel.ids import new_id
from kernel.journal import Head, Range, Subject
from kernel.live.board import Absent, Applied, Gap, LiveBoard, Reading
from kernel.redis import RedisLinks
from tests.unit.kernel.live.playing import History, body_of

A, B = new_id(), new_id()


@pytest.fixture
def history() -> History:
    return History()


@pytest.fixture
def board(links: RedisLinks, history: History) -> LiveBoard:
    return LiveBoard(links, history.region_id, 0.25)


async def reading(board: LiveBoard) -> Reading:
    found = await board.read()
    assert found is not None
    return found


async def at(board: LiveBoard) -> dict[UUID, Subject]:
    return {subject.id: subject for subject in (await reading(board)).subjects}


async def test_i6_an_empty_redis_is_never_made_a_board_by_a_range(board: LiveBoard, history: History) -> None:
    assert await board.apply(history.write([(A, body_of(A, 1))])) == Absent()
    assert await board.read() is None
    assert await board.head() is None


async def test_i6_ranges_fold_in_order_and_repeats_are_skipped(board: LiveBoard, history: History) -> None:
    assert await board.rebuild(history.head(), [])
    first = history.write([(A, body_of(A, 1)), (B, body_of(B, 2))])
    second = history.write([(A, body_of(A, 3))])
    assert await board.apply(first) == Applied(2)
    assert await board.apply(second) == Applied(3)
    assert await board.apply(first) == Applied(3)
    assert await at(board) == history.board()


async def test_i6_a_range_that_overlaps_brings_only_what_is_new(board: LiveBoard, history: History) -> None:
    await board.rebuild(history.head(), [])
    history.write([(A, body_of(A, 1))])
    await board.apply(history.range(0, 1))
    history.write([(A, body_of(A, 2)), (B, body_of(B, 2))])
    assert await board.apply(history.range(0, 3)) == Applied(3)
    assert await at(board) == history.board()


async def test_i6_a_gap_is_refused_and_named(board: LiveBoard, history: History) -> None:
    await board.rebuild(history.head(), [])
    history.write([(A, body_of(A, 1))])
    later = history.write([(A, body_of(A, 2))])
    assert await board.apply(later) == Gap(0)
    assert (await reading(board)).head.seq == 0


async def test_i6_another_epoch_is_absent_not_mixed(board: LiveBoard, history: History) -> None:
    await board.rebuild(history.head(), [])
    first = history.write([(A, body_of(A, 1))])
    assert await board.apply(replace(first, epoch=new_id())) == Absent()
    assert (await reading(board)).head == Head(history.epoch, 0)


@pytest.mark.parametrize("lost", ["board", "head"])
async def test_i6_half_a_board_is_none(board: LiveBoard, history: History, links: RedisLinks, lost: str) -> None:
    first = history.write([(A, body_of(A, 1))])
    await board.rebuild(history.head(), first.subjects)
    await links.quick.delete(f"halte:{{{history.region_id}}}:{lost}")
    assert await board.read() is None
    assert await board.apply(history.write([(A, body_of(A, 2))])) == Absent()


async def test_i6_garbage_in_the_board_is_not_believed(board: LiveBoard, history: History, links: RedisLinks) -> None:
    first = history.write([(A, body_of(A, 1))])
    await board.rebuild(history.head(), first.subjects)
    await links.quick.hset(f"halte:{{{history.region_id}}}:board", "rubbish", "1|x")
    assert await board.read() is None


async def test_i6_a_rebuild_never_takes_redis_back(board: LiveBoard, history: History) -> None:
    first = history.write([(A, body_of(A, 1))])
    old = history.head()
    history.write([(A, body_of(A, 2))])
    assert await board.rebuild(history.head(), tuple(history.board().values()))
    assert not await board.rebuild(old, first.subjects)
    assert not await board.rebuild(history.head(), tuple(history.board().values()))
    assert await board.rebuild(history.head(), tuple(history.board().values()), force=True)
    assert await at(board) == history.board()


async def test_i6_a_rebuild_into_an_emptied_redis_leaves_nothing_half(
    board: LiveBoard, history: History, links: RedisLinks
) -> None:
    """FLUSHALL between loading and swapping: part of what was loaded is gone, so nothing is put in place."""
    subjects = history.write([(new_id(), body_of(A, 1)) for _ in range(600)]).subjects
    await board.rebuild(Head(new_id(), 0), [])
    original = links.board.pipeline
    calls = 0

    def emptying(*args: object, **options: object) -> object:
        nonlocal calls
        calls += 1
        pipeline = original(*args, **options)  # type: ignore[arg-type]
        if calls == 2:
            pipeline.flushall()  # type: ignore[unused-awaitable]
        return pipeline

    links.board.pipeline = emptying  # type: ignore[method-assign, assignment]
    assert not await board.rebuild(history.head(), subjects)
    assert await board.read() is None
    assert await links.quick.keys("*") == []


async def test_i6_the_board_outlives_the_time_its_load_was_given(
    board: LiveBoard, history: History, links: RedisLinks
) -> None:
    first = history.write([(A, body_of(A, 1))])
    await board.rebuild(history.head(), first.subjects)
    assert await links.quick.ttl(f"halte:{{{history.region_id}}}:board") == -1


async def test_the_wake_stream_carries_the_states(board: LiveBoard, history: History) -> None:
    await board.rebuild(history.head(), [])
    position = (await reading(board)).position
    change = history.write([(A, body_of(A, 1)), (B, None)])
    await board.apply(change)
    (wake,) = await board.follow(position)
    assert wake.change == change
    assert await board.follow(wake.position) == []


async def test_the_wake_stream_stays_small(board: LiveBoard, history: History, links: RedisLinks) -> None:
    """Large states leave fewer entries, and a huge range none of its states: a mirror then reads the board."""
    await board.rebuild(history.head(), [])
    large = body_of(A, 1)[:-1] + b', "pad": "' + b"x" * 100_000 + b'"}'
    for _ in range(200):
        await board.apply(history.write([(A, large)]))
    stream = f"halte:{{{history.region_id}}}:wake"
    assert await links.quick.xlen(stream) < 180
    position = (await reading(board)).position
    await board.apply(history.write([(new_id(), body_of(B, 1)) for _ in range(1_001)]))
    (wake,) = await board.follow(position)
    assert wake.change is None
    assert wake.head == history.head()


async def test_a_range_of_many_states_fits_one_call(board: LiveBoard, history: History) -> None:
    await board.rebuild(history.head(), [])
    change: Range = history.write([(new_id(), body_of(A, 1)) for _ in range(3_000)])
    assert await board.apply(change) == Applied(3_000)
    assert len(await at(board)) == 3_000
