"""A Valkey, its replica and the Sentinels over them, and a network between them that can be cut in two.

The cut is made on the master: whoever watches it, its replica among them, has an account of its own there, which is
shut. The Sentinels and the replica then see no master, and whoever was connected to it before goes on writing to it.
"""

from __future__ import annotations

import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from redis.asyncio import Redis
from redis.exceptions import RedisError

from halte.embedded.binaries import locate_binaries
from tests.integration.kernel.live.waiting import eventually
from tests.support.replaying import unused_port

_PASSWORD = "for-tests-only"
_SERVICE = "halte"
_SERVER = """bind 127.0.0.1
port {port}
dir {folder}
save ""
repl-diskless-sync-delay 0
requirepass {password}
user watcher on >{password} ~* &* +@all
masteruser watcher
masterauth {password}
"""
_SENTINEL = """bind 127.0.0.1
port {port}
dir {folder}
sentinel monitor halte 127.0.0.1 {master} 2
sentinel auth-user halte watcher
sentinel auth-pass halte {password}
sentinel down-after-milliseconds halte 1000
sentinel failover-timeout halte 3000
"""
_PROMOTED_S, _JOINED_S = 20.0, 40.0


class Sentinels:
    """Three that the other side of the cut asks, and a fourth for who is left alone with the old master."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.servers = (unused_port(), unused_port())
        self._watching = tuple(unused_port() for _ in range(4))
        self._processes: list[subprocess.Popen[bytes]] = []

    @property
    def url(self) -> str:
        return self._url(*self._watching[:3])

    @property
    def lonely_url(self) -> str:
        return self._url(self._watching[3])

    async def start(self) -> None:
        first, second = self.servers
        self._spawn(_SERVER, first)
        self._spawn(_SERVER + f"replicaof 127.0.0.1 {first}\n", second)
        await eventually(lambda: self._is_replica(second), _JOINED_S)
        for port in self._watching:
            self._spawn(_SENTINEL, port, "--sentinel", master=first)
        await eventually(self._knows_all, _JOINED_S)

    def stop(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()

    async def master(self) -> int:
        """Return the port of the master, as the three have it."""
        async with self._connected(self._watching[0], None) as sentinel:
            _, port = await sentinel.execute_command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", _SERVICE)
        return int(port)

    async def split(self) -> tuple[int, int]:
        """Cut the master off and wait until another one is made; return the old and the new one's port."""
        old = await self.master()
        self._processes[-1].send_signal(signal.SIGSTOP)
        async with self.connected(old) as server:
            await server.execute_command("ACL", "SETUSER", "watcher", "off")
            await server.execute_command("CLIENT", "KILL", "USER", "watcher")

        async def promoted() -> bool:
            port = await self.master()
            return port != old and (await self.role(port)) == "master"

        await eventually(promoted, _PROMOTED_S)
        return old, await self.master()

    async def turn_away(self, port: int, name: str) -> int:
        """Break this client's connections: it asks the Sentinels anew. Return how many it had."""
        async with self.connected(port) as server:
            lines = [line.split() for line in str(await server.execute_command("CLIENT", "LIST")).splitlines()]
            told = [dict(word.split("=", 1) for word in line) for line in lines]
            theirs = [one["id"] for one in told if f"{one['name']}-".startswith(f"{name}-")]
            for client in theirs:
                await server.execute_command("CLIENT", "KILL", "ID", client)
        return len(theirs)

    async def heal(self, old: int) -> None:
        """Let everybody see everybody, and wait until the old master follows the new one."""
        async with self.connected(old) as server:
            await server.execute_command("ACL", "SETUSER", "watcher", "on")
        self._processes[-1].send_signal(signal.SIGCONT)
        await eventually(lambda: self._is_replica(old), _JOINED_S)

    async def role(self, port: int) -> str:
        async with self.connected(port) as server:
            return str((await server.execute_command("ROLE"))[0])

    async def seq(self, port: int, region_id: UUID) -> int:
        """Return how far this server's board of a region is."""
        async with self.connected(port) as server:
            return int(await server.execute_command("HGET", f"halte:{{{region_id}}}:head", "seq") or 0)

    def connected(self, port: int) -> Any:
        return self._connected(port, _PASSWORD)

    @asynccontextmanager
    async def _connected(self, port: int, password: str | None) -> AsyncIterator[Any]:
        redis = Redis(port=port, password=password, protocol=2, decode_responses=True, socket_timeout=5.0)
        try:
            yield redis
        finally:
            await redis.aclose()

    async def _is_replica(self, port: int) -> bool:
        try:
            async with self.connected(port) as server:
                told = await server.execute_command("ROLE")
        except (RedisError, OSError):
            return False
        return bool(told[0] == "slave" and told[3] == "connected")

    async def _knows_all(self) -> bool:
        """Say whether each Sentinel knows the replica and the three others."""
        for port in self._watching:
            try:
                async with self._connected(port, None) as sentinel:
                    replicas = await sentinel.execute_command("SENTINEL", "REPLICAS", _SERVICE)
                    others = await sentinel.execute_command("SENTINEL", "SENTINELS", _SERVICE)
            except (RedisError, OSError):
                return False
            if (len(replicas), len(others)) != (1, len(self._watching) - 1):
                return False
        return True

    def _spawn(self, words: str, port: int, *options: str, master: int = 0) -> None:
        file = self._folder / f"{port}.conf"
        folder = self._folder / str(port)
        folder.mkdir()
        file.write_text(words.format(port=port, folder=folder, password=_PASSWORD, master=master))
        program = locate_binaries().valkey_server
        self._processes.append(subprocess.Popen([program, file, *options], stdout=subprocess.DEVNULL, cwd=folder))

    def _url(self, *ports: int) -> str:
        return f"sentinel://:{_PASSWORD}@{','.join(f'127.0.0.1:{port}' for port in ports)}/{_SERVICE}/0"


@contextmanager
def sentinels_in(folder: Path) -> Iterator[Sentinels]:
    folder.mkdir()
    sentinels = Sentinels(folder)
    try:
        yield sentinels
    finally:
        sentinels.stop()


def client_name(pid: int) -> str:
    """Return how a node's connections to Redis are called."""
    return f"halte-node-{pid}"
