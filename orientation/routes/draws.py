"""/draws: two people commit, the list is frozen, the secrets are told, and places are held down the drawn order."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from litestar import Response, get, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody, QueryParameter

from inventory.model.night import night_of
from inventory.problems import ReasonRefused
from inventory.routes.answering import ApiRequest, answer, region_of, submit
from inventory.routes.refusals import BODY, WHO, WRITE
from inventory.schemas import hash_of
from kernel.access.model import Role
from kernel.access.policies import allow
from kernel.access.schemas import refusals
from kernel.problems import IdReused, InvalidParameter
from orientation.drawing.acting import DrawAct
from orientation.drawing.algorithm import canonical
from orientation.drawing.committing import Abandon, Commit, MakeDraw
from orientation.drawing.placing import BeginPlacing, place_drawn
from orientation.drawing.revealing import Freeze, Reveal, export
from orientation.drawing.store import DrawRecord, draws_of_night, read_draws
from orientation.drawing.verifying import DrawFile
from orientation.model.draw import DrawState
from orientation.problems import (
    CommitmentMade,
    CommitmentMissing,
    DrawExists,
    DrawMovedOn,
    NobodyWaits,
    NotCommitted,
    SecretWrong,
    UnknownDraw,
)
from orientation.routes.draw_views import (
    AbandonBody,
    CommitBody,
    DrawActBody,
    DrawBody,
    DrawPlacingView,
    DrawsView,
    DrawView,
    RevealBody,
    draw_view,
    placing_view,
)

_DESK = allow(Role.DESK, Role.SUPERVISOR, Role.ADMINISTRATOR)
_HOLDERS = allow(Role.DESK, Role.ADMINISTRATOR)
_VIEW = {200: ResponseSpec(DrawView, generate_examples=False)}
_ACT = (*WHO, *BODY, *WRITE, IdReused, DrawMovedOn, UnknownDraw)


@post(
    "/draws",
    opt={"policy": _DESK},
    responses={201: ResponseSpec(DrawView, generate_examples=False)}
    | refusals(*WHO, *BODY, *WRITE, IdReused, DrawExists),
    summary="Begin tonight's draw for those of one audience",
)
async def post_draw(request: ApiRequest, data: JSONBody[DrawBody]) -> Response[bytes]:
    await submit(request, MakeDraw(data.id, request.user.id, data.audience, hash_of(("make", data))))
    return answer(draw_view(await _record(request, data.id)), 201)


@post(
    "/draws/{draw_id:uuid}/commit",
    status_code=200,
    opt={"policy": _DESK},
    responses=_VIEW | refusals(*_ACT, CommitmentMade),
    summary="Bind oneself, before the list is frozen, to a secret that one tells afterwards: its SHA-256",
)
async def commit_to_draw(request: ApiRequest, draw_id: FromPath[UUID], data: JSONBody[CommitBody]) -> Response[bytes]:
    work = Commit(
        id=data.id,
        actor_id=request.user.id,
        draw_id=draw_id,
        body_hash=hash_of(("commit", draw_id, data)),
        commitment=data.commitment,
    )
    return await _told(request, work)


@post(
    "/draws/{draw_id:uuid}/freeze",
    status_code=200,
    opt={"policy": _DESK},
    responses=_VIEW | refusals(*_ACT, CommitmentMissing, NobodyWaits),
    summary="Make the list of those who wait now; from here on its hash binds everybody",
)
async def freeze_draw(request: ApiRequest, draw_id: FromPath[UUID], data: JSONBody[DrawActBody]) -> Response[bytes]:
    body_hash = hash_of(("freeze", draw_id, data))
    return await _told(request, Freeze(id=data.id, actor_id=request.user.id, draw_id=draw_id, body_hash=body_hash))


@post(
    "/draws/{draw_id:uuid}/reveal",
    status_code=200,
    opt={"policy": _DESK},
    responses=_VIEW | refusals(*_ACT, NotCommitted, SecretWrong),
    summary="Tell the secret that one has committed to; with the second one it is drawn",
)
async def reveal_secret(request: ApiRequest, draw_id: FromPath[UUID], data: JSONBody[RevealBody]) -> Response[bytes]:
    work = Reveal(
        id=data.id,
        actor_id=request.user.id,
        draw_id=draw_id,
        body_hash=hash_of(("reveal", draw_id, data)),
        secret=data.secret,
    )
    return await _told(request, work)


@post(
    "/draws/{draw_id:uuid}/abandon",
    status_code=200,
    opt={"policy": _DESK},
    responses=_VIEW | refusals(*_ACT, ReasonRefused),
    summary="Give up a draw that is not drawn yet, and say why: it stays to be seen",
)
async def abandon_draw(request: ApiRequest, draw_id: FromPath[UUID], data: JSONBody[AbandonBody]) -> Response[bytes]:
    data.check()
    work = Abandon(
        id=data.id,
        actor_id=request.user.id,
        draw_id=draw_id,
        body_hash=hash_of(("abandon", draw_id, data)),
        why=data.why,
    )
    return await _told(request, work)


@post(
    "/draws/{draw_id:uuid}/place",
    status_code=200,
    opt={"policy": _HOLDERS},
    responses={200: ResponseSpec(DrawPlacingView, generate_examples=False)} | refusals(*_ACT),
    summary="Go down the order, and hold for each who waits the best place that there is; called again, from the top",
)
async def place_by_draw(request: ApiRequest, draw_id: FromPath[UUID], data: JSONBody[DrawActBody]) -> Response[bytes]:
    body_hash = hash_of(("place", draw_id, data))
    begin = BeginPlacing(id=data.id, actor_id=request.user.id, draw_id=draw_id, body_hash=body_hash)
    return answer(placing_view(await place_drawn(await region_of(request), begin)))


@get(
    "/draws",
    opt={"policy": _DESK},
    responses={200: ResponseSpec(DrawsView, generate_examples=False)} | refusals(*WHO, InvalidParameter),
    summary="Read the draws of a night, tonight's unless another is named; abandoned ones too",
)
async def read_draws_of_night(
    request: ApiRequest, night: Annotated[date | None, QueryParameter()] = None
) -> Response[bytes]:
    region = await region_of(request)
    now = await region.pool.fetchval("SELECT halte_now()")
    records = await draws_of_night(region.pool, region.id, night or night_of(now, region.zone))
    return answer(DrawsView([draw_view(record) for record in records], now))


@get(
    "/draws/{draw_id:uuid}",
    opt={"policy": _DESK},
    responses=_VIEW | refusals(*WHO, UnknownDraw),
    summary="Read one draw, with its list as the requests stand now",
)
async def read_draw(request: ApiRequest, draw_id: FromPath[UUID]) -> Response[bytes]:
    return answer(draw_view(await _record(request, draw_id)))


@get(
    "/draws/{draw_id:uuid}/file",
    opt={"policy": _DESK},
    responses={200: ResponseSpec(DrawFile, generate_examples=False)} | refusals(*WHO, DrawMovedOn, UnknownDraw),
    summary="Take the file with which anybody can draw again; pseudonyms only, of this draw alone",
)
async def read_draw_file(request: ApiRequest, draw_id: FromPath[UUID]) -> Response[bytes]:
    record = await _record(request, draw_id)
    draw = record.draw
    if draw.state is not DrawState.DRAWN:
        raise DrawMovedOn(draw=str(draw.id), state=draw.state, night=draw.night.isoformat())
    name = f"draw-{draw.night}-{draw.audience}.json"
    return Response(
        canonical(export(draw, record.entries)),
        media_type="application/json",
        headers={"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{name}"'},
    )


async def _told(request: ApiRequest, work: DrawAct) -> Response[bytes]:
    await submit(request, work)
    return answer(draw_view(await _record(request, work.draw_id)))


async def _record(request: ApiRequest, draw_id: UUID) -> DrawRecord:
    region = await region_of(request)
    for record in await read_draws(region.pool, region.id, [draw_id]):
        return record
    raise UnknownDraw(draw=str(draw_id))


DRAWS = [
    *(post_draw, commit_to_draw, freeze_draw, reveal_secret, abandon_draw, place_by_draw),
    *(read_draws_of_night, read_draw, read_draw_file),
]
