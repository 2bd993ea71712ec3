"""A server of ours that dies while we run is started again, whatever goes wrong on the way, and never past our end."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import psutil
import pytest
from redis import RedisError

from halte.embedded import EmbeddedServers, locate_binaries
from tests.support.embedded import StartEmbedded, query, redis_command, servers_below

CHILD = Path(__file__).with_name("embedded_child.py")
BACK_WITHIN_S = 20.0
ENDED_WITHIN_S = 10.0
NOT_YET = (OSError, RedisError, asyncpg.PostgresError, asyncpg.InterfaceError)


class Block:
    """A process inside `with running(...)`, as the product is."""

    def __init__(self, data_dir: Path, **environ: str) -> None:
        command: list[str | Path] = [sys.executable, CHILD, data_dir, "--block"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ | environ, cwd="/")
        assert self.process.stdout is not None
        said = msgspec.json.decode(self.process.stdout.readline())
        self.servers = EmbeddedServers(said["database_url"], said["redis_url"], "")

    def end(self) -> float:
        """Ctrl-C; return how long it took."""
        started = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)
        return time.monotonic() - started


Start = Callable[..., Block]


@pytest.fixture
def block(embedded_at: StartEmbedded) -> Iterator[Start]:
    made: list[Block] = []

    def start(**environ: str) -> Block:
        made.append(Block(embedded_at().data_dir, **environ))
        return made[-1]

    yield start
    for one in made:
        one.end()
        if one.process.stdout:
            one.process.stdout.close()


def heads(folder: Path) -> dict[str, psutil.Process]:
    """The servers themselves, without what they forked."""
    found = servers_below(folder)
    numbers = {process.pid for process in found}
    return {process.name(): process for process in found if process.ppid() not in numbers}


async def answered(ask: Callable[[], Awaitable[Any]]) -> Any:
    """Ask until there is an answer."""
    until = time.monotonic() + BACK_WITHIN_S
    while True:
        try:
            return await ask()
        except NOT_YET:
            if time.monotonic() > until:
                raise
        time.sleep(0.1)  # noqa: ASYNC251 - nothing else runs in this loop


async def test_killed_servers_come_back_with_what_they_held(block: Start, open_folder: Path) -> None:
    servers = block().servers
    await query(servers.database_url, "CREATE TABLE kept AS SELECT 25 AS places")
    await redis_command(servers, "SET", "head", "17")
    before = heads(open_folder)
    assert len(before) == 2
    for process in before.values():
        process.kill()

    assert await answered(lambda: query(servers.database_url, "SELECT places FROM kept")) == 25
    assert await answered(lambda: redis_command(servers, "GET", "head")) == "17"
    after = heads(open_folder)
    assert {process.pid for process in after.values()}.isdisjoint({process.pid for process in before.values()})
    assert len(after) == 2


async def test_an_error_that_is_not_ours_does_not_end_the_watch(block: Start, open_folder: Path) -> None:
    servers = block().servers
    socket = open_folder / "data" / "run" / "valkey.sock"
    socket.unlink()
    socket.mkdir()
    heads(open_folder)["valkey-server"].kill()
    time.sleep(2)  # noqa: ASYNC251 - long enough for the watch to have tried, and failed
    with pytest.raises(NOT_YET):
        await redis_command(servers, "PING")

    socket.rmdir()
    assert await answered(lambda: redis_command(servers, "PING"))


def test_ctrl_c_does_not_wait_for_a_restart(block: Start, open_folder: Path) -> None:
    """A server that starts once, and hangs from then on."""
    real, slow, again = (open_folder / name for name in ("valkey-server", "slow", "again"))
    shutil.copy2(locate_binaries().valkey_server, real)
    real.chmod(0o755)
    slow.write_text(
        f'#!/bin/sh\n[ "$1" != --version ] && [ -e {again} ] && exec sleep 300\nexec {real} "$@"\n',
    )
    slow.chmod(0o755)
    one = block(HALTE_VALKEY_SERVER=str(slow))
    again.touch()
    heads(open_folder)["valkey-server"].kill()
    hanging = _child_called("sleep", one.process.pid)

    assert one.end() < ENDED_WITHIN_S
    assert not hanging.is_running() or hanging.status() == psutil.STATUS_ZOMBIE
    assert not servers_below(open_folder)


def _child_called(name: str, parent: int) -> psutil.Process:
    until = time.monotonic() + BACK_WITHIN_S
    while time.monotonic() < until:
        for process in psutil.Process(parent).children():
            if process.name() == name:
                return process
        time.sleep(0.05)
    pytest.fail(f"{name} was not started within {BACK_WITHIN_S} s")
