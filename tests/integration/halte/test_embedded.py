"""The embedded servers as a host meets them: they start, keep what they were told, and are closed to others."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import asyncpg
import psutil
import pytest
from redis import RedisError
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from halte.embedded import EmbeddedServers, default_data_dir
from tests.support.embedded import StartEmbedded, query, redis_command

READY_WITHIN_S = 3.0


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_both_servers_answer_with_the_guarantees_that_the_product_counts_on(embedded_at: StartEmbedded) -> None:
    servers = embedded_at(fresh=True).start()

    assert await query(servers.database_url, "SHOW fsync") == "on"
    assert await query(servers.database_url, "SHOW data_checksums") == "on"
    assert await query(servers.database_url, "SHOW server_encoding") == "UTF8"
    assert await query(servers.database_url, "SELECT current_database() || '/' || current_user") == "halte/halte"
    assert await redis_command(servers, "CONFIG", "GET", "append*") == {
        "appendonly": "yes",
        "appendfsync": "everysec",
        "appenddirname": "appendonlydir",
        "appendfilename": "appendonly.aof",
    }


async def test_sqlalchemy_understands_the_same_url(embedded_at: StartEmbedded) -> None:
    servers = embedded_at().start()
    engine = create_async_engine(make_url(servers.database_url).set(drivername="postgresql+asyncpg"))
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT 1")) == 1
    await engine.dispose()


async def test_the_products_role_is_bound_by_row_level_security(embedded_at: StartEmbedded) -> None:
    servers = embedded_at().start()
    role = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
    assert await query(servers.database_url, role) is False
    assert await query(servers.admin_url, role) is True
    # The epoch is tied to the cluster's identity (I6), so the product must be able to read it.
    assert await query(servers.database_url, "SELECT system_identifier FROM pg_control_system()")
    await query(servers.database_url, "CREATE TABLE may_be_made (id int)")


async def test_nobody_gets_in_without_the_password(embedded_at: StartEmbedded) -> None:
    servers = embedded_at().start()
    sockets = servers.database_url.partition("?")[2]
    with pytest.raises(asyncpg.InvalidPasswordError):
        await query(f"postgresql://halte:guess@/halte?{sockets}", "SELECT 1")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await query(f"postgresql://postgres:guess@/postgres?{sockets}", "SELECT 1")
    without = EmbeddedServers("", "unix://" + servers.redis_url.partition("@")[2], "")
    with pytest.raises(RedisError, match="authenticat"):
        await redis_command(without, "PING")


def test_nothing_listens_on_the_network_and_ps_shows_no_password(embedded_at: StartEmbedded) -> None:
    embedded = embedded_at()
    servers = embedded.start()
    passwords = [path.read_text().strip() for path in (embedded.data_dir / "secrets").iterdir()]
    assert len(passwords) == 3
    for pid in (embedded.postgres.pid, embedded.valkey.pid):
        process = psutil.Process(pid)
        assert [c for c in process.net_connections("inet") if c.status == psutil.CONN_LISTEN] == []
        shown = " ".join([*process.cmdline(), *process.environ().values()])
        assert not [password for password in passwords if password in shown]
    logged = "".join(path.read_text() for path in (embedded.data_dir / "log").iterdir())
    assert not [password for password in passwords if password in logged]
    assert servers.database_url.split(":")[2].split("@")[0] in passwords


def test_everything_on_disk_is_private(embedded_at: StartEmbedded) -> None:
    embedded = embedded_at(fresh=True)
    embedded.start()
    data = embedded.data_dir
    assert {name: oct(mode_of(data / name)) for name in ("", "postgres", "valkey", "run", "secrets", "log")} == (
        dict.fromkeys(("", "postgres", "valkey", "run", "secrets", "log"), "0o700")
    )
    assert {mode_of(path) for path in (data / "secrets").iterdir()} == {0o600}
    if os.geteuid() == 0:
        assert (data / "postgres").stat().st_uid != 0
        assert psutil.Process(embedded.valkey.pid).uids().effective != 0


def test_a_folder_that_somebody_else_made_is_never_chmodded(embedded_at: StartEmbedded, open_folder: Path) -> None:
    (open_folder / "data").mkdir(mode=0o755)
    (open_folder / "data").chmod(0o755)
    before = (open_folder / "data").stat()
    embedded_at().start()
    after = (open_folder / "data").stat()
    assert (after.st_mode, after.st_uid) == (before.st_mode, before.st_uid)


async def test_a_restart_keeps_everything_and_takes_less_than_three_seconds(embedded_at: StartEmbedded) -> None:
    first = embedded_at()
    servers = first.start()
    await query(servers.database_url, "CREATE TABLE kept AS SELECT 25 AS places")
    await redis_command(servers, "SET", "board", "kept")
    first.stop()
    assert first.postgres.pid is None
    assert first.valkey.pid is None

    started = time.monotonic()
    again = embedded_at().start()
    assert time.monotonic() - started < READY_WITHIN_S
    assert again == servers
    assert await query(again.database_url, "SELECT places FROM kept") == 25
    assert await redis_command(again, "GET", "board") == "kept"


async def test_a_killed_postgres_comes_back_with_every_committed_row(embedded_at: StartEmbedded) -> None:
    embedded = embedded_at()
    servers = embedded.start()
    connection = await asyncpg.connect(servers.database_url)
    await connection.execute("CREATE TABLE report (free int)")
    await connection.execute("INSERT INTO report VALUES (4)")
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute("INSERT INTO report VALUES (5)")

    embedded.postgres.kill()
    assert embedded.postgres.pid is None
    embedded.postgres.start()

    connection.terminate()
    assert await query(servers.database_url, "SELECT array_agg(free) FROM report") == [4]


async def test_a_killed_valkey_reads_its_append_only_file(embedded_at: StartEmbedded) -> None:
    embedded = embedded_at()
    servers = embedded.start()
    await redis_command(servers, "SET", "head", "17")
    embedded.valkey.kill()
    before = embedded.valkey.pid
    embedded.valkey.start()
    assert before is None
    assert await redis_command(servers, "GET", "head") == "17"


async def test_each_server_restarts_alone(embedded_at: StartEmbedded) -> None:
    embedded = embedded_at()
    servers = embedded.start()
    before = embedded.postgres.pid, embedded.valkey.pid
    embedded.postgres.restart()
    assert embedded.postgres.pid != before[0]
    assert embedded.valkey.pid == before[1]
    embedded.valkey.restart()
    assert embedded.valkey.pid != before[1]
    assert await query(servers.database_url, "SELECT 1") == 1
    assert await redis_command(servers, "PING")


async def test_an_unreadable_append_only_file_is_put_aside_for_it_holds_no_truth(embedded_at: StartEmbedded) -> None:
    embedded = embedded_at()
    servers = embedded.start()
    await redis_command(servers, "SET", "head", "17")
    embedded.valkey.stop()
    (written,) = (embedded.data_dir / "valkey" / "appendonlydir").glob("*.incr.aof")
    written.write_bytes(b"*3\r\n$3\r\nSET\r\nrubbish" + written.read_bytes())

    embedded.valkey.start()
    assert await redis_command(servers, "GET", "head") is None
    assert (embedded.data_dir / "valkey" / "appendonlydir.unreadable").is_dir()


async def test_lost_password_files_are_made_anew_and_the_data_are_kept(embedded_at: StartEmbedded) -> None:
    embedded = embedded_at()
    servers = embedded.start()
    await query(servers.database_url, "CREATE TABLE kept AS SELECT 25 AS places")
    embedded.stop()
    for path in (embedded.data_dir / "secrets").iterdir():
        path.unlink()

    again = embedded_at().start()
    assert again.database_url != servers.database_url
    assert await query(again.database_url, "SELECT places FROM kept") == 25
    assert await query(again.admin_url, "SELECT 1") == 1


async def test_a_first_start_that_was_interrupted_is_begun_again(embedded_at: StartEmbedded, open_folder: Path) -> None:
    unfinished = open_folder / "data" / "postgres.unfinished"
    embedded = embedded_at(fresh=True)
    embedded.start()
    embedded.stop()
    (open_folder / "data" / "postgres").rename(unfinished)
    assert await query(embedded_at(fresh=True).start().database_url, "SELECT 1") == 1
    assert not unfinished.exists()


@pytest.mark.parametrize("name", ["with space", "comma, 'quote' \"double\"", "é%20#?&", "x" * 100])
async def test_any_path_will_do(embedded_at: StartEmbedded, name: str) -> None:
    """Too long a path for a socket, or one with signs that mean something in a URL or in a configuration file."""
    servers = embedded_at(name).start()
    assert await query(servers.database_url, "SELECT 1") == 1
    assert await redis_command(servers, "PING")


@pytest.mark.parametrize(
    "environ, expected",
    [
        ({"HALTE_DATA_DIR": "/srv/halte", "XDG_DATA_HOME": "/x"}, "/srv/halte"),
        ({"XDG_DATA_HOME": "/home/a/data"}, "/home/a/data/halte"),
        ({"XDG_DATA_HOME": "relative", "HOME": "/home/a"}, "/home/a/.local/share/halte"),
        ({"HOME": "/home/a"}, "/home/a/.local/share/halte"),
    ],
)
def test_the_data_directory_of_a_plain_user(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], expected: str
) -> None:
    for name in ("HALTE_DATA_DIR", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert default_data_dir() == Path(expected)


def test_the_data_directory_of_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HALTE_DATA_DIR", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert default_data_dir() == Path("/var/lib/halte")
    assert default_data_dir("halte-demo") == Path("/var/lib/halte-demo")
    monkeypatch.setenv("HALTE_DATA_DIR", "/srv/halte")
    assert default_data_dir("halte-demo") == Path("/srv/halte")


def test_stopping_twice_or_without_a_start_does_nothing(embedded_at: StartEmbedded) -> None:
    embedded = embedded_at()
    embedded.stop()
    embedded.start()
    embedded.stop()
    embedded.stop()
