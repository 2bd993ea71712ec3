"""GET /board and GET /totals: the live regional inventory, from this node's mirror, without a query."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromQuery, QueryParameter

from inventory.directory import Filter
from inventory.model.totals import rounded, totals
from inventory.model.unit import Admits, Regime
from inventory.problems import NotReady
from inventory.routes.answering import ApiRequest, answer
from inventory.routes.looking import UNCHANGED, Look, look
from inventory.routes.refusals import WHO
from inventory.routes.views import BoardView, TotalsView
from kernel.access.model import ACCOUNT_ROLES, Role, Verb
from kernel.access.policies import allow
from kernel.access.schemas import refusals
from kernel.live.hub import BoardBytes
from kernel.problems import InvalidParameter

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode
_SUMMED = ("id", "status", "holdable", "free", "held", "capacity", "masked", "band")
# Units of a few large regions, as they are and masked.
_COUNTED_MAX = 16_384
Code = Annotated[str | None, QueryParameter(max_length=20)]
READERS = allow(*ACCOUNT_ROLES, verb=Verb.READ)


@get(
    "/board",
    opt={"policy": READERS},
    responses={200: ResponseSpec(BoardView, generate_examples=False)}
    | UNCHANGED
    | refusals(*WHO, InvalidParameter, NotReady),
    summary="Read the live board",
)
async def read_board(
    request: ApiRequest,
    commune: Code = None,
    audience: FromQuery[Admits | None] = None,
    regime: FromQuery[Regime | None] = None,
    shelter: FromQuery[UUID | None] = None,
) -> Response[bytes]:
    seen = await look(request, Filter(commune, audience, regime, shelter), "board")
    return seen.unchanged() if seen.known else seen.answer(_body(seen), "application/json")


@get(
    "/totals",
    opt={"policy": allow(*ACCOUNT_ROLES, Role.PUBLIC, verb=Verb.READ)},
    responses={200: ResponseSpec(TotalsView, generate_examples=False)} | refusals(*WHO, InvalidParameter, NotReady),
    summary="Read what is available in the region, rounded, for everybody",
)
async def read_totals(request: ApiRequest, region: Code = None) -> Response[bytes]:  # noqa: ARG001
    """`region` names one where there are several (access reads it); who is signed in looks at their own."""
    seen = await look(request, Filter(), "totals")
    return answer(TotalsView(seen.now, rounded(_totals(seen))))


def _totals(seen: Look) -> dict[str, Any]:
    return totals(map(_counted, seen.board.kinds.get("unit", ())), seen.about)


@lru_cache(maxsize=_COUNTED_MAX)
def _counted(wire: bytes) -> Mapping[str, Any]:
    """Return what totals need of a unit. Read once per change: its bytes are the hub's, the same for all who ask."""
    unit = _decode(wire)
    return {name: unit[name] for name in _SUMMED if name in unit}


def decoded(board: BoardBytes, kind: str) -> Iterable[dict[str, Any]]:
    """Return the subjects of one kind, each as the asker sees it."""
    return map(_decode, board.kinds.get(kind, ()))


def _body(seen: Look) -> bytes:
    """Join the board from bytes that are encoded once per change, not per request."""
    board = seen.board
    head = {"epoch": board.epoch, "seq": board.seq, "now": seen.now, "live": board.live}
    units = b",".join(board.kinds.get("unit", ()))
    shelters = b",".join(board.kinds.get("shelter", ()))
    summed = _encode(_totals(seen))
    return b'%s,"units":[%s],"shelters":[%s],"totals":%s}' % (_encode(head)[:-1], units, shelters, summed)
