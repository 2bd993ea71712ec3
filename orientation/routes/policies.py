"""GET and PUT /policies/orientation: what suggestions weigh and how long things last; who changed what and why."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Response, get, put
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import JSONBody, QueryParameter

from inventory.policing import PolicyAnswer
from inventory.problems import PolicyChanged, PolicyUnsound, ReasonRefused
from inventory.region import Region
from inventory.routes.answering import ApiRequest, answer, region_of, submit
from inventory.routes.policies import views_of
from inventory.routes.refusals import BODY, WHO, WRITE
from inventory.routes.views import PolicySetView, PolicyView
from kernel.access.model import Role
from kernel.access.policies import allow
from kernel.access.schemas import refusals
from kernel.problems import IdReused, InvalidParameter
from orientation.model.policy import OrientationPolicy
from orientation.policy_bodies import LATEST, OrientationPolicyBody
from orientation.store import policy_of, read_versions


class OrientationPoliciesView(msgspec.Struct):
    """`version` is the one in force."""

    version: int
    policies: list[PolicyView]
    before: int | None


@get(
    "/policies/orientation",
    opt={"policy": allow(Role.DESK, Role.SUPERVISOR, Role.ADMINISTRATOR)},
    responses={200: ResponseSpec(OrientationPoliciesView, generate_examples=False)} | refusals(*WHO, InvalidParameter),
    summary="Read the rules of orientation, newest first: what holds, and who changed what and why",
)
async def read_orientation_policies(
    request: ApiRequest,
    before: Annotated[int | None, QueryParameter(ge=1, le=LATEST)] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=200)] = 50,
) -> Response[bytes]:
    region = await region_of(request)
    (current, *_), _ = await _versions(region, LATEST, 1)
    shown, more = await _versions(region, before or LATEST, limit)
    return answer(OrientationPoliciesView(current.version, shown, shown[-1].version if more else None))


@put(
    "/policies/orientation",
    opt={"policy": allow(Role.SUPERVISOR, Role.ADMINISTRATOR)},
    responses={200: ResponseSpec(PolicySetView, generate_examples=False)}
    | refusals(*WHO, *BODY, *WRITE, IdReused, PolicyChanged, PolicyUnsound, ReasonRefused),
    summary="Put whole rules of orientation in the place of those that were looked at",
)
async def put_orientation_policy(request: ApiRequest, data: JSONBody[OrientationPolicyBody]) -> Response[bytes]:
    region = await region_of(request)
    told: PolicyAnswer = await submit(request, data.change(request.user.id))
    (made,), _ = await _versions(region, told.version + 1, 1)
    return answer(PolicySetView(told.version, told.repeated, made))


async def _versions(region: Region, before: int, limit: int) -> tuple[list[PolicyView], bool]:
    """Return versions, newest first, each with what changed in it, and whether there are older ones."""
    rows = await read_versions(region.pool, region.id, before, limit + 1)
    return views_of(rows, [policy_of(row) for row in rows], OrientationPolicy(), limit)
