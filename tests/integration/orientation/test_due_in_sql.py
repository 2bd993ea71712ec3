"""The sweep finds by SQL exactly what the rule calls due (I12): told every case at the edge of every instant."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID

from inventory import tables as inventory
from inventory.model.unit import Regime
from kernel.bulk import insert
from kernel.ids import new_id
from orientation import tables
from orientation.elapsing import read_due
from orientation.model.request import SHOWN_CLOSED, Channel, Outcome, Request, RequestState, due
from orientation.rows import request_row
from tests.integration.inventory.acting import NIGHT, at
from tests.integration.orientation.conftest import ALONE, Desk

NOW, NOON = at("23:00"), at("12:00")
_INSTANT = timedelta(microseconds=1)


def edges(instant: datetime) -> tuple[datetime, ...]:
    return instant - _INSTANT, instant, instant + _INSTANT


def made(region_id: UUID, **said: Any) -> Request:
    request_id = new_id()
    return Request(
        id=request_id, region_id=region_id, code=request_id.hex, night=NIGHT, channel=Channel.PHONE, household=ALONE,
        asked_at=NOON, actor_id=region_id, body_hash=b"", version=1, **said,
    )  # fmt: skip


def every_case(region_id: UUID) -> list[tuple[Request, datetime | None]]:
    """Requests, with when the clock ends what is held for them: just before, upon and just after what decides."""
    cases: list[tuple[Request, datetime | None]] = []
    for regime, refreshed_at, expires_at, paused_until in product(Regime, edges(NOON), edges(NOW), (None, *edges(NOW))):
        said = {"regime": regime, "refreshed_at": refreshed_at, "expires_at": expires_at, "paused_until": paused_until}
        cases.append((made(region_id, state=RequestState.WAITING, **said), None))
        held = {"state": RequestState.HELD} | said
        cases += [(made(region_id, placement_id=new_id(), **held), until) for until in edges(NOW)]
        for closed_at, gone in product(edges(NOW - SHOWN_CLOSED), (False, True)):
            ended = {"state": RequestState.CLOSED, "outcome": Outcome.WITHDRAWN, "closed_at": closed_at, "gone": gone}
            cases.append((made(region_id, **said, **ended), None))
    return cases


def hold_row(request: Request, unit_id: UUID, held_until: datetime) -> dict[str, Any]:
    return {
        "id": request.placement_id, "region_id": request.region_id, "unit_id": unit_id, "request_id": request.id,
        "places": 1, "state": "held", "held_at": NOON, "expires_at": held_until, "ended_at": None,
        "actor_id": request.actor_id, "body_hash": b"",
    }  # fmt: skip


async def test_the_sweep_and_the_rule_agree_to_the_microsecond(desk: Desk) -> None:
    desk.broken = True  # Rows without a history: verify would rightly complain.
    unit_id, cases = await desk.unit(), every_case(desk.region_id)
    holds = [hold_row(request, unit_id, until) for request, until in cases if until is not None]
    async with desk.pool.acquire() as connection:
        await insert(connection, tables.request, [request_row(request) for request, _ in cases])
        await insert(connection, inventory.hold, holds)
    found: list[UUID] = []
    while portion := await read_due(desk.pool, desk.region_id, found[-1] if found else UUID(int=0), NOW, NOON):
        found.extend(portion)
    tasks = {request.id: due(request, NOW, NOON, until) for request, until in cases}
    assert len({*tasks.values()}) == 5, "nothing, and each of the four tasks, is among the cases"
    assert found == sorted(id for id, task in tasks.items() if task is not None)
