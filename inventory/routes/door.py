"""The door: `PUT /reports/{id}` of a machine, past the framework, because software sends thousands of them a second.

It takes what is plain: a key that was looked at a moment ago, JSON of the right form, a region that runs. Whatever is
not so goes on to the route (reports.py), which also says why it is refused; from the lane on both are the same.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import cast
from uuid import UUID

import msgspec
import structlog
from litestar.datastructures import State
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPReceiveMessage, HTTPScope, Receive, ReceiveMessage, Scope, Send

from inventory.region import Region, Regions
from inventory.reporting import Report, ReportAnswer
from inventory.routes.answering import audience_of, shown
from inventory.routes.reports import report_of, view_of
from inventory.schemas import ReportBody
from kernel.access.access import Access
from kernel.access.model import Principal, Verb
from kernel.problems import Internal, Problem
from kernel.refusing import refusal

log = structlog.get_logger(__name__)

_PATH = "/api/v1/reports/"
_ID_LENGTH = 36
_HEADERS = ((b"content-type", b"application/json"), (b"cache-control", b"no-store"))
_decode = msgspec.json.Decoder(ReportBody).decode
_encode = msgspec.json.Encoder().encode


class ReportDoor:
    """Stands before `inner`, the application as the framework made it."""

    def __init__(self, inner: ASGIApp, state: State) -> None:
        self._inner = inner
        self._state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or scope["method"] != "PUT" or not scope["path"].startswith(_PATH):
            await self._inner(scope, receive, send)
            return
        principal = self._recall(scope)
        report_id = _id_of(scope["path"])
        if principal is None or report_id is None:
            await self._inner(scope, receive, send)
            return
        first = cast("HTTPReceiveMessage", await receive())
        read = self._read(first, principal, report_id)
        if read is None:
            await self._inner(scope, _again(first, receive), send)
            return
        await _answer(scope, send, principal, *read)

    def _recall(self, scope: HTTPScope) -> Principal | None:
        """Return whose key is shown, where that is known and it may report."""
        key: bytes | None = None
        for name, value in scope["headers"]:
            if name == b"authorization":
                if key is not None:
                    return None
                key = value
            elif name == b"content-type" and value != b"application/json":
                return None
        access: Access = self._state.access
        principal = None if key is None else access.recall(key)
        return principal if principal is not None and Verb.REPORT in principal.verbs else None

    def _read(self, message: HTTPReceiveMessage, principal: Principal, report_id: UUID) -> tuple[Region, Report] | None:
        """Return the report that a body says, and its region; None where it is not whole, or not plain."""
        if message["type"] != "http.request" or message["more_body"]:
            return None
        body = message["body"]
        if len(body) > self._state.settings.body_max_bytes:
            return None
        regions: Regions = self._state.regions
        try:
            region = regions.at_hand(principal.region_id)
            return region, report_of(report_id, _decode(body), principal, region.clock.now())
        except (msgspec.MsgspecError, RecursionError, UnicodeError, Problem):
            return None


async def _answer(scope: HTTPScope, send: Send, principal: Principal, region: Region, report: Report) -> None:
    audience = audience_of(principal)
    try:
        told: ReportAnswer = await region.lane.submit(report)
        status, body = int(HTTPStatus.OK), _encode(view_of(told, audience))
    except Problem as problem:
        status, headers, body = refusal(scope, shown(problem, audience))
    except Exception:
        # As behind it (refusing.py): a fault of ours, told without its traceback.
        log.exception("request.failed", path=_PATH, method=scope["method"])
        status, headers, body = refusal(scope, Internal())
    else:
        headers = [*_HEADERS, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def _id_of(path: str) -> UUID | None:
    text = path[len(_PATH) :]
    try:
        return UUID(text) if len(text) == _ID_LENGTH else None
    except ValueError:
        return None


def _again(first: ReceiveMessage, receive: Receive) -> Receive:
    """Give the route what was read already."""
    waiting = [first]

    async def replayed() -> ReceiveMessage:
        return waiting.pop() if waiting else await receive()

    return replayed
