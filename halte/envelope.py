"""The envelope: what every HTTP answer has, whatever it says and whoever made it.

It lies around the whole application, because a refusal, an unknown path and a fault pass by the
hooks that other answers go through.
"""

from __future__ import annotations

import asyncio

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from prometheus_client import Counter

from kernel.problems import OutcomeUnknown, document, negotiate
from kernel.refusing import MEDIA_TYPE

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_ENCODED = tuple((name.lower().encode(), value.encode()) for name, value in HEADERS.items())


# The child of each is kept: looking it up by its label costs more than counting.
_ANSWERS = Counter("halte_http_answers_total", "Answers over HTTP", ["status"])
_ANSWERED = [_ANSWERS.labels(f"{hundreds}xx") for hundreds in range(6)]


class Envelope:
    """Adds the headers, and answers HEAD wherever there is a GET: with its head and without its body.

    A request that is given up because the server ends is answered too: whether it was written is not
    known, and it may be sent again with the same id (I1).
    """

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._inner(scope, receive, send)
            return
        bodiless = scope["method"] == "HEAD"
        answered = False
        if bodiless:
            # A copy: the server looks into its own to know that no body may follow.
            scope = HTTPScope(**{**scope, "method": "GET"})

        async def send_wrapped(message: Message) -> None:
            nonlocal answered
            answered = True
            if message["type"] == "http.response.start":
                _ANSWERED[message["status"] // 100].inc()
                said = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(one for one in _ENCODED if one[0] not in said)]
            elif message["type"] == "http.response.body" and bodiless:
                message["body"] = b""
            await send(message)

        try:
            await self._inner(scope, receive, send_wrapped)
        except asyncio.CancelledError:
            if not answered:
                await _give_up(scope, send_wrapped)
            raise


async def _give_up(scope: HTTPScope, send: Send) -> None:
    problem = OutcomeUnknown()
    spoken = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"accept-language"), None)
    body = msgspec.json.encode(document(problem, negotiate(spoken), instance=scope["path"]))
    headers = {"content-type": MEDIA_TYPE, "content-length": str(len(body)), "cache-control": "no-store"}
    encoded = [(name.lower().encode(), value.encode()) for name, value in (headers | problem.headers).items()]
    await send({"type": "http.response.start", "status": problem.status, "headers": encoded})
    await send({"type": "http.response.body", "body": body, "more_body": False})
