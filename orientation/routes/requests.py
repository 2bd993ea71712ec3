"""Requests over HTTP: who asks, what stands, and what was done. For the desk, whose supervisors read along."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from inventory.model.night import night_of
from inventory.region import Region
from inventory.routes.answering import ApiRequest, answer, region_of, submit
from inventory.routes.refusals import BODY, WHO, WRITE
from inventory.schemas import hash_of
from kernel.access.model import Role
from kernel.access.policies import allow
from kernel.access.schemas import refusals
from kernel.problems import IdReused, InvalidParameter
from orientation.asking import AskRequest
from orientation.finding import by_receipt, check_places, list_requests, read_events
from orientation.handling import RequestAnswer
from orientation.model.contact import Contact, SealedContact
from orientation.problems import ContactRefused, NoContactKept, UnknownReceipt, UnknownRequest
from orientation.region import desk_of
from orientation.routes.showing import colleague, show_requests
from orientation.routes.views import (
    RequestAsked,
    RequestEventsView,
    RequestEventView,
    RequestsView,
    RequestView,
)
from orientation.schemas import AskBody
from orientation.sealing import night_key

DESK = allow(Role.DESK, Role.ADMINISTRATOR)
READERS = allow(Role.DESK, Role.SUPERVISOR, Role.ADMINISTRATOR)
_IDS_MAX = 200


@post(
    "/requests",
    opt={"policy": DESK},
    responses={201: ResponseSpec(RequestAsked, generate_examples=False)}
    | refusals(*WHO, *BODY, *WRITE, ContactRefused, IdReused, NoContactKept, UnknownReceipt),
    summary="A household asks for a place",
)
async def post_request(request: ApiRequest, data: JSONBody[AskBody]) -> Response[bytes]:
    contact = None if data.contact is None else data.contact.told()
    household, region = data.household(), await region_of(request)
    await check_places(region, household.needs)
    continued = await _continued(region, data.continues)
    receipt, receipt_hash = desk_of(region).receipts.make(data.id)
    work = AskRequest(
        id=data.id,
        actor_id=request.user.id,
        regime=data.regime,
        channel=data.channel,
        household=household,
        # A hash of a telephone number would outlive the number, so that it is no part of what is compared.
        body_hash=hash_of((data.regime, data.channel, household, continued, contact is None)),
        receipt_hash=receipt_hash,
        continues=continued,
        contact=await sealed(region, data.id, contact),
    )
    told: RequestAnswer = await submit(request, work)
    view = await view_of(region, data.id)
    # After a change of the key it is another one than was given, and no longer known.
    shown = receipt if told.request.receipt_hash == receipt_hash else None
    return answer(RequestAsked(view, shown, told.repeated), 201)


@get(
    "/requests",
    opt={"policy": READERS},
    responses={200: ResponseSpec(RequestsView, generate_examples=False)} | refusals(*WHO, InvalidParameter),
    summary="Read the requests on the screens, those of a night, or some by their ids",
)
async def get_requests(
    request: ApiRequest,
    standing: Annotated[Literal["open", "closed"] | None, QueryParameter(name="state")] = None,
    night: FromQuery[date | None] = None,
    ids: Annotated[list[UUID] | None, QueryParameter(name="id", max_items=_IDS_MAX)] = None,
) -> Response[bytes]:
    region = await region_of(request)
    more = False
    if ids is None:
        ids, more = await list_requests(region.pool, region.id, state=standing, night=night)
    views = await show_requests(region, ids)
    return answer(RequestsView(views, more, await region.pool.fetchval("SELECT halte_now()")))


@get(
    "/requests/{request_id:uuid}",
    opt={"policy": READERS},
    responses={200: ResponseSpec(RequestView, generate_examples=False)} | refusals(*WHO, UnknownRequest),
    summary="Read one request",
)
async def get_request(request: ApiRequest, request_id: FromPath[UUID]) -> Response[bytes]:
    return answer(await view_of(await region_of(request), request_id))


@get(
    "/requests/{request_id:uuid}/events",
    opt={"policy": READERS},
    responses={200: ResponseSpec(RequestEventsView, generate_examples=False)} | refusals(*WHO, UnknownRequest),
    summary="Read what was done with a request, when and by whom",
)
async def get_events(request: ApiRequest, request_id: FromPath[UUID]) -> Response[bytes]:
    region = await region_of(request)
    rows = await read_events(region.pool, region.id, request_id)
    if rows is None:
        raise UnknownRequest(request=str(request_id))
    events = [
        RequestEventView(
            id=row["id"],
            verb=row["verb"],
            at=row["at"],
            actor=colleague(row["actor_id"], row["login"]),
            placement=row["placement_id"],
            facts=msgspec.json.decode(row["facts"]),
        )
        for row in rows
    ]
    return answer(RequestEventsView(events))


async def view_of(region: Region, request_id: UUID) -> RequestView:
    for view in await show_requests(region, [request_id]):
        return view
    raise UnknownRequest(request=str(request_id))


async def sealed(region: Region, request_id: UUID, contact: Contact | None) -> SealedContact | None:
    """Seal what the household left. An installation without a data key keeps none, and says so."""
    if contact is None:
        return None
    sealer = desk_of(region).sealer
    if sealer is None:
        raise NoContactKept
    tonight = night_of(await region.pool.fetchval("SELECT halte_now()"), region.zone)
    return sealer.seal(request_id, contact, await night_key(region.pool, region.id, tonight))


async def _continued(region: Region, receipt: str | None) -> UUID | None:
    if receipt is None:
        return None
    found = await by_receipt(region.pool, desk_of(region).receipts.hash_of(receipt))
    if found is None or found["region_id"] != region.id:
        raise UnknownReceipt
    earlier: UUID = found["id"]
    return earlier
