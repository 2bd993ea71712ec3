"""`halte replay` as a process of its own, and a running server for it to push into."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from halte.regions import ensure_region
from halte.replay.doors import let_in, serving
from inventory.verifying import verify_region
from kernel.postgres import Pool, open_engine
from kernel.redis import open_redis
from kernel.settings import Settings

LOGIN, PASSWORD = "nora", "cactus lamp zondag vier"


def start_replay(arguments: list[str], env: dict[str, str]) -> subprocess.Popen[str]:
    """Run the command as a process of its own, telling everything in one stream."""
    return subprocess.Popen(
        [sys.executable, "-c", "from halte.replay.cli import main; main()", *arguments],
        env=os.environ | env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@dataclass(frozen=True, slots=True)
class Site:
    """A running server, and how the command is called against it."""

    url: str
    home: Path
    pool: Pool
    settings: Settings

    def start(self, file: Path, *more: str) -> subprocess.Popen[str]:
        arguments = [str(file), "--url", self.url, "--login", LOGIN, "--state", str(self.home / "state.json"), *more]
        return start_replay(arguments, env={"HALTE_PASSWORD": PASSWORD})

    def replay(self, file: Path, *more: str, status: int = 0) -> str:
        process = self.start(file, *more)
        said, _ = process.communicate(timeout=280)
        assert process.returncode == status, said
        return said

    async def verify(self) -> None:
        """Hold every unit against its whole history, the journal against the tables, Redis against both."""
        links = open_redis(self.settings, "test")
        try:
            found = await verify_region(self.pool, links, await self.pool.fetchval("SELECT id FROM region"))
        finally:
            if links is not None:
                await links.close()
        assert found.clean, "\n".join(map(str, found.differences))

    async def count(self, query: str) -> list[tuple[Any, ...]]:
        return [tuple(found) for found in await self.pool.fetch(query)]


@asynccontextmanager
async def administrator(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=site.url, headers={"origin": site.url}) as client:
        signed_in = await client.post("/api/v1/sessions", json={"login": LOGIN, "password": PASSWORD})
        client.headers["cookie"] = signed_in.headers["set-cookie"].partition(";")[0]
        yield client


@contextmanager
def ended(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def read_until(process: subprocess.Popen[str], words: str) -> None:
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if words in line:
            return
    pytest.fail(said)


OpenSite = Callable[..., AbstractContextManager[Site]]


@pytest.fixture
async def open_site(settings: Settings, pool: Pool, tmp_path: Path) -> OpenSite:
    engine = open_engine(settings, "test")
    region_id = await ensure_region(engine, "toronto", "Toronto", "America/Toronto")
    await let_in(engine, region_id, LOGIN, PASSWORD)
    await engine.dispose()

    @contextmanager
    def opened(**changes: Any) -> Iterator[Site]:
        used = replace(settings, log_level="warning", **changes)
        with serving(used) as port:
            yield Site(f"http://{used.host}:{port}", tmp_path, pool, used)

    return opened


@pytest.fixture
def free_port() -> int:
    return unused_port()


def unused_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture
def site(open_site: OpenSite) -> Iterator[Site]:
    with open_site() as site:
        yield site
