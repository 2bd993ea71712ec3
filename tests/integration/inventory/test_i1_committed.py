"""I1: answered means committed; a broken connection means unknown, and the same id finds out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
import pytest

from inventory.model.counting import Direction
from kernel import lane as lanes
from kernel.ids import new_id
from kernel.journal import Entry, Subject, write_and_commit
from kernel.postgres import Connection
from kernel.problems import Busy, OutcomeUnknown
from kernel.settings import Settings
from tests.integration.inventory.acting import check_journal, hold_of, move_of, node, recount, tell, until_known
from tests.integration.inventory.conftest import Place

_KILL = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name LIKE 'halte %'
"""


async def test_whoever_has_an_answer_finds_it_committed(place: Place, settings: Settings) -> None:
    units = [await place.unit() for _ in range(8)]
    stranger = await asyncpg.connect(settings.database_url)

    async def report(n: int) -> None:
        answer = await place.report(units[n % 8], n % 20)
        outcome = await stranger_sees(answer.report_id)
        assert outcome == answer.units[0].outcome
        assert await in_journal(answer.units[0].subject)

    async def stranger_sees(report_id: UUID) -> str | None:
        async with reading:
            outcome: str | None = await stranger.fetchval(
                "SELECT outcome FROM report_unit WHERE report_id = $1", report_id
            )
        return outcome

    async def in_journal(subject: Subject) -> bool:
        async with reading:
            body = await stranger.fetchval("SELECT body FROM journal WHERE seq = $1", subject.seq)
        return bool(body == subject.body.decode())

    reading = asyncio.Lock()
    await asyncio.gather(*map(report, range(64)))
    await stranger.close()


async def test_a_commit_whose_answer_was_lost_has_one_effect(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    unit = await place.unit()

    async def then_break(
        connection: Connection, region_id: UUID, entries: Sequence[Entry], at: datetime
    ) -> UUID | None:
        await write_and_commit(connection, region_id, entries, at)
        connection.terminate()
        return await write_and_commit(connection, region_id, entries, at)

    report, move = place.make_report(unit, 5), move_of(unit, 2)
    monkeypatch.setattr(lanes, "write_and_commit", then_break)
    for work in (report, move):
        assert isinstance(await tell(place.lane, work), OutcomeUnknown)
    monkeypatch.undo()
    told = await place.lane.submit(report)
    assert (told.repeated, told.units[0].outcome) == (True, "applied")
    moved = await place.lane.submit(move)
    assert moved.outcome == "counted"
    assert (await recount(place.pool, unit)).free == 3
    await check_journal(place.pool, place.region_id)


async def test_a_write_that_broke_before_its_commit_has_no_effect_until_it_is_repeated(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit = await place.unit()

    async def break_first(connection: Connection, *_: object) -> UUID | None:
        pid = await connection.fetchval("SELECT pg_backend_pid()")
        await place.pool.execute("SELECT pg_terminate_backend($1, 1000)", pid)
        await connection.execute("COMMIT")
        return None

    report = place.make_report(unit, 5)
    monkeypatch.setattr(lanes, "write_and_commit", break_first)
    assert isinstance(await tell(place.lane, report), OutcomeUnknown)
    monkeypatch.undo()
    assert await place.pool.fetchval("SELECT count(*) FROM report") == 0
    assert not (await place.lane.submit(report)).repeated
    assert (await recount(place.pool, unit)).free == 5


async def test_connections_are_killed_in_the_midst_of_batches(place: Place, settings: Settings) -> None:
    """Two nodes write while every connection of theirs is killed again and again; all clients persist."""
    units = [await place.unit(capacity=1000) for _ in range(6)]
    for unit in units:
        await place.report(unit, 500)
    admin = await asyncpg.connect(settings.database_url)

    async def kill() -> None:
        for _ in range(20):
            await admin.fetchval(_KILL)
            await asyncio.sleep(0.05)

    async with node(settings, place.region_id) as other:

        async def client(n: int) -> int:
            unknown = 0
            for step in range(6):
                await asyncio.sleep(0.02 * (n % 5))
                unit, lane = units[(n + step) % 6], (place.lane, other)[n % 2]
                direction = Direction.IN if (n + step) % 3 else Direction.OUT
                work = hold_of(unit) if step == 5 else move_of(unit, 1, direction)
                outcome, times = await until_known(lane, work)
                assert not isinstance(outcome, Exception)
                unknown += times
            return unknown

        killer = asyncio.create_task(kill())
        unknown = await asyncio.gather(*map(client, range(48)))
        await killer
    await admin.close()
    assert sum(unknown) > 0, "no write was ever interrupted: the test shows nothing"
    assert await place.pool.fetchval("SELECT count(*) FROM movement") == 48 * 5
    assert await place.pool.fetchval("SELECT count(*) FROM hold") == 48
    for unit in units:
        await recount(place.pool, unit)
    await check_journal(place.pool, place.region_id)


async def test_what_is_queued_is_written_though_the_caller_went_away(place: Place) -> None:
    unit = await place.unit()
    report = place.make_report(unit, 5)
    caller = asyncio.create_task(place.lane.submit(report))
    await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert (await place.lane.submit(report)).repeated


async def test_a_lane_that_stops_writes_what_is_queued_and_takes_no_more(place: Place, settings: Settings) -> None:
    unit = await place.unit()
    async with node(settings, place.region_id) as lane:
        waiting = [asyncio.create_task(lane.submit(place.make_report(unit, n, id=new_id()))) for n in range(20)]
        await asyncio.sleep(0)
        await lane.stop()
        assert not any(isinstance(answer, Exception) for answer in await asyncio.gather(*waiting))
        with pytest.raises(Busy):
            await lane.submit(place.make_report(unit, 1))
    assert await place.pool.fetchval("SELECT count(*) FROM report") == 20
