"""A request that is given up with the server is told that its outcome is not known, in the caller's language."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import msgspec
import pytest
from litestar.types import HTTPScope, Receive, Scope, Send

from halte.envelope import HEADERS, Envelope

SCOPE = {
    "type": "http",
    "method": "PUT",
    "path": "/api/v1/reports/1",
    "headers": [(b"accept-language", b"nl")],
}


async def _ask(*, begins: bool) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    async def hang(_scope: Scope, _receive: Receive, send: Send) -> None:
        if begins:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.Event().wait()

    async def keep(message: Any) -> None:
        sent.append(dict(message))

    async def nothing() -> Any:
        return {"type": "http.disconnect"}

    asked = asyncio.create_task(Envelope(hang)(cast("HTTPScope", SCOPE), nothing, keep))
    await asyncio.sleep(0.01)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    return sent


async def test_i1_whoever_is_given_up_is_told_that_the_outcome_is_unknown() -> None:
    start, body = await _ask(begins=False)
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    assert (start["status"], headers["retry-after"], headers["content-type"]) == (503, "1", "application/problem+json")
    assert headers.keys() >= {name.lower() for name in HEADERS}
    told = msgspec.json.decode(body["body"])
    assert (told["slug"], told["instance"]) == ("outcome-unknown", SCOPE["path"])
    assert int(headers["content-length"]) == len(body["body"])


async def test_an_answer_that_has_begun_is_not_begun_again() -> None:
    assert [message["type"] for message in await _ask(begins=True)] == ["http.response.start"]
