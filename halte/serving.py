"""Serving: one process on one port, with its own servers where none are named (DESIGN: embedded default)."""

from __future__ import annotations

import asyncio
import errno
import json
import secrets
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import structlog
import uvicorn
from litestar import Litestar

from halte.app import create_app
from halte.embedded import default_data_dir, read_private, running, write_private
from halte.heads import BoundedHttp
from inventory.region import Region
from kernel.live.pens import show_protocol
from kernel.settings import Settings, SettingsError

log = structlog.get_logger(__name__)

_Send: TypeAlias = Callable[[Any], Awaitable[None]]
_Asgi: TypeAlias = Callable[[Any, Any, _Send], Awaitable[None]]

_KEY_FILE = "secret-key"
_CONTACT_KEY_FILE = "contact-key"
_SERVERS_FILE = "servers.json"


class PortTaken(Exception):
    """Somebody listens there already; the message says what to do."""


def check_urls(settings: Settings) -> bool:
    """Return whether the node starts its own servers: only where neither is named."""
    if (settings.database_url is None) != (settings.redis_url is None):
        named, missing = ("DATABASE_URL", "REDIS_URL")
        if settings.database_url is None:
            named, missing = missing, named
        raise SettingsError(f"{named} is set and {missing} is not. Set both, or neither to use Halte's own servers.")
    return settings.database_url is None


@contextmanager
def with_servers(settings: Settings) -> Iterator[Settings]:
    """Yield settings with both URLs and a secret key, running our own servers for as long as needed."""
    if not check_urls(settings):
        if settings.secret_key is None:
            raise SettingsError("HALTE_SECRET_KEY is not set: give every node the same random text of 32 characters.")
        yield settings
        return
    data_dir = settings.data_dir or default_data_dir()
    with running(data_dir, settings.run_as) as servers:
        key = settings.secret_key or _own_key(data_dir, _KEY_FILE)
        contact_key = settings.contact_key or (_own_key(data_dir, _CONTACT_KEY_FILE),)
        urls = settings.with_servers(servers.database_url, servers.redis_url)
        served = replace(urls, secret_key=key, contact_key=contact_key)
        with _announced(data_dir, served):
            yield served


@contextmanager
def _announced(data_dir: Path, served: Settings) -> Iterator[None]:
    """Leave word where our servers are, for the other commands; readable by who started them alone."""
    file = data_dir / _SERVERS_FILE
    write_private(file, json.dumps([served.database_url, served.redis_url, served.secret_key, *served.contact_key]))
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def find_servers(settings: Settings) -> Settings:
    """Return settings that reach the servers of a Halte running on this data directory, if one does."""
    if settings.database_url is not None or settings.redis_url is not None:
        return settings
    try:
        words = read_private((settings.data_dir or default_data_dir()) / _SERVERS_FILE)
    except OSError:
        words = None
    if words is None:
        return settings
    database_url, redis_url, key, *contact_key = json.loads(words)
    urls = settings.with_servers(database_url, redis_url)
    return replace(urls, secret_key=settings.secret_key or key, contact_key=settings.contact_key or tuple(contact_key))


def _own_key(data_dir: Path, name: str) -> str:
    """Return a key of this data directory, made once. Machine keys, or contacts, are worth nothing without it."""
    file = data_dir / name
    if kept := read_private(file):
        return kept
    key = secrets.token_urlsafe(32)
    write_private(file, key)
    return key


def bind(settings: Settings) -> socket.socket:
    """Take the port, or say who to blame."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(2_048)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            other = f"--port {(settings.port + 1) % 65_536}"
            raise PortTaken(
                f"Port {settings.port} is taken: stop what listens there, or choose another: {other}."
            ) from None
        raise PortTaken(f"Cannot listen on {settings.host}:{settings.port}: {error.strerror}.") from None
    listener.setblocking(False)
    return listener


def serve(settings: Settings, listener: socket.socket, ready: Callable[[int], None]) -> None:
    """Serve until a signal says stop; `ready` is called with the port once requests are answered."""
    app = create_app(settings)
    opening = _Opening(app)
    config = uvicorn.Config(
        # The outermost layer: it lets the hub hand frames to the transport without a task per screen.
        show_protocol(opening),
        loop="uvloop",
        http=BoundedHttp,
        ws="websockets-sansio",
        ws_max_size=settings.websocket_max_bytes,
        ws_per_message_deflate=False,
        ws_ping_interval=20.0,
        ws_ping_timeout=20.0,
        timeout_graceful_shutdown=5,
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=False,
    )
    server = _Server(config, ready, listener.getsockname()[1], partial(_say_goodbye, app))
    try:
        server.run(sockets=[listener])
    except SystemExit:
        if opening.failure is None or server.started:
            raise
    if not server.started:
        raise opening.failure or SystemExit(1)


class _Opening:
    """The application; what keeps it from starting is for whoever starts it, and not a traceback in the log."""

    def __init__(self, app: _Asgi) -> None:
        self._app = app
        self.failure: Exception | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        try:
            await self._app(scope, receive, _without_traceback(send))
        except Exception as error:
            self.failure = _innermost(error)
            raise


def _without_traceback(send: _Send) -> _Send:
    async def pass_on(message: Any) -> None:
        if message["type"] == "lifespan.startup.failed":
            message = {"type": "lifespan.startup.failed", "message": ""}
        await send(message)

    return pass_on


def _innermost(error: Exception) -> Exception:
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


class _Server(uvicorn.Server):
    """Uvicorn, telling when it is ready, and telling its screens when it ends."""

    def __init__(
        self,
        config: uvicorn.Config,
        ready: Callable[[int], None],
        port: int,
        say_goodbye: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__(config)
        self._ready = ready
        self._port = port
        self._say_goodbye = say_goodbye

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            self._ready(self._port)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Say goodbye first: uvicorn itself closes every websocket without a word, before the application may speak."""
        for listening in self.servers:
            listening.close()
        await self._say_goodbye()
        await super().shutdown(sockets)


async def _say_goodbye(app: Litestar) -> None:
    """Dismiss the screens of every region; each is waited for no longer than a farewell may take."""
    regions: list[Region] = app.state.regions.all()
    await asyncio.gather(*(region.live.hub.say_goodbye() for region in regions))
