"""I1 in a bad hour: Postgres full, read-only, frozen or gone, and the lane itself struck."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
import structlog
from prometheus_client import REGISTRY

from halte.embedded import EmbeddedServers
from inventory.defining import DefineUnit
from inventory.lane.working import SYSTEM
from kernel import lane as lanes
from kernel.lane import Lane, Written
from kernel.postgres import Connection, Pool
from kernel.problems import Busy
from kernel.settings import Settings
from tests.integration.inventory.acting import check_journal, move_of, node, recount, slugs, tell
from tests.integration.inventory.conftest import Place, make_lane
from tests.support.freezing import stopped


def _meter(lane: Lane, name: str) -> float:
    return REGISTRY.get_sample_value(name, {"region": str(lane._region_id)}) or 0.0


async def test_a_stray_cancellation_does_not_end_the_lane(place: Place) -> None:
    """What was under way is unknown, what waited behind it is written, and whoever runs the installation is told."""
    unit = await place.unit()
    write, moves = place.lane._writer, [move_of(unit) for _ in range(3)]

    async def be_struck(*_: Any) -> Written:
        place.lane._writer = write
        waiting.append(asyncio.create_task(tell(place.lane, moves[1])))
        await asyncio.sleep(0)
        raise asyncio.CancelledError

    waiting: list[asyncio.Task[Any]] = []
    place.lane._writer = be_struck
    with structlog.testing.capture_logs() as logged:
        first = await asyncio.wait_for(tell(place.lane, moves[0]), 5)
        (second,) = await asyncio.wait_for(asyncio.gather(*waiting), 5)
    assert slugs([first, second]) == ["outcome-unknown", "granted"]
    assert "supervisor.task_crashed" in {entry["event"] for entry in logged}
    assert place.lane.running
    assert slugs([await tell(place.lane, move) for move in moves]) == ["granted"] * 3
    assert await place.pool.fetchval("SELECT count(*) FROM movement") == 3
    await check_journal(place.pool, place.region_id)


@pytest.mark.parametrize("error", [asyncpg.QueryCanceledError(), asyncpg.InternalServerError(), ValueError()])
async def test_what_was_committed_is_not_written_again(
    place: Place, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """Reading the numbers back may fail; the commit stands."""

    async def fail(*_: Any) -> Any:
        raise error

    unit = place.make_unit()
    monkeypatch.setattr(lanes, "read_batch", fail)
    unknown = _meter(place.lane, "halte_lane_unknown_total")
    assert slugs([await tell(place.lane, DefineUnit(unit, 25, SYSTEM))]) == ["outcome-unknown"]
    monkeypatch.undo()
    assert await place.pool.fetchval("SELECT count(*) FROM capacity_change") == 1
    assert _meter(place.lane, "halte_lane_unknown_total") == unknown + 1


def _alter(change: str, back: str) -> tuple[str, str]:
    return f"ALTER DATABASE {{name}} {change}", f"ALTER DATABASE {{name}} {back}"


REFUSING = {
    "no connection left": _alter("CONNECTION LIMIT 0", "CONNECTION LIMIT -1"),
    "an old primary": _alter("SET default_transaction_read_only = on", "RESET default_transaction_read_only"),
    "out of reach": _alter("ALLOW_CONNECTIONS false", "ALLOW_CONNECTIONS true"),
}


@pytest.mark.parametrize("how", REFUSING)
async def test_a_postgres_that_takes_nothing_makes_everybody_busy_at_once(
    place: Place, servers: EmbeddedServers, settings: Settings, how: str
) -> None:
    unit = await place.unit()
    name = urlsplit(str(settings.database_url)).path.strip("/")
    admin = await asyncpg.connect(servers.admin_url)
    moves, busy = [move_of(unit) for _ in range(60)], _meter(place.lane, "halte_lane_busy_total")
    refuse, allow = (statement.format(name=name) for statement in REFUSING[how])
    began = time.monotonic()
    try:
        await admin.execute(refuse)
        await place.pool.expire_connections()
        outcomes = await place.lane.submit_all(moves, bulk=False)
    finally:
        await admin.execute(allow)
        await admin.close()
    assert slugs(outcomes) == ["busy"] * 60
    assert time.monotonic() - began < 3
    assert _meter(place.lane, "halte_lane_busy_total") == busy + 60
    await place.pool.expire_connections()
    assert slugs(await place.lane.submit_all(moves)) == ["granted"] * 60
    assert await place.pool.fetchval("SELECT count(*) FROM movement") == 60


@asynccontextmanager
async def _frozen(pool: Pool, application: str) -> AsyncIterator[None]:
    """Stop the server processes behind an application's connections: they neither answer nor end."""
    query = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1"
    pids = [row["pid"] for row in await pool.fetch(query, application)]
    assert pids
    with stopped(pids):
        yield


async def test_a_stop_is_bounded_though_postgres_is_frozen(place: Place, settings: Settings) -> None:
    """What is under way is unknown, what was not begun is not written; nobody is told that theirs was kept."""
    unit = await place.unit()
    moves = [move_of(unit) for _ in range(25)]
    async with node(replace(settings, lane_batch_max=10), place.region_id) as lane:
        async with _frozen(place.pool, "halte second"):
            waiting = asyncio.create_task(lane.submit_all(moves, bulk=False))
            await asyncio.sleep(0.1)
            began = time.monotonic()
            await lane.stop()
            took = time.monotonic() - began
            outcomes = await asyncio.wait_for(waiting, 1)
        with pytest.raises(Busy):
            await lane.submit(moves[0])
    assert slugs(outcomes) == ["outcome-unknown"] * 10 + ["busy"] * 15
    assert took < 2 * lanes._STOP_S
    assert slugs(await place.lane.submit_all(moves)) == ["granted"] * 25
    assert (await recount(place.pool, unit)) is not None
    assert await place.pool.fetchval("SELECT count(*) FROM movement") == 25


async def test_a_transaction_that_is_left_open_is_ended_and_neighbours_go_on(place: Place, settings: Settings) -> None:
    unit = await place.unit()
    async with node(settings, place.region_id) as other:
        write, locked = other._writer, asyncio.Event()

        async def forget(connection: Connection, works: Sequence[Any]) -> Written:
            written = await write(connection, works)
            locked.set()
            await asyncio.sleep(2.5)
            return written

        other._writer = forget
        move = move_of(unit)
        forgotten = asyncio.create_task(tell(other, move))
        await locked.wait()
        began = time.monotonic()
        assert slugs([await tell(place.lane, move_of(unit))]) == ["granted"]
        assert time.monotonic() - began < 2, "idle_in_transaction_session_timeout is 1 s"
        assert slugs([await forgotten]) == ["outcome-unknown"]
        other._writer = write
        assert slugs([await tell(other, move)]) == ["granted"]
    assert await place.pool.fetchval("SELECT count(*) FROM movement") == 2


async def test_a_lock_is_waited_for_two_seconds(place: Place, settings: Settings) -> None:
    unit = await place.unit()
    stranger = await asyncpg.connect(settings.database_url)
    began = time.monotonic()
    async with stranger.transaction(), place.pool.acquire() as connection:
        await stranger.execute("SELECT FROM unit_state WHERE unit_id = $1 FOR UPDATE", unit)
        with pytest.raises(asyncpg.LockNotAvailableError):
            await connection.execute("SELECT FROM unit_state WHERE unit_id = $1 FOR UPDATE", unit)
        assert 1.5 < time.monotonic() - began < 4
    await stranger.close()


async def test_the_lane_tells_its_numbers(place: Place, settings: Settings) -> None:
    unit = await place.unit()
    lane = make_lane(place.pool, place.region_id, replace(settings, lane_queue_max=20), [])
    batches, commits = _meter(lane, "halte_lane_batch_items_count"), _meter(lane, "halte_lane_commit_seconds_count")
    busy, rolled_back = _meter(lane, "halte_lane_busy_total"), _meter(lane, "halte_lane_rolled_back_total")
    waiting = asyncio.gather(lane.submit_all([move_of(unit) for _ in range(20)], bulk=False))
    await asyncio.sleep(0)
    assert _meter(lane, "halte_lane_queued") == 20
    assert slugs(await asyncio.gather(lane.submit(move_of(unit)), return_exceptions=True)) == ["busy"]
    lane.start()
    await waiting
    assert _meter(lane, "halte_lane_queued") == 0
    assert _meter(lane, "halte_lane_batch_items_count") == batches + 1
    assert _meter(lane, "halte_lane_commit_seconds_count") == commits + 1
    assert _meter(lane, "halte_lane_busy_total") == busy + 1
    await tell(lane, move_of(unit, -1))
    assert _meter(lane, "halte_lane_rolled_back_total") == rolled_back + 1
    await lane.stop()
