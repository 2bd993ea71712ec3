"""PUT /placements/{id}, POST /placements: places are held for households, for all that are named or for none."""

from __future__ import annotations

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
from kernel.problems import IdReused, Problem
from orientation.placement_bodies import PlaceBody, PlaceTogetherBody
from orientation.placement_records import placements_by_id
from orientation.placing import Place, PlacementAnswer, PlaceTogether
from orientation.problems import PartyTooLarge, RequestClosed, UnknownRequest
from orientation.rationing import note_in_vain, ration
from orientation.region import desk_of
from orientation.routes.showing import placed_view
from orientation.routes.views import AllPlacedView, PlacedView

_DESK = allow(Role.DESK, Role.ADMINISTRATOR)
_REFUSALS = (
    *WHO, *BODY, *WRITE, HoldEnded, IdReused, NotYourShelter, PartyTooLarge, PlaceTaken, RequestClosed,
    RequestHasHold, TooManyAttempts, UnknownHold, UnknownRequest, UnknownUnit,
)  # fmt: skip


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
    region = await region_of(request)
    await ration(region, request.user.id, [work])
    try:
        return await told(request, work, placement_id)
    except PlaceTaken as problem:
        await note_in_vain(region, request.user.id, [work])
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
    region = await region_of(request)
    await ration(region, request.user.id, works)
    try:
        answers: list[PlacementAnswer] = await submit(request, PlaceTogether(tuple(works)))
    except Problem as problem:
        # Which of them was refused says of the others that they would have fitted: each counts as a try.
        await note_in_vain(region, request.user.id, works)
        if not isinstance(problem, PlaceTaken):
            raise
        refused = next(work for work in works if str(work.id) == problem.facts["placement"])
        raise await _with_alternatives(request, problem, refused) from None
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


async def _with_alternatives(request: ApiRequest, problem: PlaceTaken, work: Place) -> PlaceTaken:
    """Say what there is instead."""
    region = await region_of(request)
    problem.facts["alternatives"] = await desk_of(region).suggesting.alternatives(work.request_id, work.unit_id)
    return problem
