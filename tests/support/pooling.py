"""A real PgBouncer in transaction mode before a Postgres of the tests, with fewer servers than clients."""

from __future__ import annotations

import asyncio
import shutil
import signal
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg

from halte.embedded import resolve_account
from tests.support.replaying import unused_port

PGBOUNCER = shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
# Two nodes have a pool of eight and another of four to eight each: these few are shared in every second.
SERVERS = 5
_START_S = 10.0


@dataclass(slots=True)
class Pooler:
    """Started and killed by hand; `url` stays."""

    folder: Path
    port: int
    url: str
    process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        self._spawn()
        async with asyncio.timeout(_START_S):
            while True:
                with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1.0):
                    return
                await asyncio.sleep(0.05)

    def _spawn(self) -> None:
        assert PGBOUNCER is not None
        command = [PGBOUNCER, "-q", str(self.folder / "pgbouncer.ini")]
        self.process = subprocess.Popen(command, **resolve_account(None).popen_options())

    async def kill(self) -> None:
        process, self.process = self.process, None
        if process is not None:
            process.send_signal(signal.SIGKILL)
            await asyncio.to_thread(process.wait)


@asynccontextmanager
async def pooled(database_url: str, folder: Path, shipped: Path) -> AsyncIterator[Pooler]:
    """Run one in `folder`, with the shipped configuration."""
    pooler = _configured(database_url, folder, shipped)
    try:
        await pooler.start()
        yield pooler
    finally:
        await pooler.kill()


def _configured(database_url: str, folder: Path, shipped: Path) -> Pooler:
    """Write down what is shipped, where things are and how many servers there may be alone replaced."""
    parts, port = urlsplit(database_url), unused_port()
    sockets, database = parse_qs(parts.query)["host"][0], parts.path.strip("/")
    words = shipped.read_text()
    for line, instead in (
        ("halte = host=postgres dbname=halte", f"{database} = host={sockets} dbname={database}"),
        ("listen_addr = *", "listen_addr = 127.0.0.1"),
        ("listen_port = 6432", f"listen_port = {port}"),
        ("auth_file = /etc/pgbouncer/userlist.txt", f"auth_file = {folder / 'userlist.txt'}"),
        ("default_pool_size = 20", f"default_pool_size = {SERVERS}"),
    ):
        assert words.count(line + "\n") == 1, line
        words = words.replace(line + "\n", instead + "\n")
    for name, said in (("pgbouncer.ini", words), ("userlist.txt", f'"{parts.username}" "{parts.password}"\n')):
        file = folder / name
        file.touch(mode=0o600)
        file.write_text(said)
        resolve_account(None).own(file)
    url = f"postgresql://{parts.username}:{parts.password}@127.0.0.1:{port}/{database}"
    return Pooler(folder, port, url)


async def sessions(database_url: str) -> list[asyncpg.Record]:
    """Return the servers that the pooler holds, with how many advisory locks each has outside of a transaction."""
    connection = await asyncpg.connect(database_url)
    try:
        return await connection.fetch(
            "SELECT a.pid, a.query, (SELECT count(*) FROM pg_locks l WHERE l.pid = a.pid AND l.locktype = 'advisory' "
            "AND a.state = 'idle') AS locks FROM pg_stat_activity a "
            "WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.backend_type = 'client backend'"
        )
    finally:
        await connection.close()
