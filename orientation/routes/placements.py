"""GET /placements, one of them, the address that goes with it, and who must move: for the shelter and the desk."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import asyncpg
from litestar import Response, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, FromQuery, QueryParameter

from inventory.problems import NotYourShelter
from inventory.region import Region
from inventory.routes.answering import ApiRequest, answer, region_of, submit
from inventory.routes.refusals import WHO, WRITE
from inventory.store import address_of
from kernel.access.model import Principal, Role
from kernel.access.policies import allow
from kernel.access.schemas import refusals
from kernel.ids import new_id
from kernel.problems import InvalidParameter
from orientation.acting import moved_on
from orientation.moving_on import must_move
from orientation.noting import ADDRESS, Note
from orientation.placement_records import (
    RECENT,
    list_placements,
    placements_by_id,
    promised_in_vain,
)
from orientation.problems import NotTheHolder, PlacementMovedOn, UnknownPlacement
from orientation.routes.showing import placement_view
from orientation.routes.views import (
    AddressView,
    MustMovesView,
    MustMoveView,
    PlacementsView,
    PlacementView,
)
from orientation.rows import placement_of
from orientation.store import secret_units

_READERS = allow(Role.STAFF, Role.DESK, Role.SUPERVISOR, Role.ADMINISTRATOR)
_DESK = allow(Role.DESK, Role.SUPERVISOR, Role.ADMINISTRATOR)
_HOLDERS = allow(Role.DESK, Role.ADMINISTRATOR)
_LIST_MAX = 500


@get(
    "/placements",
    opt={"policy": _READERS},
    responses={200: ResponseSpec(PlacementsView, generate_examples=False)}
    | refusals(*WHO, InvalidParameter, NotYourShelter),
    summary="List open placements, the oldest promise first; or those that ended in the last day, the last one first",
)
async def read_placements(
    request: ApiRequest,
    shelter: FromQuery[UUID | None] = None,
    which: Annotated[Literal["open", "recent"], QueryParameter(name="state")] = "open",
) -> Response[bytes]:
    region = await region_of(request)
    shelters = _shelters(request.user, shelter)
    found = await list_placements(region.pool, region.id, shelters, _LIST_MAX, ended=which == "recent")
    views = [placement_view(one, request.user) for one in found]
    return answer(PlacementsView(views, await _now(region)))


def _shelters(principal: Principal, shelter: UUID | None) -> frozenset[UUID] | None:
    """Return whose placements are meant: staff read their own shelters' and no others."""
    if principal.role is not Role.STAFF:
        return None if shelter is None else frozenset({shelter})
    if shelter is None:
        return principal.shelters
    if shelter not in principal.shelters:
        raise NotYourShelter(shelter=str(shelter))
    return frozenset({shelter})


@get(
    "/placements/{placement_id:uuid}",
    opt={"policy": _READERS},
    responses={200: ResponseSpec(PlacementView, generate_examples=False)} | refusals(*WHO, UnknownPlacement),
    summary="Read one placement",
)
async def read_placement(request: ApiRequest, placement_id: FromPath[UUID]) -> Response[bytes]:
    return answer(placement_view(await _record(request, placement_id), request.user))


@get(
    "/placements/{placement_id:uuid}/address",
    opt={"policy": _HOLDERS},
    responses={200: ResponseSpec(AddressView, generate_examples=False)}
    | refusals(*WHO, *WRITE, NotTheHolder, PlacementMovedOn, UnknownPlacement),
    summary="Read where the household goes; that a secret shelter's address was told is noted",
)
async def read_address(request: ApiRequest, placement_id: FromPath[UUID]) -> Response[bytes]:
    placement = placement_of(await _record(request, placement_id))
    if placement.holder_id != request.user.id:
        raise NotTheHolder(placement=str(placement_id))
    if not placement.open:
        raise moved_on(placement)
    region = await region_of(request)
    if await secret_units(region.pool, region.id, [placement.unit_id]):
        # First written down, then told.
        await submit(request, Note(new_id(), request.user.id, ADDRESS, placement.request_id, placement_id))
    found = await address_of(region.pool, placement.shelter_id) or {}
    return answer(AddressView(found.get("address"), found.get("phone")))


@get(
    "/must-moves",
    opt={"policy": _DESK},
    responses={200: ResponseSpec(MustMovesView, generate_examples=False)} | refusals(*WHO),
    summary="List whose promise cannot be kept where it was made, the oldest promise last",
)
async def read_must_moves(request: ApiRequest) -> Response[bytes]:
    region = await region_of(request)
    promised = {one.record["id"]: one for one in await promised_in_vain(region.pool, region.id)}
    moves = must_move(one.promise for one in promised.values())
    views = [MustMoveView(placement_view(promised[one.id].record, request.user), one.why) for one in moves]
    return answer(MustMovesView(views, await _now(region)))


async def _record(request: ApiRequest, placement_id: UUID) -> asyncpg.Record:
    """Return a placement that the asker may read; of any other one it is said that there is none."""
    region = await region_of(request)
    for record in await placements_by_id(region.pool, region.id, [placement_id]):
        if request.user.role is not Role.STAFF or await _still_theirs(region, record, request.user):
            return record
    raise UnknownPlacement(placement=str(placement_id))


async def _still_theirs(region: Region, record: asyncpg.Record, staff: Principal) -> bool:
    """Tell whether a shelter may still read of it: as long as it stands in its list, and no longer."""
    if record["shelter_id"] not in staff.shelters:
        return False
    return record["ended_at"] is None or record["ended_at"] > await _now(region) - RECENT


async def _now(region: Region) -> datetime:
    now: datetime = await region.pool.fetchval("SELECT halte_now()")
    return now
