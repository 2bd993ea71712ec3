"""The relay when something is wrong: how often it looks, what it calls mended, and what it tells the metrics (I6)."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence

import pytest

from kernel.ids import new_id
from kernel.journal import Head, Subject
from kernel.live import metrics
from kernel.live.board import LiveBoard
from kernel.live.region import RegionLive
from kernel.postgres import Pool
from tests.integration.kernel.live.conftest import MakeNode, Writer
from tests.integration.kernel.live.servers import Gate, OwnValkey
from tests.integration.kernel.live.test_i6_nodes import agree
from tests.integration.kernel.live.waiting import eventually
from tests.unit.kernel.live.playing import body_of

A, B = new_id(), new_id()


async def on_redis(writer: Writer, *nodes: RegionLive) -> None:
    """Wait until all agree, and every mirror follows Redis: at the start the journal is often quicker."""
    await agree(writer, *nodes)
    await eventually(lambda: all(node.mirror.source == "redis" for node in nodes))


def count_polls(node: RegionLive, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Return a list to which every poll adds whether it was urgent."""
    polls: list[bool] = []
    poll = node.relay.poll

    async def counted(*, urgent: bool = False) -> None:
        polls.append(urgent)
        await poll(urgent=urgent)

    monkeypatch.setattr(node.relay, "poll", counted)
    return polls


async def test_a_redis_that_is_away_is_not_asked_more_often(
    make_node: MakeNode, writer: Writer, own_valkey: OwnValkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = await make_node(redis_url=own_valkey.url, relay_poll_ms=100)
    await on_redis(writer, node)
    polls = count_polls(node, monkeypatch)
    own_valkey.kill()
    await eventually(lambda: node.publisher.suspended)
    await asyncio.sleep(0.3)
    polls.clear()
    await asyncio.sleep(1.5)
    assert 2 <= len(polls) <= 16
    assert not any(polls)
    # Who commits is told by the mirror; the other way round the journal is looked at as often as ever.
    await writer.write((A, body_of(A, 1)))
    await eventually(lambda: node.mirror.get(A) is not None, 1.0)
    await own_valkey.restart()
    await agree(writer, node)


async def test_the_first_failure_calls_the_relay_at_once(
    make_node: MakeNode, writer: Writer, own_valkey: OwnValkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = await make_node(redis_url=own_valkey.url, relay_poll_ms=100)
    await on_redis(writer, node)
    polls = count_polls(node, monkeypatch)
    own_valkey.kill()
    await eventually(lambda: True in polls, 2.0)
    await asyncio.sleep(0.5)
    assert polls.count(True) == 1


async def test_a_board_that_is_torn_while_it_is_loaded_is_not_called_mended(
    make_node: MakeNode, writer: Writer, own_valkey: OwnValkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody empties Redis again and again: it is not called live, and not offered the board at every poll."""
    node = await make_node(redis_url=own_valkey.url)
    await node.publisher.publish(await writer.write((A, body_of(A, 1))))
    await on_redis(writer, node)
    attempts = 0
    rebuild = LiveBoard.rebuild

    async def torn(board: LiveBoard, head: Head, subjects: Sequence[Subject], *, force: bool = False) -> bool:
        nonlocal attempts
        attempts += 1
        # As swap.lua finds it when a FLUSHALL came between loading and swapping: fewer states than were sent.
        return await rebuild(board, head, (*subjects, *subjects), force=force)

    monkeypatch.setattr(LiveBoard, "rebuild", torn)
    await own_valkey.empty()
    await eventually(lambda: node.mirror.source == "journal", 3.0)
    attempts = 0
    await asyncio.sleep(2.5)
    assert 1 <= attempts <= 2
    assert node.mirror.source == "journal"
    monkeypatch.undo()
    await eventually(lambda: node.mirror.source == "redis", 5.0)
    await agree(writer, node)


async def test_a_board_that_another_node_put_there_first_is_as_good(
    make_node: MakeNode, writer: Writer, own_valkey: OwnValkey
) -> None:
    near, far = await make_node(redis_url=own_valkey.url), await make_node(redis_url=own_valkey.url)
    await near.publisher.publish(await writer.write((A, body_of(A, 1))))
    await on_redis(writer, near, far)
    await own_valkey.empty()
    await on_redis(writer, near, far)
    await asyncio.sleep(0.5)
    assert near.board is not None
    assert await near.relay._rebuild(near.board)
    assert await far.relay._rebuild(near.board)


def lags(node: RegionLive) -> tuple[float, float]:
    region = str(node.region_id)
    return metrics.REDIS_LAG.labels(region)._value.get(), metrics.MIRROR_LAG.labels(region)._value.get()


async def test_lags_grow_or_are_unknown_and_never_stand_still(
    make_node: MakeNode, writer: Writer, own_valkey: OwnValkey, gate: Gate, gated_pool: Pool
) -> None:
    node = await make_node(redis_url=own_valkey.url, through=gated_pool)
    await node.publisher.publish(await writer.write((A, body_of(A, 1))))
    await on_redis(writer, node)
    await eventually(lambda: lags(node) == (0, 0))
    own_valkey.kill()
    await eventually(lambda: node.mirror.source == "journal")
    for free in range(7):
        await node.publisher.publish(await writer.write((A, body_of(A, free))))
    await eventually(lambda: lags(node)[0] >= 7)
    await gate.shut()
    await eventually(lambda: all(map(math.isnan, lags(node))))
    await gate.open()
    await own_valkey.restart()
    await eventually(lambda: lags(node) == (0, 0))


async def test_a_forced_rebuild_reaches_mirrors_that_read_a_damaged_redis(make_node: MakeNode, writer: Writer) -> None:
    """The numbers were right and the states were not: no seq moves, and every mirror must change all the same."""
    await writer.write((A, body_of(A, 1)), (B, body_of(B, 2)))
    head, board = await writer.board()
    near, far = await make_node(), await make_node()
    await on_redis(writer, near, far)
    damaged = [Subject("unit", A, 1, 1, False, body_of(A, 9)), Subject("unit", new_id(), 2, 2, False, body_of(B, 9))]
    assert near.board is not None
    await near.board.rebuild(head, damaged, force=True)
    for node in (near, far):
        await eventually(lambda n=node: {s.id: s for s in n.mirror.subjects()} == {s.id: s for s in damaged})  # type: ignore[misc]
    screens = [node.hub.view("desk").generation for node in (near, far)]
    await near.board.rebuild(head, list(board.values()), force=True)
    await agree(writer, near, far)
    assert [node.hub.view("desk").generation for node in (near, far)] == [number + 1 for number in screens]
    # The same again changes nothing: nobody needs a new snapshot for it.
    await near.board.rebuild(head, list(board.values()), force=True)
    await asyncio.sleep(0.3)
    assert [node.hub.view("desk").generation for node in (near, far)] == [number + 1 for number in screens]
