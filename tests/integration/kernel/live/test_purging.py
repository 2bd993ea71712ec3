"""Tombstones of reserved kinds are forgotten by Postgres, Redis and every node; no screen shows otherwise (I6, I7)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from kernel.ids import new_id
from kernel.live.board import LiveBoard
from kernel.live.purging import KEPT
from kernel.live.region import RegionLive
from kernel.postgres import Pool
from kernel.redis import RedisLinks
from tests.integration.kernel.live.conftest import MakeNode, Writer
from tests.integration.kernel.live.servers import OwnValkey
from tests.integration.kernel.live.waiting import eventually
from tests.unit.kernel.live.playing import NOTE, Screen, body_of, connect, note_of

NOW = timedelta(0)
UNIT, OPEN, GONE, LATE = (new_id() for _ in range(4))


async def happen(writer: Writer) -> None:
    """One note is open, two have gone, a unit has gone too and one has not."""
    removed = new_id()
    await writer.write((UNIT, body_of(UNIT, 1)), (removed, body_of(removed, 1)))
    await writer.write(*((id, note_of(id, 1, "in")) for id in (OPEN, GONE, LATE)), kind=NOTE)
    await writer.write((GONE, None), (LATE, None), kind=NOTE)
    await writer.write((removed, None))


async def stamped(pool: Pool) -> set[UUID]:
    return {row["id"] for row in await pool.fetch("SELECT id FROM subject WHERE kind = $1", NOTE)}


def held(node: RegionLive) -> set[UUID]:
    return {subject.id for subject in node.mirror.subjects() if subject.kind == NOTE}


async def in_redis(board: LiveBoard) -> set[UUID]:
    reading = await board.read()
    assert reading is not None
    return {subject.id for subject in reading.subjects if subject.kind == NOTE}


async def purge(node: RegionLive, kept: timedelta = NOW) -> None:
    assert node.purger is not None
    await node.purger.purge(kept)


async def caught_up(writer: Writer, *nodes: RegionLive) -> None:
    head, _ = await writer.board()
    for node in nodes:
        await eventually(lambda n=node: n.mirror.head == head)  # type: ignore[misc]


async def test_what_has_been_gone_for_hours_is_forgotten_by_all_and_nothing_else(
    make_node: MakeNode, writer: Writer, pool: Pool, links: RedisLinks, region_id: UUID
) -> None:
    near, far = await make_node(), await make_node()
    board = LiveBoard(links, region_id, 0.25)
    await happen(writer)
    await caught_up(writer, near, far)
    await eventually(lambda: _has(board, {OPEN, GONE, LATE}))
    entries = await pool.fetchval("SELECT count(*) FROM journal")
    await purge(near, KEPT)
    assert await stamped(pool) == held(near) == await in_redis(board) == {OPEN, GONE, LATE}, "it is not hours ago yet"
    await purge(near)
    assert await stamped(pool) == held(near) == await in_redis(board) == {OPEN}
    assert held(far) == {OPEN, GONE, LATE}
    await purge(far)
    assert held(far) == {OPEN}
    assert await pool.fetchval("SELECT count(*) FROM journal") == entries, "the journal keeps what was"
    assert await pool.fetchval("SELECT count(*) FROM subject WHERE gone") == 1, "and boards keep the removed unit"


async def _has(board: LiveBoard, notes: set[UUID]) -> bool:
    return await in_redis(board) == notes


async def test_what_is_written_again_after_its_purge_comes_to_all(
    make_node: MakeNode, writer: Writer, pool: Pool, links: RedisLinks, region_id: UUID
) -> None:
    """The one node purges while the other has the tombstone still; a late arrival writes the same id."""
    near, far = await make_node(), await make_node()
    board = LiveBoard(links, region_id, 0.25)
    await happen(writer)
    await caught_up(writer, near, far)
    await purge(near)
    await writer.write((LATE, note_of(LATE, 2, "in")), kind=NOTE)
    await caught_up(writer, near, far)
    await purge(far)
    assert await stamped(pool) == held(near) == held(far) == {OPEN, LATE}
    await eventually(lambda: _has(board, {OPEN, LATE}))


async def test_the_newest_entry_keeps_its_stamp_so_that_no_board_is_taken_for_lost(
    make_node: MakeNode, writer: Writer, pool: Pool
) -> None:
    node = await make_node()
    await writer.write((GONE, note_of(GONE, 1, "in")), kind=NOTE)
    await writer.write((GONE, None), kind=NOTE)
    await caught_up(writer, node)
    await purge(node)
    assert await stamped(pool) == {GONE}


async def test_purging_while_everybody_writes_meets_no_deadlock_and_loses_nothing(
    make_node: MakeNode, writer: Writer, pool: Pool
) -> None:
    near, far = await make_node(), await make_node()
    await happen(writer)
    notes = [new_id() for _ in range(20)]
    stop = asyncio.Event()

    async def keep_purging(node: RegionLive) -> None:
        while not stop.is_set():
            await purge(node)

    purging = [asyncio.create_task(keep_purging(node)) for node in (near, far)]
    for text in range(30):
        await writer.write(*((id, note_of(id, text, "in")) for id in notes), kind=NOTE)
        await writer.write(*((id, None) for id in notes[text % 3 :: 3]), kind=NOTE)
    stop.set()
    await asyncio.gather(*purging)
    await caught_up(writer, near, far)
    alive = set(notes) - set(notes[29 % 3 :: 3])
    for node in (near, far):
        assert {s.id for s in node.mirror.subjects() if s.kind == NOTE and not s.gone} == alive | {OPEN}
    assert await stamped(pool) >= alive


@pytest.mark.parametrize("how", ["emptied", "old dump", "away"])
async def test_whatever_happens_to_redis_all_screens_are_a_fresh_snapshot(
    make_node: MakeNode, writer: Writer, own_valkey: OwnValkey, how: str
) -> None:
    """An old dump brings tombstones and even the note back, as far as the journal has not been read again."""
    near, far = await make_node(redis_url=own_valkey.url), await make_node(redis_url=own_valkey.url)
    await happen(writer)
    await caught_up(writer, near, far)
    screens = [(node, Screen(), *connect()) for node in (near, far)]
    for node, _, connection, _ in screens:
        node.hub.join(connection, "insiders", 20, None, None)
    dump = await own_valkey.dump()
    if how == "emptied":
        await own_valkey.empty()
    else:
        own_valkey.kill()
    await writer.write((OPEN, None), kind=NOTE)
    await writer.write((UNIT, body_of(UNIT, 7)))
    await caught_up(writer, near, far)
    if how != "emptied":
        with pytest.raises(Exception):  # noqa: B017, PT011 -- whichever of REDIS_AWAY; the next look does it
            await purge(near)
        await own_valkey.restart(dump if how == "old dump" else None)
    await eventually(lambda: near.mirror.source == far.mirror.source == "redis")
    for node in (near, far):
        await purge(node)
        assert held(node) == set()
        assert node.board is not None
        await eventually(lambda n=node: _has(n.board, set()))  # type: ignore[misc]
    for node, screen, connection, cable in screens:

        def shows(node=node, screen: Screen = screen, connection=connection, cable=cable) -> bool:  # type: ignore[no-untyped-def]
            while (frame := cable.take()) is not None:
                if (ack := screen.hear(frame)) is not None:
                    node.hub.acknowledge(connection, ack)
            return set(screen.board) == {str(UNIT)}

        await eventually(shows)
