"""/policies/orientation/preview: what other rules would have done on nights that are past, before anybody sets them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody

from inventory.problems import PolicyUnsound
from inventory.routes.answering import ApiRequest, answer, region_of
from inventory.routes.refusals import BODY, WHO
from inventory.schemas import Body
from kernel.access.schemas import refusals
from kernel.problems import InvalidParameter
from orientation.distributing.previewing import NIGHTS_MAX, Preview
from orientation.distributing.problems import PreviewRunning, UnknownPreview
from orientation.planning.previewing import PreviewGroup, PreviewLine, PreviewNight
from orientation.policy_bodies import OrientationRulesBody
from orientation.region import desk_of
from orientation.routes.requests import READERS


class PreviewBody(Body):
    """Rules that nobody has set yet, and how many nights back to try them on."""

    policy: OrientationRulesBody
    nights: Annotated[int, msgspec.Meta(ge=1, le=NIGHTS_MAX)]


class PreviewBegunView(msgspec.Struct):
    preview: UUID


class DoneView(msgspec.Struct):
    done: int
    of: int


class BaseView(msgspec.Struct):
    version: int
    hash: str


class PreviewLineView(msgspec.Struct):
    """A household that one of the two sets of rules would have placed; `tier_base` is by those in force."""

    code: str
    group: str
    tier: int
    tier_base: int
    party_size: int


class PreviewNightView(msgspec.Struct):
    """`gained` and `lost` count households; `gains` and `losers` name those whose requests have not been erased."""

    night: date
    case_at: datetime
    households: int
    people: int
    placed: int
    placed_base: int
    gained: int
    lost: int
    gains: list[PreviewLineView]
    losers: list[PreviewLineView]
    groups: list[PreviewGroup]
    gap: float


class PreviewView(msgspec.Struct):
    """`base`: the rules that were in force when it began. `failure`: why it ended early; the nights before it stand."""

    state: str
    progress: DoneView
    base: BaseView
    hash: str
    nights: list[PreviewNightView]
    failure: str | None


@post(
    "/policies/orientation/preview",
    opt={"policy": READERS},
    status_code=202,
    responses={202: ResponseSpec(PreviewBegunView, generate_examples=False)}
    | refusals(*WHO, *BODY, PolicyUnsound, PreviewRunning),
    summary="Try other rules of orientation on nights that are past",
)
async def post_preview(request: ApiRequest, data: JSONBody[PreviewBody]) -> Response[bytes]:
    previewing = desk_of(await region_of(request)).previewing
    preview = await previewing.begin(data.policy.rules(), data.nights)
    return answer(PreviewBegunView(preview.id), 202)


@get(
    "/policies/orientation/preview/{preview_id:uuid}",
    opt={"policy": READERS},
    responses={200: ResponseSpec(PreviewView, generate_examples=False)}
    | refusals(*WHO, InvalidParameter, UnknownPreview),
    summary="Read whom other rules would have placed who was not, and the reverse, night by night",
)
async def get_preview(request: ApiRequest, preview_id: FromPath[UUID]) -> Response[bytes]:
    previewing = desk_of(await region_of(request)).previewing
    preview = previewing.find(preview_id)
    # One more may be done while this one is told.
    state, nights = preview.state, preview.nights.copy()
    return answer(_view(preview, state, nights, await previewing.still_there(nights)))


def _view(preview: Preview, state: str, nights: list[PreviewNight], there: set[UUID]) -> PreviewView:
    return PreviewView(
        state,
        DoneView(len(nights), preview.of),
        BaseView(preview.base.version, preview.base.hash),
        preview.proposed.hash,
        [_night(one, there) for one in nights],
        preview.failure,
    )


def _night(night: PreviewNight, there: set[UUID]) -> PreviewNightView:
    said = msgspec.structs.asdict(night)
    return PreviewNightView(**said | {"gains": _lines(night.gains, there), "losers": _lines(night.losers, there)})


def _lines(lines: list[PreviewLine], there: set[UUID]) -> list[PreviewLineView]:
    return [
        PreviewLineView(line.code, line.group, line.tier, line.tier_base, line.party_size)
        for line in lines
        if line.request in there
    ]
