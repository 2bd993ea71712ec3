"""GET and PUT /policies: the rules of the region, who changed what and why."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Any

import asyncpg
from litestar import Response, get, put
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import JSONBody, QueryParameter

from inventory.model.policy import Policy, Rule, Versioned, changes
from inventory.policing import PolicyAnswer
from inventory.problems import PolicyChanged, PolicyUnsound, ReasonRefused
from inventory.region import Region
from inventory.routes.answering import ApiRequest, answer, region_of, submit
from inventory.routes.refusals import BODY, WHO, WRITE
from inventory.routes.views import ChangedRuleView, PoliciesView, PolicySetView, PolicyView
from inventory.schemas import PolicyBody
from inventory.store import count_behind, policy_of, read_versions
from kernel.access.model import ACCOUNT_ROLES, Role, Verb
from kernel.access.policies import allow
from kernel.access.schemas import refusals
from kernel.problems import IdReused, InvalidParameter

_LATEST = 2**31 - 1


@get(
    "/policies",
    opt={"policy": allow(*ACCOUNT_ROLES, verb=Verb.READ)},
    responses={200: ResponseSpec(PoliciesView, generate_examples=False)} | refusals(*WHO, InvalidParameter),
    summary="Read the region's rules, newest first: what holds, and who changed what and why",
)
async def read_policies(
    request: ApiRequest,
    before: Annotated[int | None, QueryParameter(ge=1, le=_LATEST)] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=200)] = 50,
) -> Response[bytes]:
    region = await region_of(request)
    (current, *_), _ = await _versions(region, _LATEST, 1)
    shown, more = await _versions(region, before or _LATEST, limit)
    behind = await count_behind(region.pool, region.id, current.version)
    return answer(PoliciesView(current.version, behind, shown, shown[-1].version if more else None))


@put(
    "/policies",
    opt={"policy": allow(Role.SUPERVISOR, Role.ADMINISTRATOR)},
    responses={200: ResponseSpec(PolicySetView, generate_examples=False)}
    | refusals(*WHO, *BODY, *WRITE, IdReused, PolicyChanged, PolicyUnsound, ReasonRefused),
    summary="Put a whole policy in the place of the one that was looked at",
)
async def put_policy(request: ApiRequest, data: JSONBody[PolicyBody]) -> Response[bytes]:
    region = await region_of(request)
    told: PolicyAnswer = await submit(request, data.change(request.user.id))
    region.hasten()
    (made,), _ = await _versions(region, told.version + 1, 1)
    return answer(PolicySetView(told.version, told.repeated, made))


async def _versions(region: Region, before: int, limit: int) -> tuple[list[PolicyView], bool]:
    """Return versions, newest first, each with what changed in it, and whether there are older ones."""
    rows = await read_versions(region.pool, region.id, before, limit + 1)
    return views_of(rows, [policy_of(row) for row in rows], Policy(), limit)


def views_of(
    rows: Sequence[asyncpg.Record], policies: list[Versioned], unset: Versioned, limit: int
) -> tuple[list[PolicyView], bool]:
    """Return the views of at most `limit` versions, newest first, and whether there are more.

    Of rows there are one more than that, if there are so many; below the first of all lies what nobody set.
    """
    if len(rows) <= limit:
        policies = [*policies, unset]
    views = [_view(row, *pair) for row, pair in zip(rows, pairwise(policies), strict=False)]
    if len(views) < limit and policies[-1].version == 0:
        views.append(PolicyView(0, dict(unset.rules)))
    return views[:limit], len(policies) > limit


def _view(row: asyncpg.Record, policy: Versioned, older: Versioned) -> PolicyView:
    return PolicyView(
        version=policy.version,
        policy=dict(policy.rules),
        id=policy.id,
        set_at=row["set_at"],
        actor=row["actor_id"],
        login=row.get("login"),
        why=row["why"],
        changes=[ChangedRuleView(one.field, _told(one.was), _told(one.now)) for one in changes(older, policy)],
    )


def _told(rule: Rule | None) -> int | bool | list[Any] | None:
    return list(rule) if isinstance(rule, Sequence) else rule
