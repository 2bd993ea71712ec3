"""I5: the journal of a region is gapless and in commit order; I6: the board is its fold."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from uuid import UUID

import asyncpg
import msgspec
import structlog

from inventory.defining import DefineOperator, DefineShelter, DefineUnit
from inventory.lane.working import SYSTEM
from inventory.model.counting import Direction
from inventory.model.unit import Operator, Shelter
from inventory.reporting import Line, Report
from kernel.ids import new_id
from kernel.journal import Range, read_board, read_range
from kernel.lane import Lane
from kernel.settings import Settings
from tests.integration.inventory.acting import (
    at_once,
    check_journal,
    hold_of,
    journal,
    move_of,
    node,
    recount,
    slugs,
    tell,
)
from tests.integration.inventory.conftest import PERSON, Place


def _report_of(place: Place, free: dict[UUID, int]) -> Report:
    lines = tuple(Line(unit, count) for unit, count in free.items())
    return Report(new_id(), PERSON, place.shelter_id, lines, repr(sorted(free.items())).encode())


async def _watch(settings: Settings, region_id: UUID, writing: asyncio.Event) -> int:
    """Read as a stranger while others write: whoever sees a number has seen all before it."""
    stranger = await asyncpg.connect(settings.database_url)
    looks, seen = 0, 0
    while not writing.is_set():
        row = await stranger.fetchrow(
            "SELECT r.seq, count(j.seq) AS entries, max(j.seq) AS last FROM region r "
            "LEFT JOIN journal j ON j.region_id = r.id WHERE r.id = $1 GROUP BY r.seq",
            region_id,
        )
        assert row is not None
        assert row["seq"] == row["entries"] == row["last"] >= seen
        looks, seen = looks + 1, row["seq"]
        await asyncio.sleep(0.002)
    await stranger.close()
    return looks


async def test_two_nodes_write_in_any_order_without_gap_or_deadlock(place: Place, settings: Settings) -> None:
    """Reports of several units in random order, movements and holds: 0 deadlocks, not merely few."""
    chance = random.Random(5)
    units = [await place.unit(capacity=100) for _ in range(12)]
    await place.lane.submit(_report_of(place, dict.fromkeys(units, 50)))
    works: list[object] = []
    for n in range(300):
        some = chance.sample(units, chance.randint(2, 8))
        works.append(_report_of(place, {unit: chance.randint(20, 80) for unit in some}))
        works.append(move_of(chance.choice(units), 1, chance.choice(list(Direction))))
        if n % 3 == 0:
            works.append(hold_of(chance.choice(units)))
    ranges: list[Range] = []
    finished = asyncio.Event()
    watch = asyncio.create_task(_watch(settings, place.region_id, finished))
    with structlog.testing.capture_logs() as logged:
        async with node(settings, place.region_id, published=ranges) as other:
            outcomes = await _in_waves((place.lane, other), works)
    finished.set()
    assert await watch > 10
    assert logged == []
    assert set(slugs(outcomes)) == {"granted"}
    for unit in units:
        await recount(place.pool, unit)
    await check_journal(place.pool, place.region_id)
    await _check_published(place, [*place.published, *ranges])
    assert ranges, "the second node wrote nothing"


async def _in_waves(lanes: tuple[Lane, ...], works: list[object]) -> list[object]:
    """So that both nodes write many batches, not one."""

    async def wave(start: int) -> list[object]:
        await asyncio.sleep(start * 0.001)
        return await at_once(lanes, works[start : start + 20])

    waves = await asyncio.gather(*(wave(start) for start in range(0, len(works), 20)))
    return [outcome for wave in waves for outcome in wave]


async def _check_published(place: Place, ranges: list[Range]) -> None:
    """What all nodes published together is the journal, each seq once."""
    by_start = sorted(ranges, key=lambda one: one.after)
    assert [one.after for one in by_start] == [0, *(one.to for one in by_start[:-1])]
    async with place.pool.acquire() as connection:
        told = await read_range(connection, place.region_id, 0, 1_000_000, 1_000_000)
    assert [subject for one in by_start for subject in one.subjects] == list(told)


async def test_the_board_is_the_last_state_of_each_subject_and_of_the_tables(place: Place) -> None:
    units = [await place.unit() for _ in range(3)]
    for n, unit in enumerate([*units, *units]):
        await place.report(unit, n)
    await place.lane.submit(hold_of(units[0]))
    async with place.pool.acquire() as connection:
        _, subjects = await read_board(connection, place.region_id)
    bodies = {subject.id: msgspec.json.decode(subject.body) for subject in subjects}
    assert set(bodies) == {place.shelter_id, *units}
    for unit in units:
        row = await place.state(unit)
        shown = {name: bodies[unit][name] for name in ("status", "free", "held", "over_by", "capacity")}
        assert shown == {name: row[name] for name in shown}


async def test_a_write_that_changes_nothing_uses_no_number(place: Place) -> None:
    unit = await place.unit()
    answer = await place.report(unit, 5)
    entries = len(await journal(place.pool, place.region_id))
    late = await place.report(unit, 9, at=(await place.now()).replace(year=2020))
    assert late.units[0].outcome == "superseded"
    assert late.units[0].subject == answer.units[0].subject
    assert len(await journal(place.pool, place.region_id)) == entries


async def test_a_refused_write_uses_no_number(place: Place) -> None:
    unit = await place.unit()
    await place.report(unit, 5)
    before = await journal(place.pool, place.region_id)
    assert slugs([await tell(place.lane, hold_of(unit, 9))]) == ["place-taken"]
    assert slugs([await tell(place.lane, hold_of(unit, 0))]) == ["internal"]
    assert await journal(place.pool, place.region_id) == before
    await place.report(unit, 4)
    await check_journal(place.pool, place.region_id)


async def test_a_batch_tells_each_subject_once_with_every_cause(place: Place) -> None:
    unit = await place.unit()
    a_moment_ago = await place.now() - timedelta(seconds=1)
    report, move, hold = place.make_report(unit, 5, at=a_moment_ago), move_of(unit), hold_of(unit)
    assert slugs(await place.lane.submit_all([report, move, hold])) == ["granted"] * 3
    last = (await journal(place.pool, place.region_id))[-1]
    causes = [(cause["verb"], UUID(cause["ref"])) for cause in msgspec.json.decode(last["causes"])]
    assert causes == [("report", report.id), ("movement", move.id), ("hold", hold.id)]
    assert b'"free":4,"held":1' in last["body"].encode()


AWKWARD = """O'Brien's "{braces}" {0} %s \\' \\\\ $1 -- é 部屋 🛏 '); DROP TABLE journal; --"""


async def test_no_name_breaks_out_of_the_journal(place: Place) -> None:
    """The journal's rows travel as a literal: whatever a name holds, it stays a name."""
    operator = Operator(id=new_id(), region_id=place.region_id, name=AWKWARD)
    shelter = Shelter(
        id=new_id(), region_id=place.region_id, operator_id=operator.id, name=AWKWARD, commune="21004", address=AWKWARD
    )
    await place.lane.submit(DefineOperator(operator, SYSTEM))
    told = await place.lane.submit(DefineShelter(shelter, SYSTEM))
    await place.lane.submit(DefineUnit(place.make_unit(shelter_id=shelter.id, name=AWKWARD), 5, SYSTEM))
    assert told.subject is not None
    body = msgspec.json.decode(told.subject.body)
    assert (body["name"], body["operator"]["name"], body["address"]) == (AWKWARD, AWKWARD, AWKWARD)
    seq = await place.pool.fetchval("SELECT seq FROM region")
    await place.lane.submit(DefineShelter(shelter, SYSTEM))
    assert await place.pool.fetchval("SELECT seq FROM region") == seq, "read back, it is the same text"
    await check_journal(place.pool, place.region_id)
