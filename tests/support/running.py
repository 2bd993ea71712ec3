"""A real server process, `halte run`, over the tests' Postgres and Valkey, with a small region in it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import pytest

from halte.embedded import EmbeddedServers
from kernel.ids import new_id
from kernel.settings import Settings
from tests.support.region import SmallRegion, found_region, furnish

_HALTE = "from halte.cli import main; main()"
METRICS_TOKEN = "a token of 32 signs, for tests only"
# What Prometheus sends.
SCRAPER = {"Authorization": f"Bearer {METRICS_TOKEN}"}
_START_S = 90  # only how long one that hangs is waited for: others may be starting beside it
_STOP_S = 15


@dataclass(slots=True)
class Server:
    """One node in a process of its own. It keeps its port when it is started again."""

    settings: Settings
    port: int = 0
    process: Process | None = field(default=None)
    # Further settings, as an operator would give them.
    variables: Mapping[str, str] = field(default_factory=dict)
    # Where its log goes, for who wants to read it.
    log: Path | None = None
    # What it runs, if that is not the product as it is.
    program: str = _HALTE

    @property
    def address(self) -> str:
        # `__Host-` cookies work on localhost over http, and not on 127.0.0.1.
        return f"http://localhost:{self.port}"

    async def start(self) -> None:
        environment = os.environ | {
            "DATABASE_URL": self.settings.database_url or "",
            "REDIS_URL": self.settings.redis_url or "",
            "HALTE_SECRET_KEY": self.settings.secret_key or "",
            "HALTE_POOLER": str(int(self.settings.pooler)),
            "HALTE_METRICS_TOKEN": METRICS_TOKEN,
            "HALTE_DEMO": "1",
            "HALTE_PORT": str(self.port),
            "HALTE_LOG_LEVEL": "error",
            **self.variables,
        }
        command = [sys.executable, "-c", self.program, "run"]
        with self.log.open("ab") if self.log is not None else nullcontext() as log:
            self.process = await asyncio.create_subprocess_exec(
                *command, env=environment, stdout=PIPE, stderr=log, stdin=DEVNULL
            )
        assert self.process.stdout is not None
        async with asyncio.timeout(_START_S):
            while line := (await self.process.stdout.readline()).decode():
                if line.startswith("Halte is at "):
                    self.port = int(line.rpartition(":")[2])
                    return
        pytest.fail("the server ended before it was ready; its words are on standard error")

    async def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it. One that does not end by itself fails the test, wherever that is: an operator would meet it too."""
        process, self.process = self.process, None
        if process is None or process.returncode is not None:
            return
        process.send_signal(how)
        try:
            async with asyncio.timeout(_STOP_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
            pytest.fail(f"the server did not end within {_STOP_S} s of {how.name}")


@dataclass(slots=True)
class Running:
    """The server and what is in it."""

    server: Server
    region: SmallRegion


@asynccontextmanager
async def settings_of_its_own(servers: EmbeddedServers, template: str) -> AsyncIterator[Settings]:
    """Settings with a fresh database, dropped afterwards."""
    name = f"m_{new_id().hex}"
    connection = await asyncpg.connect(servers.admin_url)
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} OWNER halte")
    head, _, query = servers.database_url.partition("?")
    try:
        yield Settings(
            database_url=f"{head.rpartition('/')[0]}/{name}?{query}",
            redis_url=servers.redis_url,
            secret_key="a key of 32 signs, for tests only",
            demo=True,
        )
    finally:
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await connection.close()


@asynccontextmanager
async def serving(settings: Settings, log: Path | None = None, **variables: str) -> AsyncIterator[Server]:
    server = Server(settings, variables=variables, log=log)
    try:
        await server.start()
        yield server
    finally:
        await server.stop()


@asynccontextmanager
async def running(servers: EmbeddedServers, template: str, **variables: str) -> AsyncIterator[Running]:
    """Serve the small region."""
    async with settings_of_its_own(servers, template) as settings:
        region_id = await found_region(settings)
        async with serving(settings, None, **variables) as server:
            region = SmallRegion(server.address, region_id)
            await furnish(region)
            yield Running(server, region)


@pytest.fixture(scope="module")
async def halte(servers: EmbeddedServers, template: str) -> AsyncIterator[Running]:
    """A server with the small region, shared by the tests of a module: they must not rely on its counts."""
    async with running(servers, template) as halte:
        yield halte
