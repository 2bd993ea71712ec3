"""Operators, shelters and units: put whole, closed, reopened, taken off the board."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
import structlog
from litestar import Response, delete, get, post, put
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody

from inventory.defining import CloseUnit, Defined, DefineOperator, DefineShelter, DefineUnit, RemoveUnit
from inventory.model.audience import Audience
from inventory.problems import NotYourShelter, UnitHasHolds, UnknownOperator, UnknownShelter, UnknownUnit
from inventory.routes.answering import ApiRequest, answer, audience_of, region_of, submit, wire
from inventory.routes.refusals import BODY, WHO, WRITE
from inventory.routes.views import DefinedView
from inventory.schemas import OperatorBody, ShelterBody, UnitBody
from inventory.store import address_of, list_known_shelters
from kernel.access.model import ACCOUNT_ROLES, Principal, Role, Verb
from kernel.access.policies import allow
from kernel.access.schemas import refusals
from kernel.journal import Subject
from kernel.problems import IdReused

log = structlog.get_logger(__name__)

_ADMINISTRATORS = allow(Role.ADMINISTRATOR)
_CLOSERS = allow(Role.STAFF, Role.ADMINISTRATOR, verb=Verb.CLOSE)
_READERS = allow(*ACCOUNT_ROLES, verb=Verb.READ)
_ANSWER = {200: ResponseSpec(DefinedView, generate_examples=False)}
_LISTED: dict[int, ResponseSpec] = {200: ResponseSpec(dict[str, Any], generate_examples=False)}


@put(
    "/operators/{operator_id:uuid}",
    opt={"policy": _ADMINISTRATORS},
    responses=_ANSWER | refusals(*WHO, *BODY, *WRITE, IdReused),
    summary="Define an operator",
)
async def put_operator(
    request: ApiRequest, operator_id: FromPath[UUID], data: JSONBody[OperatorBody]
) -> Response[bytes]:
    operator = data.operator(operator_id, request.user.region_id)
    return _told(request, await submit(request, DefineOperator(operator, request.user.id)))


@put(
    "/shelters/{shelter_id:uuid}",
    opt={"policy": _ADMINISTRATORS},
    responses=_ANSWER | refusals(*WHO, *BODY, *WRITE, IdReused, UnknownOperator),
    summary="Define a shelter",
)
async def put_shelter(request: ApiRequest, shelter_id: FromPath[UUID], data: JSONBody[ShelterBody]) -> Response[bytes]:
    shelter = data.shelter(shelter_id, request.user.region_id)
    return _told(request, await submit(request, DefineShelter(shelter, request.user.id)))


@get(
    "/shelters",
    opt={"policy": _READERS},
    responses=_LISTED | refusals(*WHO),
    summary="List the region's shelters and their units",
)
async def list_shelters(request: ApiRequest) -> Response[bytes]:
    region = await region_of(request)
    audience = audience_of(request.user)
    found = await list_known_shelters(region.pool, region.id)
    return answer({"shelters": [wire(subject, audience) for subject in found]})


@get(
    "/shelters/{shelter_id:uuid}",
    opt={"policy": _READERS},
    responses=_LISTED | refusals(*WHO, UnknownShelter),
    summary="Read one shelter; its own staff and administrators are told where it is",
)
async def read_shelter(request: ApiRequest, shelter_id: FromPath[UUID]) -> Response[bytes]:
    region = await region_of(request)
    found = await list_known_shelters(region.pool, region.id, shelter_id)
    if not found:
        raise UnknownShelter(shelter=str(shelter_id))
    audience = audience_of(request.user)
    told = _may_know_address(request.user, found[0], audience)
    address = await address_of(region.pool, shelter_id) if told else None
    return answer({"shelter": wire(found[0], audience), "address": address})


def _may_know_address(asker: Principal, shelter: Subject, audience: Audience) -> bool:
    """Its own staff and keys belong there; a grant to another role is for reporting, not for knowing (I11).

    Administrators define a shelter whole, so they must read what they are about to put again. They
    do not belong there all the same: each time they read a secret one's address, it is noted.
    """
    if shelter.id in audience.own:
        return True
    if asker.role is not Role.ADMINISTRATOR:
        return False
    if msgspec.json.decode(shelter.body)["secret"]:
        log.info("inventory.address_read", actor_id=str(asker.id), shelter=str(shelter.id))
    return True


@put(
    "/units/{unit_id:uuid}",
    opt={"policy": _ADMINISTRATORS},
    responses=_ANSWER | refusals(*WHO, *BODY, *WRITE, IdReused, UnknownShelter),
    summary="Define a unit",
)
async def put_unit(request: ApiRequest, unit_id: FromPath[UUID], data: JSONBody[UnitBody]) -> Response[bytes]:
    unit = data.unit(unit_id, request.user.region_id)
    return _told(request, await submit(request, DefineUnit(unit, data.capacity, request.user.id)))


@delete(
    "/units/{unit_id:uuid}",
    status_code=200,
    opt={"policy": _ADMINISTRATORS},
    responses=_ANSWER | refusals(*WHO, *WRITE, UnitHasHolds, UnknownUnit),
    summary="Take a unit off the board for good",
)
async def remove_unit(request: ApiRequest, unit_id: FromPath[UUID]) -> Response[bytes]:
    return _told(request, await submit(request, RemoveUnit(unit_id, request.user.id)))


@post(
    "/units/{unit_id:uuid}/close",
    status_code=200,
    opt={"policy": _CLOSERS},
    responses=_ANSWER | refusals(*WHO, *WRITE, NotYourShelter, UnknownUnit),
    summary="Close a unit; what is held there stays held",
)
async def close_unit(request: ApiRequest, unit_id: FromPath[UUID]) -> Response[bytes]:
    return _told(request, await submit(request, CloseUnit(unit_id, request.user.id, closed=True)))


@post(
    "/units/{unit_id:uuid}/reopen",
    status_code=200,
    opt={"policy": _CLOSERS},
    responses=_ANSWER | refusals(*WHO, *WRITE, NotYourShelter, UnknownUnit),
    summary="Reopen a unit; it awaits a report",
)
async def reopen_unit(request: ApiRequest, unit_id: FromPath[UUID]) -> Response[bytes]:
    return _told(request, await submit(request, CloseUnit(unit_id, request.user.id, closed=False)))


def _told(request: ApiRequest, defined: Defined) -> Response[bytes]:
    state = wire(defined.subject, audience_of(request.user)) if defined.subject is not None else None
    return answer(DefinedView(defined.id, state))
