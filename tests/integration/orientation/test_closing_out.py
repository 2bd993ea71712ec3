"""What time alone does: expiry, the end of a pause and of the night, the screens, erasure; on many nodes (I12)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from inventory.lane.working import SYSTEM
from inventory.model.counting import Direction
from inventory.model.unit import Regime
from inventory.moving import Move, VoidMovement
from inventory.verifying import verify_region
from kernel.ids import new_id
from kernel.live.mirror import Mirror
from kernel.live.purging import Purger
from kernel.live.truth import Truth
from kernel.problems import IdReused
from kernel.settings import Settings
from orientation.amending import PauseRequest, RefreshRequest
from orientation.answering import Accept
from orientation.closing import CloseRequest
from orientation.counting import count_night
from orientation.elapsing import destroy_keys, pass_placements, pass_requests
from orientation.erasing import erase_contacts, erase_requests
from orientation.model.audience import LENS
from orientation.model.contact import SealedContact
from orientation.model.request import Outcome
from orientation.sealing import night_key
from orientation.verifying import verify_orientation
from tests.integration.inventory.acting import NIGHT, at, set_clock
from tests.integration.orientation.conftest import Desk, make_lane, party, said
from tests.integration.orientation.sweeping import Swept, sweep, swept
from tests.integration.orientation.test_asking import do

NEXT = NIGHT + timedelta(days=1)
SEALED = SealedContact("key", b"alias", b"contact", b"twin")


@pytest.fixture
async def region(desk: Desk) -> Swept:
    await set_clock(desk.pool, at("18:00"))
    return swept(desk)


async def _pass(region: Swept) -> None:
    await sweep(region, pass_requests, pass_placements)


async def _held(desk: Desk, *, accepted: bool = False) -> tuple[UUID, UUID, UUID]:
    unit_id = await desk.unit()
    await desk.report(unit_id, 5)
    request_id = await desk.ask()
    placement_id = (await desk.place(request_id, unit_id)).placement.id
    if accepted:
        await desk.pool.execute("UPDATE placement SET state = 'accepted', accepted_at = halte_now()")
    return unit_id, request_id, placement_id


async def _outcome(desk: Desk, request_id: UUID) -> tuple[Any, ...]:
    row = await desk.request(request_id)
    return row["state"], row["outcome"], row["outcome_reason"]


async def _gone(desk: Desk) -> set[UUID]:
    return {row["id"] for row in await desk.pool.fetch("SELECT id FROM subject WHERE gone")}


async def test_what_nobody_refreshed_expires_and_what_is_held_does_not(desk: Desk, region: Swept) -> None:
    forgotten, refreshed = await desk.ask(), await desk.ask()
    _, held, _ = await _held(desk)
    await set_clock(desk.pool, at("23:00"))
    await do(desk, RefreshRequest, refreshed)
    await set_clock(desk.pool, at("23:59"))
    await _pass(region)
    assert await _outcome(desk, forgotten) == ("waiting", None, None)
    await set_clock(desk.pool, at("00:01", NEXT))
    await _pass(region)
    assert await _outcome(desk, forgotten) == ("closed", "expired", None)
    assert await _outcome(desk, refreshed) == ("waiting", None, None)
    assert await _outcome(desk, held) == ("held", None, None)
    events = await desk.pool.fetch(
        "SELECT verb, actor_id FROM request_event WHERE request_id = $1 ORDER BY at", forgotten
    )
    assert [row["verb"] for row in events] == ["ask", "expire"]
    assert events[-1]["actor_id"] == SYSTEM


@pytest.mark.parametrize("accepted, ending", [(False, "lapsed"), (True, "no-show")])
async def test_the_night_is_closed_out_at_noon(desk: Desk, region: Swept, accepted: bool, ending: str) -> None:
    waiting, admission = await desk.ask(), await desk.ask(regime=Regime.ADMISSION)
    unit_id, held, placement_id = await _held(desk, accepted=accepted)
    await desk.pool.execute("UPDATE request SET expires_at = $1", at("18:00", NEXT))
    await set_clock(desk.pool, at("11:59", NEXT))
    await _pass(region)
    assert (await desk.request(held))["state"] == "held"
    await set_clock(desk.pool, at("12:00", NEXT))
    tonight = await desk.ask()
    await _pass(region)
    for request_id in (waiting, held):
        assert await _outcome(desk, request_id) == ("closed", "unmet", "night-over")
    for request_id in (admission, tonight):
        assert (await desk.request(request_id))["state"] == "waiting"
    assert (await desk.placement(placement_id))["ending"] == ending
    assert (await desk.state(unit_id))["held"] == 0
    # In the morning somebody says that these people had slept there.
    came = Move(new_id(), SYSTEM, unit_id, Direction.IN, 1, b"in", occurred_at=at("23:00"), hold_id=placement_id)
    await desk.lane.submit(came)
    assert await _outcome(desk, held) == ("closed", "arrived", None)


async def test_who_is_on_the_way_at_noon_is_not_closed_out(desk: Desk, region: Swept) -> None:
    await set_clock(desk.pool, at("11:50", NEXT), speed=0)
    unit_id, request_id, placement_id = await desk.announced()
    until = (await desk.act(Accept(said(placement_id)))).expires_at
    for now, state in ((at("12:00", NEXT), "held"), (until - timedelta(seconds=1), "held"), (until, "closed")):
        await set_clock(desk.pool, now, speed=0)
        await _pass(region)
        assert (await desk.request(request_id))["state"] == state
    assert (await desk.placement(placement_id))["ending"] == "no-show"
    assert (await desk.state(unit_id))["held"] == 0


async def test_one_bad_request_does_not_stop_the_time_of_the_others(desk: Desk, region: Swept) -> None:
    waiting, there = await desk.ask(), [await _held(desk) for _ in range(2)]
    for unit_id, _, placement_id in there:
        await desk.lane.submit(Move(new_id(), SYSTEM, unit_id, Direction.IN, 1, b"in", hold_id=placement_id))
    (_, bad, stuck), (_, good, fine) = there
    await desk.pool.execute("UPDATE request SET household = '{}' WHERE id = $1", bad)
    await set_clock(desk.pool, at("12:30", NEXT))
    await _pass(region)
    assert await _gone(desk) == {good, fine}
    assert [(await desk.placement(one))["gone"] for one in (stuck, fine)] == [False, True]
    assert await _outcome(desk, waiting) == ("closed", "unmet", "night-over")


async def test_a_pause_ends_by_itself(desk: Desk, region: Swept) -> None:
    request_id = await desk.ask(regime=Regime.ADMISSION)
    await do(desk, PauseRequest, request_id, until=at("18:00") + timedelta(days=40))
    await set_clock(desk.pool, at("17:00") + timedelta(days=40))
    await _pass(region)
    assert (await desk.request(request_id))["paused_until"] is not None
    await set_clock(desk.pool, at("18:00") + timedelta(days=40))
    await _pass(region)
    row = await desk.request(request_id)
    assert (row["state"], row["paused_until"], row["version"]) == ("waiting", None, 3)
    await set_clock(desk.pool, at("18:00") + timedelta(days=70))
    await _pass(region)
    assert await _outcome(desk, request_id) == ("closed", "expired", None)


async def test_twelve_hours_later_it_goes_off_the_screens_and_a_void_brings_it_back(desk: Desk, region: Swept) -> None:
    unit_id, request_id, placement_id = await _held(desk)
    came = Move(new_id(), SYSTEM, unit_id, Direction.IN, 1, b"in", hold_id=placement_id)
    await desk.lane.submit(came)
    await set_clock(desk.pool, at("05:59", NEXT))
    await _pass(region)
    assert await _gone(desk) == set()
    await set_clock(desk.pool, at("06:01", NEXT))
    await _pass(region)
    versions = (await desk.request(request_id))["version"], (await desk.placement(placement_id))["version"]
    await _pass(region)
    assert await _gone(desk) == {request_id, placement_id}
    assert versions == ((await desk.request(request_id))["version"], (await desk.placement(placement_id))["version"])
    await desk.lane.submit(VoidMovement(came.id, SYSTEM))
    assert await _outcome(desk, request_id) == ("waiting", None, None)
    assert await _gone(desk) == {placement_id}


async def test_two_nodes_do_it_once_and_a_clock_that_jumped_does_nothing(desk: Desk, region: Swept) -> None:
    requests = [await desk.ask() for _ in range(5)]
    await set_clock(desk.pool, at("13:00", NEXT))
    region.watch.sweeps_allowed = False
    await _pass(region)
    assert (await desk.request(requests[0]))["state"] == "waiting"
    region.watch.sweeps_allowed = True
    lane = make_lane(desk.pool, desk.region_id, desk.lane._settings, [])
    lane.start()
    await asyncio.gather(_pass(region), _pass(swept(desk, lane)))
    await lane.stop()
    assert await desk.pool.fetchval("SELECT count(*) FROM request_event WHERE verb = 'close-out'") == 5
    assert {(await desk.request(one))["version"] for one in requests} == {2}


async def test_the_key_of_a_night_is_destroyed_with_it(desk: Desk, region: Swept) -> None:
    first = await night_key(desk.pool, desk.region_id, NIGHT)
    assert await night_key(desk.pool, desk.region_id, NIGHT) == first
    await sweep(region, destroy_keys)
    assert await desk.pool.fetchval("SELECT count(*) FROM night_key") == 1
    await set_clock(desk.pool, at("12:00", NEXT))
    await sweep(region, destroy_keys)
    assert await desk.pool.fetchval("SELECT count(*) FROM night_key") == 0


async def test_contacts_and_whole_requests_are_erased_and_numbers_are_left(desk: Desk) -> None:
    await set_clock(desk.pool, at("18:00"))
    region = swept(desk, settings=Settings(request_retention_days=100))
    _, met, _ = await _held(desk)
    other, still = await desk.ask(party(3), contact=SEALED), await desk.ask(regime=Regime.ADMISSION, contact=SEALED)
    for request_id in (met, other):
        await do(desk, CloseRequest, request_id, outcome=Outcome.WITHDRAWN)
    before = await count_night(desk.pool, desk.region_id, NIGHT)
    await desk.pool.execute("UPDATE request SET expires_at = expires_at + interval '1 year'")
    await set_clock(desk.pool, at("06:05", NEXT))
    await _pass(region)
    await set_clock(desk.pool, at("17:00") + timedelta(days=30))
    await sweep(region, erase_contacts, erase_requests)
    assert await desk.pool.fetchval("SELECT count(*) FROM contact") == 2
    await set_clock(desk.pool, at("18:05") + timedelta(days=30))
    await sweep(region, erase_contacts, erase_requests)
    assert await desk.pool.fetchval("SELECT request_id FROM contact") == still
    await set_clock(desk.pool, at("18:05") + timedelta(days=100))
    await sweep(region, erase_contacts, erase_requests)
    left = await desk.pool.fetchrow("""
        SELECT (SELECT array_agg(id) FROM request) AS requests, (SELECT count(*) FROM placement) AS placements,
               (SELECT array_agg(DISTINCT request_id) FROM request_event) AS events
    """)
    assert left is not None
    assert tuple(left) == ([still], 0, [still])
    assert await count_night(desk.pool, desk.region_id, NIGHT) == before
    assert sorted((kind.party, count.requests, count.people) for kind, count in before.items()) == [
        ("adults", 1, 3),
        ("man", 1, 1),
        ("man", 1, 1),
    ]


async def test_what_is_purged_is_no_difference_its_id_stays_taken_and_a_void_brings_it_back(
    desk: Desk, region: Swept
) -> None:
    unit_id, request_id, placement_id = await _held(desk)
    came = Move(new_id(), SYSTEM, unit_id, Direction.IN, 1, b"in", hold_id=placement_id)
    await desk.lane.submit(came)
    await set_clock(desk.pool, at("06:01", NEXT))
    await _pass(region)
    await desk.report(unit_id, 5)
    kinds = LENS.reserve.kinds
    await Purger(Truth(desk.pool, desk.region_id), None, Mirror(desk.region_id), kinds).purge(timedelta(0))
    assert await desk.pool.fetchval("SELECT count(*) FROM subject WHERE kind = ANY($1)", list(kinds)) == 0
    found = await verify_region(desk.pool, None, desk.region_id)
    await verify_orientation(desk.pool, desk.region_id, found)
    assert [str(difference) for difference in found.differences] == []
    with pytest.raises(IdReused):
        await desk.ask(id=placement_id)
    await desk.lane.submit(VoidMovement(came.id, SYSTEM))
    assert await _outcome(desk, request_id) == ("waiting", None, None)
    assert await desk.pool.fetchval("SELECT NOT gone FROM subject WHERE id = $1", request_id)
