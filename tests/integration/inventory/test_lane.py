"""The lane: bounded, singles before bulk, and an answer of its own for every item."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import structlog

from inventory.lane.loading import Touches
from inventory.lane.working import Working
from kernel.ids import new_id
from kernel.journal import Range, Subject
from kernel.lane import Finish, Lane
from kernel.problems import Busy, IdReused
from kernel.settings import Settings
from tests.integration.inventory.acting import check_journal, hold_of, move_of, node, recount, slugs, tell
from tests.integration.inventory.conftest import Place, make_lane


@dataclass(frozen=True)
class Faulty:
    """A work with a fault of its own, in one of its parts."""

    unit_id: UUID
    fails_in: str

    def touch(self, touches: Touches) -> None:
        if self.fails_in == "touch":
            raise IdReused(id=str(self.unit_id))
        touches.units.add(self.unit_id)

    def apply(self, working: Working) -> Finish:
        if self.fails_in == "apply":
            raise ZeroDivisionError
        if self.fails_in == "type":
            # Something that no encoder takes: found out only when the rows are sent.
            working.voided.append((self.unit_id, "nobody"))  # type: ignore[arg-type]

        def finish(_: Mapping[UUID, Subject]) -> Any:
            raise KeyError(self.unit_id)

        return finish


async def _some_units(place: Place, number: int) -> list[UUID]:
    units = [await place.unit() for _ in range(number)]
    for unit in units:
        await place.report(unit, 5)
    return units


@pytest.mark.parametrize("fails_in", ["apply", "type", "finish"])
async def test_one_faulty_item_never_fails_its_neighbours(place: Place, fails_in: str) -> None:
    units = await _some_units(place, 4)
    works: list[Any] = [place.make_report(unit, 7) for unit in units]
    works.insert(2, Faulty(units[0], fails_in))
    with structlog.testing.capture_logs() as logged:
        outcomes = await asyncio.wait_for(place.lane.submit_all(works), 10)
    assert slugs(outcomes) == ["granted", "granted", "internal", "granted", "granted"]
    assert logged, "a fault of ours is told to whoever runs the installation"
    assert [(await place.state(unit))["free"] for unit in units] == [7] * 4
    await check_journal(place.pool, place.region_id)


async def test_a_refusal_of_the_whole_batch_is_that_of_one_item(place: Place) -> None:
    """Only a Postgres that is away concerns everybody: more refusals than are in vain, and the others are written."""
    units = await _some_units(place, 3)
    works: list[Any] = [place.make_report(unit, 7) for unit in units]
    works[1:1] = [Faulty(units[0], "touch") for _ in range(4)]
    outcomes = await asyncio.wait_for(place.lane.submit_all(works), 10)
    assert slugs(outcomes) == ["granted", *["id-reused"] * 4, "granted", "granted"]
    assert [(await place.state(unit))["free"] for unit in units] == [7] * 3


async def test_a_row_that_postgres_refuses_is_refused_alone(place: Place) -> None:
    units = await _some_units(place, 3)
    works = [move_of(units[0]), hold_of(units[1], 0), move_of(units[1], -1), hold_of(units[2])]
    assert slugs(await place.lane.submit_all(works)) == ["granted", "internal", "internal", "granted"]
    for unit in units:
        await recount(place.pool, unit)
    await check_journal(place.pool, place.region_id)


async def test_a_lock_that_somebody_keeps_makes_only_its_own_unit_busy(place: Place, settings: Settings) -> None:
    """An operator's forgotten session holds one unit; everybody else's report is written."""
    units = await _some_units(place, 6)
    stranger = await asyncpg.connect(settings.database_url)
    async with stranger.transaction():
        await stranger.execute("SELECT FROM unit_state WHERE unit_id = $1 FOR UPDATE", units[3])
        reports = [place.make_report(unit, 7) for unit in units]
        outcomes = await place.lane.submit_all(reports)
    await stranger.close()
    assert slugs(outcomes) == ["granted"] * 3 + ["busy"] + ["granted"] * 2
    assert not (await place.lane.submit(reports[3])).repeated, "busy means not written: the same id may come again"


async def test_when_everything_is_locked_everybody_is_told_soon(place: Place, settings: Settings) -> None:
    (unit,) = await _some_units(place, 1)
    stranger = await asyncpg.connect(settings.database_url)
    began = asyncio.get_running_loop().time()
    async with stranger.transaction():
        await stranger.execute("SELECT FROM region FOR UPDATE")
        outcomes = await place.lane.submit_all([move_of(unit) for _ in range(60)])
    await stranger.close()
    assert slugs(outcomes) == ["busy"] * 60
    assert asyncio.get_running_loop().time() - began < 5
    assert slugs([await tell(place.lane, move_of(unit))]) == ["granted"]
    assert (await recount(place.pool, unit)).free == 4


async def test_publishing_that_fails_keeps_nobody_from_their_answer(place: Place, settings: Settings) -> None:
    unit = await place.unit()

    async def publish(_: Range) -> None:
        raise RuntimeError

    lane = make_lane(place.pool, place.region_id, settings, [])
    lane._publish = publish
    lane.start()
    with structlog.testing.capture_logs() as logged:
        assert slugs([await asyncio.wait_for(tell(lane, place.make_report(unit, 5)), 5)]) == ["granted"]
    assert [entry["event"] for entry in logged] == ["lane.publish_failed"]
    await lane.stop()


async def _stopped(place: Place, settings: Settings, **changes: Any) -> Lane:
    """A lane that has not begun: what is submitted to it waits."""
    return make_lane(place.pool, place.region_id, replace(settings, **changes), [])


async def test_a_full_queue_says_busy_and_when_to_come_back(place: Place, settings: Settings) -> None:
    unit = await place.unit()
    lane = await _stopped(place, settings, lane_queue_max=5)
    tasks = [asyncio.create_task(lane.submit_all([move_of(unit) for _ in range(4)]))]
    await asyncio.sleep(0)
    assert lane.depth == 4
    with pytest.raises(Busy):
        await lane.submit_all([move_of(unit), move_of(unit)])
    tasks.append(asyncio.create_task(lane.submit_all([move_of(unit)])))
    await asyncio.sleep(0)
    with pytest.raises(Busy) as refused:
        await lane.submit(move_of(unit))
    assert (refused.value.status, refused.value.headers) == (503, {"Retry-After": "1"})
    lane.start()
    assert [slugs(outcomes) for outcomes in await asyncio.gather(*tasks)] == [["granted"] * 4, ["granted"]]
    await lane.stop()
    assert await place.pool.fetchval("SELECT count(*) FROM movement") == 5


async def test_bulk_waits_for_singles_and_comes_in_portions(place: Place, settings: Settings) -> None:
    unit = await place.unit()
    lane = await _stopped(place, settings, lane_batch_max=8, lane_bulk_max=3)
    bulk = [move_of(unit) for _ in range(7)]
    single = [move_of(unit) for _ in range(6)]
    tasks = [asyncio.create_task(lane.submit_all(bulk)), asyncio.create_task(lane.submit_all(single, bulk=False))]
    await asyncio.sleep(0)
    batches = []
    while batch := lane._queue.take():
        batches.append([("bulk" if ticket.work in bulk else "single") for ticket in batch])
        await lane._write(batch)
    assert batches == [["single"] * 6 + ["bulk"] * 2, ["bulk"] * 3, ["bulk"] * 2]
    assert [slugs(outcomes) for outcomes in await asyncio.gather(*tasks)] == [["granted"] * 7, ["granted"] * 6]


@dataclass(frozen=True)
class Heavy:
    """A work that says how much it is."""

    work: Any
    weight: int

    def touch(self, touches: Touches) -> None:
        self.work.touch(touches)

    def apply(self, working: Working) -> Finish:
        finish: Finish = self.work.apply(working)
        return finish


async def test_heavy_works_are_spread_over_several_transactions(place: Place) -> None:
    """512 reports of all units of a house would keep a transaction busy for longer than Postgres lets it be idle."""
    units = await _some_units(place, 7)
    place.published.clear()
    works = [Heavy(place.make_report(unit, 7), 900) for unit in units]
    assert slugs(await place.lane.submit_all(works, bulk=False)) == ["granted"] * 7
    assert [one.to - one.after for one in place.published] == [2, 2, 2, 1]


async def test_many_reports_of_one_unit_are_one_row_and_one_entry(place: Place) -> None:
    unit = await place.unit()
    ids = sorted(new_id() for _ in range(100))
    outcomes = await place.lane.submit_all([place.make_report(unit, n % 20, id=id) for n, id in enumerate(ids)])
    assert slugs(outcomes) == ["granted"] * 100
    assert len({outcome.units[0].subject.seq for outcome in outcomes}) == 1
    assert (await recount(place.pool, unit)).free == 99 % 20


async def test_two_nodes_answer_with_what_the_other_has_written(place: Place, settings: Settings) -> None:
    unit = await place.unit()
    await place.report(unit, 5)
    async with node(settings, place.region_id) as other:
        await other.submit(move_of(unit, 2))
        answer = await place.lane.submit(move_of(unit))
    assert b'"free":2' in answer.subject.body
