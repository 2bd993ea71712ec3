"""GET and PUT /policies/orientation: what suggestions weigh and how long things last; who changed what and why."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

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
from inventory.schemas import Body, Reason, Seconds, check_reason, hash_of
from kernel.access.model import Role
from kernel.access.policies import allow
from kernel.access.schemas import refusals
from kernel.problems import IdReused, InvalidParameter
from orientation.model.policy import SHELTERS_MAX, OrientationPolicy
from orientation.policing import SetOrientationPolicy
from orientation.store import policy_of, read_versions

_LATEST = 2**31 - 1
Whole = Annotated[int, msgspec.Meta(ge=0, le=_LATEST)]


class WeightsBody(Body):
    distance: Whole
    reach_m: Whole
    continuity: Whole
    language: Whole
    preference: Whole
    ask: Whole
    thrift: Whole
    spare_place: Whole
    aging: Whole
    stale: Whole
    silent: Whole


class TimesBody(Body):
    hold_ttl_s: Seconds
    seen_grace_s: Seconds
    extend_s: Seconds
    escalate_after_s: Seconds
    arrive_within_s: Seconds
    refresh_within_s: Seconds


class OrientationRulesBody(Body):
    """The whole of a policy. What its numbers may be is the model's to say (model/policy.py)."""

    weights: WeightsBody
    night: TimesBody
    admission: TimesBody
    shelter_hold_ttl_s: Annotated[dict[UUID, Seconds], msgspec.Meta(max_length=SHELTERS_MAX)]
    barred_nights: Whole


class OrientationPolicyBody(Body):
    id: UUID
    base_version: Whole
    why: Reason
    policy: OrientationRulesBody

    def change(self, actor_id: UUID) -> SetOrientationPolicy:
        check_reason(self.why)
        policy = msgspec.convert(msgspec.to_builtins(self.policy), OrientationPolicy)
        body_hash = hash_of((self.base_version, self.why, policy.rules))
        return SetOrientationPolicy(self.id, actor_id, policy, self.base_version, self.why, body_hash)


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
    before: Annotated[int | None, QueryParameter(ge=1, le=_LATEST)] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=200)] = 50,
) -> Response[bytes]:
    region = await region_of(request)
    (current, *_), _ = await _versions(region, _LATEST, 1)
    shown, more = await _versions(region, before or _LATEST, limit)
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
