"""Who may act where: resolved by a join in the lane, per item, at the moment of writing."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from inventory.defining import CloseUnit, DefineShelter
from inventory.lane.working import SYSTEM
from inventory.model.unit import Shelter
from inventory.problems import UnknownUnit
from inventory.reporting import Reporter
from kernel.ids import new_id
from tests.integration.inventory.acting import end_of, hold_of, machine, move_of, person, slugs, tell
from tests.integration.inventory.conftest import Place


async def _other_shelter(place: Place) -> UUID:
    shelter = Shelter(
        id=new_id(), region_id=place.region_id, operator_id=place.operator_id, name="Another House", commune="21001"
    )
    await place.lane.submit(DefineShelter(shelter, SYSTEM))
    return shelter.id


async def _report(place: Place, unit: UUID, by: Reporter) -> str:
    return slugs([await tell(place.lane, place.make_report(unit, 5, by=by))])[0]


@pytest.mark.parametrize(
    "role, holds_the_shelter, outcome",
    [
        ("staff", True, "granted"),
        ("staff", False, "not-your-shelter"),
        ("desk", False, "granted"),
        ("administrator", False, "granted"),
        ("supervisor", False, "not-your-shelter"),
    ],
)
async def test_who_may_report_for_a_shelter(place: Place, role: str, holds_the_shelter: bool, outcome: str) -> None:
    unit = await place.unit()
    reporter = await person(place, role, *([place.shelter_id] if holds_the_shelter else []))
    assert await _report(place, unit, reporter) == outcome


async def test_a_grant_is_for_one_shelter(place: Place) -> None:
    elsewhere = await _other_shelter(place)
    here, there = await place.unit(), await place.unit(shelter_id=elsewhere)
    anna = await person(place, "staff", elsewhere)
    assert await _report(place, here, anna) == "not-your-shelter"
    works = [move_of(unit, actor_id=anna.id) for unit in (here, there)]
    assert slugs(await place.lane.submit_all(works)) == ["not-your-shelter", "granted"]


async def test_a_unit_named_under_another_shelter_is_unknown(place: Place) -> None:
    """Whoever reports for one shelter learns nothing of another's units, not even that they are there."""
    elsewhere = await _other_shelter(place)
    there = await place.unit(shelter_id=elsewhere)
    anna = await person(place, "staff", place.shelter_id)
    for unit in (there, new_id()):
        with pytest.raises(UnknownUnit):
            await place.report(unit, 5, by=anna)


async def test_a_grant_ends_at_once(place: Place) -> None:
    unit, key = await place.unit(), await machine(place)
    anna = await person(place, "staff", place.shelter_id)
    assert [await _report(place, unit, by) for by in (key, anna)] == ["granted", "granted"]
    await place.pool.execute("UPDATE machine_key SET revoked_at = now()")
    await place.pool.execute("UPDATE account SET disabled_at = now()")
    assert [await _report(place, unit, by) for by in (key, anna)] == ["not-your-shelter"] * 2


async def test_a_grant_ends_with_the_region(place: Place) -> None:
    """A desk of another region is nobody here, whatever its role."""
    other = new_id()
    await place.pool.execute(
        "INSERT INTO region (id, slug, name, timezone, epoch) "
        "VALUES ($1, 'wallonia', 'Wallonia', 'Europe/Brussels', $1)",
        other,
    )
    unit, desk, key = await place.unit(), await person(place, "desk"), await machine(place)
    await place.pool.execute("UPDATE account SET region_id = $1", other)
    await place.pool.execute("UPDATE machine_key SET region_id = $1", other)
    assert [await _report(place, unit, by) for by in (desk, key)] == ["not-your-shelter"] * 2


async def test_every_act_asks_for_a_grant(place: Place) -> None:
    unit, stranger = await place.unit(), await person(place)
    await place.report(unit, 5)
    hold = hold_of(unit)
    await place.lane.submit(hold)
    works = [
        place.make_report(unit, 4, by=stranger),
        move_of(unit, actor_id=stranger.id),
        replace(hold_of(unit), actor_id=stranger.id),
        replace(end_of(hold.id), actor_id=stranger.id),
        CloseUnit(unit, stranger.id, closed=True),
    ]
    before = await place.state(unit)
    assert slugs(await place.lane.submit_all(works)) == ["not-your-shelter"] * len(works)
    assert await place.state(unit) == before


async def test_one_without_a_grant_does_not_fail_a_neighbour(place: Place) -> None:
    unit, stranger = await place.unit(), await person(place)
    anna = await person(place, "staff", place.shelter_id)
    works = [place.make_report(unit, n, by=by) for n, by in enumerate((anna, stranger, anna, stranger))]
    assert slugs(await place.lane.submit_all(works)) == ["granted", "not-your-shelter"] * 2
