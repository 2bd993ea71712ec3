"""I3: a hold ends exactly once, by a conditional update and an immutable record; the world outranks the clock."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from inventory.holding import Ending
from inventory.lane.working import SYSTEM
from inventory.model.counting import Direction
from inventory.moving import VoidMovement
from inventory.problems import HoldEnded, UnknownHold
from kernel.ids import new_id
from kernel.problems import IdReused
from kernel.settings import Settings
from tests.integration.inventory.acting import (
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

BY_HAND = [Ending.DECLINED, Ending.CANCELLED, Ending.NO_SHOW]
BY_CLOCK = [Ending.LAPSED, Ending.NO_SHOW]


async def _ends(place: Place, hold_id: UUID) -> list[tuple[str, bool]]:
    rows = await place.pool.fetch("SELECT outcome, late FROM hold_end WHERE hold_id = $1 ORDER BY at, late", hold_id)
    return [(row["outcome"], row["late"]) for row in rows]


async def _state(place: Place, hold_id: UUID) -> str:
    state: str = await place.pool.fetchval("SELECT state FROM hold WHERE id = $1", hold_id)
    return state


async def _open_unit(place: Place, free: int = 5) -> UUID:
    unit = await place.unit()
    await place.report(unit, free)
    return unit


@pytest.mark.parametrize("ending", [*BY_HAND, Ending.LAPSED])
async def test_an_ending_gives_the_places_back_and_happens_once(place: Place, ending: Ending) -> None:
    unit = await _open_unit(place)
    hold_id = await held(place, unit, 2, minutes=-1)
    answer = await place.lane.submit(end_of(hold_id, ending))
    assert answer.state == ending.value
    assert b'"free":5,"held":0' in answer.subject.body
    for again in [*BY_HAND, Ending.LAPSED]:
        with pytest.raises(HoldEnded) as refused:
            await place.lane.submit(end_of(hold_id, again))
        assert refused.value.facts["state"] == ending.value
    assert await _ends(place, hold_id) == [(ending.value, False)]
    assert await _state(place, hold_id) == ending.value


async def test_endings_race_on_two_nodes_and_one_wins(place: Place, settings: Settings) -> None:
    unit = await _open_unit(place, 20)
    holds = [await held(place, unit, minutes=-1) for _ in range(10)]
    works = [end_of(hold_id, ending) for hold_id in holds for ending in (*BY_HAND, Ending.LAPSED)]
    async with node(settings, place.region_id) as other:
        outcomes = await at_once((place.lane, other), works)
    assert slugs(outcomes).count("granted") == len(holds)
    assert set(slugs(outcomes)) == {"granted", "hold-ended"}
    for hold_id in holds:
        assert await _ends(place, hold_id) == [(await _state(place, hold_id), False)]
    assert (await recount(place.pool, unit)).held == 0


async def test_the_same_ending_sent_again_is_one_ending(place: Place, settings: Settings) -> None:
    unit = await _open_unit(place)
    hold_id, end_id = await held(place, unit), new_id()
    async with node(settings, place.region_id) as other:
        outcomes = await at_once((place.lane, other), (end_of(hold_id, id=end_id) for _ in range(6)))
    assert [outcome.state for outcome in outcomes] == ["cancelled"] * 6
    assert await _ends(place, hold_id) == [("cancelled", False)]
    with pytest.raises(IdReused):
        await place.lane.submit(end_of(hold_id, Ending.DECLINED, id=end_id))


async def test_a_hold_does_not_lapse_before_its_time(place: Place) -> None:
    unit = await _open_unit(place)
    hold_id = await held(place, unit, minutes=10)
    with pytest.raises(HoldEnded):
        await place.lane.submit(end_of(hold_id, Ending.LAPSED))
    assert await _state(place, hold_id) == "held"


async def test_an_arrival_is_a_movement_that_ends_its_hold(place: Place) -> None:
    unit = await _open_unit(place)
    hold_id = await held(place, unit, 2)
    answer = await place.lane.submit(move_of(unit, 2, hold_id=hold_id))
    assert answer.outcome == "counted"
    assert b'"free":3,"held":0' in answer.subject.body
    assert await _ends(place, hold_id) == [("arrived", False)]
    with pytest.raises(HoldEnded):
        await place.lane.submit(move_of(unit, 2, hold_id=hold_id))
    assert (await recount(place.pool, unit)).free == 3


@pytest.mark.parametrize("ending", BY_CLOCK)
async def test_a_late_arrival_is_accepted_and_ends_the_newer_hold_in_the_same_act(place: Place, ending: Ending) -> None:
    unit, elsewhere = await _open_unit(place), await _open_unit(place)
    request = new_id()
    first = await held(place, unit, minutes=-1, request_id=request)
    await place.lane.submit(end_of(first, ending))
    newer = await held(place, elsewhere, request_id=request)
    answer = await place.lane.submit(move_of(unit, hold_id=first))
    assert b'"free":4,"held":0' in answer.subject.body
    assert await _ends(place, first) == [(ending.value, False), ("arrived", True)]
    assert await _ends(place, newer) == [("cancelled", False)]
    rows = await journal(place.pool, place.region_id)
    assert rows[-1]["batch"] == rows[-2]["batch"]
    assert {rows[-1]["subject_id"], rows[-2]["subject_id"]} == {unit, elsewhere}
    for unit_id in (unit, elsewhere):
        assert (await recount(place.pool, unit_id)).held == 0


@pytest.mark.parametrize("ending", BY_CLOCK)
async def test_nobody_arrives_twice_not_even_late(place: Place, ending: Ending) -> None:
    """Two colleagues tap "arrived" for the same people, after the clock had ended their hold."""
    unit = await _open_unit(place)
    hold_id = await held(place, unit, 2, minutes=-1)
    await place.lane.submit(end_of(hold_id, ending))
    outcomes = await at_once([place.lane], (move_of(unit, 2, hold_id=hold_id) for _ in range(2)))
    assert sorted(slugs(outcomes)) == ["granted", "hold-ended"]
    assert slugs([await tell(place.lane, move_of(unit, 2, hold_id=hold_id))]) == ["hold-ended"]
    assert (await recount(place.pool, unit)).free == 3
    assert await _ends(place, hold_id) == [(ending.value, False), ("arrived", True)]
    assert await _state(place, hold_id) == "arrived"


@pytest.mark.parametrize("ending", [Ending.DECLINED, Ending.CANCELLED])
async def test_who_was_declined_or_cancelled_arrives_as_a_walk_in(place: Place, ending: Ending) -> None:
    unit = await _open_unit(place)
    hold_id = await held(place, unit)
    await place.lane.submit(end_of(hold_id, ending))
    with pytest.raises(HoldEnded):
        await place.lane.submit(move_of(unit, hold_id=hold_id))
    await place.lane.submit(move_of(unit))
    assert (await recount(place.pool, unit)).free == 4


async def test_a_lapse_and_an_arrival_race_and_the_people_are_in_either_way(place: Place, settings: Settings) -> None:
    unit = await _open_unit(place, 20)
    holds = [await held(place, unit, minutes=-1) for _ in range(8)]
    arrivals = [move_of(unit, hold_id=hold_id) for hold_id in holds]
    lapses = [end_of(hold_id, Ending.LAPSED) for hold_id in holds]
    async with node(settings, place.region_id) as other:
        outcomes = await at_once((place.lane, other), [w for pair in zip(lapses, arrivals, strict=True) for w in pair])
    assert slugs(outcomes[1::2]) == ["granted"] * 8
    for hold_id in holds:
        assert await _ends(place, hold_id) in (
            [("arrived", False)],
            [("lapsed", False), ("arrived", True)],
        )
    state = await recount(place.pool, unit)
    assert (state.free, state.held) == (12, 0)
    await check_journal(place.pool, place.region_id)


async def test_a_hold_taken_lapsed_and_arrived_on_within_one_batch(place: Place) -> None:
    unit = await _open_unit(place)
    hold_id = new_id()
    works = [
        hold_of(unit, 2, id=hold_id, minutes=-1),
        end_of(hold_id, Ending.LAPSED),
        move_of(unit, 2, hold_id=hold_id),
    ]
    assert slugs(await place.lane.submit_all(works)) == ["granted"] * 3
    assert await _ends(place, hold_id) == [("lapsed", False), ("arrived", True)]
    assert (await recount(place.pool, unit)).free == 3


async def test_voiding_an_arrival_leaves_its_hold_ended(place: Place) -> None:
    unit = await _open_unit(place)
    hold_id = await held(place, unit, 2)
    arrival = move_of(unit, 2, hold_id=hold_id)
    await place.lane.submit(arrival)
    await place.lane.submit(VoidMovement(arrival.id, SYSTEM))
    state = await recount(place.pool, unit)
    assert (state.free, state.held) == (5, 0)
    assert await _state(place, hold_id) == "arrived"
    with pytest.raises(HoldEnded):
        await place.lane.submit(end_of(hold_id))


async def test_an_arrival_must_be_in_the_unit_of_its_hold(place: Place) -> None:
    unit, elsewhere = await _open_unit(place), await _open_unit(place)
    hold_id = await held(place, unit)
    with pytest.raises(UnknownHold):
        await place.lane.submit(move_of(elsewhere, hold_id=hold_id))
    with pytest.raises(UnknownHold):
        await place.lane.submit(move_of(unit, hold_id=new_id()))
    with pytest.raises(UnknownHold):
        await place.lane.submit(end_of(new_id()))
    assert (await recount(place.pool, unit)).held == 1


async def test_a_departure_that_names_a_placement_ends_nothing(place: Place) -> None:
    unit = await _open_unit(place)
    hold_id = await held(place, unit)
    await place.lane.submit(move_of(unit, direction=Direction.OUT, hold_id=hold_id))
    state = await recount(place.pool, unit)
    assert (state.free, state.held) == (6, 1)


async def test_an_arrival_recorded_late_ends_its_hold_when_people_came(place: Place) -> None:
    unit = await _open_unit(place)
    hold_id = await held(place, unit)
    now = await place.now()
    await place.lane.submit(move_of(unit, hold_id=hold_id, occurred_at=now - timedelta(hours=1), sent_at=now))
    assert (await recount(place.pool, unit)).held == 0
