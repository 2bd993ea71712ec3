"""A whole installation that a test may break: servers of its own in a folder of its own, and nodes over them."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import psutil

from halte.embedded import Binaries, Embedded
from kernel.migrating import migrate
from kernel.settings import Settings
from tests.support.embedded import servers_below
from tests.support.estate import Estate, furnish_estate
from tests.support.region import found_region
from tests.support.running import Server


@dataclass(slots=True)
class Founded:
    """Servers of one's own, and nodes over them, with a region that has nothing but its administrator."""

    embedded: Embedded
    settings: Settings
    region_id: UUID
    nodes: list[Server] = field(default_factory=list)


@dataclass(slots=True)
class Installation:
    embedded: Embedded
    settings: Settings
    estate: Estate
    nodes: list[Server] = field(default_factory=list)


# What stands between the nodes and their Postgres, in a folder through which its account may pass.
Through = Callable[[Settings, Path], AbstractAsyncContextManager[Settings]]


# Which programs its servers are, in a folder that their account can reach.
Programs = Callable[[Path], Binaries | None]


# Further settings of a node, by its number.
Variables = Callable[[Path, int], Mapping[str, str]]


def no_more(_home: Path, _number: int) -> Mapping[str, str]:
    return {}


def found(_home: Path) -> None:
    """Whatever there is on this machine."""


@asynccontextmanager
async def directly(settings: Settings, _home: Path) -> AsyncIterator[Settings]:
    yield settings


@asynccontextmanager
async def founded(
    nodes: int = 1,
    through: Through = directly,
    programs: Programs = found,
    variables: Variables = no_more,
) -> AsyncIterator[Founded]:
    """Run servers and nodes; afterwards nothing of them may be left, whatever the test did."""
    home = open_folder("halte-faults-")
    embedded = Embedded(home / "data", binaries=programs(home))
    before = _children()
    servers: list[Server] = []
    stops: list[BaseException | None] = []
    try:
        started = await asyncio.to_thread(embedded.start)
        settings = Settings(
            database_url=started.database_url,
            redis_url=started.redis_url,
            secret_key="a key of 32 signs, for tests only",
            demo=True,
        )
        async with through(settings, home) as served:
            await migrate(str(served.database_url))
            region_id = await found_region(served)
            servers += [Server(served, variables=variables(home, number)) for number in range(nodes)]
            try:
                for server in servers:
                    await server.start()
                yield Founded(embedded, settings, region_id, servers)
            finally:
                stops += await asyncio.gather(*(server.stop() for server in servers), return_exceptions=True)
    finally:
        await asyncio.to_thread(embedded.stop)
        left = servers_below(home)
        for orphan in left:
            orphan.kill()
        shutil.rmtree(home, ignore_errors=True)
    assert stops == [None] * len(servers)
    assert not left, f"orphans: {left}"
    assert _children() <= before


@asynccontextmanager
async def installed(
    nodes: int = 1,
    through: Through = directly,
    programs: Programs = found,
    variables: Variables = no_more,
    shelters: int = 5,
) -> AsyncIterator[Installation]:
    """Run an installation with the estate in it. Its settings are those that go straight to the servers."""
    async with founded(nodes, through, programs, variables) as ground:
        estate = await furnish_estate(ground.nodes[0].address, ground.region_id, shelters)
        yield Installation(ground.embedded, ground.settings, estate, ground.nodes)


def open_folder(prefix: str) -> Path:
    """Make one through which the servers' own account may pass."""
    home = Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))
    home.chmod(0o711)
    return home


def _children() -> set[int]:
    """Our own live children, to see that none is added. A browser's come and go with its pages."""
    running = psutil.Process().children(recursive=True)
    return {process.pid for process in running if not _is_of_no_account(process)}


def _is_of_no_account(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE or process.name().startswith(("chrom", "headless_shell"))
    except psutil.NoSuchProcess:
        return True
