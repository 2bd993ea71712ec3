"""A request that is given up is told so in the caller's language: by a server that ends, beside a silent Postgres."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import msgspec
import pytest
from litestar.types import HTTPScope, Receive, Scope, Send

from halte import envelope
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

    asked = asyncio.create_task(Envelope(hang, lambda: 0.0)(cast("HTTPScope", SCOPE), nothing, keep))
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


@pytest.mark.parametrize("method, slug", [("PUT", "outcome-unknown"), ("GET", "busy"), ("HEAD", "busy")])
async def test_nobody_waits_for_a_silent_postgres_and_what_works_is_not_cut_off(
    method: str, slug: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(envelope, "_PATIENCE_S", 0.01)
    monkeypatch.setattr(envelope, "_LOOK_S", 0.01)
    sent: list[dict[str, Any]] = []
    silent_s, done, told = 0.0, asyncio.Event(), asyncio.Event()

    async def answer_late(_scope: Scope, _receive: Receive, send: Send) -> None:
        await done.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"late", "more_body": False})

    async def keep(message: Any) -> None:
        sent.append(dict(message))
        if message["type"] == "http.response.body":
            told.set()

    async def nothing() -> Any:
        return {"type": "http.disconnect"}

    scope = cast("HTTPScope", SCOPE | {"method": method})
    asked = asyncio.create_task(Envelope(answer_late, lambda: silent_s)(scope, nothing, keep))
    await asyncio.sleep(0.05)
    assert not sent, "Postgres speaks: whatever takes its time may take it"
    silent_s = 60.0
    await asyncio.wait_for(told.wait(), 5)
    assert not asked.done()
    done.set()
    await asked
    start, body = sent
    assert start["status"] == 503
    assert body["body"] == b"" if method == "HEAD" else msgspec.json.decode(body["body"])["slug"] == slug


async def test_an_answer_that_comes_as_it_is_given_up_is_not_sent_beside_the_refusal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(envelope, "_PATIENCE_S", 0.01)
    sent: list[dict[str, Any]] = []
    done = asyncio.Event()

    def silent_s() -> float:
        # Now: whoever waits for it goes on before anything that is begun after this.
        done.set()
        return 60.0

    async def answer(_scope: Scope, _receive: Receive, send: Send) -> None:
        await done.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"late", "more_body": False})

    async def keep(message: Any) -> None:
        sent.append(dict(message))

    async def nothing() -> Any:
        return {"type": "http.disconnect"}

    await Envelope(answer, silent_s)(cast("HTTPScope", SCOPE), nothing, keep)
    assert [message.get("status") for message in sent] == [503, None]
