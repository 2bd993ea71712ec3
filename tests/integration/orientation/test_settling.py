"""What the end of a hold means for its placement and its request, whoever ended it (I3, I4)."""

from __future__ import annotations

import asyncio
import json
from uuid import UUID

import pytest

from inventory.holding import EndHold, Ending
from inventory.lane.working import SYSTEM
from inventory.model.counting import Direction
from inventory.moving import Move, VoidMovement
from inventory.problems import PlaceTaken, RequestHasHold
from kernel.ids import new_id
from kernel.lane_queue import Ticket
from kernel.problems import IdReused, Problem
from orientation.placing import Place, PlaceTogether
from orientation.problems import PartyTooLarge, RequestClosed, UnknownRequest
from tests.integration.inventory.acting import slugs
from tests.integration.orientation.conftest import Desk, party


async def _held(desk: Desk, size: int = 1, free: int = 5) -> tuple[UUID, UUID, UUID]:
    """A unit with places, a request, and a placement of it there."""
    unit_id = await desk.unit()
    await desk.report(unit_id, free)
    request_id = await desk.ask(party(size))
    answer = await desk.place(request_id, unit_id)
    return unit_id, request_id, answer.placement.id


async def _arrive(desk: Desk, unit_id: UUID, placement_id: UUID, places: int = 1) -> UUID:
    """People stand at the door: the phone's movement names the placement."""
    movement = Move(new_id(), SYSTEM, unit_id, Direction.IN, places, b"in", hold_id=placement_id)
    await desk.lane.submit(movement)
    return movement.id


async def _end(desk: Desk, placement_id: UUID, ending: Ending) -> None:
    await desk.lane.submit(EndHold(new_id(), SYSTEM, placement_id, ending, b"end"))


async def _open(desk: Desk, request_id: UUID) -> tuple[str, str | None, UUID | None]:
    row = await desk.request(request_id)
    return row["state"], row["outcome"], row["placement_id"]


async def test_a_placement_takes_what_the_household_needs(desk: Desk) -> None:
    unit_id, request_id, placement_id = await _held(desk, size=3)
    assert (await desk.state(unit_id))["held"] == 3
    assert await _open(desk, request_id) == ("held", None, placement_id)
    assert (await desk.placement(placement_id))["state"] == "held"


async def test_nothing_but_ids_and_versions_is_journalled(desk: Desk) -> None:
    _, request_id, placement_id = await _held(desk)
    rows = await desk.pool.fetch("SELECT kind, body FROM journal WHERE kind IN ('request', 'placement') ORDER BY seq")
    assert {row["kind"]: sorted(json.loads(row["body"])) for row in rows} == {
        "request": ["id", "version"],
        "placement": ["id", "request", "shelter", "unit", "version"],
    }
    versions = [json.loads(row["body"])["version"] for row in rows if row["kind"] == "request"]
    assert versions == [1, 2]
    assert (await desk.request(request_id))["version"] == 2
    assert (await desk.placement(placement_id))["version"] == 1


async def test_an_arrival_by_the_phone_is_the_requests_outcome(desk: Desk) -> None:
    unit_id, request_id, placement_id = await _held(desk)
    await _arrive(desk, unit_id, placement_id)
    assert await _open(desk, request_id) == ("closed", "arrived", None)
    assert (await desk.placement(placement_id))["ending"] == "arrived"
    arrivals = "SELECT count(*) FROM request_event WHERE placement_id = $1 AND verb = 'arrive'"
    assert await desk.pool.fetchval(arrivals, placement_id) == 1
    with pytest.raises(RequestClosed):
        await desk.place(request_id, unit_id)


@pytest.mark.parametrize("ending", [Ending.DECLINED, Ending.CANCELLED, Ending.NO_SHOW])
async def test_another_end_lets_the_request_wait_again(desk: Desk, ending: Ending) -> None:
    unit_id, request_id, placement_id = await _held(desk)
    await _end(desk, placement_id, ending)
    assert await _open(desk, request_id) == ("waiting", None, None)
    assert (await desk.placement(placement_id))["ending"] == ending.value
    again = await desk.place(request_id, unit_id)
    assert await _open(desk, request_id) == ("held", None, again.placement.id)


async def test_i3_a_late_arrival_ends_the_newer_placement(desk: Desk) -> None:
    unit_id, request_id, placement_id = await _held(desk)
    await _end(desk, placement_id, Ending.NO_SHOW)
    newer = await desk.place(request_id, unit_id)
    await _arrive(desk, unit_id, placement_id)
    assert await _open(desk, request_id) == ("closed", "arrived", None)
    row = await desk.placement(placement_id)
    assert (row["ending"], row["late"]) == ("arrived", True)
    assert (await desk.placement(newer.placement.id))["ending"] == "cancelled"
    assert (await desk.state(unit_id))["held"] == 0


async def test_a_voided_arrival_lets_the_request_wait_again(desk: Desk) -> None:
    unit_id, request_id, placement_id = await _held(desk)
    movement_id = await _arrive(desk, unit_id, placement_id)
    for _ in range(2):
        await desk.lane.submit(VoidMovement(movement_id, SYSTEM))
        assert await _open(desk, request_id) == ("waiting", None, None)
    assert (await desk.placement(placement_id))["voided"]


async def test_a_voided_arrival_leaves_alone_who_is_inside_elsewhere(desk: Desk) -> None:
    unit_id, request_id, placement_id = await _held(desk)
    await _end(desk, placement_id, Ending.NO_SHOW)
    other_id = await desk.unit()
    await desk.report(other_id, 1)
    newer = await desk.place(request_id, other_id)
    there = await _arrive(desk, other_id, newer.placement.id)
    wrong = await _arrive(desk, unit_id, placement_id)
    await desk.lane.submit(VoidMovement(wrong, SYSTEM))
    assert await _open(desk, request_id) == ("closed", "arrived", None)
    assert (await desk.placement(placement_id))["voided"]
    await desk.lane.submit(VoidMovement(there, SYSTEM))
    assert await _open(desk, request_id) == ("waiting", None, None)


async def test_i4_a_move_ends_the_old_placement_in_the_same_act(desk: Desk) -> None:
    unit_id, request_id, placement_id = await _held(desk)
    other_id = await desk.unit()
    await desk.report(other_id, 1)
    with pytest.raises(RequestHasHold):
        await desk.place(request_id, other_id)
    moved = await desk.place(request_id, other_id, replaces=placement_id)
    assert await _open(desk, request_id) == ("held", None, moved.placement.id)
    assert (await desk.placement(placement_id))["ending"] == "cancelled"
    assert (await desk.state(unit_id))["held"] == 0


async def test_i10_asking_and_placing_again_is_doing_it_once(desk: Desk) -> None:
    unit_id = await desk.unit()
    await desk.report(unit_id, 5)
    request_id, placement_id = new_id(), new_id()
    first = await desk.asked(id=request_id)
    again = await desk.asked(id=request_id)
    assert (first.repeated, again.repeated, again.request) == (False, True, first.request)
    with pytest.raises(IdReused):
        await desk.asked(id=request_id, body_hash=b"other")
    assert not (await desk.place(request_id, unit_id, id=placement_id)).repeated
    assert (await desk.place(request_id, unit_id, id=placement_id)).repeated
    with pytest.raises(IdReused):
        await desk.place(request_id, unit_id, id=placement_id, body_hash=b"other")
    assert (await desk.state(unit_id))["held"] == 1


async def test_what_cannot_be_held_is_refused_and_changes_nothing(desk: Desk) -> None:
    rooms = await desk.unit(allotment="room", room_size=2)
    unit_id = await desk.unit()
    await desk.report(unit_id, 1)
    await desk.report(rooms, 3)
    request_id = await desk.ask(party(3))
    refusals: list[tuple[UUID, UUID, type[Problem]]] = [
        (request_id, unit_id, PlaceTaken),
        (request_id, rooms, PartyTooLarge),
        (new_id(), unit_id, UnknownRequest),
    ]
    for wanted, where, refusal in refusals:
        with pytest.raises(refusal):
            await desk.place(wanted, where)
    assert await _open(desk, request_id) == ("waiting", None, None)
    assert await desk.pool.fetchval("SELECT count(*) FROM request_event WHERE verb = 'place'") == 0


async def test_households_that_cannot_be_placed_together_leave_their_neighbours_alone(desk: Desk) -> None:
    units = [await desk.unit() for _ in range(3)]
    for unit_id in units:
        await desk.report(unit_id, 1)
    requests = [await desk.ask() for _ in range(2)]
    together = PlaceTogether(tuple(Place(new_id(), SYSTEM, one, units[1], b"place") for one in requests))
    works = [desk.make_report(units[0], 7), together, desk.make_report(units[2], 7)]
    outcomes = await desk.lane.submit_all(works, bulk=False)
    assert slugs(outcomes) == ["granted", "place-taken", "granted"]
    assert outcomes[1].facts["placement"] == str(together.placements[1].id)
    assert [(await desk.state(unit_id))["free"] for unit_id in units] == [7, 1, 7]
    assert (await desk.state(units[1]))["held"] == 0
    # Whatever puts them in one batch all the same, a whole has no company.
    loop = asyncio.get_running_loop()
    tickets = [Ticket(work, 1, loop.create_future()) for work in (desk.make_report(units[0], 9), together)]
    await desk.lane._write(tickets)
    assert slugs([await ticket.answer for ticket in tickets]) == ["granted", "place-taken"]
