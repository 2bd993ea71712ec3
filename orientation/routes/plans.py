"""/plans: a distribution of the night's queue as a draft, why each household is where, and what a person decides of it.

Where a household is to go is told to the desk alone, over HTTP and in no frame (I9).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, FromQuery, JSONBody

from inventory.model.night import night_of
from inventory.routes.answering import ApiRequest, answer, region_of, submit
from inventory.routes.refusals import BODY, WHO, WRITE
from inventory.schemas import hash_of
from kernel.access.model import Role
from kernel.access.policies import allow
from kernel.access.schemas import refusals
from kernel.problems import IdReused, InvalidParameter
from orientation.distributing.applying import Applying
from orientation.distributing.changing import Apply, Discard, PlanAnswer
from orientation.distributing.drafting import PLAN_S, REPLAN_S, Wanted
from orientation.distributing.plan_records import read_night
from orientation.distributing.problems import (
    PlanFailed,
    PlanMovedOn,
    PlanNightOver,
    PlanOutOfTime,
    PlanRunning,
    UnknownPlan,
)
from orientation.distributing.results import WhyView
from orientation.model.plan import PlanState
from orientation.problems import UnknownRequest
from orientation.region import desk_of
from orientation.routes.plan_views import PlansView, PlanView, head_of, view_of
from orientation.schemas import ActBody

_READERS = allow(Role.DESK, Role.SUPERVISOR, Role.ADMINISTRATOR)
_DESK = allow(Role.DESK, Role.ADMINISTRATOR)
_PLAN = ResponseSpec(PlanView, generate_examples=False)
_DECIDE = refusals(*WHO, *BODY, *WRITE, IdReused, PlanMovedOn, UnknownPlan)
_LINKS_MAX, _LINKED_MAX, _TIME_MAX_S = 200, 10, 60

Link = Annotated[list[UUID], msgspec.Meta(min_length=2, max_length=_LINKED_MAX)]


class PlanBody(ActBody):
    """`after`: the plan of which this one changes as little as it can; `freely`: or as much as places more people.

    Households of a link go to one shelter.
    """

    after: UUID | None = None
    freely: bool = False
    links: Annotated[list[Link], msgspec.Meta(max_length=_LINKS_MAX)] = msgspec.field(default_factory=list)
    time_limit_s: Annotated[int, msgspec.Meta(ge=1, le=_TIME_MAX_S)] | None = None

    def wanted(self, actor_id: UUID) -> Wanted:
        links = tuple(tuple(link) for link in self.links)
        limit_s = self.time_limit_s or (PLAN_S if self.after is None else REPLAN_S)
        body_hash = hash_of((self.after, self.freely, links, limit_s))
        return Wanted(self.id, actor_id, body_hash, limit_s, self.after, links, self.freely)


class ApplyBody(ActBody):
    """With `replan`, a new plan is begun for those whose place was gone."""

    replan: bool = False


@post(
    "/plans",
    status_code=202,
    opt={"policy": _READERS},
    responses={202: _PLAN} | refusals(*WHO, *BODY, *WRITE, IdReused, PlanRunning, UnknownPlan),
    summary="Have a plan of tonight's queue worked out",
)
async def post_plan(request: ApiRequest, data: JSONBody[PlanBody]) -> Response[bytes]:
    region = await region_of(request)
    await desk_of(region).drafting.begin(data.wanted(request.user.id))
    return answer(await view_of(region, data.id), 202)


@get(
    "/plans",
    opt={"policy": _READERS},
    responses={200: ResponseSpec(PlansView, generate_examples=False)} | refusals(*WHO, InvalidParameter),
    summary="Read the plans of a night, tonight's where none is named, without their households",
)
async def get_plans(request: ApiRequest, night: FromQuery[date | None] = None) -> Response[bytes]:
    region = await region_of(request)
    now: datetime = await region.pool.fetchval("SELECT halte_now()")
    rows = await read_night(region.pool, region.id, night or night_of(now, region.zone))
    return answer(PlansView([head_of(row) for row in rows], now))


@get(
    "/plans/{plan_id:uuid}",
    opt={"policy": _READERS},
    responses={200: _PLAN} | refusals(*WHO, UnknownPlan),
    summary="Read a plan: how far it is, what it gains and who loses by it, and where each household is to go",
)
async def get_plan(request: ApiRequest, plan_id: FromPath[UUID]) -> Response[bytes]:
    return answer(await view_of(await region_of(request), plan_id))


@get(
    "/plans/{plan_id:uuid}/why/{request_id:uuid}",
    opt={"policy": _READERS},
    responses={200: ResponseSpec(WhyView, generate_examples=False)}
    | refusals(*WHO, PlanFailed, PlanMovedOn, PlanOutOfTime, UnknownPlan, UnknownRequest),
    summary="Read why a household is where the plan has it, or nowhere",
)
async def get_why(request: ApiRequest, plan_id: FromPath[UUID], request_id: FromPath[UUID]) -> Response[bytes]:
    region = await region_of(request)
    return answer(msgspec.Raw(await desk_of(region).telling.why(plan_id, request_id)))


@post(
    "/plans/{plan_id:uuid}/discard",
    status_code=200,
    opt={"policy": _READERS},
    responses={200: _PLAN} | _DECIDE,
    summary="Discard a plan; one that is being worked out stops",
)
async def discard_plan(request: ApiRequest, plan_id: FromPath[UUID], data: JSONBody[ActBody]) -> Response[bytes]:
    await submit(request, Discard(data.id, request.user.id, plan_id, hash_of(("discard", plan_id))))
    return answer(await view_of(await region_of(request), plan_id))


@post(
    "/plans/{plan_id:uuid}/apply",
    status_code=202,
    opt={"policy": _DESK},
    responses={202: _PLAN} | _DECIDE | refusals(PlanNightOver),
    summary="Hold all of a plan that is still free, one after the other",
)
async def apply_plan(request: ApiRequest, plan_id: FromPath[UUID], data: JSONBody[ApplyBody]) -> Response[bytes]:
    region = await region_of(request)
    body_hash = hash_of(("apply", plan_id, data.replan))
    told: PlanAnswer = await submit(request, Apply(data.id, request.user.id, plan_id, body_hash, data.replan))
    drafting = desk_of(region).drafting
    if told.plan.state is PlanState.APPLYING:
        # Also where it had been said before: whoever had begun may be gone, and nothing is held twice.
        drafting.run(f"apply {plan_id}", Applying.resume(region, drafting, plan_id))
    return answer(await view_of(region, plan_id), 202)


PLANS = [post_plan, get_plans, get_plan, get_why, discard_plan, apply_plan]
