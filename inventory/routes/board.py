"""GET /board and GET /totals: the live regional inventory, from this node's mirror, without a query."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import Parameter

from inventory.directory import Filter, kept
from inventory.model.totals import rounded, totals
from inventory.model.unit import Admits, Regime
from inventory.problems import NotReady
from inventory.region import Region
from inventory.routes.answering import ApiRequest, answer, audience_of, region_of
from inventory.routes.refusals import WHO
from inventory.routes.views import BoardView, TotalsView
from kernel.access.model import ACCOUNT_ROLES, Role, Verb
from kernel.access.policies import allow
from kernel.access.schemas import refusals
from kernel.live.hub import BoardBytes
from kernel.problems import InvalidParameter

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode
_Code = Annotated[str | None, Parameter(max_length=20)]


@get(
    "/board",
    opt={"policy": allow(*ACCOUNT_ROLES, verb=Verb.READ)},
    responses={
        200: ResponseSpec(BoardView, generate_examples=False),
        304: ResponseSpec(None, description="Nothing changed since the ETag.", generate_examples=False),
    }
    | refusals(*WHO, InvalidParameter, NotReady),
    summary="Read the live board",
)
async def read_board(
    request: ApiRequest,
    commune: _Code = None,
    audience: Admits | None = None,
    regime: Regime | None = None,
    shelter: UUID | None = None,
) -> Response[bytes]:
    region = await region_of(request)
    seen_by = audience_of(request.user)
    wanted = Filter(commune, audience, regime, shelter)
    about = region.directory.units()
    ids = None if wanted.empty else kept(about, wanted)
    board = region.live.hub.board(seen_by, None if ids is None else lambda subject: subject.id in ids)
    etag = _etag(seen_by, board, wanted)
    headers = {"ETag": etag, "Cache-Control": "no-cache", "Vary": "Cookie, Authorization"}
    if etag in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=headers)
    body = _body(region, board, totals(_units(board), about))
    return Response(body, media_type="application/json", headers=headers)


@get(
    "/totals",
    opt={"policy": allow(*ACCOUNT_ROLES, Role.PUBLIC, verb=Verb.READ)},
    responses={200: ResponseSpec(TotalsView, generate_examples=False)} | refusals(*WHO, InvalidParameter, NotReady),
    summary="Read what is available in the region, rounded, for everybody",
)
async def read_totals(request: ApiRequest, region: _Code = None) -> Response[bytes]:  # noqa: ARG001
    """`region` names one where there are several (access reads it); who is signed in looks at their own."""
    here = await region_of(request)
    board = here.live.hub.board(audience_of(request.user))
    summed = totals(_units(board), here.directory.units())
    return answer(TotalsView(_shown(here), rounded(summed)))


def _units(board: BoardBytes) -> Iterable[dict[str, Any]]:
    return map(_decode, board.kinds.get("unit", ()))


def _shown(region: Region) -> datetime:
    return region.clock.now().astimezone(UTC)


def _body(region: Region, board: BoardBytes, summed: dict[str, Any]) -> bytes:
    """Join the board from bytes that are encoded once per change, not per request."""
    head = {"epoch": board.epoch, "seq": board.seq, "now": _shown(region), "live": board.live}
    units = b",".join(board.kinds.get("unit", ()))
    shelters = b",".join(board.kinds.get("shelter", ()))
    return b'%s,"units":[%s],"shelters":[%s],"totals":%s}' % (_encode(head)[:-1], units, shelters, _encode(summed))


def _etag(audience: object, board: BoardBytes, wanted: Filter) -> str:
    """Name exactly this answer: the hash says nothing to whoever sees it."""
    words = f"{audience!r}|{board.epoch}|{board.seq}|{wanted!r}|{board.live}".encode()
    return f'"{blake2b(words, digest_size=12).hexdigest()}"'
