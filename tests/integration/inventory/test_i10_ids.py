"""I10: the same id and body have one effect and one stored outcome, whoever sends them, however often."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from inventory.holding import HoldAnswer
from inventory.lane.working import SYSTEM
from inventory.moving import VoidMovement
from inventory.problems import NotYourShelter, PlaceTaken, UnknownMovement
from inventory.reporting import ReportAnswer
from kernel.ids import new_id
from kernel.problems import IdReused
from kernel.settings import Settings
from tests.integration.inventory.acting import at_once, hold_of, machine, move_of, node, person, recount, slugs
from tests.integration.inventory.conftest import Place


async def _rows(place: Place, table: str) -> int:
    count: int = await place.pool.fetchval(f"SELECT count(*) FROM {table}")  # noqa: S608 -- a name of this file's own
    return count


async def test_a_report_sent_again_has_its_outcome_and_the_state_of_now(place: Place) -> None:
    unit = await place.unit()
    report = place.make_report(unit, 5)
    first: ReportAnswer = await place.lane.submit(report)
    await place.report(unit, 9)
    await place.lane.submit(move_of(unit))
    again: ReportAnswer = await place.lane.submit(report)
    assert (first.repeated, again.repeated) == (False, True)
    assert (again.units[0].outcome, b'"free":8' in again.units[0].subject.body) == ("applied", True)
    assert await _rows(place, "report") == 2


async def test_a_superseded_report_stays_superseded(place: Place) -> None:
    unit = await place.unit()
    await place.report(unit, 5)
    late = place.make_report(unit, 9, at=(await place.now()).replace(year=2020))
    outcomes = [(await place.lane.submit(late)).units[0].outcome for _ in range(2)]
    assert outcomes == ["superseded", "superseded"]


async def test_a_movement_sent_again_counts_once(place: Place) -> None:
    unit = await place.unit()
    await place.report(unit, 5)
    move = move_of(unit, 2)
    first, again = [await place.lane.submit(move) for _ in range(2)]
    assert first == again
    assert (await recount(place.pool, unit)).free == 3


async def test_a_hold_sent_again_is_one_hold_and_says_what_became_of_it(place: Place) -> None:
    unit = await place.unit()
    await place.report(unit, 5)
    hold = hold_of(unit, 2)
    first: HoldAnswer = await place.lane.submit(hold)
    await place.lane.submit(move_of(unit, 2, hold_id=hold.id))
    again: HoldAnswer = await place.lane.submit(hold)
    assert (first.state, again.state) == ("held", "arrived")
    assert (await recount(place.pool, unit)).held == 0


async def test_a_void_sent_again_is_one_void(place: Place) -> None:
    unit = await place.unit()
    await place.report(unit, 5)
    move = move_of(unit, 2)
    await place.lane.submit(move)
    first, again = [await place.lane.submit(VoidMovement(move.id, SYSTEM)) for _ in range(2)]
    assert first == again
    assert (await recount(place.pool, unit)).free == 5
    assert (await place.lane.submit(move)).outcome == "counted", "the movement's own id keeps its own outcome"
    assert (await recount(place.pool, unit)).free == 5


@pytest.mark.parametrize("kind", ["report", "movement", "hold"])
async def test_another_body_under_the_same_id_is_refused_and_has_no_effect(place: Place, kind: str) -> None:
    unit, id = await place.unit(), new_id()
    await place.report(unit, 5)

    def work(n: int) -> Any:
        if kind == "report":
            return place.make_report(unit, 5 + n, id=id)
        return move_of(unit, n, id=id) if kind == "movement" else hold_of(unit, n, id=id)

    await place.lane.submit(work(1))
    before = await place.state(unit)
    with pytest.raises(IdReused) as refused:
        await place.lane.submit(work(2))
    assert (refused.value.status, refused.value.facts) == (422, {"id": str(id)})
    assert await place.state(unit) == before


async def test_within_one_batch_the_first_wins(place: Place) -> None:
    unit, id = await place.unit(), new_id()
    await place.report(unit, 5)
    moves = [move_of(unit, 1, id=id), move_of(unit, 1, id=id), move_of(unit, 2, id=id)]
    assert slugs(await place.lane.submit_all(moves)) == ["granted", "granted", "id-reused"]
    reports = [place.make_report(unit, n, id=moves[0].id) for n in (7, 7, 8)]
    outcomes = await place.lane.submit_all(reports)
    assert slugs(outcomes) == ["granted", "granted", "id-reused"]
    assert [outcome.repeated for outcome in outcomes[:2]] == [False, True]
    assert (await recount(place.pool, unit)).free == 7


@pytest.mark.parametrize("kind", ["report", "movement", "hold"])
async def test_the_same_id_races_on_two_nodes(place: Place, settings: Settings, kind: str) -> None:
    """Half of them with another body, which for a report and a hold means other units: no row in common."""
    units = [await place.unit() for _ in range(2)]
    for unit in units:
        await place.report(unit, 20)
    ids = [new_id() for _ in range(8)]
    makers: dict[str, Any] = {"report": place.make_report, "movement": move_of, "hold": hold_of}
    works: list[Any] = [makers[kind](units[n % 2], 1, id=id) for n in range(4) for id in ids]
    async with node(settings, place.region_id) as other:
        outcomes = await at_once((place.lane, other), works)
    assert slugs(outcomes).count("granted") == len(ids) * 2
    assert slugs(outcomes).count("id-reused") == len(ids) * 2
    assert await _rows(place, kind) == len(ids) + (2 if kind == "report" else 0)
    for unit in units:
        await recount(place.pool, unit)


async def test_the_next_colleague_replays_what_the_phone_had_queued(place: Place) -> None:
    unit = await place.unit()
    anna, bert = await person(place, "staff", place.shelter_id), await person(place, "staff", place.shelter_id)
    report = place.make_report(unit, 5, by=anna)
    await place.lane.submit(report)
    again: ReportAnswer = await place.lane.submit(replace(report, reporter=bert))
    assert (again.repeated, again.units[0].outcome) == (True, "applied")
    move = move_of(unit, actor_id=anna.id)
    await place.lane.submit(move)
    assert (await place.lane.submit(replace(move, actor_id=bert.id))).outcome == "counted"
    assert (await recount(place.pool, unit)).free == 4
    assert await place.pool.fetchval("SELECT actor_id FROM report") == anna.id


async def test_a_stranger_learns_nothing_by_an_id(place: Place) -> None:
    """Authorised first: not even whether the id is known, or whether the body is the same."""
    unit, stranger = await place.unit(), await person(place)
    report, move = place.make_report(unit, 5), move_of(unit)
    hold = hold_of(unit)
    for work in (report, move, hold):
        await place.lane.submit(work)
    works: list[Any] = [
        replace(report, reporter=stranger),
        replace(report, reporter=stranger, id=new_id()),
        replace(report, reporter=stranger, body_hash=b"other"),
        replace(move, actor_id=stranger.id),
        replace(move, actor_id=stranger.id, body_hash=b"other"),
        replace(hold, actor_id=stranger.id),
        VoidMovement(move.id, stranger.id),
    ]
    assert slugs(await place.lane.submit_all(works)) == ["not-your-shelter"] * len(works)


async def test_a_refusal_is_not_stored_and_a_retry_may_succeed(place: Place) -> None:
    unit = await place.unit()
    hold = hold_of(unit, 2)
    with pytest.raises(PlaceTaken):
        await place.lane.submit(hold)
    key = await machine(place)
    await place.pool.execute("DELETE FROM machine_key_shelter")
    report = place.make_report(unit, 5, by=key)
    with pytest.raises(NotYourShelter):
        await place.lane.submit(report)
    await place.pool.execute(
        "INSERT INTO machine_key_shelter (key_id, shelter_id, actor_id) VALUES ($1, $2, $1)", key.id, place.shelter_id
    )
    assert not (await place.lane.submit(report)).repeated
    assert (await place.lane.submit(hold)).state == "held"
    move = move_of(unit)
    with pytest.raises(UnknownMovement):
        await place.lane.submit(VoidMovement(move.id, SYSTEM))
    await place.lane.submit(move)
    await place.lane.submit(VoidMovement(move.id, SYSTEM))
    assert (await recount(place.pool, unit)).free == 5
