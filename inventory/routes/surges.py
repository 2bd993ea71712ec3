"""The surges: surge units are asked to open, the end is moved, and what has become of each (I11)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from inventory import surge_records
from inventory.model.audience import Audience
from inventory.model.state import Status
from inventory.model.surge import Standing
from inventory.problems import (
    NotASurgeUnit,
    ReasonRefused,
    SurgeEnded,
    SurgeTooLarge,
    SurgeWithoutUnits,
    UnitInSurge,
    UnknownShelter,
    UnknownSurge,
    UnknownUnit,
    UntilRefused,
)
from inventory.routes.answering import ApiRequest, answer, audience_of, region_of, submit, wire
from inventory.routes.refusals import BODY, WHO, WRITE
from inventory.routes.views import SurgeAnsweredView, SurgeChangeView, SurgesView, SurgeUnitView, SurgeView
from inventory.schemas import EndSurgeBody, ExtendSurgeBody, SurgeBody
from inventory.store import read_policy
from inventory.surge_records import SurgeRecord, SurgeUnit, units_meant
from inventory.surging import ActivateSurge, ChangeSurge, SurgeAnswer
from kernel.access.model import ACCOUNT_ROLES, Role, Verb
from kernel.access.policies import allow
from kernel.access.schemas import refusals
from kernel.problems import IdReused, InvalidParameter

_READERS = allow(*ACCOUNT_ROLES, verb=Verb.READ)
_ACTIVATORS = allow(Role.SUPERVISOR, Role.ADMINISTRATOR)
_ANSWER = {200: ResponseSpec(SurgeAnsweredView, generate_examples=False)}
_CHANGED = (*WHO, *BODY, *WRITE, IdReused, ReasonRefused)


@get(
    "/surges",
    opt={"policy": _READERS},
    responses={200: ResponseSpec(SurgesView, generate_examples=False)} | refusals(*WHO, InvalidParameter),
    summary="List surges, the last one first: who, when, why, and what has become of each unit",
)
async def list_surges(
    request: ApiRequest,
    running: FromQuery[bool | None] = None,
    before: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=50)] = 10,
) -> Response[bytes]:
    region = await region_of(request)
    found = await surge_records.list_surges(region.pool, region.id, before, running, limit + 1)
    views = await _views(request, found[:limit])
    return answer(SurgesView(views, views[-1].id if len(found) > limit else None))


@get(
    "/surges/{surge_id:uuid}",
    opt={"policy": _READERS},
    responses={200: ResponseSpec(SurgeView, generate_examples=False)} | refusals(*WHO, UnknownSurge),
    summary="Read one surge",
)
async def read_surge(request: ApiRequest, surge_id: FromPath[UUID]) -> Response[bytes]:
    return answer(await _view_of(request, surge_id))


@post(
    "/surges",
    status_code=200,
    opt={"policy": _ACTIVATORS},
    responses=_ANSWER
    | refusals(
        *(*_CHANGED, NotASurgeUnit, SurgeTooLarge, SurgeWithoutUnits, UnitInSurge, UnknownShelter, UnknownUnit),
        UntilRefused,
    ),
    summary="Ask surge units to open until an end; each opens with its shelter's report",
)
async def post_surge(request: ApiRequest, data: JSONBody[SurgeBody]) -> Response[bytes]:
    data.check()
    region = await region_of(request)
    meant = await units_meant(
        region.pool, region.id, data.units, data.shelters, data.communes, everywhere=data.everywhere
    )
    return await _told(request, data.activation(request.user.id, meant))


@post(
    "/surges/{surge_id:uuid}/extend",
    status_code=200,
    opt={"policy": _ACTIVATORS},
    responses=_ANSWER | refusals(*_CHANGED, SurgeEnded, UnknownSurge, UntilRefused),
    summary="Let a running surge end later",
)
async def extend_surge(
    request: ApiRequest, surge_id: FromPath[UUID], data: JSONBody[ExtendSurgeBody]
) -> Response[bytes]:
    return await _told(request, data.change(request.user.id, surge_id))


@post(
    "/surges/{surge_id:uuid}/end",
    status_code=200,
    opt={"policy": _ACTIVATORS},
    responses=_ANSWER | refusals(*_CHANGED, SurgeEnded, UnknownSurge),
    summary="End a running surge now: its units close, and what is held there stays held",
)
async def end_surge(request: ApiRequest, surge_id: FromPath[UUID], data: JSONBody[EndSurgeBody]) -> Response[bytes]:
    return await _told(request, data.change(request.user.id, surge_id))


async def _told(request: ApiRequest, work: ActivateSurge | ChangeSurge) -> Response[bytes]:
    told: SurgeAnswer = await submit(request, work)
    return answer(SurgeAnsweredView(told.repeated, await _view_of(request, told.surge_id)))


async def _view_of(request: ApiRequest, surge_id: UUID) -> SurgeView:
    region = await region_of(request)
    record = await surge_records.read_surge(region.pool, region.id, surge_id)
    if record is None:
        raise UnknownSurge(surge=str(surge_id))
    (view,) = await _views(request, [record])
    return view


async def _views(request: ApiRequest, records: list[SurgeRecord]) -> list[SurgeView]:
    region = await region_of(request)
    now: datetime = await region.pool.fetchval("SELECT halte_now()")
    within = timedelta(seconds=(await read_policy(region.pool, region.id)).surge.report_within_s)
    audience = audience_of(request.user)
    return [_view(record, now, now - within >= record.started_at, audience) for record in records]


def _view(record: SurgeRecord, now: datetime, late: bool, audience: Audience) -> SurgeView:
    surge, standing = record.surge, record.surge.standing(now)
    late = late and standing is Standing.RUNNING
    return SurgeView(
        id=surge.id,
        standing=standing.value,
        reason=record.reason,
        until=surge.until,
        started_at=record.started_at,
        ended_at=surge.ended_at,
        actor=record.actor_id,
        changes=[
            SurgeChangeView(one["id"], one["verb"], one["until"], one["why"], one["at"], one["actor_id"])
            for one in record.changes
        ],
        units=[_unit(one, late, audience) for one in record.units],
    )


def _unit(one: SurgeUnit, late: bool, audience: Audience) -> SurgeUnitView:
    """Return a unit as this audience may see it; whether it awaits a report, everybody sees."""
    state = msgspec.Raw(b"null") if one.subject is None else wire(one.subject, audience)
    awaits = one.subject is not None and msgspec.json.decode(one.subject.body)["status"] == Status.AWAITING_REPORT
    return SurgeUnitView(one.unit_id, one.shelter_id, late and awaits, state)
