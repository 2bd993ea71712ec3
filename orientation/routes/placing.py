"""PUT /placements/{id}, POST /placements: places are held for households, for all that are named or for none."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from uuid import UUID

from litestar import Response, post, put
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody

from inventory.problems import HoldEnded, NotYourShelter, PlaceTaken, RequestHasHold, UnknownHold, UnknownUnit
from inventory.routes.answering import ApiRequest, answer, region_of, submit
from inventory.routes.refusals import BODY, WHO, WRITE
from inventory.schemas import hash_of
from kernel.access.model import Role
from kernel.access.policies import allow
from kernel.access.problems import TooManyAttempts
from kernel.access.schemas import refusals
from kernel.ids import new_id
from kernel.problems import IdReused, Problem
from orientation.noting import REFUSED, Note
from orientation.placement_bodies import PlaceBody, PlaceTogetherBody
from orientation.placement_records import placements_by_id
from orientation.placing import Place, PlacementAnswer, PlaceTogether
from orientation.problems import PartyTooLarge, RequestClosed, UnknownRequest
from orientation.region import desk_of
from orientation.routes.showing import placed_view
from orientation.routes.views import AllPlacedView, PlacedView
from orientation.store import secret_units, tries_in_vain

_DESK = allow(Role.DESK, Role.ADMINISTRATOR)
_REFUSALS = (
    *WHO, *BODY, *WRITE, HoldEnded, IdReused, NotYourShelter, PartyTooLarge, PlaceTaken, RequestClosed,
    RequestHasHold, TooManyAttempts, UnknownHold, UnknownRequest, UnknownUnit,
)  # fmt: skip
# What is held in vain at secret shelters says what is free there: so many tries in so long, then no more for a while.
_IN_VAIN_MAX = 5
_IN_VAIN_S = 600


@put(
    "/placements/{placement_id:uuid}",
    opt={"policy": _DESK},
    responses={200: ResponseSpec(PlacedView, generate_examples=False)} | refusals(*_REFUSALS),
    summary="Hold what a household needs in a unit; with `replaces`, let go of that placement in the same act",
)
async def put_placement(
    request: ApiRequest, placement_id: FromPath[UUID], data: JSONBody[PlaceBody]
) -> Response[bytes]:
    work = _place(request, placement_id, data)
    await _ration(request, [work])
    try:
        return await told(request, work, placement_id)
    except PlaceTaken as problem:
        await _note(request, [work])
        raise await _with_alternatives(request, problem, work) from None


@post(
    "/placements",
    status_code=200,
    opt={"policy": _DESK},
    responses={200: ResponseSpec(AllPlacedView, generate_examples=False)} | refusals(*_REFUSALS),
    summary="Hold for several households at once, for all of them or for none",
)
async def post_placements(request: ApiRequest, data: JSONBody[PlaceTogetherBody]) -> Response[bytes]:
    data.check()
    works = [_place(request, one.id, one) for one in data.placements]
    await _ration(request, works)
    try:
        answers: list[PlacementAnswer] = await submit(request, PlaceTogether(tuple(works)))
    except Problem as problem:
        # Which of them was refused says of the others that they would have fitted: each counts as a try.
        await _note(request, works)
        if not isinstance(problem, PlaceTaken):
            raise
        refused = next(work for work in works if str(work.id) == problem.facts["placement"])
        raise await _with_alternatives(request, problem, refused) from None
    region = await region_of(request)
    records = {one["id"]: one for one in await placements_by_id(region.pool, region.id, [w.id for w in works])}
    views = [placed_view(records[one.placement.id], request.user, repeated=one.repeated) for one in answers]
    return answer(AllPlacedView(views))


async def told(request: ApiRequest, work: Any, placement_id: UUID) -> Response[bytes]:
    """Do it, and answer with the placement as it is now."""
    done: PlacementAnswer = await submit(request, work)
    region = await region_of(request)
    (record,) = await placements_by_id(region.pool, region.id, [placement_id])
    return answer(placed_view(record, request.user, repeated=done.repeated))


def _place(request: ApiRequest, placement_id: UUID, body: PlaceBody) -> Place:
    return Place(
        id=placement_id,
        actor_id=request.user.id,
        request_id=body.request,
        unit_id=body.unit,
        body_hash=hash_of((body.request, body.unit, body.replaces)),
        replaces=body.replaces,
    )


async def _ration(request: ApiRequest, works: list[Place]) -> None:
    """Refuse whoever has tried too often at secret shelters in vain (I11)."""
    region = await region_of(request)
    if not await secret_units(region.pool, region.id, [work.unit_id for work in works]):
        return
    if await tries_in_vain(region.pool, region.id, request.user.id, REFUSED, _IN_VAIN_S) < _IN_VAIN_MAX:
        return
    # Whoever asks again what became of theirs is told, however often they have tried elsewhere (I10).
    if len(await placements_by_id(region.pool, region.id, [work.id for work in works])) < len(works):
        raise TooManyAttempts(_IN_VAIN_S)


async def _note(request: ApiRequest, works: list[Place]) -> None:
    """Write down that somebody tried in vain, where it was at a secret shelter."""
    region = await region_of(request)
    secret = await secret_units(region.pool, region.id, [work.unit_id for work in works])
    for work in (one for one in works if one.unit_id in secret):
        note = Note(new_id(), request.user.id, REFUSED, work.request_id, facts={"unit": str(work.unit_id)})
        with suppress(UnknownRequest):  # then it was not asked whether the place is there
            await submit(request, note)


async def _with_alternatives(request: ApiRequest, problem: PlaceTaken, work: Place) -> PlaceTaken:
    """Say what there is instead."""
    region = await region_of(request)
    problem.facts["alternatives"] = await desk_of(region).suggesting.alternatives(work.request_id, work.unit_id)
    return problem
