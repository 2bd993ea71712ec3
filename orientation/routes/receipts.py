"""GET /receipts/{secret} and its refresh: following a request without an account, coarsely, and never where (I11)."""

from __future__ import annotations

from datetime import datetime, timedelta

import asyncpg
import msgspec
from litestar import Response, get, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath

from inventory.routes.answering import ApiRequest, answer, regions_of
from kernel.access.model import NOBODY
from kernel.access.policies import OPEN, access_of
from kernel.access.problems import OriginRefused
from kernel.access.rationing import Ration
from kernel.access.schemas import refusals
from kernel.access.signing_in import network_of
from kernel.ids import new_id
from kernel.problems import Busy, Internal, NotFound, OutcomeUnknown
from orientation.amending import RefreshRequest
from orientation.finding import by_receipt
from orientation.model.request import Outcome, RequestState
from orientation.problems import RequestClosed, TooOften, UnknownReceipt
from orientation.receipts import Receipts

# An outreach team shares an address and follows many; a guesser of sixty bits gets 43,200 tries a day.
RECEIPT_RATION = Ration("receipt", burst=30, every_ms=2_000)
# Said again within the minute it is said already: whoever presses a button often writes no history.
_AGAIN = timedelta(minutes=1)
_NOTHING = b""

# Of any length: what cannot be a receipt is told what any wrong one is told.
Secret = FromPath[str]


class ReceiptView(msgspec.Struct):
    """`expires_at` is null where nothing expires: a place is held, or it is over."""

    state: str
    asked_at: datetime
    refreshed_at: datetime
    expires_at: datetime | None


_ANSWER = {200: ResponseSpec(ReceiptView, generate_examples=False)}
_REFUSED = (Busy, Internal, NotFound, TooOften, UnknownReceipt)


@get(
    "/receipts/{secret:str}",
    opt={"policy": OPEN},
    responses=_ANSWER | refusals(*_REFUSED),
    summary="Follow a request by its receipt",
)
async def get_receipt(request: ApiRequest, secret: Secret) -> Response[bytes]:
    return answer(_view(await _find(request, secret)))


@post(
    "/receipts/{secret:str}/refresh",
    status_code=200,
    opt={"policy": OPEN},
    responses=_ANSWER | refusals(*_REFUSED, OriginRefused, OutcomeUnknown, RequestClosed),
    summary="Say with a receipt that one still looks for a place",
)
async def refresh_receipt(request: ApiRequest, secret: Secret) -> Response[bytes]:
    found = await _find(request, secret)
    region = await regions_of(request).running(found["region_id"])
    now: datetime = await region.pool.fetchval("SELECT halte_now()")
    if found["closed_at"] is not None or found["refreshed_at"] < now - _AGAIN:
        work = RefreshRequest(id=new_id(), actor_id=NOBODY, request_id=found["id"], body_hash=_NOTHING)
        try:
            await region.lane.submit(work)
        except RequestClosed:
            # Without its id and its outcome: a receipt tells the coarse status and no more.
            raise RequestClosed from None
    return answer(_view(await _read(request, secret)))


async def _find(request: ApiRequest, secret: str) -> asyncpg.Record:
    address = request.client.host if request.client else ""
    wait_ms = await access_of(request).rationing.take([(RECEIPT_RATION, network_of(address))])
    if wait_ms:
        raise TooOften(-(-wait_ms // 1_000))
    return await _read(request, secret)


async def _read(request: ApiRequest, secret: str) -> asyncpg.Record:
    receipts = Receipts(access_of(request).key_secrets.derive("receipts"))
    found = await by_receipt(request.app.state.pool, receipts.hash_of(secret))
    if found is None:
        raise UnknownReceipt
    return found


def _view(row: asyncpg.Record) -> ReceiptView:
    waits = row["state"] == RequestState.WAITING
    return ReceiptView(_state(row), row["asked_at"], row["refreshed_at"], row["expires_at"] if waits else None)


def _state(row: asyncpg.Record) -> str:
    if row["state"] == RequestState.CLOSED:
        return "arrived" if row["outcome"] == Outcome.ARRIVED else "closed"
    return "place-held" if row["state"] == RequestState.HELD else "waiting"
