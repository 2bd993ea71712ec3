"""Words with which tests speak to embedded servers."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import asyncpg
import psutil
from redis.asyncio import Redis

from halte.embedded import Binaries, Embedded, EmbeddedServers


class StartEmbedded(Protocol):
    """The fixture `embedded_at`; `fresh` makes its first start a real first one."""

    def __call__(
        self,
        name: str = "data",
        *,
        run_as: str | None = None,
        binaries: Binaries | None = None,
        fresh: bool = False,
    ) -> Embedded: ...


async def query(url: str, statement: str) -> Any:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def redis_command(servers: EmbeddedServers, *command: str) -> Any:
    async with Redis.from_url(servers.redis_url, protocol=3, decode_responses=True) as redis:
        return await redis.execute_command(*command)  # type: ignore[no-untyped-call]


def servers_below(folder: Path) -> list[psutil.Process]:
    """Every Postgres or Valkey process that stands in this folder."""
    found = []
    for process in psutil.process_iter(["name", "cwd", "status"]):
        at_home = str(process.info["cwd"] or "").startswith(f"{folder}/")
        if at_home and process.info["name"] in {"postgres", "valkey-server", "redis-server"}:
            found.append(process)
    return found


def find(path: Path) -> list[str]:
    """Names below a folder, to see that nothing was left or changed."""
    return sorted(str(found.relative_to(path)) for found in path.rglob("*"))
