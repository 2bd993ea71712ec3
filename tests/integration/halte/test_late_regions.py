"""A region that is added while a node runs: its screens open and its nights turn without any request for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg
import click
import httpx
import pytest
from click.testing import CliRunner

from halte.embedded import EmbeddedServers
from halte.regions import main as region
from kernel.access.cli import account
from kernel.ids import new_id
from kernel.settings import Settings
from tests.support.estate import NO_TLS
from tests.support.region import PASSWORD
from tests.support.running import Server
from tests.support.watching import LiveScreen, watched

_OPEN_WITHIN_S = 10.0


@dataclass(slots=True)
class Empty:
    server: Server
    database: asyncpg.Connection[asyncpg.Record]


@pytest.fixture
async def empty(servers: EmbeddedServers) -> AsyncIterator[Empty]:
    """A node that was started on a database with nothing in it."""
    name = f"m_{new_id().hex}"
    admin = await asyncpg.connect(servers.admin_url)
    await admin.execute(f"CREATE DATABASE {name} OWNER halte")
    head, _, query = servers.database_url.partition("?")
    url = f"{head.rpartition('/')[0]}/{name}?{query}"
    server = Server(
        Settings(
            database_url=url, redis_url=servers.redis_url, secret_key="a key of 32 signs, for tests only", demo=True
        )
    )
    try:
        await server.start()
        database = await asyncpg.connect(url)
        yield Empty(server, database)
        await database.close()
    finally:
        await server.stop()
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await admin.close()


async def _command(empty: Empty, group: click.Group, *arguments: str) -> str:
    """Run it beside our loop: it brings its own."""
    done = await asyncio.to_thread(
        CliRunner().invoke, group, list(arguments), obj=empty.server.settings, input=f"{PASSWORD}\n"
    )
    assert done.exit_code == 0, done.output
    return done.output.strip()


async def _sign_in(address: str) -> dict[str, str]:
    headers = {"Origin": address}
    async with httpx.AsyncClient(headers=headers, verify=NO_TLS, timeout=20) as client:
        answer = await client.post(f"{address}/api/v1/sessions", json={"login": "boss", "password": PASSWORD})
    assert answer.status_code == 201, answer.text
    return headers | {"Cookie": answer.headers["set-cookie"].partition(";")[0]}


async def test_a_board_opens_and_the_sweep_runs_though_nothing_else_was_asked_of_the_node(empty: Empty) -> None:
    region_id = await _command(empty, region, "add", "gent", "--name", "Gent", "--timezone", "Europe/Brussels")
    await _command(empty, account, "add", "boss", "--role", "administrator", "--language", "en", "--password-stdin")
    address = empty.server.address
    screen = LiveScreen(address, await _sign_in(address))
    async with asyncio.timeout(_OPEN_WITHIN_S), watched(screen):
        await screen.until(lambda shown: shown.to is not None, _OPEN_WITHIN_S)
    async with httpx.AsyncClient(verify=NO_TLS) as client:
        ready = (await client.get(f"{address}/readyz")).json()
    assert list(ready["boards"]) == [region_id]
