"""Definitions: whole and idempotent; closing changes no number, reopening needs a report, removal is a tombstone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from inventory.defining import CloseUnit, Defined, DefineOperator, DefineShelter, DefineUnit, RemoveUnit
from inventory.lane.working import SYSTEM
from inventory.lane.writer import InventoryWriter
from inventory.model.unit import Operator, Shelter, Turnover
from inventory.problems import UnitHasHolds, UnknownOperator, UnknownShelter, UnknownUnit
from kernel.ids import new_id
from kernel.journal import read_board
from kernel.lane import Lane
from kernel.problems import IdReused
from kernel.settings import Settings
from tests.integration.inventory.acting import (
    BRUSSELS,
    at_once,
    check_journal,
    end_of,
    held,
    hold_of,
    journal,
    move_of,
    node,
    recount,
    slugs,
    tell,
)
from tests.integration.inventory.conftest import Place


def _shelter(place: Place, **attributes: Any) -> Shelter:
    """The place's own shelter, as it would be put again."""
    shelter = Shelter(
        id=place.shelter_id,
        region_id=place.region_id,
        operator_id=place.operator_id,
        name="Invented House",
        commune="21004",
        invented=True,
    )
    return replace(shelter, **attributes)


async def _body(place: Place, subject_id: UUID) -> dict[str, Any]:
    async with place.pool.acquire() as connection:
        _, subjects = await read_board(connection, place.region_id)
    (subject,) = [one for one in subjects if one.id == subject_id]
    assert not subject.gone
    body: dict[str, Any] = msgspec.json.decode(subject.body)
    return body


async def _seq(place: Place) -> int:
    seq: int = await place.pool.fetchval("SELECT seq FROM region WHERE id = $1", place.region_id)
    return seq


async def _close(place: Place, unit: UUID, closed: bool = True) -> None:
    await place.lane.submit(CloseUnit(unit, SYSTEM, closed=closed))


async def test_the_same_definition_twice_changes_nothing(place: Place) -> None:
    unit = place.make_unit(name="Attic")
    works = [
        DefineOperator(Operator(id=place.operator_id, region_id=place.region_id, name="Invented Operator"), SYSTEM),
        DefineShelter(_shelter(place), SYSTEM),
        DefineUnit(unit, 12, SYSTEM),
    ]
    for work in works:
        await place.lane.submit(work)
    before = await _seq(place)
    for work in works:
        await place.lane.submit(work)
    assert slugs(await place.lane.submit_all(works)) == ["granted"] * 3
    assert await _seq(place) == before
    assert await place.pool.fetchval("SELECT count(*) FROM capacity_change WHERE unit_id = $1", unit.id) == 1


async def test_a_new_unit_awaits_its_first_report(place: Place) -> None:
    unit = place.make_unit(name="Attic")
    told: Defined = await place.lane.submit(DefineUnit(unit, 12, SYSTEM))
    assert told.subject is not None
    body = msgspec.json.decode(told.subject.body)
    assert (body["status"], body["free"], body["capacity"], body["confirmed_at"]) == ("awaiting-report", 0, 12, None)
    assert [one["name"] for one in (await _body(place, place.shelter_id))["units"]] == ["Attic"]


async def test_a_definition_keeps_the_count(place: Place) -> None:
    unit = place.make_unit()
    await place.lane.submit(DefineUnit(unit, 25, SYSTEM))
    await place.report(unit.id, 5)
    await held(place, unit.id, 2)
    await place.lane.submit(DefineUnit(replace(unit, name="Attic", step_free=True), 20, SYSTEM))
    row = await place.state(unit.id)
    assert (row["free"], row["held"], row["capacity"], row["status"]) == (5, 2, 20, "open")
    assert (await _body(place, place.shelter_id))["units"][0]["step_free"] is True
    rows = await place.pool.fetch("SELECT capacity FROM capacity_change WHERE unit_id = $1 ORDER BY at", unit.id)
    assert [row["capacity"] for row in rows] == [25, 20]
    await recount(place.pool, unit.id)


async def test_an_operator_s_name_shows_at_each_of_its_shelters(place: Place) -> None:
    second = _shelter(place, id=new_id(), name="Second House")
    await place.lane.submit(DefineShelter(second, SYSTEM))
    renamed = Operator(id=place.operator_id, region_id=place.region_id, name="Renamed")
    await place.lane.submit(DefineOperator(renamed, SYSTEM))
    for shelter_id in (place.shelter_id, second.id):
        assert (await _body(place, shelter_id))["operator"]["name"] == "Renamed"


async def test_what_a_definition_belongs_to_must_be_there(place: Place) -> None:
    with pytest.raises(UnknownOperator):
        await place.lane.submit(DefineShelter(_shelter(place, operator_id=new_id()), SYSTEM))
    with pytest.raises(UnknownShelter):
        await place.lane.submit(DefineUnit(place.make_unit(shelter_id=new_id()), 5, SYSTEM))
    with pytest.raises(UnknownUnit):
        await _close(place, new_id())


async def test_a_unit_does_not_move_to_another_shelter(place: Place) -> None:
    second = _shelter(place, id=new_id())
    await place.lane.submit(DefineShelter(second, SYSTEM))
    unit = place.make_unit()
    await place.lane.submit(DefineUnit(unit, 5, SYSTEM))
    with pytest.raises(IdReused):
        await place.lane.submit(DefineUnit(replace(unit, shelter_id=second.id), 5, SYSTEM))


async def test_an_id_names_one_kind_of_thing(place: Place) -> None:
    unit = await place.unit()
    works = [
        DefineUnit(place.make_unit(id=place.shelter_id), 5, SYSTEM),
        DefineUnit(place.make_unit(id=place.operator_id), 5, SYSTEM),
        DefineShelter(_shelter(place, id=unit), SYSTEM),
        DefineOperator(Operator(id=unit, region_id=place.region_id, name="x"), SYSTEM),
    ]
    before = await _seq(place)
    for work in works:
        assert slugs([await tell(place.lane, work)]) == ["id-reused"]
    both = new_id()
    twins = [DefineShelter(_shelter(place, id=both), SYSTEM), DefineUnit(place.make_unit(id=both), 5, SYSTEM)]
    assert slugs(await place.lane.submit_all(twins)) == ["granted", "id-reused"]
    assert await _seq(place) == before + 1


async def test_another_region_s_things_cannot_be_taken_over(place: Place, settings: Settings) -> None:
    """An administrator of one region knows the ids of another's: they are on the public board."""
    unit = await place.unit()
    await place.report(unit, 5)
    elsewhere = new_id()
    await place.pool.execute(
        "INSERT INTO region (id, slug, name, timezone, epoch) VALUES ($1, 'w', 'W', 'Europe/Brussels', $1)", elsewhere
    )
    before = [await _body(place, id) for id in (place.shelter_id, unit)]

    async def publish(_: object) -> None: ...

    lane = Lane(place.pool, elsewhere, InventoryWriter(elsewhere, BRUSSELS), publish, settings)
    lane.start()
    own = Operator(id=new_id(), region_id=elsewhere, name="Elsewhere")
    await lane.submit(DefineOperator(own, SYSTEM))
    house = _shelter(place, id=new_id(), region_id=elsewhere, operator_id=own.id)
    await lane.submit(DefineShelter(house, SYSTEM))
    works = [
        DefineOperator(replace(own, id=place.operator_id), SYSTEM),
        DefineShelter(replace(house, id=place.shelter_id), SYSTEM),
        DefineUnit(place.make_unit(id=unit, region_id=elsewhere, shelter_id=house.id), 5, SYSTEM),
        DefineShelter(replace(house, operator_id=place.operator_id), SYSTEM),
        DefineUnit(place.make_unit(region_id=elsewhere), 5, SYSTEM),
        RemoveUnit(unit, SYSTEM),
        CloseUnit(unit, SYSTEM, closed=True),
        move_of(unit),
        hold_of(unit),
    ]
    outcomes = [slugs([await tell(lane, work)])[0] for work in works]
    await lane.stop()
    refusals = ["id-reused"] * 3 + ["unknown-operator", "unknown-shelter"] + ["unknown-unit"] * 4
    assert outcomes == refusals
    assert [await _body(place, id) for id in (place.shelter_id, unit)] == before


async def test_closing_changes_neither_free_nor_held(place: Place) -> None:
    unit = await place.unit()
    await place.report(unit, 5)
    hold = await held(place, unit, 2)
    confirmed_at = (await place.state(unit))["count_at"]
    await _close(place, unit)
    body = await _body(place, unit)
    assert (body["status"], body["free"], body["held"]) == ("closed", 5, 2)
    assert (await place.state(unit))["count_at"] == confirmed_at
    assert (await place.report(unit, 4)).units[0].outcome == "applied", "a report is kept; the unit stays closed"
    assert (await _body(place, unit))["status"] == "closed"
    await place.lane.submit(end_of(hold))
    assert (await recount(place.pool, unit)).held == 0


async def test_closing_twice_is_closing_once(place: Place) -> None:
    unit = await place.unit()
    await _close(place, unit)
    before = await _seq(place)
    await _close(place, unit)
    assert await _seq(place) == before
    assert await place.pool.fetchval("SELECT count(*) FROM closing") == 1


async def test_reopening_needs_a_report_made_since(place: Place) -> None:
    unit = await place.unit()
    await place.report(unit, 5)
    await _close(place, unit)
    before = await place.now() - timedelta(seconds=1)
    await _close(place, unit, closed=False)
    assert (await _body(place, unit))["status"] == "awaiting-report"
    await place.report(unit, 5, at=before, sent=await place.now())
    assert (await _body(place, unit))["status"] == "awaiting-report", "seen before it reopened"
    await place.report(unit, 5)
    assert (await _body(place, unit))["status"] == "open"


async def test_a_shelter_closes_and_reopens_like_its_units(place: Place) -> None:
    units = [await place.unit(), await place.unit()]
    await place.report(units[0], 5)
    await place.lane.submit(DefineShelter(_shelter(place, closed=True), SYSTEM))
    assert [(await _body(place, unit))["status"] for unit in units] == ["closed", "closed"]
    assert (await _body(place, units[0]))["free"] == 5
    await place.lane.submit(DefineShelter(_shelter(place), SYSTEM))
    assert [(await _body(place, unit))["status"] for unit in units] == ["awaiting-report"] * 2
    await place.report(units[0], 4)
    assert (await _body(place, units[0]))["status"] == "open"
    await place.lane.submit(DefineShelter(_shelter(place, name="Renamed"), SYSTEM))
    assert (await _body(place, units[0]))["status"] == "open", "only a reopening asks for a report"


async def test_removal_leaves_a_tombstone_and_the_history(place: Place) -> None:
    unit = await place.unit()
    await place.report(unit, 5)
    await place.lane.submit(RemoveUnit(unit, SYSTEM))
    last = [row for row in await journal(place.pool, place.region_id) if row["subject_id"] == unit][-1]
    assert last["gone"]
    assert (await _body(place, place.shelter_id))["units"] == []
    outcomes = [await tell(place.lane, work) for work in (move_of(unit), hold_of(unit), RemoveUnit(unit, SYSTEM))]
    assert slugs(outcomes) == ["unknown-unit"] * 3
    assert await place.pool.fetchval("SELECT count(*) FROM report_unit WHERE unit_id = $1", unit) == 1
    await check_journal(place.pool, place.region_id)


async def test_a_unit_is_not_removed_from_under_its_holds(place: Place) -> None:
    unit = await place.unit()
    await place.report(unit, 5)
    hold = await held(place, unit)
    with pytest.raises(UnitHasHolds):
        await place.lane.submit(RemoveUnit(unit, SYSTEM))
    await place.lane.submit(end_of(hold))
    await place.lane.submit(RemoveUnit(unit, SYSTEM))


async def test_a_removed_unit_that_is_defined_again_returns_to_the_board(place: Place) -> None:
    unit = place.make_unit()
    await place.lane.submit(DefineUnit(unit, 25, SYSTEM))
    await place.report(unit.id, 5)
    await place.lane.submit(RemoveUnit(unit.id, SYSTEM))
    await place.lane.submit(DefineUnit(unit, 25, SYSTEM))
    assert (await _body(place, unit.id))["free"] == 5
    assert len((await _body(place, place.shelter_id))["units"]) == 1
    assert (await place.report(unit.id, 4)).units[0].outcome == "applied"
    await check_journal(place.pool, place.region_id)


async def test_defined_removed_and_defined_again_within_one_batch(place: Place) -> None:
    unit = place.make_unit()
    again = replace(unit, name="Attic")
    works = [DefineUnit(unit, 5, SYSTEM), RemoveUnit(unit.id, SYSTEM), DefineUnit(again, 5, SYSTEM)]
    assert slugs(await place.lane.submit_all(works)) == ["granted"] * 3
    assert (await _body(place, unit.id))["capacity"] == 5
    assert [one["name"] for one in (await _body(place, place.shelter_id))["units"]] == ["Attic"]
    await check_journal(place.pool, place.region_id)


async def test_becoming_secret_takes_the_address_off_the_journal_s_newest_state(place: Place) -> None:
    unit = await place.unit()
    await place.report(unit, 5)
    told = _shelter(place, address="Invented Street 1", latitude=50.8, longitude=4.3, phone="02 000 00 00")
    await place.lane.submit(DefineShelter(told, SYSTEM))
    assert (await _body(place, place.shelter_id))["address"] == "Invented Street 1"
    await place.lane.submit(DefineShelter(replace(told, secret=True), SYSTEM))
    body = await _body(place, place.shelter_id)
    assert (body["secret"], body["address"], body["location"], body["phone"]) == (True, None, None, None)
    assert (await _body(place, unit))["secret"] is True
    await place.lane.submit(DefineShelter(told, SYSTEM))
    assert (await _body(place, unit))["secret"] is False
    assert (await _body(place, place.shelter_id))["address"] == "Invented Street 1"


async def test_of_a_secret_unit_outsiders_learn_a_seq_only_with_a_visible_change(place: Place) -> None:
    await place.lane.submit(DefineShelter(_shelter(place, secret=True), SYSTEM))
    unit = await place.unit()
    now = await place.now()
    await place.report(unit, 9, at=now - timedelta(minutes=9))

    async def visible() -> tuple[int, int]:
        row = await place.pool.fetchrow("SELECT seq, visible_seq FROM subject WHERE id = $1", unit)
        assert row is not None
        return row["seq"], row["visible_seq"]

    seq, seen = await visible()
    assert seq == seen
    await held(place, unit, 4)
    await place.lane.submit(move_of(unit, 2))
    assert await visible() == (seq + 2, seen), "9, 5, 3 free: all of them are 3 or more"
    await place.lane.submit(move_of(unit))
    assert await visible() == (seq + 3, seq + 3), "2 free is another band"
    await place.lane.submit(DefineShelter(_shelter(place), SYSTEM))
    last, seen = await visible()
    assert last == seen, "everybody sees it now"


async def test_definitions_and_reports_race_on_two_nodes(place: Place, settings: Settings) -> None:
    units = [place.make_unit() for _ in range(4)]
    for one in units:
        await place.lane.submit(DefineUnit(one, 20, SYSTEM))
    works: list[Any] = []
    for n in range(12):
        works += [place.make_report(one.id, 10 + n % 5) for one in units]
        works.append(DefineShelter(_shelter(place, name=f"House {n}"), SYSTEM))
        works.append(DefineOperator(Operator(id=place.operator_id, region_id=place.region_id, name=f"O{n}"), SYSTEM))
        works.append(DefineUnit(replace(units[n % 4], turnover=Turnover.CONTINUING, pets=bool(n % 2)), 20, SYSTEM))
    new = place.make_unit(name="New")
    works += [DefineUnit(new, 7, SYSTEM)] * 4
    async with node(settings, place.region_id) as other:
        outcomes = await at_once((place.lane, other), works)
    assert set(slugs(outcomes)) == {"granted"}
    assert len((await _body(place, place.shelter_id))["units"]) == 5
    for one in units:
        await recount(place.pool, one.id)
    await check_journal(place.pool, place.region_id)
