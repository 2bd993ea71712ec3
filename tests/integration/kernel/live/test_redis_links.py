"""The clients of Redis: bounded in every direction, and able to find a master through a Sentinel."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from halte.embedded.binaries import locate_binaries
from kernel.redis import BLOCK_S, PATIENCE_S, REDIS_AWAY, open_redis
from kernel.settings import Settings
from tests.integration.kernel.live.servers import PASSWORD, OwnValkey
from tests.integration.kernel.live.waiting import eventually


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture
def sentinel_url(folder: Path) -> Iterator[str]:
    """A Valkey on TCP and a Sentinel that watches it."""
    program, port, watch_port = locate_binaries().valkey_server, free_port(), free_port()
    (folder / "master.conf").write_text(f'bind 127.0.0.1\nport {port}\nrequirepass "{PASSWORD}"\ndir {folder}\n')
    (folder / "sentinel.conf").write_text(
        f"bind 127.0.0.1\nport {watch_port}\ndir {folder}\n"
        f'sentinel monitor halte 127.0.0.1 {port} 1\nsentinel auth-pass halte "{PASSWORD}"\n'
    )
    processes = [
        subprocess.Popen([program, folder / name, *options], stdout=subprocess.DEVNULL)
        for name, options in (("master.conf", ()), ("sentinel.conf", ("--sentinel",)))
    ]
    yield f"sentinel://:{PASSWORD.replace(' ', '%20')}@127.0.0.1:{watch_port}/halte/0"
    for process in processes:
        process.kill()
        process.wait()


async def test_a_sentinel_is_asked_for_the_master(sentinel_url: str) -> None:
    links = open_redis(Settings(redis_url=sentinel_url, redis_timeout_s=1.0), "test")
    assert links is not None

    async def answers() -> bool:
        try:
            return bool(await links.quick.ping())
        except REDIS_AWAY:
            return False

    await eventually(answers)
    await links.quick.set("a", "1")
    assert await links.board.get("a") == b"1"
    assert await links.patient.get("a") == b"1"
    await links.close()


async def test_a_frozen_server_costs_no_more_than_the_bound(own_valkey: OwnValkey) -> None:
    links = open_redis(Settings(redis_url=own_valkey.url), "test")
    assert links is not None
    await links.quick.ping()
    own_valkey.freeze()
    for client, bound in ((links.board, 0.25), (links.quick, PATIENCE_S), (links.patient, BLOCK_S + 0.25)):
        started = time.monotonic()
        with pytest.raises(REDIS_AWAY):
            await client.ping()
        assert time.monotonic() - started < bound + 0.3
    own_valkey.thaw()
    assert await links.quick.ping()
    await links.close()


async def test_none_configured_is_none() -> None:
    assert open_redis(Settings(), "test") is None
