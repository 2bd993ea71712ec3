"""Noon: a nightly unit becomes unconfirmed, by the sweep or by the first write that comes after it (I12)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from inventory.defining import CloseUnit, Refresh
from inventory.lane.working import SYSTEM
from inventory.model.counting import Direction
from inventory.model.facts import OutOfService, OutReason
from inventory.model.unit import Turnover
from inventory.moving import VoidMovement
from inventory.problems import PlaceTaken
from inventory.store import due_units
from tests.integration.inventory.acting import NIGHT, at, held, hold_of, journal, move_of, recount, set_clock
from tests.integration.inventory.conftest import Place

TOMORROW = NIGHT + timedelta(days=1)


async def _nightly(place: Place, free: int = 5, **said: Any) -> UUID:
    """A nightly unit that was counted at six in the evening."""
    await set_clock(place.pool, at("18:00"))
    unit = await place.unit(turnover=Turnover.NIGHTLY)
    await place.report(unit, free, **said)
    return unit


async def _shown(place: Place, unit: UUID) -> dict[str, Any]:
    body: dict[str, Any] = msgspec.json.decode(
        await place.pool.fetchval("SELECT body FROM journal WHERE subject_id = $1 ORDER BY seq DESC LIMIT 1", unit)
    )
    return body


async def _refresh(place: Place, *units: UUID) -> int:
    """Turn what is due, as the sweep does; return how many states changed."""
    changed: int = await place.lane.submit(Refresh(units), bulk=True)
    return changed


async def test_the_sweep_turns_what_noon_has_reached(place: Place) -> None:
    unit = await _nightly(place, out_of_service=(OutOfService(OutReason.REPAIR, 3),))
    lasting = await place.unit()
    await place.report(lasting, 5)
    await set_clock(place.pool, at("11:59", TOMORROW), speed=0)
    assert await due_units(place.pool, place.region_id, NIGHT, 10) == []
    await set_clock(place.pool, at("12:00", TOMORROW))
    due = await due_units(place.pool, place.region_id, TOMORROW, 10)
    assert set(due) == {unit, lasting}
    assert await _refresh(place, *due) == 2
    turned, continued = await _shown(place, unit), await _shown(place, lasting)
    assert (turned["status"], turned["free"], turned["night"]) == ("unconfirmed", 22, TOMORROW.isoformat())
    assert (continued["status"], continued["free"], continued["night"]) == ("open", 5, TOMORROW.isoformat())
    for body in (turned, continued):
        assert body["confirmed_at"].startswith("2026-03-10T17:00:")
    last = (await journal(place.pool, place.region_id))[-1]
    assert {cause["verb"] for cause in msgspec.json.decode(last["causes"])} == {"noon"}
    assert await due_units(place.pool, place.region_id, TOMORROW, 10) == []
    assert await _refresh(place, *due) == 0


@pytest.mark.parametrize("what", ["movement", "closing", "late report", "refused hold", "void", "end of a hold"])
async def test_any_write_after_noon_turns_the_unit_first(place: Place, what: str) -> None:
    unit = await _nightly(place)
    hold = await held(place, unit)
    move = move_of(unit)
    await place.lane.submit(move)
    await set_clock(place.pool, at("12:30", TOMORROW))
    works: dict[str, Any] = {
        "movement": move_of(unit, 2),
        "closing": CloseUnit(unit, SYSTEM, closed=True),
        "late report": place.make_report(unit, 9, at=at("20:00")),
        "refused hold": hold_of(unit),
        "void": VoidMovement(move.id, SYSTEM),
        "end of a hold": move_of(unit, 1, hold_id=hold),
    }
    if what == "refused hold":
        with pytest.raises(PlaceTaken):
            await place.lane.submit(works[what])
    else:
        await place.lane.submit(works[what])
    body = await _shown(place, unit)
    expected = {"movement": 23, "closing": 4, "end of a hold": 24}.get(what, 25)
    assert (body["free"], body["night"]) == (expected, TOMORROW.isoformat())
    assert body["status"] == ("closed" if what == "closing" else "unconfirmed")
    assert (await recount(place.pool, unit)).free == expected
    causes = msgspec.json.decode((await journal(place.pool, place.region_id))[-1]["causes"])
    assert causes[0]["verb"] == "noon"


async def test_who_came_in_since_noon_is_taken_off_and_departures_make_no_room(place: Place) -> None:
    unit = await _nightly(place, 0)
    await set_clock(place.pool, at("12:30", TOMORROW))
    await place.lane.submit(move_of(unit, 20, Direction.OUT))
    await place.lane.submit(move_of(unit, 4))
    body = await _shown(place, unit)
    assert (body["status"], body["free"]) == ("unconfirmed", 21)


async def test_a_report_after_noon_confirms_the_night(place: Place) -> None:
    unit = await _nightly(place)
    await set_clock(place.pool, at("12:30", TOMORROW))
    answer = await place.report(unit, 25)
    body = msgspec.json.decode(answer.units[0].subject.body)
    assert (body["status"], body["free"], body["night"]) == ("open", 25, TOMORROW.isoformat())
    assert (await recount(place.pool, unit)).free == 25


async def test_holds_of_last_night_stay_until_they_are_ended(place: Place) -> None:
    """The clock empties places, never promises: an open hold is ended by lapsing, not by noon."""
    unit = await _nightly(place)
    await held(place, unit, 2)
    await set_clock(place.pool, at("12:30", TOMORROW))
    await _refresh(place, unit)
    assert (await _shown(place, unit))["held"] == 2


@pytest.mark.parametrize("night, hours", [(date(2026, 3, 28), 23), (date(2026, 10, 24), 25)])
async def test_the_nights_in_which_the_clock_is_changed(place: Place, night: date, hours: int) -> None:
    await set_clock(place.pool, at("12:00", night))
    unit = await place.unit(turnover=Turnover.NIGHTLY)
    await place.report(unit, 5)
    before, after = timedelta(hours=hours, minutes=-1), timedelta(hours=hours)
    await set_clock(place.pool, at("12:00", night) + before, speed=0)
    await _refresh(place, unit)
    assert (await _shown(place, unit))["status"] == "open"
    await set_clock(place.pool, at("12:00", night) + after, speed=0)
    await _refresh(place, unit)
    body = await _shown(place, unit)
    assert (body["status"], body["night"]) == ("unconfirmed", (night + timedelta(days=1)).isoformat())


async def test_a_surge_unit_closes_when_it_ends_and_leaves_a_record(place: Place) -> None:
    await set_clock(place.pool, at("18:00"))
    unit = await place.unit(surge=True, expires_at=at("08:00", TOMORROW))
    await place.report(unit, 5)
    await set_clock(place.pool, at("07:59", TOMORROW), speed=0)
    assert await due_units(place.pool, place.region_id, NIGHT, 10) == []
    await set_clock(place.pool, at("08:00", TOMORROW), speed=0)
    due = await due_units(place.pool, place.region_id, NIGHT, 10)
    assert due == [unit]
    await _refresh(place, *due)
    body = await _shown(place, unit)
    assert (body["status"], body["free"]) == ("closed", 5)
    record = await place.pool.fetchrow("SELECT closed, actor_id, at FROM closing WHERE unit_id = $1", unit)
    assert record is not None
    assert tuple(record) == (True, SYSTEM, at("08:00", TOMORROW))
    causes = msgspec.json.decode((await journal(place.pool, place.region_id))[-1]["causes"])
    assert "expire" in {cause["verb"] for cause in causes}
    assert await due_units(place.pool, place.region_id, NIGHT, 10) == []
