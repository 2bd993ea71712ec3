"""I4: a request has at most one open hold; a move ends the old one and takes the new one, or neither."""

from __future__ import annotations

from uuid import UUID

import pytest

from inventory.problems import HoldEnded, PlaceTaken, RequestHasHold, UnknownHold
from kernel.ids import new_id
from kernel.settings import Settings
from tests.integration.inventory.acting import (
    at_once,
    check_journal,
    end_of,
    held,
    hold_of,
    journal,
    node,
    recount,
    slugs,
)
from tests.integration.inventory.conftest import Place


async def _units(place: Place, *free: int) -> list[UUID]:
    units = [await place.unit() for _ in free]
    for unit, count in zip(units, free, strict=True):
        await place.report(unit, count)
    return units


async def _open(place: Place, request: UUID) -> list[UUID]:
    rows = await place.pool.fetch("SELECT id FROM hold WHERE request_id = $1 AND state = 'held'", request)
    return [row["id"] for row in rows]


async def test_a_second_hold_of_a_request_is_refused_and_names_the_first(place: Place) -> None:
    here, there = await _units(place, 5, 5)
    request = new_id()
    first = await held(place, here, request_id=request)
    for unit in (here, there):
        with pytest.raises(RequestHasHold) as refused:
            await place.lane.submit(hold_of(unit, request_id=request))
        assert refused.value.facts["hold"] == str(first)
    await place.lane.submit(end_of(first))
    second = await held(place, there, request_id=request)
    assert await _open(place, request) == [second]


async def test_two_desks_race_for_one_request_in_different_units(place: Place, settings: Settings) -> None:
    """Neither finds a row of the other's to lock: the unique index tells them apart, and each gets an answer."""
    units = await _units(place, *[20] * 6)
    requests = [new_id() for _ in range(12)]
    works = [hold_of(units[n % 6], request_id=request) for n in range(6) for request in requests]
    async with node(settings, place.region_id) as other:
        outcomes = await at_once((place.lane, other), works)
    assert slugs(outcomes).count("granted") == len(requests)
    assert set(slugs(outcomes)) == {"granted", "request-has-hold"}
    for request in requests:
        assert len(await _open(place, request)) == 1
    assert sum([(await recount(place.pool, unit)).held for unit in units]) == len(requests)
    await check_journal(place.pool, place.region_id)


async def test_a_move_ends_the_old_and_takes_the_new_in_one_act(place: Place) -> None:
    here, there = await _units(place, 5, 5)
    request = new_id()
    first = await held(place, here, 2, request_id=request)
    second = await held(place, there, 2, request_id=request, replaces=first)
    assert await _open(place, request) == [second]
    assert [(await recount(place.pool, unit)).held for unit in (here, there)] == [0, 2]
    rows = await journal(place.pool, place.region_id)
    assert rows[-1]["batch"] == rows[-2]["batch"]
    assert {rows[-1]["subject_id"], rows[-2]["subject_id"]} == {here, there}
    assert await place.pool.fetchval("SELECT outcome FROM hold_end WHERE hold_id = $1", first) == "cancelled"


async def test_a_move_to_a_full_unit_leaves_the_old_hold(place: Place) -> None:
    here, full = await _units(place, 5, 1)
    request = new_id()
    first = await held(place, here, 2, request_id=request)
    with pytest.raises(PlaceTaken):
        await place.lane.submit(hold_of(full, 2, request_id=request, replaces=first))
    assert await _open(place, request) == [first]
    assert [(await recount(place.pool, unit)).held for unit in (here, full)] == [2, 0]


async def test_within_a_full_unit_a_move_uses_what_it_gives_back(place: Place) -> None:
    (unit,) = await _units(place, 3)
    request = new_id()
    first = await held(place, unit, 2, request_id=request)
    with pytest.raises(PlaceTaken):
        await place.lane.submit(hold_of(unit, 4, request_id=request, replaces=first))
    second = await held(place, unit, 3, request_id=request, replaces=first)
    assert await _open(place, request) == [second]
    assert (await recount(place.pool, unit)).held == 3


async def test_a_move_must_replace_an_open_hold_of_its_own_request(place: Place) -> None:
    here, there = await _units(place, 5, 5)
    request = new_id()
    ended = await held(place, here, request_id=request)
    await place.lane.submit(end_of(ended))
    strangers = await held(place, here, request_id=new_id())
    with pytest.raises(HoldEnded):
        await place.lane.submit(hold_of(there, request_id=request, replaces=ended))
    with pytest.raises(UnknownHold):
        await place.lane.submit(hold_of(there, request_id=request, replaces=strangers))
    with pytest.raises(UnknownHold):
        await place.lane.submit(hold_of(there, request_id=request, replaces=new_id()))
    assert await _open(place, request) == []
    assert (await recount(place.pool, there)).held == 0


async def test_moves_of_one_hold_race_and_one_wins(place: Place, settings: Settings) -> None:
    units = await _units(place, *[5] * 5)
    request = new_id()
    first = await held(place, units[0], request_id=request)
    works = [hold_of(unit, request_id=request, replaces=first) for unit in units[1:]]
    async with node(settings, place.region_id) as other:
        outcomes = await at_once((place.lane, other), works)
    assert slugs(outcomes).count("granted") == 1
    assert set(slugs(outcomes)) <= {"granted", "hold-ended"}
    assert sum([(await recount(place.pool, unit)).held for unit in units]) == 1


async def test_moves_cross_each_other_without_deadlock(place: Place, settings: Settings) -> None:
    """Every household moves to the unit of its neighbour, back and forth, from two nodes."""
    units = await _units(place, *[30] * 4)
    requests = [new_id() for _ in range(16)]
    holds = [await held(place, units[n % 4], request_id=request) for n, request in enumerate(requests)]
    async with node(settings, place.region_id) as other:
        for turn in range(1, 4):
            works = [
                hold_of(units[(n + turn * (1 + n % 3)) % 4], request_id=request, replaces=holds[n])
                for n, request in enumerate(requests)
            ]
            outcomes = await at_once((place.lane, other), works)
            assert slugs(outcomes) == ["granted"] * 16
            holds = [outcome.hold_id for outcome in outcomes]
    assert sum([(await recount(place.pool, unit)).held for unit in units]) == 16
    await check_journal(place.pool, place.region_id)
