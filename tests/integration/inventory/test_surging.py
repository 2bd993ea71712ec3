"""Surges: asked to open, opened by a report, closed at the end; nothing is freed or dropped by any of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from inventory.defining import CloseUnit, DefineUnit, Refresh, RemoveUnit
from inventory.lane.working import SYSTEM
from inventory.model.policy import Policy, SurgeRules
from inventory.model.surge import Reason, Standing
from inventory.model.unit import Unit
from inventory.problems import (
    NotASurgeUnit,
    SurgeEnded,
    SurgeWithoutUnits,
    UnitInSurge,
    UnknownSurge,
    UnknownUnit,
    UntilRefused,
)
from inventory.store import due_units
from inventory.surge_records import list_surges, read_surge, units_meant
from inventory.surging import ActivateSurge, ChangeSurge, Said, SurgeAnswer
from kernel.ids import new_id
from kernel.journal import read_board
from kernel.problems import IdReused
from kernel.settings import Settings
from tests.integration.inventory.acting import NIGHT, at, end_of, held, hold_of, node, rule, set_clock, slugs, tell
from tests.integration.inventory.conftest import Place

TOMORROW = NIGHT + timedelta(days=1)


def said(*words: object, id: UUID | None = None) -> Said:
    return Said(id or new_id(), SYSTEM, "Colder than -5", repr(words).encode())


def activation(*units: UUID, until: datetime | None = None, id: UUID | None = None) -> ActivateSurge:
    return ActivateSurge(said(units, until, id=id), tuple(sorted(units)), Reason.COLD, until)


async def activated(place: Place, *units: UUID, until: datetime | None = None) -> UUID:
    answer: SurgeAnswer = await place.lane.submit(activation(*units, until=until))
    return answer.surge_id


def extension(surge: UUID, until: datetime) -> ChangeSurge:
    return ChangeSurge(said(surge, until), surge, until)


def ending(surge: UUID) -> ChangeSurge:
    return ChangeSurge(said(surge), surge)


async def subject_of(place: Place, id: UUID) -> dict[str, Any]:
    async with place.pool.acquire() as connection:
        _, subjects = await read_board(connection, place.region_id)
    (found,) = (subject for subject in subjects if subject.id == id)
    decoded: dict[str, Any] = msgspec.json.decode(found.body)
    return decoded


async def status(place: Place, unit: UUID) -> tuple[str, int, int]:
    body = await subject_of(place, unit)
    return body["status"], body["free"], body["held"]


async def expires_at(place: Place, unit: UUID) -> datetime | None:
    """As the shelter's body tells everybody."""
    body = await subject_of(place, place.shelter_id)
    (about,) = (one for one in body["units"] if one["id"] == str(unit))
    row = await place.pool.fetchval("SELECT expires_at FROM unit WHERE id = $1", unit)
    told = None if about["expires_at"] is None else datetime.fromisoformat(about["expires_at"])
    assert told == row
    return told


async def sweep(place: Place) -> None:
    due = await due_units(place.pool, place.region_id, NIGHT, 10)
    if due:
        await place.lane.submit(Refresh(tuple(due)), bulk=True)


@pytest.fixture
async def surge_units(place: Place) -> list[UUID]:
    """Two that were closed when the last winter ended; it is six in the evening."""
    await set_clock(place.pool, at("18:00"), speed=0)
    units = [await place.unit(surge=True) for _ in range(2)]
    for unit in units:
        await place.report(unit, 7)
        await place.lane.submit(CloseUnit(unit, SYSTEM, closed=True))
    await set_clock(place.pool, at("18:10"), speed=0)
    return units


async def test_a_surge_from_its_beginning_to_its_end(place: Place, surge_units: list[UUID]) -> None:
    one, other = surge_units
    until = at("09:00", TOMORROW)
    surge = await activated(place, *surge_units, until=until)
    # It opens no place by itself.
    assert [await status(place, unit) for unit in surge_units] == [("awaiting-report", 7, 0)] * 2
    assert await expires_at(place, one) == until
    assert slugs([await tell(place.lane, hold_of(one))]) == ["place-taken"]
    await set_clock(place.pool, at("18:30"), speed=0)
    await place.report(one, 12)
    assert await status(place, one) == ("open", 12, 0)
    await held(place, one, 3, minutes=10_000)
    await set_clock(place.pool, at("08:59", TOMORROW), speed=0)
    await sweep(place)
    assert [(await status(place, unit))[0] for unit in surge_units] == ["open", "awaiting-report"]
    await set_clock(place.pool, until, speed=0)
    await sweep(place)
    assert await status(place, one) == ("closed", 12, 3)
    assert (await status(place, other))[0] == "closed"
    record = await read_surge(place.pool, place.region_id, surge)
    assert record is not None
    assert record.surge.standing(await place.now()) is Standing.EXPIRED
    assert [change["verb"] for change in record.changes] == ["activate"]
    assert {unit.unit_id for unit in record.units} == set(surge_units)


async def test_where_nobody_says_how_long_the_rules_do(place: Place, surge_units: list[UUID]) -> None:
    await rule(place.lane, Policy(surge=SurgeRules(lasts_s=3_600, longest_s=7_200)))
    await activated(place, surge_units[0])
    assert await expires_at(place, surge_units[0]) == at("19:10")
    for until in (at("18:10"), at("18:00"), at("20:11")):
        with pytest.raises(UntilRefused):
            await activated(place, surge_units[1], until=until)
    await activated(place, surge_units[1], until=at("20:10"))


async def test_one_that_is_open_already_keeps_its_count(place: Place) -> None:
    """As those of a city that opens them by reports alone: what was confirmed ten minutes ago is not asked again."""
    await set_clock(place.pool, at("18:00"), speed=0)
    open_one = await place.unit(surge=True)
    await place.report(open_one, 4)
    await held(place, open_one)
    await activated(place, open_one, until=at("23:00"))
    assert await status(place, open_one) == ("open", 4, 1)
    await set_clock(place.pool, at("23:00"), speed=0)
    await sweep(place)
    assert await status(place, open_one) == ("closed", 4, 1)


async def test_ended_early_its_units_close_and_what_is_held_stays_held(place: Place, surge_units: list[UUID]) -> None:
    one, other = surge_units
    surge = await activated(place, *surge_units)
    await place.report(one, 12)
    hold = await held(place, one, 3)
    await set_clock(place.pool, at("20:00"), speed=0)
    await place.lane.submit(ending(surge))
    assert await status(place, one) == ("closed", 12, 3)
    assert (await status(place, other))[0] == "closed"
    assert slugs([await tell(place.lane, hold_of(one))]) == ["place-taken"]
    for work in (ending(surge), extension(surge, at("23:00"))):
        with pytest.raises(SurgeEnded):
            await place.lane.submit(work)
    await place.lane.submit(end_of(hold))
    assert await status(place, one) == ("closed", 12, 0)
    # Another one asks again: a count of before it does not open anything.
    await set_clock(place.pool, at("20:10"), speed=0)
    await activated(place, one)
    assert (await status(place, one))[0] == "awaiting-report"


async def test_extended_it_closes_later(place: Place, surge_units: list[UUID]) -> None:
    unit = surge_units[0]
    surge = await activated(place, unit, until=at("23:00"))
    await place.report(unit, 3)
    for until in (at("22:00"), at("23:00"), at("23:00") + timedelta(days=15)):
        with pytest.raises(UntilRefused):
            await place.lane.submit(extension(surge, until))
    await place.lane.submit(extension(surge, at("23:30")))
    assert await expires_at(place, unit) == at("23:30")
    await set_clock(place.pool, at("23:15"), speed=0)
    await sweep(place)
    assert (await status(place, unit))[0] == "open"
    await set_clock(place.pool, at("23:30"), speed=0)
    await sweep(place)
    assert (await status(place, unit))[0] == "closed"
    with pytest.raises(SurgeEnded):
        await place.lane.submit(extension(surge, at("23:45")))
    record = await read_surge(place.pool, place.region_id, surge)
    assert record is not None
    assert [(change["verb"], change["until"]) for change in record.changes] == [
        ("activate", at("23:00")),
        ("extend", at("23:30")),
    ]


async def test_what_cannot_be_activated_activates_nothing(place: Place, surge_units: list[UUID]) -> None:
    plain, gone = await place.unit(), await place.unit(surge=True)
    await place.lane.submit(RemoveUnit(gone, SYSTEM))
    running = await activated(place, surge_units[0])
    for units, refusal in (
        ((surge_units[1], plain), NotASurgeUnit),
        ((surge_units[1], gone), UnknownUnit),
        ((surge_units[1], new_id()), UnknownUnit),
        ((surge_units[1], surge_units[0]), UnitInSurge),
        ((), SurgeWithoutUnits),
    ):
        with pytest.raises(refusal) as refused:
            await activated(place, *units)
        if isinstance(refused.value, UnitInSurge):
            assert refused.value.facts == {"unit": str(surge_units[0]), "surge": str(running)}
    assert (await status(place, surge_units[1]))[0] == "closed"
    with pytest.raises(UnknownSurge):
        await place.lane.submit(ending(new_id()))
    assert await place.pool.fetchval("SELECT count(*) FROM surge") == 1


async def test_a_unit_is_in_one_surge_whoever_asks_at_the_same_time(
    place: Place, settings: Settings, surge_units: list[UUID]
) -> None:
    async with node(settings, place.region_id) as other:
        works = [activation(*surge_units) for _ in range(8)]
        outcomes = await asyncio.gather(
            *(tell(lane, work) for lane, work in zip((place.lane, other) * 4, works, strict=True))
        )
        assert sorted(slugs(outcomes)) == ["granted", *["unit-in-surge"] * 7]
        (surge,) = (one.surge_id for one in outcomes if isinstance(one, SurgeAnswer))
        # Extended on one node while it is ended on the other: one order, and nothing half done.
        moved = await asyncio.gather(
            tell(place.lane, extension(surge, at("12:00", TOMORROW))), tell(other, ending(surge))
        )
    assert isinstance(moved[1], SurgeAnswer)
    assert slugs(moved)[0] in {"granted", "surge-ended"}
    assert {(await status(place, unit))[0] for unit in surge_units} == {"closed"}
    assert {await expires_at(place, unit) for unit in surge_units} == {at("18:10")}


async def test_the_same_id_does_it_once(place: Place, settings: Settings, surge_units: list[UUID]) -> None:
    work = activation(*surge_units)
    async with node(settings, place.region_id) as other:
        outcomes = await asyncio.gather(*(tell(lane, work) for lane in (place.lane, other) * 4))
        assert sorted(one.repeated for one in outcomes) == [False, *[True] * 7]
        # Even where what it meant would mean nothing now.
        assert (await other.submit(replace(work, unit_ids=()))).repeated
        for bad in (
            activation(surge_units[0], id=work.said.id),
            ChangeSurge(said("end", id=work.said.id), work.said.id),
        ):
            with pytest.raises(IdReused):
                await other.submit(bad)
        end = ending(work.said.id)
        outcomes = await asyncio.gather(*(tell(lane, end) for lane in (place.lane, other) * 2))
        assert sorted(one.repeated for one in outcomes) == [False, True, True, True]
    assert await place.pool.fetchval("SELECT count(*) FROM surge_change") == 2


async def test_a_definition_that_names_no_end_leaves_the_surges(place: Place) -> None:
    """Files are read in every morning: they must neither keep a surge open for ever, nor open one that has ended."""
    await set_clock(place.pool, at("18:00"), speed=0)
    unit: Unit = place.make_unit(surge=True)
    await place.lane.submit(DefineUnit(unit, 25, SYSTEM))
    surge = await activated(place, unit.id, until=at("23:00"))
    await place.report(unit.id, 5)
    await place.lane.submit(DefineUnit(replace(unit, name="Hall"), 25, SYSTEM))
    assert await expires_at(place, unit.id) == at("23:00")
    assert (await status(place, unit.id))[0] == "open"
    await place.lane.submit(ending(surge))
    await place.lane.submit(DefineUnit(unit, 25, SYSTEM))
    assert (await status(place, unit.id))[0] == "closed"
    # One that names an end means it.
    await set_clock(place.pool, at("18:30"), speed=0)
    await place.lane.submit(DefineUnit(replace(unit, expires_at=at("23:30")), 25, SYSTEM))
    assert (await status(place, unit.id))[0] == "awaiting-report"
    assert await expires_at(place, unit.id) == at("23:30")


async def test_a_unit_that_was_made_permanent_ends_with_no_surge(place: Place) -> None:
    await set_clock(place.pool, at("18:00"), speed=0)
    unit: Unit = place.make_unit(surge=True)
    await place.lane.submit(DefineUnit(unit, 25, SYSTEM))
    surge = await activated(place, unit.id, until=at("23:00"))
    await place.report(unit.id, 5)
    await place.lane.submit(DefineUnit(replace(unit, surge=False), 25, SYSTEM))
    await place.lane.submit(extension(surge, at("23:30")))
    assert await expires_at(place, unit.id) is None
    await place.lane.submit(ending(surge))
    assert (await status(place, unit.id))[:2] == ("open", 5)
    assert await expires_at(place, unit.id) is None


async def test_shelters_and_communes_mean_what_can_be_opened(place: Place, surge_units: list[UUID]) -> None:
    async def meant(*units: UUID, **wide: Any) -> set[UUID]:
        named: dict[str, Any] = {"shelters": [], "communes": [], "everywhere": False} | wide
        return await units_meant(place.pool, place.region_id, units, **named)

    plain = await place.unit()
    for wide in ({"shelters": [place.shelter_id]}, {"communes": ["21004"]}, {"everywhere": True}):
        assert await meant(**wide) == set(surge_units)
    assert await meant(communes=["21001"]) == set()
    assert await meant(plain) == {plain}, "to be refused by name"
    await activated(place, surge_units[0])
    assert await meant(everywhere=True) == {surge_units[1]}
    surges = await list_surges(place.pool, place.region_id, None, True, 10)
    assert [len(one.units) for one in surges] == [1]
    assert await list_surges(place.pool, place.region_id, None, False, 10) == []
