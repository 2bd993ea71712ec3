"""Settling: what the end of a hold means for its placement and its request, whoever ended it (I3, I4).

Arrivals, declines and cancellations reach a hold in several ways (an act on the placement, a movement that
names it, the clock, a move to another unit); what follows for the request is decided here, once a batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from inventory.holding import Ending
from inventory.lane.working import Working
from inventory.tables import hold_end
from kernel.ids import new_id
from kernel.journal import Cause, Entry
from orientation.lane.records import Records
from orientation.lane.sharing import sharing_entries
from orientation.model.placement import Act, Placement, PlacementState
from orientation.model.request import Outcome, Request, RequestState

_encode = msgspec.json.Encoder().encode


class RequestBody(msgspec.Struct, frozen=True):
    """All that board, journal and Redis know of a request (I9)."""

    id: UUID
    version: int


class PlacementBody(msgspec.Struct, frozen=True):
    id: UUID
    version: int
    shelter: UUID
    unit: UUID
    request: UUID


def settle(working: Working, records: Records) -> None:
    """Let placements and requests follow the holds that ended in this batch; then journal what changed."""
    # Arrivals last: whatever else ended, these people are inside.
    ended = sorted(working.ended.items(), key=lambda item: item[1][1] == Ending.ARRIVED)
    rows = {row["hold_id"]: row for row in working.inserts.get(hold_end, [])}
    concerned: dict[UUID, Cause] = {}
    for hold_id, (_, state) in ended:
        placement = records.placements.get(hold_id)
        if placement is None:
            continue
        cause = Cause(state, hold_id, rows[hold_id]["actor_id"])
        _end(working, records, placement, Ending(state), cause, late=rows[hold_id]["late"])
        concerned[placement.request_id] = cause
        if rows[hold_id]["movement_id"] is not None:
            _note_arrival(working, records, placement, rows[hold_id])
    for placement, cause in _voided(working, records):
        records.put_placement(replace(placement, voided=True), cause)
        _reopen(records, placement.request_id, cause, working.now)
    for request_id, cause in concerned.items():
        _follow(working, records, request_id, cause)
    working.entries.extend(_entries(records))
    working.entries.extend(sharing_entries(records))


def _end(working: Working, records: Records, placement: Placement, ending: Ending, cause: Cause, *, late: bool) -> None:
    records.put_placement(
        replace(
            placement,
            state=PlacementState.ENDED,
            ending=ending,
            late=late,
            ended_at=placement.ended_at or working.now,
        ),
        cause,
    )
    if ending is Ending.ARRIVED:
        _arrived(records, placement, cause, working.now)


def _note_arrival(working: Working, records: Records, placement: Placement, end: Mapping[str, Any]) -> None:
    """Keep with the request that they came, where a movement said it and no act on the placement."""
    request = records.requests.get(placement.request_id)
    if request is not None and end["movement_id"] not in records.events:
        records.record_event(
            new_id(), Act.ARRIVE, working.now, end["actor_id"], end["body_hash"], request=request,
            placement_id=placement.id,
        )  # fmt: skip


def _arrived(records: Records, placement: Placement, cause: Cause, at: datetime) -> None:
    """These people are inside, whatever the desk had written of their request."""
    request = records.requests.get(placement.request_id)
    if request is None or request.outcome is Outcome.ARRIVED:
        return
    closed = replace(
        request,
        state=RequestState.CLOSED,
        outcome=Outcome.ARRIVED,
        outcome_reason=None,
        closed_at=request.closed_at or at,
        placement_id=None,
    )
    records.put_request(closed, cause)


def _follow(working: Working, records: Records, request_id: UUID, cause: Cause) -> None:
    """Let a request that is not closed have the hold that is open, or wait again."""
    request = records.requests.get(request_id)
    if request is None or not request.open:
        return
    hold_id = working.open_holds.get(request_id)
    if hold_id is None:
        request = _waiting(records, request, working.now)
    else:
        request = replace(request, state=RequestState.HELD, placement_id=hold_id)
    records.put_request(request, cause)


def _waiting(records: Records, request: Request, now: datetime) -> Request:
    """It waits again, on the screens, and does not expire before anybody could have looked at it."""
    within = timedelta(seconds=records.policy.times(request.regime).refresh_within_s)
    return replace(
        request,
        state=RequestState.WAITING,
        outcome=None,
        outcome_reason=None,
        closed_at=None,
        placement_id=None,
        gone=False,
        expires_at=max(request.expires_at, now + within),
    )


def _reopen(records: Records, request_id: UUID, cause: Cause, now: datetime) -> None:
    """Nobody came after all: somebody still waits, unless they came elsewhere."""
    request = records.requests.get(request_id)
    if request is None or request.outcome is not Outcome.ARRIVED or _inside(records, request_id):
        return
    records.put_request(_waiting(records, request, now), cause)


def _inside(records: Records, request_id: UUID) -> bool:
    return any(
        one.request_id == request_id and one.ending is Ending.ARRIVED and not one.voided
        for one in records.placements.values()
    )


def _voided(working: Working, records: Records) -> Iterable[tuple[Placement, Cause]]:
    for movement_id, actor_id in working.voided:
        movement = working.movements[movement_id]
        placement = None if movement.hold_id is None else records.placements.get(movement.hold_id)
        if placement is not None and not placement.voided:
            yield placement, Cause("void", movement_id, actor_id)


def _entries(records: Records) -> Iterable[Entry]:
    for request in records.requests.values():
        causes = records.causes.get(request.id)
        if causes:
            yield Entry("request", request.id, _request_body(request), tuple(causes), visible=False, gone=request.gone)
    for placement in records.placements.values():
        causes = records.causes.get(placement.id)
        if causes:
            body = _placement_body(placement)
            yield Entry("placement", placement.id, body, tuple(causes), visible=False, gone=placement.gone)


def _request_body(request: Request) -> bytes:
    return _encode(RequestBody(request.id, request.version))


def _placement_body(placement: Placement) -> bytes:
    return _encode(
        PlacementBody(placement.id, placement.version, placement.shelter_id, placement.unit_id, placement.request_id)
    )
