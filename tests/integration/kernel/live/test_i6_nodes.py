"""I6 on whole nodes: commits reach Redis and every mirror, whatever Redis or Postgres go through meanwhile."""

from __future__ import annotations

import asyncio
import time
from uuid import UUID

import pytest

from kernel.ids import new_id
from kernel.journal import Head
from kernel.live import metrics
from kernel.live.board import Applied
from kernel.live.region import RegionLive
from kernel.postgres import Pool
from tests.integration.kernel.live.conftest import MakeNode, Writer
from tests.integration.kernel.live.servers import Gate, OwnValkey
from tests.integration.kernel.live.waiting import eventually
from tests.unit.kernel.live.playing import body_of

A, B, C = new_id(), new_id(), new_id()


async def agree(writer: Writer, *nodes: RegionLive, within_s: float = 5.0) -> None:
    """Wait until Postgres, Redis and the mirrors of all nodes are the same."""
    head, board = await writer.board()

    async def same() -> bool:
        for node in nodes:
            if node.mirror.head != head or {s.id: s for s in node.mirror.subjects()} != board:
                return False
            if node.board is not None:
                reading = await node.board.read()
                if reading is None or reading.head != head or {s.id: s for s in reading.subjects} != board:
                    return False
        return True

    await eventually(same, within_s)


async def redis_seq(node: RegionLive) -> int:
    assert node.board is not None
    head = await node.board.head()
    return -1 if head is None else head.seq


async def test_i6_a_commit_reaches_redis_and_every_node(make_node: MakeNode, writer: Writer) -> None:
    near, far = await make_node(), await make_node()
    await agree(writer, near, far)
    for free in range(20):
        change = await writer.write((A, body_of(A, free)), (B, body_of(B, free)))
        await near.publisher.publish(change)
        assert await redis_seq(near) >= change.to
    await eventually(lambda: far.mirror.head == near.mirror.head, 0.5)
    await agree(writer, near, far)
    await eventually(lambda: near.mirror.source == far.mirror.source == "redis", 1.0)


async def test_i6_redis_never_leads(make_node: MakeNode, writer: Writer, pool: Pool, region_id: UUID) -> None:
    """Two nodes commit and publish at once; at no moment is Redis, or a mirror, ahead of Postgres."""
    nodes = [await make_node(), await make_node()]
    looks: list[tuple[int, int]] = []
    done = asyncio.Event()

    async def watch() -> None:
        while not done.is_set():
            seen = max(await redis_seq(nodes[0]), *(n.mirror.head.seq for n in nodes if n.mirror.head))
            looks.append((seen, await pool.fetchval("SELECT seq FROM region WHERE id = $1", region_id)))

    async def commit(node: RegionLive) -> None:
        for free in range(60):
            await node.publisher.publish(await writer.write((new_id(), body_of(A, free)), (A, body_of(A, free))))

    watching = asyncio.create_task(watch())
    await asyncio.gather(*(commit(node) for node in nodes for _ in range(2)))
    done.set()
    await watching
    assert [look for look in looks if look[0] > look[1]] == []
    assert len({truth for _, truth in looks}) > 20, "it was looked at while they wrote"
    await agree(writer, *nodes)


async def test_i6_gap_is_filled_by_the_caller(make_node: MakeNode, writer: Writer) -> None:
    """Two nodes apply out of order: the later one brings the earlier one's range along, out of the journal."""
    node = await make_node(relay_poll_ms=60_000)
    await agree(writer, node)
    early = [await writer.write((A, body_of(A, free))) for free in range(3)]
    late = await writer.write((B, body_of(B, 7)))
    await node.publisher.publish(late)
    assert node.board is not None
    assert await node.board.apply(late) == Applied(late.to)
    reading = await node.board.read()
    assert reading is not None
    assert {s.id: s for s in reading.subjects} == (await writer.board())[1]
    for change in early:
        await node.publisher.publish(change)
    await agree(writer, node)


async def test_ranges_of_one_node_arrive_in_order(make_node: MakeNode, writer: Writer) -> None:
    """Callers do not wait for each other, and still nobody meets a gap."""
    node = await make_node(relay_poll_ms=60_000)
    await agree(writer, node)
    gaps = metrics.GAPS.labels(str(node.region_id))
    before = gaps._value.get()
    changes = [await writer.write((new_id(), body_of(A, free)), (A, body_of(A, free))) for free in range(100)]
    await asyncio.gather(*(node.publisher.publish(change) for change in changes))
    assert gaps._value.get() == before
    await agree(writer, node)


async def test_i6_what_was_never_published_is_brought_by_the_relay(make_node: MakeNode, writer: Writer) -> None:
    node = await make_node()
    await agree(writer, node)
    await writer.write((A, body_of(A, 1)))
    await agree(writer, node, within_s=1.0)


async def test_i6_flushed_redis_is_built_anew(make_node: MakeNode, writer: Writer, own_valkey: OwnValkey) -> None:
    near, far = await make_node(redis_url=own_valkey.url), await make_node(redis_url=own_valkey.url)
    await near.publisher.publish(await writer.write((A, body_of(A, 1)), (B, body_of(B, 1))))
    for free in range(5):
        await own_valkey.empty()
        await near.publisher.publish(await writer.write((A, body_of(A, free))))
    await agree(writer, near, far)
    await eventually(lambda: near.mirror.source == far.mirror.source == "redis")


async def test_i6_old_dump_is_caught_up(make_node: MakeNode, writer: Writer, own_valkey: OwnValkey) -> None:
    near, far = await make_node(redis_url=own_valkey.url), await make_node(redis_url=own_valkey.url)
    await near.publisher.publish(await writer.write((A, body_of(A, 1))))
    await agree(writer, near, far)
    dump = await own_valkey.dump()
    for free in range(8):
        await near.publisher.publish(await writer.write((A, body_of(A, free)), (B, None)))
    await own_valkey.restart(dump)
    await near.publisher.publish(await writer.write((C, body_of(C, 1))))
    await agree(writer, near, far)


async def test_i6_a_dump_of_another_epoch_is_replaced(
    make_node: MakeNode, writer: Writer, own_valkey: OwnValkey
) -> None:
    node = await make_node(redis_url=own_valkey.url)
    await node.publisher.publish(await writer.write((A, body_of(A, 1))))
    assert node.board is not None
    _, board = await writer.board()
    await own_valkey.empty()
    await node.board.rebuild(Head(new_id(), 1_000), tuple(board.values()))
    await agree(writer, node)
    await node.publisher.publish(await writer.write((A, body_of(A, 2))))
    await agree(writer, node)


async def test_i6_a_restarted_redis_starts_empty_and_is_filled(
    make_node: MakeNode, writer: Writer, own_valkey: OwnValkey
) -> None:
    node = await make_node(redis_url=own_valkey.url)
    await node.publisher.publish(await writer.write((A, body_of(A, 1))))
    own_valkey.kill()
    await eventually(lambda: node.mirror.source == "journal")
    await node.publisher.publish(await writer.write((B, body_of(B, 1))))
    assert node.mirror.get(B) is not None
    await own_valkey.restart()
    await eventually(lambda: node.mirror.source == "redis")
    await agree(writer, node)


async def test_i6_redis_absent_from_the_start_and_back_later(
    make_node: MakeNode, writer: Writer, own_valkey: OwnValkey
) -> None:
    own_valkey.kill()
    near, far = await make_node(redis_url=own_valkey.url), await make_node(redis_url=own_valkey.url)
    assert near.mirror.source == "journal"
    for free in range(5):
        await near.publisher.publish(await writer.write((A, body_of(A, free))))
    head, _ = await writer.board()
    await eventually(lambda: far.mirror.head == head, 1.0)
    await own_valkey.restart()
    await eventually(lambda: near.mirror.source == far.mirror.source == "redis")
    await agree(writer, near, far)


async def test_no_redis_at_all_is_a_way_to_live(make_node: MakeNode, writer: Writer) -> None:
    near, far = await make_node(redis_url=None), await make_node(redis_url=None)
    await near.publisher.publish(await writer.write((A, body_of(A, 1))))
    await agree(writer, near, far, within_s=1.0)
    assert near.mirror.source == far.mirror.source == "journal"


async def test_a_frozen_redis_costs_a_caller_one_bound_and_then_nothing(
    make_node: MakeNode, writer: Writer, own_valkey: OwnValkey
) -> None:
    near, far = await make_node(redis_url=own_valkey.url), await make_node(redis_url=own_valkey.url)
    await near.publisher.publish(await writer.write((A, body_of(A, 0))))
    await agree(writer, near, far)
    own_valkey.freeze()
    waited = []
    for free in range(10):
        change = await writer.write((A, body_of(A, free)))
        started = time.monotonic()
        await near.publisher.publish(change)
        waited.append(time.monotonic() - started)
    assert max(waited) < 0.5
    assert sum(waited) < 1.0
    head, _ = await writer.board()
    await eventually(lambda: near.mirror.head == far.mirror.head == head, 2.0)
    await eventually(lambda: near.mirror.source == far.mirror.source == "journal", 3.0)
    own_valkey.thaw()
    await eventually(lambda: near.mirror.source == far.mirror.source == "redis")
    await agree(writer, near, far)


async def test_a_redis_that_cannot_write_is_not_called_live(
    make_node: MakeNode, writer: Writer, own_valkey: OwnValkey
) -> None:
    node = await make_node(redis_url=own_valkey.url)
    await node.publisher.publish(await writer.write((A, body_of(A, 0))))
    async with own_valkey.client() as redis:
        await redis.config_set("min-replicas-to-write", "1")
        await node.publisher.publish(await writer.write((A, body_of(A, 1))))
        head, _ = await writer.board()
        await eventually(lambda: node.mirror.head == head, 1.0)
        await eventually(lambda: node.mirror.source == "journal", 3.0)
        await redis.config_set("min-replicas-to-write", "0")
    await eventually(lambda: node.mirror.source == "redis")
    await agree(writer, node)


async def test_postgres_away_leaves_the_mirror_on_redis(
    make_node: MakeNode, writer: Writer, gate: Gate, gated_pool: Pool, own_valkey: OwnValkey
) -> None:
    """`lost` only when neither can be reached; a frozen Postgres is as away as one that refuses."""
    near = await make_node(redis_url=own_valkey.url)
    far = await make_node(redis_url=own_valkey.url, through=gated_pool)
    await near.publisher.publish(await writer.write((A, body_of(A, 0))))
    await agree(writer, near, far)
    gate.freeze()
    await asyncio.sleep(0.2)
    await near.publisher.publish(await writer.write((A, body_of(A, 1))))
    await eventually(lambda: near.mirror.head == far.mirror.head, 0.5)
    await asyncio.sleep(1.5)
    await near.publisher.publish(await writer.write((A, body_of(A, 2))))
    await eventually(lambda: near.mirror.head == far.mirror.head, 0.5)
    assert far.mirror.source == "redis"
    await gate.shut()
    own_valkey.kill()
    await eventually(lambda: far.mirror.source == "lost", 5.0)
    assert near.mirror.source == "journal"
    await gate.open()
    await eventually(lambda: far.mirror.source == "journal", 5.0)
    await own_valkey.restart()
    await eventually(lambda: far.mirror.source == "redis", 5.0)
    await agree(writer, near, far)


async def test_i6_lost_history_gets_a_new_epoch(
    make_node: MakeNode, writer: Writer, pool: Pool, region_id: UUID
) -> None:
    """A dump restored into the same cluster keeps its epoch; the counter behind Redis gives it away."""
    near, far = await make_node(), await make_node()
    await near.publisher.publish(await writer.write((A, body_of(A, 1))))
    kept = await writer.write((B, body_of(B, 1)))
    await near.publisher.publish(kept)
    await near.publisher.publish(await writer.write((A, body_of(A, 2))))
    await agree(writer, near, far)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("DELETE FROM journal WHERE region_id = $1 AND seq > $2", region_id, kept.to)
        await connection.execute("UPDATE subject SET seq = 1, visible_seq = 1 WHERE id = $1", A)
        await connection.execute("UPDATE region SET seq = $2 WHERE id = $1", region_id, kept.to)
    await eventually(lambda: near.mirror.head is not None and near.mirror.head.epoch != kept.epoch, 2.0)
    await agree(writer, near, far)
    await near.publisher.publish(await writer.write((C, body_of(C, 1))))
    await agree(writer, near, far)


async def test_i6_a_changed_cluster_renews_the_epoch_everywhere(
    make_node: MakeNode, writer: Writer, pool: Pool, region_id: UUID
) -> None:
    """The tables came from elsewhere, as after a restored dump: whoever looks at the tie next renews the epoch."""
    near, far = await make_node(), await make_node()
    first = await writer.write((A, body_of(A, 1)))
    await near.publisher.publish(first)
    await agree(writer, near, far)
    await pool.execute("UPDATE region SET cluster = 'other' WHERE id = $1", region_id)
    await asyncio.sleep(0.2)
    assert await pool.fetchval("SELECT epoch FROM region WHERE id = $1", region_id) == first.epoch
    near.relay._truth._tied_until = 0.0  # its half minute is over
    await eventually(lambda: near.mirror.head is not None and near.mirror.head.epoch != first.epoch, 2.0)
    assert await pool.fetchval("SELECT cluster FROM region WHERE id = $1", region_id) != "other"
    await agree(writer, near, far)
    assert near.mirror.head is not None
    assert near.mirror.head.epoch == await pool.fetchval("SELECT epoch FROM region WHERE id = $1", region_id)
    await near.publisher.publish(await writer.write((A, body_of(A, 2))))
    await agree(writer, near, far)
    far.relay._truth._tied_until = 0.0  # and nobody renews it a second time
    epoch = near.mirror.head.epoch
    await asyncio.sleep(0.3)
    assert await pool.fetchval("SELECT epoch FROM region WHERE id = $1", region_id) == epoch


async def test_far_behind_is_rebuilt_not_replayed(
    make_node: MakeNode, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kernel.live.publishing.CATCH_UP_MAX", 10)
    monkeypatch.setattr("kernel.live.relay.CATCH_UP_MAX", 10)
    node = await make_node()
    await agree(writer, node)
    await writer.write(*((new_id(), body_of(A, free)) for free in range(50)))
    await node.publisher.publish(await writer.write((A, body_of(A, 1))))
    await agree(writer, node)
