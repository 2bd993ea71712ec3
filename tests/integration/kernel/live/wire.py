"""A real uvicorn with one live route, and screens that connect to it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from litestar import Litestar
from websockets.asyncio.client import ClientConnection, unix_connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from kernel.access.model import Principal, public_principal
from kernel.access.problems import Forbidden
from kernel.ids import new_id
from kernel.live.hub import Hub
from kernel.live.pens import show_protocol
from kernel.live.socket import live_route
from kernel.problems import Busy
from kernel.settings import Settings
from tests.integration.kernel.live.waiting import eventually
from tests.unit.kernel.live.playing import Screen

TICK_MS = 20


@dataclass(slots=True)
class Site:
    """Where screens connect: tickets are the names of audiences, or of ways to be refused."""

    socket: Path
    principals: dict[str, Principal] = field(default_factory=dict)

    async def authenticate(self, _socket: Any, ticket: str | None) -> Principal | None:
        match ticket:
            case "nobody":
                return None
            case "forbidden":
                raise Forbidden
            case "busy":
                raise Busy
            case "bug":
                raise RuntimeError("a bug")
        name = ticket or "desk"
        return self.principals.setdefault(name, public_principal(new_id()))

    def audience_of(self, principal: Principal) -> Hashable:
        (name,) = (name for name, known in self.principals.items() if known == principal)
        return ("own", name) if len(name) == 1 else name

    async def still_valid(self, principals: Any) -> set[Principal]:
        return set(principals) & set(self.principals.values())

    @asynccontextmanager
    async def connect(self, **options: Any) -> AsyncIterator[ClientConnection]:
        options = {"subprotocols": [Subprotocol("halte.v1")], "compression": None} | options
        async with unix_connect(str(self.socket), "ws://localhost/live/board", **options) as connection:
            yield connection


@asynccontextmanager
async def serve(
    site: Site, hub: Callable[[], Hub], settings: Settings, *, direct: bool = True
) -> AsyncIterator[uvicorn.Server]:
    """Serve `/live/board`; `direct`: with the pen that writes to uvicorn's transport."""
    route = live_route(
        "/live/board",
        settings=settings,
        hub_of=lambda _principal: hub(),
        audience_of=site.audience_of,
        tick_ms=TICK_MS,
        authenticate=site.authenticate,
    )
    app: Any = Litestar([route], openapi_config=None)
    config = uvicorn.Config(
        show_protocol(app) if direct else app,
        uds=str(site.socket),
        ws="websockets-sansio",
        ws_max_size=settings.websocket_max_bytes,
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
    )
    server = uvicorn.Server(config)
    server.capture_signals = nullcontext  # type: ignore[method-assign, assignment]
    task = asyncio.create_task(server.serve())
    await eventually(lambda: server.started)
    try:
        yield server
    finally:
        server.should_exit = True
        await asyncio.wait_for(task, 10)


async def say(connection: ClientConnection, **message: Any) -> None:
    await connection.send(json.dumps(message))


async def hear(connection: ClientConnection, kind: str | None = None, within_s: float = 3.0) -> dict[str, Any]:
    """Return the next frame, or the next of a kind."""
    async with asyncio.timeout(within_s):
        while True:
            frame: dict[str, Any] = json.loads(await connection.recv())
            if kind is None or frame["t"] == kind:
                return frame


async def hear_until_closed(connection: ClientConnection, within_s: float = 5.0) -> tuple[list[dict[str, Any]], int]:
    """Return every frame up to the end, and the close code."""
    frames = []
    async with asyncio.timeout(within_s):
        try:
            while True:
                frames.append(json.loads(await connection.recv()))
        except ConnectionClosed:
            return frames, connection.close_code or 0


async def follow(connection: ClientConnection, screen: Screen) -> None:
    """Be a good screen until the connection ends."""
    try:
        async for text in connection:
            ack = screen.hear(json.loads(text))
            if ack is not None:
                await say(connection, t="ack", to=ack)
    except ConnectionClosed:
        return
