"""What a shelter and a desk do with a placement, and what follows: once each, under the client's id (I3, I10)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from inventory.lane.working import SYSTEM
from inventory.model.counting import Spoke
from inventory.problems import AbsurdCount, NotYourShelter
from inventory.reporting import Reporter
from kernel.access.problems import Forbidden
from kernel.ids import new_id
from kernel.problems import IdReused, Problem
from orientation.acting import PlacementAct
from orientation.answering import Accept, Arrive, Decline, MissArrival, See
from orientation.following import Cancel, CancelReason, Extend, HandOver
from orientation.lapsing import Escalate, Expect, Lapse, by_clock
from orientation.model.placement import DeclineReason, Party
from orientation.model.times import NIGHT
from orientation.placement_records import promised_in_vain
from orientation.problems import AlreadyExtended, PlacementMovedOn, UnknownPlacement
from orientation.routes.showing import bar_view
from tests.integration.inventory.acting import at, person, set_clock
from tests.integration.orientation.conftest import Desk, said


def _decline(desk: Desk, unit_id: UUID, placement_id: UUID, reason: DeclineReason, free: int | None = None) -> Decline:
    return Decline(said(placement_id), unit_id, Reporter(SYSTEM, Spoke.PERSON), desk.shelter_id, reason, free)


async def _expires_at(desk: Desk, placement_id: UUID) -> Any:
    return await desk.pool.fetchval("SELECT expires_at FROM hold WHERE id = $1", placement_id)


async def test_seen_once_gives_grace_and_no_more(desk: Desk) -> None:
    await set_clock(desk.pool, at("20:00"), speed=0)
    _, request_id, placement_id = await desk.announced()
    await set_clock(desk.pool, at("20:25"), speed=0)
    first = await desk.act(See(said(placement_id)))
    assert first.placement.seen_at == at("20:25")
    assert first.expires_at == at("20:25") + timedelta(seconds=NIGHT.seen_grace_s)
    await set_clock(desk.pool, at("20:30"), speed=0)
    assert await desk.act(See(said(placement_id))) == first
    assert (await desk.request(request_id))["version"] == 3


async def test_accepted_people_are_expected_until_the_intake_ends(desk: Desk) -> None:
    await set_clock(desk.pool, at("20:00"), speed=0)
    await desk.pool.execute("UPDATE shelter SET intake_from = '18:00', intake_to = '22:00'")
    _, request_id, placement_id = await desk.announced()
    event_id = new_id()
    told = await desk.act(Accept(said(placement_id, id=event_id)))
    assert (told.placement.state, told.placement.accepted_at, told.expires_at) == ("accepted", at("20:00"), at("22:00"))
    assert (await desk.act(Accept(said(placement_id, id=event_id)))).repeated
    with pytest.raises(IdReused):
        await desk.act(Accept(said(placement_id, id=event_id, words=b"other")))
    with pytest.raises(PlacementMovedOn):
        await desk.act(Accept(said(placement_id)))
    assert (await desk.request(request_id))["state"] == "held"


async def test_full_is_a_report_in_the_same_act(desk: Desk) -> None:
    unit_id, request_id, placement_id = await desk.announced(free=5)
    with pytest.raises(AbsurdCount):
        await desk.act(_decline(desk, unit_id, placement_id, DeclineReason.FULL, 9_000))
    assert (await desk.placement(placement_id))["state"] == "held"
    told = await desk.act(_decline(desk, unit_id, placement_id, DeclineReason.FULL, 0))
    assert (told.placement.ending, told.placement.decline_reason, told.placement.decline_free) == (
        "declined",
        "full",
        0,
    )
    state = await desk.state(unit_id)
    assert (state["free"], state["held"]) == (0, 0)
    assert (await desk.request(request_id))["state"] == "waiting"


@pytest.mark.parametrize("reason", [DeclineReason.NOT_FOR_US, DeclineReason.KNOWN_CONFLICT, DeclineReason.RULES_BROKEN])
async def test_a_reason_that_stays_bars_the_unit_for_this_household(desk: Desk, reason: DeclineReason) -> None:
    unit_id, request_id, placement_id = await desk.announced()
    await desk.act(_decline(desk, unit_id, placement_id, reason))
    bar = await desk.pool.fetchrow("SELECT * FROM request_bar WHERE request_id = $1", request_id)
    assert bar is not None
    assert (bar["unit_id"], bar["reason"]) == (unit_id, reason)
    assert timedelta(days=6) < bar["until"] - await desk.now() <= timedelta(days=7)
    assert (await desk.state(unit_id))["free"] == 5
    assert bar_view(bar).scope == ("unit" if reason is DeclineReason.NOT_FOR_US else "shelter")


async def test_wrong_data_lets_the_unit_await_a_report(desk: Desk) -> None:
    unit_id, _, placement_id = await desk.announced()
    await desk.act(_decline(desk, unit_id, placement_id, DeclineReason.WRONG_DATA))
    assert (await desk.state(unit_id))["status"] == "awaiting-report"
    await desk.report(unit_id, 4)
    assert (await desk.state(unit_id))["status"] == "open"


@pytest.mark.parametrize("reason", [DeclineReason.CLOSED, DeclineReason.NO_STAFF])
async def test_where_nobody_lets_people_in_nothing_more_is_held_before_noon(desk: Desk, reason: DeclineReason) -> None:
    await set_clock(desk.pool, at("20:00"), speed=0)
    unit_id, request_id, placement_id = await desk.announced()
    confirmed_at = (await desk.state(unit_id))["count_at"]
    other = (await desk.place(await desk.ask(), unit_id)).placement.id
    assert await promised_in_vain(desk.pool, desk.region_id) == []
    await desk.act(_decline(desk, unit_id, placement_id, reason))
    # What had been promised to others before is to be moved.
    promised = await promised_in_vain(desk.pool, desk.region_id)
    assert [(one.record["id"], one.closed) for one in promised] == [(other, True)]
    assert (await desk.state(unit_id))["count_at"] == confirmed_at  # a fact, and no count (I8)
    with pytest.raises(Problem, match="place-taken"):
        await desk.place(request_id, unit_id)
    await set_clock(desk.pool, at("20:00") + timedelta(hours=16), speed=0)
    assert await promised_in_vain(desk.pool, desk.region_id) == []
    await desk.place(request_id, unit_id)


async def test_an_arrival_is_a_movement_also_after_the_clock_had_ended_it(desk: Desk) -> None:
    await set_clock(desk.pool, at("20:00"), speed=0)
    unit_id, request_id, placement_id = await desk.announced(size=2)
    await desk.act(Accept(said(placement_id)))
    await set_clock(desk.pool, at("23:30"), speed=0)
    await desk.act(by_clock(Expect, placement_id))
    newer = await desk.place(request_id, unit_id)
    event_id = new_id()
    told = await desk.act(Arrive(said(placement_id, id=event_id), unit_id))
    assert (told.placement.ending, told.placement.late, told.request.outcome) == ("arrived", True, "arrived")
    assert (await desk.act(Arrive(said(placement_id, id=event_id), unit_id))).repeated
    assert (await desk.placement(newer.placement.id))["ending"] == "cancelled"
    moved = await desk.pool.fetch("SELECT id, places, hold_id FROM movement")
    assert [tuple(row.values()) for row in moved] == [(event_id, 2, placement_id)]
    state = await desk.state(unit_id)
    assert (state["free"], state["held"]) == (3, 0)


async def test_the_clock_ends_what_was_seen_and_what_is_overdue_and_nothing_sooner(desk: Desk) -> None:
    await set_clock(desk.pool, at("20:00"), speed=0)
    _, request_id, placement_id = await desk.announced()
    await set_clock(desk.pool, at("21:00"), speed=0)
    for kind in (Lapse, Expect):
        with pytest.raises(PlacementMovedOn):  # nobody has seen it
            await desk.act(by_clock(kind, placement_id))
    await desk.act(by_clock(Escalate, placement_id))
    assert (await desk.placement(placement_id))["escalated_at"] == at("21:00")
    await desk.act(See(said(placement_id)))
    with pytest.raises(PlacementMovedOn):  # the grace
        await desk.act(by_clock(Lapse, placement_id))
    await set_clock(desk.pool, at("21:10"), speed=0)
    assert not (await desk.act(by_clock(Lapse, placement_id))).repeated
    assert (await desk.act(by_clock(Lapse, placement_id))).repeated
    assert (await desk.placement(placement_id))["ending"] == "lapsed"
    assert (await desk.request(request_id))["state"] == "waiting"


async def test_a_desk_gives_more_time_once_hands_over_and_lets_go(desk: Desk) -> None:
    await set_clock(desk.pool, at("20:00"), speed=0)
    _, request_id, placement_id = await desk.announced()
    colleague = new_id()
    extended = await desk.act(Extend(said(placement_id, party=Party.DESK)))
    assert extended.expires_at == at("20:00") + timedelta(seconds=NIGHT.hold_ttl_s + NIGHT.extend_s)
    with pytest.raises(AlreadyExtended):
        await desk.act(Extend(said(placement_id, party=Party.DESK)))
    handed = await desk.act(HandOver(said(placement_id, party=Party.DESK), colleague))
    assert (handed.placement.holder_id, handed.request.assignee_id) == (colleague, colleague)
    await desk.act(Cancel(said(placement_id, party=Party.DESK), CancelReason.MISTAKE))
    assert (await desk.placement(placement_id))["ending"] == "cancelled"
    rows = await desk.pool.fetch("SELECT verb, facts FROM request_event WHERE request_id = $1 ORDER BY id", request_id)
    assert [row["verb"] for row in rows] == ["ask", "place", "extend", "hand-over", "cancel"]
    assert json.loads(rows[3]["facts"]) == {"from": str(SYSTEM), "to": str(colleague)}


async def test_i3_of_two_ends_in_one_batch_the_first_counts(desk: Desk) -> None:
    unit_id, request_id, placement_id = await desk.announced()
    ends = [
        Cancel(said(placement_id, party=Party.DESK), CancelReason.MISTAKE),
        _decline(desk, unit_id, placement_id, DeclineReason.FULL, 3),
        Accept(said(placement_id)),
    ]
    first, *others = await desk.lane.submit_all(ends, bulk=False)
    assert first.placement.ending == "cancelled"
    assert [type(one) for one in others] == [PlacementMovedOn, PlacementMovedOn]
    assert (await desk.request(request_id))["state"] == "waiting"
    assert (await desk.state(unit_id))["free"] == 5


async def test_who_may_not_changes_nothing(desk: Desk) -> None:
    unit_id, _, placement_id = await desk.announced()
    stranger = (await person(desk, "staff")).id
    refused: list[tuple[PlacementAct, type[Problem]]] = [
        (See(said(placement_id, party=Party.DESK)), Forbidden),
        (Extend(said(placement_id)), Forbidden),
        (Accept(said(placement_id, by=stranger)), NotYourShelter),
        (Accept(said(new_id())), UnknownPlacement),
        (MissArrival(said(placement_id)), PlacementMovedOn),
        (by_clock(Lapse, placement_id), PlacementMovedOn),
    ]
    before = await desk.placement(placement_id)
    for work, problem in refused:
        with pytest.raises(problem):
            await desk.act(work)
    assert await desk.placement(placement_id) == before
    assert await _expires_at(desk, placement_id) > await desk.now()
    assert (await desk.state(unit_id))["held"] == 1
