"""Servers that a test may hurt: a Valkey of its own, and a gate before the shared Postgres."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from redis.asyncio import Redis

from halte.embedded.binaries import locate_binaries

PASSWORD = "for tests only"


class OwnValkey:
    """A real Valkey with snapshots in a folder, to be killed, frozen, emptied and restored from an old dump."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._socket = folder / "own.sock"
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"unix://:{PASSWORD.replace(' ', '%20')}@{self._socket}"

    def start(self) -> None:
        program = locate_binaries().valkey_server
        self._process = subprocess.Popen(
            [program, "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, cwd=self._folder
        )
        configuration = [
            "port 0",
            f"unixsocket {self._socket}",
            f'requirepass "{PASSWORD}"',
            f"dir {self._folder}",
            "save ''",
            "enable-debug-command yes",
        ]
        assert self._process.stdin is not None
        self._process.stdin.write("\n".join(configuration).encode())
        self._process.stdin.close()

    async def ready(self) -> None:
        async with self.client() as redis:
            for _ in range(200):
                with suppress(Exception):
                    await redis.ping()
                    return
                await asyncio.sleep(0.02)
        raise AssertionError("the test's own Valkey did not start")

    @asynccontextmanager
    async def client(self) -> AsyncIterator[Redis]:
        redis = Redis.from_url(self.url, protocol=3)
        try:
            yield redis
        finally:
            await redis.aclose()

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()
        self._process = None
        self._socket.unlink(missing_ok=True)

    def stop(self) -> None:
        if self._process is not None:
            self.signal(signal.SIGCONT)
            self.kill()

    def freeze(self) -> None:
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.signal(signal.SIGCONT)

    def signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            os.kill(self._process.pid, number)

    async def empty(self) -> None:
        async with self.client() as redis:
            await redis.flushall()

    async def dump(self) -> Path:
        async with self.client() as redis:
            await redis.save()
        return Path(shutil.copy(self._folder / "dump.rdb", self._folder / "old.rdb"))

    async def restart(self, dump: Path | None = None) -> None:
        """Start again with nothing, or with what an old dump held."""
        if self._process is not None:
            self.kill()
        (self._folder / "dump.rdb").unlink(missing_ok=True)
        if dump is not None:
            shutil.copy(dump, self._folder / "dump.rdb")
        self.start()
        await self.ready()


class Gate:
    """Stands before a unix socket: open, shut (refused) or frozen (accepted, and never answered)."""

    def __init__(self, behind: Path, front: Path) -> None:
        self._behind = behind
        self._front = front
        self._server: asyncio.Server | None = None
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._pumps: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        self._flowing.set()
        if self._server is None:
            self._server = await asyncio.start_unix_server(self._let_in, self._front)

    async def shut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        self._front.unlink(missing_ok=True)
        for pump in list(self._pumps):
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    def freeze(self) -> None:
        self._flowing.clear()

    async def _let_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there_reader, there_writer = await asyncio.open_unix_connection(self._behind)
        except OSError:
            writer.close()
            return
        for pump in (self._pump(reader, there_writer), self._pump(there_reader, writer)):
            task = asyncio.create_task(pump)
            self._pumps.add(task)
            task.add_done_callback(self._pumps.discard)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                await self._flowing.wait()
                writer.write(data)
                await writer.drain()
        except OSError:
            return
        finally:
            writer.close()
