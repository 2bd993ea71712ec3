"""What the desk does with a request, each act under an id of the client's (I10)."""

from __future__ import annotations

from uuid import UUID

from litestar import Response, patch, post, put
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody
from msgspec import UNSET

from inventory.problems import UnknownShelter
from inventory.routes.answering import ApiRequest, answer, region_of, submit
from inventory.routes.refusals import BODY, WHO, WRITE
from inventory.schemas import check_instant, hash_of
from kernel.access.schemas import refusals
from kernel.problems import IdReused, Problem
from orientation.amending import AmendRequest, PauseRequest, PutStep, RefreshRequest, TakeOver
from orientation.closing import CloseRequest
from orientation.finding import check_places, check_shelter
from orientation.handling import RequestAct, RequestAnswer
from orientation.model.request import Outcome
from orientation.problems import (
    CannotPause,
    ContactRefused,
    NoContactKept,
    PartyHeld,
    RequestChanged,
    RequestClosed,
    UnknownRequest,
)
from orientation.routes.requests import DESK, sealed, view_of
from orientation.routes.views import RequestAnswered
from orientation.schemas import ActBody, AmendBody, CloseBody, ContactBody, PauseBody, StepBody, TakeBody, party_of

_ANSWER = {200: ResponseSpec(RequestAnswered, generate_examples=False)}
_REFUSED = (*WHO, *BODY, *WRITE, IdReused, RequestClosed, UnknownRequest)


def _act(name: str, summary: str, *refused: type[Problem]) -> post:
    """Return the route of an act, and what else it may be refused for than any other."""
    return post(
        f"/requests/{{request_id:uuid}}/{name}",
        status_code=200,
        opt={"policy": DESK},
        responses=_ANSWER | refusals(*_REFUSED, *refused),
        summary=summary,
    )


@patch(
    "/requests/{request_id:uuid}",
    opt={"policy": DESK},
    responses=_ANSWER | refusals(*_REFUSED, ContactRefused, NoContactKept, PartyHeld, RequestChanged),
    summary="Change what a household said; what is left out stays",
)
async def patch_request(request: ApiRequest, request_id: FromPath[UUID], data: JSONBody[AmendBody]) -> Response[bytes]:
    region = await region_of(request)
    contact = data.contact.told() if isinstance(data.contact, ContactBody) else None
    needs = None if data.needs is None else data.needs.needs()
    await check_places(region, needs)
    party = None if data.party is None else party_of(data.party)
    urgency = None if data.urgency is None else tuple(dict.fromkeys(data.urgency))
    # Of the contact only whether there is one: see `post_request`.
    said = (data.base_version, party, needs, urgency, data.regime, data.contact is UNSET, contact is None)
    work = AmendRequest(
        id=data.id,
        actor_id=request.user.id,
        request_id=request_id,
        body_hash=hash_of(said),
        base_version=data.base_version,
        party=party,
        needs=needs,
        urgency=urgency,
        regime=data.regime,
        contact=await sealed(region, request_id, contact),
        with_contact=data.contact is not UNSET,
    )
    return await _told(request, work)


@_act("take", "Look after a request from now on, instead of whoever did", RequestChanged)
async def take_request(request: ApiRequest, request_id: FromPath[UUID], data: JSONBody[TakeBody]) -> Response[bytes]:
    work = TakeOver(
        id=data.id,
        actor_id=request.user.id,
        request_id=request_id,
        body_hash=hash_of(data),
        base_version=data.base_version,
    )
    return await _told(request, work)


@_act("refresh", "Say that the household still looks for a place")
async def refresh_request(request: ApiRequest, request_id: FromPath[UUID], data: JSONBody[ActBody]) -> Response[bytes]:
    work = RefreshRequest(id=data.id, actor_id=request.user.id, request_id=request_id, body_hash=hash_of(data))
    return await _told(request, work)


@_act("pause", "Let a request for admission rest until an instant; the pause ends by itself", CannotPause)
async def pause_request(request: ApiRequest, request_id: FromPath[UUID], data: JSONBody[PauseBody]) -> Response[bytes]:
    check_instant("until", data.until)
    work = PauseRequest(
        id=data.id, actor_id=request.user.id, request_id=request_id, body_hash=hash_of(data), until=data.until
    )
    return await _told(request, work)


@_act("close", "Give a request its outcome; what is held for it is cancelled in the same act", RequestChanged)
async def close_request(request: ApiRequest, request_id: FromPath[UUID], data: JSONBody[CloseBody]) -> Response[bytes]:
    data.check()
    work = CloseRequest(
        id=data.id,
        actor_id=request.user.id,
        request_id=request_id,
        body_hash=hash_of(data),
        base_version=data.base_version,
        outcome=Outcome(data.outcome),
        reason=data.reason,
    )
    return await _told(request, work)


@put(
    "/requests/{request_id:uuid}/steps/{step_id:uuid}",
    opt={"policy": DESK},
    responses=_ANSWER | refusals(*_REFUSED, RequestChanged, UnknownShelter),
    summary="Say how a step of an admission stands: interview, visit, decision, appeal",
)
async def put_step(
    request: ApiRequest, request_id: FromPath[UUID], step_id: FromPath[UUID], data: JSONBody[StepBody]
) -> Response[bytes]:
    data.check()
    await check_shelter(await region_of(request), data.shelter)
    work = PutStep(
        id=data.id,
        actor_id=request.user.id,
        request_id=request_id,
        body_hash=hash_of((step_id, data)),
        base_version=data.base_version,
        step_id=step_id,
        kind=data.kind,
        shelter_id=data.shelter,
        at=data.at,
        result=data.result,
        reason=data.reason,
    )
    return await _told(request, work)


async def _told(request: ApiRequest, work: RequestAct) -> Response[bytes]:
    region = await region_of(request)
    try:
        told: RequestAnswer = await submit(request, work)
    except RequestChanged as problem:
        problem.facts["request"] = await view_of(region, work.request_id)
        raise
    return answer(RequestAnswered(await view_of(region, work.request_id), told.repeated))
