"""Doors: the server that a replay pushes into, somebody's or a demo of the replay's own while it lasts."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from multiprocessing.synchronize import Event
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncEngine

from halte import logs
from halte.children import live_with_parent
from halte.embedded import default_data_dir
from halte.regions import ensure_region
from halte.serving import bind, serve, with_servers
from halte.visiting.calling import ServerAway
from kernel.access import keeping_accounts
from kernel.access.model import COMMAND_LINE, Role
from kernel.access.passwords import Passwords
from kernel.migrating import migrate
from kernel.postgres import open_engine
from kernel.problems import NotFound
from kernel.settings import Settings

_ENDS_WITHIN_S = 15.0


@dataclass(frozen=True, slots=True)
class Door:
    """Where to knock, as whom, and the folder in which it is remembered how far a replay came there.

    `servers` are the settings that reach the database and Redis behind it: of our own server, while it lasts.
    """

    url: str
    login: str
    password: str = field(repr=False)
    memory: Path
    servers: Settings | None = field(default=None, repr=False)

    @classmethod
    def of(cls, url: str, login: str, password: str) -> Door:
        """Return somebody's server; replays into two of them are remembered apart."""
        base = os.environ.get("XDG_STATE_HOME", "")
        state = Path(base) if base.startswith("/") else Path.home() / ".local" / "state"
        return cls(url, login, password, state / "halte" / "replay" / sha256(url.encode()).hexdigest()[:12])


@contextmanager
def own_server(data_dir: Path | None, region: tuple[str, str], zone: ZoneInfo) -> Iterator[Door]:
    """Run a demo server for as long as the block lasts; its data stay, for the next replay to go on with."""
    folder = data_dir or default_data_dir().with_name("halte-replay")
    asked = Settings(data_dir=folder, run_as=os.environ.get("HALTE_RUN_AS"), demo=True, log_level="warning", port=0)
    with with_servers(asked) as settings:
        password = secrets.token_urlsafe(24)
        login = f"replay-{region[0]}"
        asyncio.run(_prepare(settings, region, zone, login, password))
        with serving(settings) as port:
            yield Door(f"http://{settings.host}:{port}", login, password, folder, settings)


async def _prepare(settings: Settings, region: tuple[str, str], zone: ZoneInfo, login: str, password: str) -> None:
    """Make the region and an administrator whose password lives as long as this replay."""
    await migrate(str(settings.database_url))
    engine = open_engine(settings, "replay")
    try:
        region_id = await ensure_region(engine, *region, zone.key)
        await let_in(engine, region_id, login, password)
    finally:
        await engine.dispose()


async def let_in(engine: AsyncEngine, region_id: UUID, login: str, password: str) -> None:
    """Give a region an administrator with this password, whether or not there was one of this log-in."""
    try:
        found = await keeping_accounts.find_account(engine, login)
    except NotFound:
        await keeping_accounts.add_account(
            engine,
            Passwords(),
            region_id=region_id,
            login=login,
            password=password,
            role=Role.ADMINISTRATOR,
            language="en",
            shelters=(),
            actor_id=COMMAND_LINE,
        )
    else:
        change = keeping_accounts.Change(password=password)
        await keeping_accounts.change_account(
            engine, Passwords(), change, region_id=region_id, account_id=found.id, actor_id=COMMAND_LINE
        )


@contextmanager
def serving(settings: Settings) -> Iterator[int]:
    """Serve in a process of its own, so that it and we do not take turns; yield its port."""
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    with bind(settings) as listener:
        port = listener.getsockname()[1]
        server = context.Process(target=_serve, args=(settings, listener, ready), name="replay server", daemon=True)
        server.start()
    try:
        while not ready.wait(0.1):
            if not server.is_alive():
                raise ServerAway(f"The server ended while it started, with {server.exitcode}.")
        yield port
    finally:
        server.terminate()
        server.join(_ENDS_WITHIN_S)
        if server.is_alive():
            server.kill()
            server.join()


def _serve(settings: Settings, listener: socket.socket, ready: Event) -> None:
    live_with_parent()
    logs.configure(settings.log_level)
    logging.getLogger("uvicorn.error").setLevel(settings.log_level.upper())
    serve(settings, listener, lambda _: ready.set())
