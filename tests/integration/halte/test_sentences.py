"""What an operator may get wrong ends a command with 1 and one sentence, and never shows a password."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

import asyncpg
import pytest

from halte.embedded import EmbeddedServers
from kernel.ids import new_id
from kernel.migrating import upgrade
from kernel.postgres import Pool
from kernel.settings import Settings
from tests.conftest import with_database

_HALTE = "from halte.cli import main; main()"
_WITHIN_S = 100
_KEY = "a key of 32 signs, for tests only"
# Each reaches the database by a way of its own.
WAYS = (("run",), ("migrate",), ("account", "list"), ("verify",))
COMMANDS = (*WAYS, ("key", "list"), ("region", "list"), ("clock", "restart"))


async def said_by(*arguments: str, **environ: str) -> str:
    """Run a command that must fail; return what it said, less what it logged."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HALTE_")}
    environment |= {"HALTE_PORT": "0", "HALTE_SECRET_KEY": _KEY} | environ
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _HALTE, *arguments, env=environment, stdin=DEVNULL, stdout=PIPE, stderr=PIPE
    )
    try:
        async with asyncio.timeout(_WITHIN_S):
            _, words = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    told = [line for line in words.decode().splitlines() if not line.startswith("{")]
    assert process.returncode == 1, words
    assert len(told) == 1, words
    assert "Traceback" not in words.decode()
    return told[0]


@pytest.mark.parametrize(
    "environ, words",
    [
        ({"HALTE_LOG_LEVEL": "loud"}, "Error: HALTE_LOG_LEVEL='loud'"),
        ({"HALTE_PORT": "70000"}, "Error: The port 70000 does not exist"),
        ({"HALTE_SECRET_KEY": "too short"}, "Error: HALTE_SECRET_KEY is too short"),
        ({"DATABASE_URL": "postgresql://halte:s3:cret@db:x/halte"}, "Error: DATABASE_URL cannot be understood"),
        ({"REDIS_URL": "redis://cache"}, "Error: REDIS_URL is set and DATABASE_URL is not"),
    ],
)
async def test_a_setting_that_cannot_be_meant(environ: dict[str, str], words: str) -> None:
    said = await said_by("run", **environ)
    assert said.startswith(words)
    assert "s3" not in said


async def test_an_option_that_cannot_be_meant() -> None:
    assert "port 70000 does not exist" in await said_by("run", "--port", "70000")


@pytest.mark.parametrize(
    "commands, password, database, words",
    [
        (COMMANDS, "s3cret", "halte", "password authentication failed"),
        (WAYS, None, "missing", '"missing" does not exist'),
    ],
)
async def test_a_database_that_lets_nobody_in(
    servers: EmbeddedServers, commands: tuple[tuple[str, ...], ...], password: str | None, database: str, words: str
) -> None:
    """Several commands at once: each begins with an interpreter that imports everything."""
    right = servers.database_url.split(":")[2].partition("@")[0]
    url = with_database(servers.database_url.replace(right, password or right), database)
    named = {"DATABASE_URL": url, "REDIS_URL": servers.redis_url}
    told = await asyncio.gather(*(said_by(*command, **named) for command in commands))
    for command, said in zip(commands, told, strict=True):
        assert words in said, command
        assert "s3cret" not in said
        assert right not in said


async def test_a_database_without_tables(servers: EmbeddedServers, pool: Pool) -> None:
    del pool
    said = await said_by("account", "list", DATABASE_URL=with_database(servers.admin_url, "postgres"))
    assert "halte migrate" in said


async def test_an_address_that_only_the_driver_refuses(servers: EmbeddedServers, settings: Settings) -> None:
    del servers
    said = await said_by("migrate", DATABASE_URL=f"{settings.database_url}&sslmode=s3cret")
    assert "postgresql://user:password@host/database" in said
    assert "s3cret" not in said


async def test_sslmode_means_the_same_to_every_command(settings: Settings, region_id: object) -> None:
    named = {"DATABASE_URL": f"{settings.database_url}&sslmode=disable", "REDIS_URL": str(settings.redis_url)}
    del region_id
    assert "cannot find" in await said_by("account", "disable", "nobody", **named)


async def test_production_refuses_a_demonstration(settings: Settings, pool: Pool) -> None:
    """Published passwords, or a clock that was set (I12): said by the node itself, within uvicorn's start."""
    named = {"DATABASE_URL": str(settings.database_url), "REDIS_URL": str(settings.redis_url)}
    await pool.execute("INSERT INTO demo_clock VALUES (1, clock_timestamp(), clock_timestamp(), 60)")
    assert "demonstration clock" in await said_by("run", **named)
    await pool.execute("INSERT INTO demonstration (id) VALUES (1)")
    assert "everybody can read the passwords" in await said_by("run", **named)


async def test_a_demonstration_refuses_a_real_region(settings: Settings, pool: Pool, region_id: object) -> None:
    del region_id
    named = {"DATABASE_URL": str(settings.database_url), "REDIS_URL": str(settings.redis_url)}
    assert "holds regions and is no demonstration" in await said_by("demo", **named)
    assert await pool.fetchval("SELECT count(*) FROM account") == 0
    # As an older release left it: refused before it is migrated.
    await pool.execute("DROP TABLE demonstration")
    assert "holds regions and is no demonstration" in await said_by("demo", **named)
    assert await pool.fetchval("SELECT to_regclass('demonstration')") is None


@pytest.mark.parametrize("host", ["::", "192.0.2.1", "halte.example"])
async def test_a_demonstration_listens_on_this_machine_only(host: str) -> None:
    assert "this machine only" in await said_by("demo", "--host", host)


async def test_a_data_directory_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "data directory" in await said_by("run", "--data-dir", str(tmp_path / "file" / "data"))


async def test_a_demonstration_of_before_the_mark_is_marked_by_its_migration(servers: EmbeddedServers) -> None:
    name = f"t_{new_id().hex}"
    url = with_database(servers.database_url, name)
    admin = await asyncpg.connect(servers.admin_url)
    await admin.execute(f"CREATE DATABASE {name} OWNER halte")
    try:
        await asyncio.to_thread(upgrade, url, "0002")
        region = "INSERT INTO region (id, slug, name, timezone, epoch) VALUES ($1, 'brussels', 'Brussels', 'UTC', $1)"
        operator = "INSERT INTO operator VALUES ($1, $2, 'Operator 70 (invented)', $1, clock_timestamp())"
        connection = await asyncpg.connect(url)
        await connection.execute(region, region_id := new_id())
        await connection.execute(operator, new_id(), region_id)
        await asyncio.to_thread(upgrade, url)
        assert await connection.fetchval("SELECT count(*) FROM demonstration") == 1
        await connection.close()
    finally:
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await admin.close()
