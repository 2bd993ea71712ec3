"""GET /requests/{id}/suggestions: what fits, what nearly does, why the rest does not; as the desk may know (I11)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, FromQuery, QueryParameter

from inventory.routes.answering import ApiRequest, answer, region_of
from inventory.routes.refusals import WHO
from kernel.access.model import Role
from kernel.access.policies import allow
from kernel.access.schemas import refusals
from kernel.problems import InvalidParameter
from orientation.matching.ranking import BEST
from orientation.matching.results import Blocked, NearMiss, Suggestion
from orientation.model.audience import DESK
from orientation.problems import UnknownRequest
from orientation.region import desk_of

_MOST = 200
# Of what does not fit, told in one go: some milliseconds.
_PORTION = 128


class PolicyUsedView(msgspec.Struct):
    """By which rules it was weighed; the same hash is the same rules."""

    version: int
    hash: str


class CountsView(msgspec.Struct):
    """How many units fit, and how many do not; `near` are those of the latter that one rule alone keeps out."""

    fits: int
    near: int
    blocked: int


class SuggestionsView(msgspec.Struct, omit_defaults=True):
    """`version` is the request's; `epoch`, `seq` and `live` say which board this was read from."""

    request: UUID
    version: int
    seq: int
    epoch: UUID
    live: str
    now: datetime
    policy: PolicyUsedView
    counts: CountsView
    suggestions: list[Suggestion]
    near_misses: list[NearMiss]
    blocked: list[Blocked] | None = None


async def _listed(blocked: Iterator[Blocked]) -> list[Blocked]:
    """Take a region's whole list in portions: screens and the lane are waited for in between."""
    listed: list[Blocked] = []
    while portion := list(islice(blocked, _PORTION)):
        listed += portion
        await asyncio.sleep(0)
    return listed


@get(
    "/requests/{request_id:uuid}/suggestions",
    opt={"policy": allow(Role.DESK, Role.SUPERVISOR, Role.ADMINISTRATOR)},
    responses={200: ResponseSpec(SuggestionsView, generate_examples=False)}
    | refusals(*WHO, InvalidParameter, UnknownRequest),
    summary="Read which units fit a request and why, what would nearly fit, and with `all` why the rest does not",
)
async def read_suggestions(
    request: ApiRequest,
    request_id: FromPath[UUID],
    limit: Annotated[int, QueryParameter(ge=1, le=_MOST)] = BEST,
    all: FromQuery[bool] = False,  # noqa: A002  what clients call it
) -> Response[bytes]:
    region = await region_of(request)
    found = await desk_of(region).suggesting.suggest(request_id, limit)
    # Up to the lists nothing is awaited: they and the head are of one board.
    head, ranking = region.live.hub.head(DESK), found.ranking
    near_misses, blocked = ranking.near_misses(limit), ranking.blocked_units() if all else None
    view = SuggestionsView(
        request=found.request.id,
        version=found.request.version,
        seq=head.seq,
        epoch=head.epoch,
        live=region.live.mirror.source,
        now=found.now,
        policy=PolicyUsedView(found.policy.version, found.policy.hash),
        counts=CountsView(ranking.fits, ranking.near, ranking.blocked),
        suggestions=ranking.suggestions,
        near_misses=near_misses,
        blocked=None if blocked is None else await _listed(blocked),
    )
    return answer(view)
