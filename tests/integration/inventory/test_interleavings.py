"""Interleavings that the lane must load the right past for: each by the name of what went wrong once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from inventory.defining import DefineShelter, DefineUnit, RemoveUnit
from inventory.lane.working import SYSTEM
from inventory.model.counting import Basis, Direction
from inventory.model.facts import Intake
from inventory.model.unit import Allotment, Shelter, Turnover
from inventory.moving import VoidMovement
from inventory.problems import PlaceTaken
from inventory.reporting import Line
from kernel.ids import new_id
from kernel.problems import Busy, IdReused, Problem
from kernel.settings import Settings
from tests.integration.inventory.acting import (
    NIGHT,
    at,
    at_once,
    held,
    hold_of,
    machine,
    move_of,
    node,
    recount,
    set_clock,
    tell,
)
from tests.integration.inventory.conftest import PERSON, Place

MINUTE = timedelta(minutes=1)
TOMORROW = NIGHT + timedelta(days=1)


def shown(answer: Any) -> dict[str, Any]:
    body: dict[str, Any] = msgspec.json.decode(answer.units[0].subject.body)
    return body


async def test_what_is_late_for_one_line_is_read_for_it_alone(place: Place) -> None:
    """A person, late by a moment, pins a feed's line that stood; the lane reads both again, and the run before them."""
    await set_clock(place.pool, at("17:00"))
    unit, key = await place.unit(), await machine(place)
    await place.report(unit, 5, by=key, at=at("17:00"))
    await set_clock(place.pool, at("18:20"))
    await place.report(unit, 5, by=key, at=at("18:10"), intake=Intake(paused=False))
    answer = await place.report(unit, 3, at=at("18:00"), intake=Intake(paused=True))
    assert (answer.units[0].outcome, shown(answer)["free"], shown(answer)["intake"]) == ("applied", 3, "paused")
    marked = await place.pool.fetch("SELECT outcome, pinned FROM report_unit WHERE unit_id = $1 ORDER BY at", unit)
    assert [tuple(row) for row in marked] == [("applied", False), ("applied", False), ("applied", True)]
    await recount(place.pool, unit)


async def test_a_corrected_line_knows_of_the_movements_it_was_too_early_for(place: Place) -> None:
    """The correction takes the time of what it corrects, and so needs movements from before its own."""
    await set_clock(place.pool, at("12:00"))
    unit, key = await place.unit(), await machine(place, settle_lag_s=900)
    await set_clock(place.pool, at("12:06"))
    await place.lane.submit(move_of(unit, 1, Direction.IN, occurred_at=at("11:55")))
    await place.report(unit, 7, by=key, at=at("12:05"))
    await place.report(unit, 5, at=at("12:01"))
    await set_clock(place.pool, at("12:35"))
    answer = await place.report(unit, 6, by=key, at=at("12:05"))
    assert shown(answer)["free"] == (await recount(place.pool, unit)).free


async def test_voiding_an_arrival_gives_a_net_feed_the_hold_back_that_it_knew(place: Place) -> None:
    await set_clock(place.pool, at("18:00"))
    unit, key = await place.unit(), await machine(place, Basis.NET)
    await place.report(unit, 6)
    hold_id = await held(place, unit, 2)
    await set_clock(place.pool, at("18:20"))
    assert shown(await place.report(unit, 3, by=key, at=at("18:20")))["free"] == 5
    await set_clock(place.pool, at("18:30"))
    came = move_of(unit, 2, hold_id=hold_id, occurred_at=at("18:10"))
    assert b'"free":3' in (await place.lane.submit(came)).subject.body, "the feed saw people, not a hold"
    voided = await place.lane.submit(VoidMovement(came.id, SYSTEM))
    assert b'"free":5' in voided.subject.body
    assert voided.hold_id == hold_id, "whoever it was for is without a place again"
    await recount(place.pool, unit)


async def test_an_expired_surge_unit_is_closed_by_whoever_asks_first(place: Place) -> None:
    """Sweeps may be halted (I12): what has ended cannot be held all the same."""
    await set_clock(place.pool, at("18:00"))
    unit = await place.unit(surge=True, expires_at=at("08:00", TOMORROW))
    await place.report(unit, 5)
    await set_clock(place.pool, at("08:00", TOMORROW))
    with pytest.raises(PlaceTaken):
        await place.lane.submit(hold_of(unit))
    assert (await place.state(unit))["status"] == "closed"


async def test_a_surge_unit_that_goes_on_opens_again_with_a_report(place: Place) -> None:
    await set_clock(place.pool, at("18:00"))
    surge = place.make_unit(surge=True, expires_at=at("08:00", TOMORROW))
    await place.lane.submit(DefineUnit(surge, 25, SYSTEM))
    await place.report(surge.id, 5)
    await set_clock(place.pool, at("09:00", TOMORROW))
    answer = await place.lane.submit(DefineUnit(replace(surge, expires_at=at("20:00", TOMORROW)), 25, SYSTEM))
    assert b'"status":"awaiting-report"' in answer.subject.body
    assert shown(await place.report(surge.id, 4))["status"] == "open"


@pytest.mark.parametrize(
    "change", [{"turnover": Turnover.NIGHTLY}, {"allotment": Allotment.ROOM, "room_size": 2}], ids=["turnover", "rooms"]
)
async def test_a_unit_of_another_kind_is_counted_anew(place: Place, change: dict[str, Any]) -> None:
    unit = place.make_unit()
    await place.lane.submit(DefineUnit(unit, 25, SYSTEM))
    await place.report(unit.id, 5)
    answer = await place.lane.submit(DefineUnit(replace(unit, name="Renamed"), 25, SYSTEM))
    assert b'"status":"open"' in answer.subject.body, "a name is no other kind"
    answer = await place.lane.submit(DefineUnit(replace(unit, **change), 25, SYSTEM))
    assert b'"status":"awaiting-report"' in answer.subject.body
    with pytest.raises(PlaceTaken):
        await place.lane.submit(hold_of(unit.id))


async def test_i10_what_was_done_in_a_unit_that_is_gone_has_the_outcome_it_had(place: Place) -> None:
    unit = await place.unit()
    await place.report(unit, 5)
    move = move_of(unit, 2)
    told = await place.lane.submit(move)
    await place.lane.submit(RemoveUnit(unit, SYSTEM))
    again = await place.lane.submit(move)
    assert (again.movement_id, again.outcome) == (told.movement_id, told.outcome)


async def test_two_administrators_define_one_id_under_two_shelters(place: Place, settings: Settings) -> None:
    other_shelter = Shelter(
        id=new_id(),
        region_id=place.region_id,
        operator_id=place.operator_id,
        name="Other House",
        commune="21004",
        invented=True,
    )
    await place.lane.submit(DefineShelter(other_shelter, SYSTEM))
    async with node(settings, place.region_id) as other:
        for _ in range(10):
            unit = place.make_unit()
            elsewhere = replace(unit, shelter_id=other_shelter.id)
            outcomes = await at_once(
                (place.lane, other), [DefineUnit(unit, 5, SYSTEM), DefineUnit(elsewhere, 9, SYSTEM)]
            )
            assert [isinstance(outcome, IdReused) for outcome in outcomes].count(True) == 1, outcomes
            row = await place.pool.fetchrow(
                "SELECT u.shelter_id, s.capacity FROM unit u JOIN unit_state s ON s.unit_id = u.id WHERE u.id = $1",
                unit.id,
            )
            assert row is not None
            assert tuple(row) in {(place.shelter_id, 5), (other_shelter.id, 9)}


async def test_a_pause_confirms_no_count(place: Place) -> None:
    await set_clock(place.pool, at("18:00"))
    unit = await place.unit()
    await place.report(unit, 5)
    await set_clock(place.pool, at("20:00"))
    pause = place.make_report(unit, 0)
    pause = replace(pause, lines=(Line(unit, None, intake=Intake(paused=True), body_hash=b"pause"),))
    answer = await place.lane.submit(pause)
    body = shown(answer)
    assert (answer.units[0].outcome, body["intake"], body["free"]) == ("applied", "paused", 5)
    assert body["confirmed_at"].startswith("2026-03-10T17:00"), "as of 18:00 in Brussels"
    with pytest.raises(PlaceTaken):
        await place.lane.submit(hold_of(unit))


async def test_a_report_is_of_when_it_reached_us_not_of_when_its_turn_came(place: Place) -> None:
    """Somebody walked in while the report waited behind others: they are not in it."""
    await set_clock(place.pool, at("18:00"), speed=0)
    unit = await place.unit()
    await set_clock(place.pool, at("18:00:08"), speed=0)
    report = replace(place.make_report(unit, 5, at=at("18:00"), sent=at("18:00")), received_at=at("18:00"))
    await tell(place.lane, report)
    walk_in = replace(move_of(unit, 1, occurred_at=at("18:00:03"), sent_at=at("18:00:03")), received_at=at("18:00:03"))
    assert b'"free":4' in (await tell(place.lane, walk_in)).subject.body
    row = await place.state(unit)
    assert row["count_at"] == at("18:00"), "as it was observed, and not later"


async def test_who_stood_in_an_earlier_count_stands_in_the_next(place: Place) -> None:
    await set_clock(place.pool, at("18:00"), speed=0)
    unit = await place.unit()
    first = place.make_report(unit, 4)
    await place.lane.submit(first)
    await set_clock(place.pool, at("18:01"), speed=0)
    await place.report(unit, 4, by=PERSON)
    await set_clock(place.pool, at("18:02"), speed=0)
    answer = await place.lane.submit(move_of(unit, 1, counted_in=first.id))
    assert (answer.outcome, b'"free":4' in answer.subject.body) == ("included", True)
    await recount(place.pool, unit)


async def test_a_source_that_catches_up_does_not_hold_the_lane(place: Place) -> None:
    """Each of its lines is told with all that came after it: what would take too long is to come again, and does."""
    await set_clock(place.pool, at("20:00"))
    unit, key, elsewhere = await place.unit(), await machine(place), await place.unit()
    await place.report(unit, 9)
    works = [place.make_report(unit, n % 7, by=key, at=at("19:00") - n * timedelta(seconds=5)) for n in range(320)]
    tries = 0
    while works:
        tries += 1
        outcomes = await place.lane.submit_all([*works, place.make_report(elsewhere, tries)], bulk=False)
        assert not isinstance(outcomes.pop(), Problem), "a neighbour is not refused for it"
        kept = [isinstance(outcome, Busy) for outcome in outcomes]
        assert not all(kept)
        works = [work for work, busy in zip(works, kept, strict=True) if busy]
    assert 1 < tries < 12
    assert (await recount(place.pool, unit)).free == 9
    assert await place.pool.fetchval("SELECT count(*) FROM report_unit WHERE unit_id = $1", unit) == 321
