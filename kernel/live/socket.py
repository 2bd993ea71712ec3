"""The websocket of a live board (subprotocol halte.v1): hello, then frames out and acks in.

Every ending on our side is said in a `bye` with a slug before the close code. Messages over 16 KiB
never get here: the server itself closes with 1009.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import structlog
from litestar import websocket
from litestar.connection import WebSocket
from litestar.exceptions import WebSocketDisconnect
from litestar.handlers import WebsocketRouteHandler

from kernel.access.model import Principal
from kernel.access.origins import allowed_origin
from kernel.access.policies import admit_socket
from kernel.access.problems import LoginRequired
from kernel.live.connection import Connection
from kernel.live.frames import SUBPROTOCOL, Ack, Hello, bye, parse
from kernel.live.hub import Hub
from kernel.live.pens import Pen, take_pen
from kernel.live.problems import BadMessage, HelloMissing, close_code
from kernel.problems import Busy, Internal, Problem, document, negotiate
from kernel.settings import Settings

log = structlog.get_logger(__name__)

HELLO_S = 10.0
_CLOSE_FORBIDDEN = 4403
_CLOSE_BAD_MESSAGE = 4400

Socket: TypeAlias = WebSocket[Any, Any, Any]
Authenticate = Callable[[Socket, str | None], Awaitable[Principal | None]]


@dataclass(frozen=True, slots=True)
class Door:
    """What one live route needs to let a screen in."""

    settings: Settings
    authenticate: Authenticate
    hub_of: Callable[[Principal], Hub]
    audience_of: Callable[[Principal], Hashable]
    tick_ms: int

    async def serve(self, socket: Socket) -> None:
        if "origin" in socket.headers and not allowed_origin(self.settings, socket.headers):
            await socket.close(_CLOSE_FORBIDDEN)
            return
        if SUBPROTOCOL not in socket.scope["subprotocols"]:
            await socket.close(_CLOSE_BAD_MESSAGE)
            return
        await socket.accept(subprotocols=SUBPROTOCOL)
        pen = take_pen(socket)
        try:
            await self._serve_accepted(socket, pen)
        except WebSocketDisconnect:
            return
        except Problem as problem:
            await _say_goodbye(socket, pen, problem)
        except Exception:
            log.exception("live.connection_failed", path=socket.scope["path"])
            await _say_goodbye(socket, pen, Internal())
        finally:
            pen.release()

    async def _serve_accepted(self, socket: Socket, pen: Pen) -> None:
        try:
            async with asyncio.timeout(HELLO_S):
                hello = await _receive(socket)
        except TimeoutError:
            raise HelloMissing from None
        if not isinstance(hello, Hello):
            raise HelloMissing
        principal = await self._admit(socket, hello.ticket)
        hub = self.hub_of(principal)
        connection = Connection(pen, principal, principal.language)
        hub.join(connection, self.audience_of(principal), self.tick_ms, hello.after, hello.epoch)
        pen.listen(partial(hub.hear_ack, connection))
        try:
            await _converse(socket, hub, connection)
        finally:
            hub.leave(connection)

    async def _admit(self, socket: Socket, ticket: str | None) -> Principal:
        try:
            async with asyncio.timeout(HELLO_S):
                principal = await self.authenticate(socket, ticket)
        except TimeoutError:
            raise Busy from None
        if principal is None:
            raise LoginRequired
        return principal


def live_route(
    path: str,
    *,
    settings: Settings,
    hub_of: Callable[[Principal], Hub],
    audience_of: Callable[[Principal], Hashable],
    tick_ms: int,
    authenticate: Authenticate = admit_socket,
    **options: Any,
) -> WebsocketRouteHandler:
    """Build the handler of one live route; `options` (opt, guards, name…) go to Litestar."""
    door = Door(settings, authenticate, hub_of, audience_of, tick_ms)

    @websocket(path, **options)
    async def live(socket: Socket) -> None:
        await door.serve(socket)

    return live


async def _converse(socket: Socket, hub: Hub, connection: Connection) -> None:
    """Take what the screen says until it goes; raise the Problem that ends it."""
    while True:
        message = await _receive(socket)
        if connection.closing:
            continue
        if isinstance(message, Ack):
            hub.acknowledge(connection, message.to)
        elif connection.away:
            hub.place(connection, message.after, message.epoch)
        else:
            raise BadMessage


async def _receive(socket: Socket) -> Hello | Ack:
    event = await socket.receive()
    if event["type"] != "websocket.receive":
        raise WebSocketDisconnect(detail="the screen went away")
    text = event.get("text")
    if text is None:
        raise BadMessage
    return parse(text)


async def _say_goodbye(socket: Socket, pen: Pen, problem: Problem) -> None:
    user = socket.scope.get("user")
    known = isinstance(user, Principal) and user.kind == "account"
    language = user.language if known else negotiate(socket.headers.get("accept-language"))
    why = document(problem, language)["detail"]
    await pen.close(bye(problem.slug, why), close_code(problem))
