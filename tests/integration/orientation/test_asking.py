"""Asking, amending, taking over and closing: once under the client's id, and one outcome (I4, I10)."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from inventory.holding import EndHold, Ending
from inventory.lane.working import SYSTEM
from inventory.model.unit import Regime
from kernel.ids import new_id
from kernel.problems import IdReused
from orientation.amending import AmendRequest, PauseRequest, PutStep, RefreshRequest, TakeOver
from orientation.closing import CloseRequest
from orientation.handling import RequestAct, RequestAnswer
from orientation.model.contact import SealedContact
from orientation.model.household import Needs
from orientation.model.request import Outcome, UnmetReason
from orientation.model.step import RefusalReason, StepKind, StepResult
from orientation.problems import CannotPause, PartyHeld, RequestChanged, RequestClosed, UnknownRequest
from tests.integration.orientation.conftest import Desk, make_lane, party

SEALED = SealedContact("key", b"alias", b"contact", b"twin")
_NO_PLACE: dict[str, Any] = {"outcome": Outcome.UNMET, "reason": UnmetReason.NO_PLACE}


def act(kind: type[RequestAct], request_id: UUID, /, **said: Any) -> RequestAct:
    body: dict[str, Any] = {"id": new_id(), "actor_id": SYSTEM, "body_hash": b"act"} | said
    return kind(request_id=request_id, **body)


async def do(desk: Desk, kind: type[RequestAct], request_id: UUID, /, **said: Any) -> RequestAnswer:
    answer: RequestAnswer = await desk.lane.submit(act(kind, request_id, **said))
    return answer


async def _held(desk: Desk) -> tuple[UUID, UUID, UUID]:
    unit_id = await desk.unit()
    await desk.report(unit_id, 5)
    request_id = await desk.ask()
    return unit_id, request_id, (await desk.place(request_id, unit_id)).placement.id


async def test_what_is_amended_is_said_and_the_rest_stays(desk: Desk) -> None:
    request_id = await desk.ask(party(2), contact=SEALED)
    told = await do(desk, AmendRequest, request_id, base_version=1, needs=Needs(step_free=True))
    assert (told.request.version, told.request.household.party_size) == (2, 2)
    assert told.request.household.needs.step_free
    assert await desk.pool.fetchval("SELECT count(*) FROM contact") == 1
    await do(desk, AmendRequest, request_id, base_version=2, party=party(3).party, with_contact=True)
    assert json.loads((await desk.request(request_id))["household"])["needs"]["step_free"]
    assert await desk.pool.fetchval("SELECT count(*) FROM contact") == 0
    facts = await desk.pool.fetch("SELECT facts FROM request_event WHERE verb = 'amend' ORDER BY at")
    assert [json.loads(row["facts"])["changed"] for row in facts] == [["needs"], ["party", "contact"]]


async def test_a_party_does_not_grow_beyond_what_is_held_for_it(desk: Desk) -> None:
    """Nor does that change what holding again under the same id says (I10)."""
    unit_id, request_id, placement_id = await _held(desk)
    with pytest.raises(PartyHeld):
        await do(desk, AmendRequest, request_id, base_version=2, party=party(3).party)
    await do(desk, AmendRequest, request_id, base_version=2, party=party(1).party, needs=Needs(pets=1))
    assert (await desk.place(request_id, unit_id, id=placement_id)).repeated


async def test_who_has_not_seen_it_as_it_is_changes_nothing(desk: Desk) -> None:
    """Two officers, one caller: the second one learns of the first."""
    request_id, first, second = await desk.ask(), new_id(), new_id()
    works = [act(TakeOver, request_id, actor_id=who, base_version=1) for who in (first, second)]
    taken, refused = await desk.lane.submit_all(works)
    assert taken.request.assignee_id == first
    assert isinstance(refused, RequestChanged)
    with pytest.raises(RequestChanged):
        await do(desk, AmendRequest, request_id, base_version=1, party=party(4).party)
    assert (await desk.request(request_id))["version"] == 2
    await do(desk, TakeOver, request_id, actor_id=second, base_version=2)
    assert (await desk.request(request_id))["assignee_id"] == second


async def test_i10_an_act_said_again_is_done_once(desk: Desk) -> None:
    request_id, event_id = await desk.ask(), new_id()
    said: dict[str, Any] = {"id": event_id, "base_version": 1, "party": party(3).party}
    first, again = await do(desk, AmendRequest, request_id, **said), await do(desk, AmendRequest, request_id, **said)
    assert (first.repeated, again.repeated, again.request.version) == (False, True, 2)
    other = await desk.ask()
    elsewise: list[tuple[type[RequestAct], UUID, dict[str, Any]]] = [
        (AmendRequest, request_id, {"body_hash": b"other"}),
        (AmendRequest, other, {}),
        (RefreshRequest, request_id, {}),
    ]
    for kind, where, more in elsewise:
        with pytest.raises(IdReused):
            await do(desk, kind, where, id=event_id, **more)
    with pytest.raises(IdReused):
        await desk.ask(id=event_id)
    with pytest.raises(UnknownRequest):
        await do(desk, RefreshRequest, new_id())


async def test_i4_closing_gives_back_what_is_held_in_the_same_act(desk: Desk) -> None:
    unit_id, request_id, placement_id = await _held(desk)
    event_id = new_id()
    for repeated in (False, True):
        told = await do(desk, CloseRequest, request_id, id=event_id, outcome=Outcome.WITHDRAWN)
        assert (told.repeated, told.request.outcome, told.request.placement_id) == (repeated, Outcome.WITHDRAWN, None)
    assert (await desk.placement(placement_id))["ending"] == "cancelled"
    assert (await desk.state(unit_id))["held"] == 0
    with pytest.raises(RequestClosed):
        await do(desk, CloseRequest, request_id, **_NO_PLACE)
    with pytest.raises(RequestClosed):
        await do(desk, TakeOver, request_id, base_version=3)


async def test_i4_of_racing_closings_on_two_nodes_one_is_the_outcome(desk: Desk) -> None:
    unit_id, request_id, _ = await _held(desk)
    other = make_lane(desk.pool, desk.region_id, desk.lane._settings, [])
    other.start()
    said: list[dict[str, Any]] = [{"outcome": Outcome.WITHDRAWN}, _NO_PLACE, {"outcome": Outcome.DUPLICATE}] * 4
    answers = await asyncio.gather(
        *(
            lane.submit(act(CloseRequest, request_id, **one))
            for one, lane in zip(said, [desk.lane, other] * 6, strict=True)
        ),
        return_exceptions=True,
    )
    await other.stop()
    (closed,) = [answer for answer in answers if isinstance(answer, RequestAnswer)]
    assert sum(isinstance(answer, RequestClosed) for answer in answers) == len(said) - 1
    assert (await desk.request(request_id))["outcome"] == closed.request.outcome
    assert (await desk.state(unit_id))["held"] == 0
    assert await desk.pool.fetchval("SELECT count(*) FROM hold_end") == 1


async def test_who_waits_again_after_a_decline_has_time_to_be_seen(desk: Desk) -> None:
    _, request_id, placement_id = await _held(desk)
    await desk.pool.execute("UPDATE request SET expires_at = halte_now() - interval '1 hour'")
    await desk.lane.submit(EndHold(new_id(), SYSTEM, placement_id, Ending.DECLINED, b"end"))
    row = await desk.request(request_id)
    assert row["state"] == "waiting"
    assert row["expires_at"] > await desk.now() + timedelta(hours=5)


async def test_only_an_admission_that_waits_is_paused(desk: Desk) -> None:
    now = await desk.now()
    night, admission = await desk.ask(), await desk.ask(regime=Regime.ADMISSION)
    for request_id, days in ((night, 1), (admission, -1), (admission, 91)):
        with pytest.raises(CannotPause):
            await do(desk, PauseRequest, request_id, until=now + timedelta(days=days))
    until = now + timedelta(days=60)
    told = await do(desk, PauseRequest, admission, until=until)
    assert told.request.paused_until == until
    assert told.request.expires_at == until + timedelta(days=30)
    told = await do(desk, AmendRequest, admission, base_version=2, needs=Needs(step_free=True))
    assert (told.request.paused_until, told.request.expires_at) == (until, until + timedelta(days=30))
    told = await do(desk, RefreshRequest, admission)
    assert told.request.paused_until is None
    await do(desk, PauseRequest, admission, until=until)
    told = await do(desk, AmendRequest, admission, base_version=5, regime=Regime.NIGHT)
    assert told.request.paused_until is None
    assert told.request.expires_at < now + timedelta(days=1)


async def test_the_steps_of_an_admission_stand_as_they_were_said_last(desk: Desk) -> None:
    request_id, interview, appeal = await desk.ask(regime=Regime.ADMISSION), new_id(), new_id()
    at = await desk.now() + timedelta(days=4)
    await do(desk, PutStep, request_id, base_version=1, step_id=interview, kind=StepKind.INTERVIEW, at=at)
    missed = {"kind": StepKind.INTERVIEW, "at": at, "result": StepResult.MISSED}
    await do(desk, PutStep, request_id, base_version=2, step_id=interview, **missed)
    refused = {"result": StepResult.REFUSED, "reason": RefusalReason.NOT_FOR_US}
    await do(desk, PutStep, request_id, base_version=3, step_id=appeal, kind=StepKind.APPEAL, **refused)
    rows = await desk.pool.fetch("SELECT id, result, reason FROM request_step ORDER BY changed_at")
    assert [tuple(row) for row in rows] == [(interview, "missed", None), (appeal, "refused", "not-for-us")]
    with pytest.raises(RequestChanged):
        await do(desk, PutStep, request_id, base_version=1, step_id=appeal, kind=StepKind.APPEAL)
