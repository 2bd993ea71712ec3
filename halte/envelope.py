"""The envelope: what every HTTP answer has, whatever it says and whoever made it.

It lies around the whole application, because a refusal, an unknown path and a fault pass by the
hooks that other answers go through.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from prometheus_client import Counter

from kernel.problems import Busy, OutcomeUnknown, Problem
from kernel.refusing import refusal

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


# Nobody waits longer than this for a Postgres that is silent, and it counts as silent after this; it is asked for the
# time each second. What else takes its time, a large file or a queue, takes it.
_PATIENCE_S = 4.0
_SILENT_S = 2.5
_LOOK_S = 0.25


class Envelope:
    """Adds the headers, and answers HEAD wherever there is a GET: with its head and without its body.

    A request that is given up because the server ends is answered too: whether it was written is not
    known, and it may be sent again with the same id (I1). So is one that waits for a Postgres that is silent; what
    works for it is not cut off, and nobody hears what comes of it.
    """

    def __init__(self, inner: ASGIApp, silent_s: Callable[[], float]) -> None:
        self._inner = inner
        self._silent_s = silent_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._inner(scope, receive, send)
            return
        reply = _Reply(scope, send)
        if reply.bodiless:
            # A copy: the server looks into its own to know that no body may follow.
            scope = HTTPScope(**{**scope, "method": "GET"})
        reply.timer = self._look_after(reply, _PATIENCE_S)
        try:
            await self._inner(scope, receive, reply.send)
        except asyncio.CancelledError:
            if not reply.begun:
                await reply.give_up()
            raise
        finally:
            reply.timer.cancel()
            if reply.giving_up is not None:
                await reply.giving_up

    def _look_after(self, reply: _Reply, wait_s: float) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(wait_s, self._look_at, reply)

    def _look_at(self, reply: _Reply) -> None:
        if reply.begun:
            return
        if self._silent_s() > _SILENT_S:
            reply.giving_up = asyncio.create_task(reply.give_up())
        else:
            reply.timer = self._look_after(reply, _LOOK_S)


class _Reply:
    """What is sent in answer to one request: once."""

    __slots__ = ("_scope", "_send", "_void", "begun", "bodiless", "giving_up", "timer")

    def __init__(self, scope: HTTPScope, send: Send) -> None:
        self._scope = scope
        self._send = send
        self.bodiless = scope["method"] == "HEAD"
        self.begun = self._void = False
        self.timer: asyncio.TimerHandle
        self.giving_up: asyncio.Task[None] | None = None

    async def send(self, message: Message) -> None:
        if not self._void:
            await self._pass_on(message)

    def give_up(self) -> Coroutine[Any, Any, None]:
        """Say that it was not waited for. From this very call on nobody hears what the application has to say."""
        self.begun = self._void = True
        reading = self._scope["method"] in {"GET", "HEAD"}
        return self._refuse(Busy() if reading else OutcomeUnknown())

    async def _pass_on(self, message: Message) -> None:
        self.begun = True
        if message["type"] == "http.response.start":
            _ANSWERED[message["status"] // 100].inc()
            said = {name.lower() for name, _ in message["headers"]}
            message["headers"] = [*message["headers"], *(one for one in _ENCODED if one[0] not in said)]
        elif message["type"] == "http.response.body" and self.bodiless:
            message["body"] = b""
        await self._send(message)

    async def _refuse(self, problem: Problem) -> None:
        status, headers, body = refusal(self._scope, problem)
        await self._pass_on({"type": "http.response.start", "status": status, "headers": headers})
        await self._pass_on({"type": "http.response.body", "body": body, "more_body": False})
