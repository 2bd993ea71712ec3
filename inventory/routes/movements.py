"""PUT /movements/{id} and its void: people come in and leave between two reports."""

from __future__ import annotations

from uuid import UUID

from litestar import Response, post, put
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody

from inventory.moving import Move, MovementAnswer, VoidMovement
from inventory.problems import (
    HoldEnded,
    NotYourShelter,
    ObservedAfterSent,
    UnknownHold,
    UnknownMovement,
    UnknownUnit,
)
from inventory.routes.answering import ApiRequest, answer, audience_of, region_of, submit, wire
from inventory.routes.dating import dated
from inventory.routes.refusals import BODY, WHO, WRITE
from inventory.routes.views import MovementView
from inventory.schemas import MovementBody, check_instant, hash_of
from kernel.access.model import Role, Verb
from kernel.access.policies import allow
from kernel.access.schemas import refusals
from kernel.problems import IdReused

_MOVERS = allow(Role.STAFF, Role.DESK, Role.ADMINISTRATOR, verb=Verb.MOVE)
_ANSWER = {200: ResponseSpec(MovementView, generate_examples=False)}


@put(
    "/movements/{movement_id:uuid}",
    opt={"policy": _MOVERS},
    responses=_ANSWER
    | refusals(*WHO, *BODY, *WRITE, HoldEnded, IdReused, NotYourShelter, ObservedAfterSent, UnknownHold, UnknownUnit),
    summary="Say that people came in or left",
)
async def put_movement(
    request: ApiRequest, movement_id: FromPath[UUID], data: JSONBody[MovementBody]
) -> Response[bytes]:
    check_instant("occurred_at", data.occurred_at)
    check_instant("sent_at", data.sent_at)
    region = await region_of(request)
    received_at = region.clock.now()
    times = dated(request, data.occurred_at, data.sent_at, received_at)
    work = Move(
        id=movement_id,
        actor_id=request.user.id,
        unit_id=data.unit,
        direction=data.direction,
        places=data.places,
        body_hash=hash_of((data.unit, data.direction, data.places, data.occurred_at, data.placement, data.counted_in)),
        occurred_at=times.client_at,
        sent_at=times.sent_at,
        hold_id=data.placement,
        counted_in=data.counted_in,
        received_at=received_at,
    )
    return _told(request, await submit(request, work))


@post(
    "/movements/{movement_id:uuid}/void",
    status_code=200,
    opt={"policy": _MOVERS},
    responses=_ANSWER | refusals(*WHO, *WRITE, NotYourShelter, UnknownMovement),
    summary="Take back a movement that never was",
)
async def void_movement(request: ApiRequest, movement_id: FromPath[UUID]) -> Response[bytes]:
    return _told(request, await submit(request, VoidMovement(movement_id, request.user.id)))


def _told(request: ApiRequest, told: MovementAnswer) -> Response[bytes]:
    state = wire(told.subject, audience_of(request.user))
    return answer(MovementView(told.movement_id, told.outcome, state))
