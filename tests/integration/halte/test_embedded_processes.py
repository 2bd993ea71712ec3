"""Embedded servers and the process that started them: crashes, signals, two at once, users with fewer rights."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from halte.embedded import AlreadyRunning, EmbeddedServers, locate_binaries
from tests.support.embedded import StartEmbedded, query, redis_command, servers_below

CHILD = Path(__file__).with_name("embedded_child.py")
READY_WITHIN_S = 3.0


class Child:
    """A process with embedded servers of its own."""

    def __init__(self, *arguments: str | Path, valkey_server: Path | None = None) -> None:
        # -P would do, but the interpreter may be asked from anywhere: the project is installed in its environment.
        command = [sys.executable, CHILD, *arguments]
        environment = dict(os.environ)
        if valkey_server is not None:
            environment["HALTE_VALKEY_SERVER"] = str(valkey_server)
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd="/", env=environment)
        assert self.process.stdout is not None
        self.said: dict[str, Any] = json.loads(self.process.stdout.readline() or "{}")

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(30)


@pytest.fixture
def child() -> Iterator[Callable[..., Child]]:
    made: list[Child] = []

    def make(*arguments: str | Path, valkey_server: Path | None = None) -> Child:
        made.append(Child(*arguments, valkey_server=valkey_server))
        return made[-1]

    yield make
    for one in made:
        one.end(signal.SIGINT)
        if one.process.stdout:
            one.process.stdout.close()


def gone_within(folder: Path, timeout_s: float) -> bool:
    until = time.monotonic() + timeout_s
    while servers_below(folder) and time.monotonic() < until:
        time.sleep(0.05)
    return not servers_below(folder)


async def test_servers_orphaned_by_a_sigkill_are_ended_and_started_anew(
    embedded_at: StartEmbedded, child: Callable[..., Child], open_folder: Path
) -> None:
    embedded = embedded_at()
    crashed = child(embedded.data_dir)
    await query(crashed.said["database_url"], "CREATE TABLE kept AS SELECT 25 AS places")
    crashed.end(signal.SIGKILL)
    orphans = [psutil.Process(pid) for pid in crashed.said["pids"]]
    assert all(orphan.is_running() for orphan in orphans), "they live in sessions of their own"

    started = time.monotonic()
    servers = embedded.start()
    assert time.monotonic() - started < READY_WITHIN_S
    assert not [orphan for orphan in orphans if orphan in servers_below(open_folder)]
    assert await query(servers.database_url, "SELECT places FROM kept") == 25
    assert await redis_command(servers, "PING")


async def test_an_orphan_is_found_even_when_its_postmaster_is_dead(
    embedded_at: StartEmbedded, child: Callable[..., Child]
) -> None:
    embedded = embedded_at()
    crashed = child(embedded.data_dir)
    crashed.end(signal.SIGKILL)
    for pid in crashed.said["pids"]:
        os.kill(pid, signal.SIGKILL)
    servers = embedded.start()
    assert await query(servers.database_url, "SELECT 1") == 1


@pytest.mark.parametrize("name", ["cache", "live-board-of-the-region"])
async def test_an_orphan_under_a_name_of_the_operators_own_is_found(
    embedded_at: StartEmbedded, child: Callable[..., Child], open_folder: Path, name: str
) -> None:
    """Also under a longer one than the kernel keeps. Two servers on one append-only file would spoil it."""
    named = open_folder / name
    named.symlink_to(locate_binaries().valkey_server)
    embedded = embedded_at(binaries=replace(locate_binaries(), valkey_server=named))
    crashed = child(embedded.data_dir, valkey_server=named)
    servers = EmbeddedServers(crashed.said["database_url"], crashed.said["redis_url"], "")
    await redis_command(servers, "SET", "head", "17")
    crashed.end(signal.SIGKILL)
    orphan = psutil.Process(crashed.said["pids"][1])
    assert orphan.name()[:15] == name[:15]

    assert await redis_command(embedded.start(), "GET", "head") == "17"
    assert not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE


def test_a_stranger_with_the_number_of_a_dead_postmaster_is_left_alone(embedded_at: StartEmbedded) -> None:
    embedded = embedded_at()
    embedded.start()
    stranger = embedded.valkey.pid
    embedded.postgres.kill()
    pid_file = embedded.data_dir / "postgres" / "postmaster.pid"
    pid_file.write_text(f"{stranger}\n" + "".join(pid_file.read_text().splitlines(keepends=True)[1:]))
    (embedded.data_dir / "run" / ".s.PGSQL.5432.lock").write_text(f"{stranger}\n")

    embedded.postgres.start()
    assert embedded.postgres.pid
    assert embedded.valkey.pid == stranger


@pytest.mark.parametrize("number, code", [(signal.SIGTERM, 128 + signal.SIGTERM), (signal.SIGHUP, 128 + signal.SIGHUP)])
def test_the_servers_end_with_us(
    child: Callable[..., Child], embedded_at: StartEmbedded, open_folder: Path, number: signal.Signals, code: int
) -> None:
    one = child(embedded_at().data_dir, "--block")
    assert servers_below(open_folder)
    assert one.end(number) == code
    assert gone_within(open_folder, 0)


def test_ctrl_c_reaches_us_and_not_the_servers(
    child: Callable[..., Child], embedded_at: StartEmbedded, open_folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    one = child(embedded_at().data_dir, "--block")
    assert {os.getsid(server.pid) for server in servers_below(open_folder)}.isdisjoint({os.getsid(one.process.pid)})
    assert one.end(signal.SIGINT) != 0
    assert gone_within(open_folder, 0)
    assert "KeyboardInterrupt" in capfd.readouterr().err


def test_the_servers_end_with_a_process_that_forgot_to_stop_them(
    child: Callable[..., Child], embedded_at: StartEmbedded, open_folder: Path
) -> None:
    one = child(embedded_at().data_dir)
    one.end(signal.SIGINT)
    assert gone_within(open_folder, 0)


def test_a_second_process_is_refused_and_told_who_is_first(
    child: Callable[..., Child], embedded_at: StartEmbedded
) -> None:
    embedded = embedded_at()
    first = child(embedded.data_dir)
    with pytest.raises(AlreadyRunning, match=f"process {first.process.pid}") as refused:
        embedded.start()
    assert refused.value.pid == first.process.pid
    assert all(psutil.Process(pid).is_running() for pid in first.said["pids"])

    first.end(signal.SIGTERM)
    embedded.start()


def test_a_forked_child_does_not_end_its_parents_servers(embedded_at: StartEmbedded) -> None:
    embedded = embedded_at()
    embedded.start()
    forked = os.fork()
    if forked == 0:
        embedded.stop()
        os._exit(0)
    os.waitpid(forked, 0)
    assert embedded.postgres.pid
    assert embedded.valkey.pid


@pytest.mark.usefixtures("as_root")
async def test_a_plain_user_runs_them_under_its_own_name(child: Callable[..., Child], open_folder: Path) -> None:
    home = open_folder / "home"
    home.mkdir()
    os.chown(home, 65534, 65534)
    one = child(home / "data", "--as-user", "nobody")
    assert await query(one.said["database_url"], "SELECT 1") == 1
    assert {psutil.Process(pid).username() for pid in one.said["pids"]} == {"nobody"}


@pytest.mark.usefixtures("as_root")
def test_a_plain_user_is_told_that_the_folder_cannot_be_written(child: Callable[..., Child], open_folder: Path) -> None:
    closed = open_folder / "closed"
    closed.mkdir(mode=0o555)
    one = child(closed / "data", "--as-user", "nobody")
    assert one.said["error"] == "DataDirNotWritable"
    assert "HALTE_DATA_DIR" in one.said["says"]


@pytest.mark.usefixtures("as_root")
def test_a_read_only_data_directory_is_named(child: Callable[..., Child], open_folder: Path) -> None:
    data = open_folder / "data"
    data.mkdir()
    os.chown(data, 65534, 65534)
    data.chmod(0o500)
    one = child(data, "--as-user", "nobody")
    assert one.said["error"] == "DataDirNotWritable"
    assert str(data) in one.said["says"]
