"""GET /board and GET /totals: the live regional inventory, from this node's mirror, without a query."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import MediaType, Response, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromQuery, QueryParameter
from litestar.response import Stream

from inventory.directory import Filter
from inventory.model.totals import Adding, Counted, counted, rounded
from inventory.model.unit import Admits, Regime
from inventory.problems import NotReady
from inventory.routes.answering import ApiRequest, answer
from inventory.routes.looking import UNCHANGED, Look, look
from inventory.routes.refusals import WHO
from inventory.routes.views import BoardView, TotalsView
from kernel.access.model import ACCOUNT_ROLES, Role, Verb
from kernel.access.policies import allow
from kernel.access.schemas import refusals
from kernel.live.frames import Wire
from kernel.live.hub import BoardBytes
from kernel.problems import InvalidParameter

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode
# Subjects that are joined, added up and sent in one go: about half a millisecond.
_PORTION = 250
# Turns of the loop after each. A report comes back to the loop a dozen times on its way: with one turn for each portion
# it waited for a dozen of them, and a turn in which nobody has anything to do costs next to nothing.
_TURNS = 4
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
) -> Response[bytes] | Stream:
    seen = await look(request, Filter(commune, audience, regime, shelter), "board")
    return seen.unchanged() if seen.known else Stream(_body(seen), media_type=MediaType.JSON, headers=seen.headers)


@get(
    "/totals",
    opt={"policy": allow(*ACCOUNT_ROLES, Role.PUBLIC, verb=Verb.READ)},
    responses={200: ResponseSpec(TotalsView, generate_examples=False)} | refusals(*WHO, InvalidParameter, NotReady),
    summary="Read what is available in the region, rounded, for everybody",
)
async def read_totals(request: ApiRequest, region: Code = None) -> Response[bytes]:  # noqa: ARG001
    """`region` names one where there are several (access reads it); who is signed in looks at their own."""
    seen = await look(request, Filter(), "totals")
    return answer(TotalsView(seen.now, rounded(await _totals(seen))))


async def _totals(seen: Look) -> dict[str, Any]:
    adding = Adding(seen.about)
    async for _ in _adding(seen, adding):
        pass
    return adding.result()


async def _adding(seen: Look, adding: Adding) -> AsyncIterator[bytes]:
    """Yield the units, joined in portions, and add them up on the way; let other things run after each."""
    wires = seen.board.kinds.get("unit", ())
    for start in range(0, len(wires), _PORTION):
        portion = wires[start : start + _PORTION]
        adding.add(map(_counted, portion))
        yield b",".join(portion)
        await _let_others()


async def _let_others() -> None:
    for _ in range(_TURNS):
        await asyncio.sleep(0)


def _counted(wire: Wire) -> Counted | None:
    """Return what totals need of a unit. Read once per change: its bytes are the hub's, the same for all who ask."""
    if wire.noted is None:
        wire.noted = (counted(_decode(wire)),)
    noted: tuple[Counted | None] = wire.noted
    return noted[0]


def decoded(board: BoardBytes, kind: str) -> Iterable[dict[str, Any]]:
    """Return the subjects of one kind, each as the asker sees it."""
    return map(_decode, board.kinds.get(kind, ()))


async def _body(seen: Look) -> AsyncIterator[bytes]:
    """Write the board from bytes that are encoded once per change, in portions: nobody's tick waits for a large one."""
    board = seen.board
    head = {"epoch": board.epoch, "seq": board.seq, "now": seen.now, "live": board.live}
    yield b'%s,"units":[' % _encode(head)[:-1]
    adding, comma = Adding(seen.about), b""
    async for portion in _adding(seen, adding):
        yield comma + portion
        comma = b","
    yield b'],"shelters":['
    shelters = board.kinds.get("shelter", ())
    for start in range(0, len(shelters), _PORTION):
        yield (b"," if start else b"") + b",".join(shelters[start : start + _PORTION])
        await _let_others()
    yield b'],"totals":%s}' % _encode(adding.result())
