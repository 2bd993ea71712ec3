"""Real servers for the tests: one Postgres and one Valkey a session, a fresh migrated database a test."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
import redis.asyncio

from halte.embedded.servers import Embedded, EmbeddedServers
from kernel.ids import new_id
from kernel.migrating import upgrade
from kernel.postgres import Pool, open_pool, tie_epoch
from kernel.settings import Settings

# Behind nohup, or in the background, these are ignored, and every child would inherit that: some tests end theirs by
# them. A handler that does nothing ignores them here, and is not inherited.
for _number in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, lambda *_: None)

TEMPLATE = "halte_template"
SHARED = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


@pytest.fixture(scope="session")
def servers() -> Iterator[EmbeddedServers]:
    """Our own servers in a folder that an unprivileged account can reach, removed afterwards."""
    home = Path(tempfile.mkdtemp(prefix="halte-tests-"))
    home.chmod(0o711)
    embedded = Embedded(home / "data")
    try:
        servers = embedded.start()
        # Nothing here outlives the session, and whoever kills a server brings one of their own: see `installed`.
        _admin(servers, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
        yield servers
    finally:
        embedded.stop()
        shutil.rmtree(home, ignore_errors=True)


def with_database(url: str, name: str) -> str:
    """Return a libpq URL with another database in its path."""
    head, _, query = url.partition("?")
    return f"{head.rpartition('/')[0]}/{name}?{query}"


@pytest.fixture(scope="session")
def template(servers: EmbeddedServers) -> str:
    """A database with all migrations run, to copy from."""
    _admin(servers, f"CREATE DATABASE {TEMPLATE} OWNER halte")
    upgrade(with_database(servers.database_url, TEMPLATE))
    return TEMPLATE


def _admin(servers: EmbeddedServers, *statements: str) -> None:
    import asyncio
    import threading

    async def run() -> None:
        connection = await asyncpg.connect(servers.admin_url)
        for statement in statements:
            await connection.execute(statement)
        await connection.close()

    # A thread of its own: fixtures are set up while pytest's loop is running.
    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    thread.join()


@pytest.fixture
def database_url(servers: EmbeddedServers, template: str) -> Iterator[str]:
    """A fresh database for this test."""
    name = f"t_{new_id().hex}"
    _admin(servers, f"CREATE DATABASE {name} TEMPLATE {template} OWNER halte")
    yield with_database(servers.database_url, name)
    _admin(servers, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def redis_url(servers: EmbeddedServers) -> AsyncIterator[str]:
    """The session's Valkey, emptied for this test."""
    client = redis.asyncio.Redis.from_url(servers.redis_url, protocol=3)
    await client.flushall()
    yield servers.redis_url
    await client.aclose()


@pytest.fixture
def settings(database_url: str, redis_url: str) -> Settings:
    return Settings(
        database_url=database_url,
        redis_url=redis_url,
        secret_key="a key of 32 signs, for tests only",
        demo=True,
        port=0,
    )


@pytest.fixture
async def pool(settings: Settings) -> AsyncIterator[Pool]:
    pool = await open_pool(settings, "test")
    yield pool
    await pool.close()


@pytest.fixture
async def region_id(pool: Pool) -> UUID:
    """A region without shelters."""
    region_id = new_id()
    await pool.execute(
        "INSERT INTO region (id, slug, name, timezone, epoch) VALUES ($1, 'brussels', 'Brussels', $2, $3)",
        region_id,
        "Europe/Brussels",
        new_id(),
    )
    async with pool.acquire() as connection:
        await tie_epoch(connection, region_id)
    return region_id


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real inputs that are not the project's; tests that need them say so and are skipped without."""
    if not SHARED.is_dir():
        pytest.skip(f"real input data not present beside the checkout ({SHARED.name}/)")
    return SHARED


def pytest_report_header() -> str:
    data = "present" if SHARED.is_dir() else "absent, tests on it are skipped"
    return f"real input data: {data}; {os.cpu_count()} cores"
