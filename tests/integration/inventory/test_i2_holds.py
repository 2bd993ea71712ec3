"""I2: a hold is granted only where the unit is open and `free − held` covers it; `held` is one column."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from inventory.defining import CloseUnit
from inventory.holding import Ending
from inventory.lane import writer
from inventory.lane.flushing import flush
from inventory.lane.working import SYSTEM, Working
from inventory.model.facts import Intake
from inventory.model.policy import Policy
from inventory.model.unit import Turnover
from inventory.problems import PlaceTaken
from kernel.ids import new_id
from kernel.postgres import Connection
from kernel.problems import Internal
from kernel.settings import Settings
from tests.integration.inventory.acting import (
    NIGHT,
    at,
    at_once,
    check_journal,
    end_of,
    held,
    hold_of,
    move_of,
    node,
    recount,
    rule,
    set_clock,
    slugs,
    tell,
)
from tests.integration.inventory.conftest import Place


async def test_a_thousand_holds_race_for_25_places_on_two_nodes(place: Place, settings: Settings) -> None:
    unit = await place.unit()
    await place.report(unit, 25)
    confirmed_at = (await place.state(unit))["count_at"]
    async with node(settings, place.region_id) as other:
        outcomes = await at_once((place.lane, other), (hold_of(unit) for _ in range(1000)))
    assert sorted(set(slugs(outcomes))) == ["granted", "place-taken"]
    assert slugs(outcomes).count("granted") == 25
    row = await place.state(unit)
    assert (row["held"], row["free"], row["count_at"]) == (25, 25, confirmed_at)
    assert await place.pool.fetchval("SELECT count(*) FROM hold WHERE state = 'held'") == 25
    await recount(place.pool, unit)
    await check_journal(place.pool, place.region_id)


async def test_holds_of_every_size_race_and_none_is_refused_that_would_still_fit(
    place: Place, settings: Settings
) -> None:
    unit = await place.unit()
    await place.report(unit, 25)
    needs = [1 + n % 4 for n in range(120)]
    async with node(settings, place.region_id) as other:
        outcomes = await at_once((place.lane, other), (hold_of(unit, need) for need in needs))
    granted = [need for need, slug in zip(needs, slugs(outcomes), strict=True) if slug == "granted"]
    refused = [need for need, slug in zip(needs, slugs(outcomes), strict=True) if slug == "place-taken"]
    row = await place.state(unit)
    assert row["held"] == sum(granted) <= 25
    assert 25 - row["held"] < min(refused)


async def test_holds_and_endings_race_and_the_column_stays_the_sum(place: Place, settings: Settings) -> None:
    unit = await place.unit(capacity=10)
    await place.report(unit, 6)
    first = [await held(place, unit) for _ in range(4)]
    works = [hold_of(unit, 1 + n % 2) for n in range(40)] + [end_of(hold_id) for hold_id in first]
    async with node(settings, place.region_id) as other:
        await at_once((place.lane, other), works)
    assert (await recount(place.pool, unit)).held <= 6


async def test_a_truthful_low_report_passes_and_drops_no_hold(place: Place) -> None:
    unit = await place.unit()
    await place.report(unit, 5)
    holds = [await held(place, unit, 2), await held(place, unit, 2)]
    answer = await place.report(unit, 1)
    assert answer.units[0].outcome == "applied"
    assert b'"flags":["overcommitted"]' in answer.units[0].subject.body
    row = await place.state(unit)
    assert (row["free"], row["held"]) == (1, 4)
    assert await place.pool.fetchval("SELECT count(*) FROM hold WHERE state = 'held'") == 2
    with pytest.raises(PlaceTaken):
        await place.lane.submit(hold_of(unit))
    await place.lane.submit(end_of(holds[0]))
    await place.lane.submit(end_of(holds[1]))
    await held(place, unit)
    assert (await recount(place.pool, unit)).flags == ()


async def test_somebody_who_walks_in_can_take_a_held_place_and_it_shows(place: Place) -> None:
    unit = await place.unit()
    await place.report(unit, 2)
    await held(place, unit, 2)
    answer = await place.lane.submit(move_of(unit))
    assert b'"free":1,"held":2' in answer.subject.body
    assert b"overcommitted" in answer.subject.body


async def _never_reported(place: Place) -> UUID:
    return await place.unit()


async def _closed(place: Place) -> UUID:
    unit = await place.unit()
    await place.report(unit, 5)
    await place.lane.submit(CloseUnit(unit, SYSTEM, closed=True))
    return unit


async def _reopened(place: Place) -> UUID:
    unit = await _closed(place)
    await place.lane.submit(CloseUnit(unit, SYSTEM, closed=False))
    return unit


async def _intake_paused(place: Place) -> UUID:
    unit = await place.unit()
    await place.report(unit, 5, intake=Intake(paused=True))
    return unit


@pytest.mark.parametrize("make", [_never_reported, _closed, _reopened, _intake_paused])
async def test_nothing_is_held_where_nobody_is_taken_in(place: Place, make: object) -> None:
    assert callable(make)
    unit = await make(place)
    with pytest.raises(PlaceTaken):
        await place.lane.submit(hold_of(unit))
    assert (await place.state(unit))["held"] == 0


async def test_a_pause_ends_by_itself(place: Place) -> None:
    await set_clock(place.pool, at("18:00"))
    unit = await place.unit()
    await place.report(unit, 5, intake=Intake(paused=True, until=at("19:00")))
    assert slugs([await tell(place.lane, hold_of(unit))]) == ["place-taken"]
    await set_clock(place.pool, at("19:00"))
    assert slugs([await tell(place.lane, hold_of(unit))]) == ["granted"]


async def test_an_unconfirmed_unit_is_held_only_where_the_region_says_so(place: Place, settings: Settings) -> None:
    await set_clock(place.pool, at("18:00"))
    unit = await place.unit(turnover=Turnover.NIGHTLY)
    await place.report(unit, 0)
    await set_clock(place.pool, at("12:30", NIGHT + timedelta(days=1)))
    assert slugs([await tell(place.lane, hold_of(unit))]) == ["place-taken"]
    await rule(place.lane, Policy(hold_unconfirmed=True))
    async with node(settings, place.region_id) as other:
        outcomes = await at_once([other], (hold_of(unit, 10) for _ in range(3)))
    assert sorted(slugs(outcomes)) == ["granted", "granted", "place-taken"]


async def test_what_was_decided_on_another_held_is_not_kept(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of ours writes `held` without the unit's lock. If somebody did, the write gives way."""
    unit = await place.unit()
    await place.report(unit, 5)

    async def behind_our_back(connection: Connection, working: Working) -> None:
        await connection.execute("UPDATE unit_state SET held = held + 3 WHERE unit_id = $1", unit)
        await flush(connection, working)

    monkeypatch.setattr(writer, "flush", behind_our_back)
    hold_id = new_id()
    assert isinstance(await tell(place.lane, hold_of(unit, id=hold_id)), Internal)
    monkeypatch.undo()
    assert (await place.state(unit))["held"] == 0
    assert await place.pool.fetchval("SELECT count(*) FROM hold") == 0
    await place.lane.submit(hold_of(unit, id=hold_id))
    assert (await recount(place.pool, unit)).held == 1


async def test_a_hold_that_postgres_finds_ended_is_not_ended_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit = await place.unit()
    await place.report(unit, 5)
    hold_id = await held(place, unit)

    async def behind_our_back(connection: Connection, working: Working) -> None:
        await connection.execute("UPDATE hold SET state = 'declined' WHERE id = $1", hold_id)
        await flush(connection, working)

    monkeypatch.setattr(writer, "flush", behind_our_back)
    assert isinstance(await tell(place.lane, end_of(hold_id, Ending.NO_SHOW)), Internal)
    monkeypatch.undo()
    assert (await recount(place.pool, unit)).held == 1
