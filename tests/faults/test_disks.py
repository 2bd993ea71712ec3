"""Disks that lose what was written, and disks that are full: nobody is told that a report is kept when it is not."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import asyncpg
import psutil
import pytest

from halte.embedded import Binaries
from halte.embedded.postgres import SUPERUSER
from halte.embedded.processes import Server
from inventory.model.audience import Audience
from tests.integration.kernel.live.waiting import eventually
from tests.support.agreeing import agreed_within, assert_truth
from tests.support.compiling import compiled
from tests.support.installation import Installation, Programs, installed
from tests.support.preloading import preloaded_postgres
from tests.support.reporters import Ledger, reporting, staff_reporters
from tests.support.watching import LiveScreen, watched

pytestmark = pytest.mark.faults

_SHIM = Path(__file__).with_name("failing_disk.c")
_ROUNDS = 5
_BETWEEN_S = 2.0
_FAILS_S, _BACK_S, _AGREED_S = 20.0, 20.0, 5.0
_DISK_MB = 512
_FULL_S = 6.0
_PART = 64 * 1024
_FILES_MAX = 40


@pytest.mark.timeout(240)
async def test_what_a_failing_disk_lost_was_never_acknowledged() -> None:
    flags: list[Path] = []

    def programs(home: Path) -> Binaries:
        library = compiled(_SHIM, home / "failing_disk.so", "-shared", "-fPIC", "-ldl")
        # Its account marks there that a write has failed.
        (home / "disk").mkdir()
        (home / "disk").chmod(0o777)
        flags.append(home / "disk" / "fails")
        return preloaded_postgres(home, {"LD_PRELOAD": str(library), "FAILING_DISK": str(flags[0])})

    async with _in_use(programs) as (installation, ledger):
        ((flag,), mark) = flags, flags[0].with_name("fails.failed")
        log = installation.embedded.postgres.log
        for number in range(1, _ROUNDS + 1):
            await asyncio.sleep(_BETWEEN_S)
            began = time.monotonic()
            flag.touch()
            failed_s = await eventually(mark.exists, _FAILS_S)
            flag.unlink()
            mark.unlink()
            since = time.monotonic()
            await _back(ledger, since)
            print(f"{number}: the disk failed after {failed_s:.2f} s, a report was acknowledged ", end="")
            print(f"{ledger.back_after(began):.2f} s after it began to")
        assert log.read_text(errors="replace").count("PANIC") >= _ROUNDS


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
@pytest.mark.timeout(240)
async def test_a_full_disk_refuses_and_forgets_nothing() -> None:
    with _small_disk() as programs:
        async with _in_use(programs) as (installation, ledger):
            postgres = installation.embedded.postgres
            for ends in (False, True, False, True):
                await asyncio.sleep(_BETWEEN_S)
                told = await _fill(installation, ledger, ends=ends)
                # As a service manager would; where it runs, nothing is done.
                await asyncio.to_thread(postgres.start)
                since = time.monotonic()
                await _back(ledger, since)
                print(f"{told}; back {ledger.back_after(since):.2f} s after there was room")


async def _fill(installation: Installation, ledger: Ledger, *, ends: bool) -> str:
    """Let the disk be full for a while; return what reporters were told meanwhile."""
    postgres = installation.embedded.postgres
    # Nobody new is let in once it is full.
    connection = await asyncpg.connect(postgres.url(SUPERUSER, "postgres"))
    try:
        kept, refused = len(ledger.acknowledged), ledger.attempts["503"]
        with _filled(installation.embedded.data_dir.parent):
            if ends:
                await _end_for_want_of_room(postgres, connection)
            await asyncio.sleep(_FULL_S)
            kept, refused = len(ledger.acknowledged) - kept, ledger.attempts["503"] - refused
    finally:
        connection.terminate()
    assert refused > 0, "nobody met the full disk"
    return f"full for {_FULL_S:.0f} s{', and Postgres ended' if ends else ''}: {kept} acknowledged, {refused} sent away"


@asynccontextmanager
async def _in_use(programs: Programs) -> AsyncIterator[tuple[Installation, Ledger]]:
    """Fifty report all the while; afterwards what they were told is what is there."""
    async with installed(programs=programs) as installation:
        estate, (node,), ledger = installation.estate, installation.nodes, Ledger()
        screen = LiveScreen(node.address, estate.headers(node.address, "staff"))
        async with watched(screen):
            async with reporting(staff_reporters(estate, node.address, ledger, seed=3)):
                yield installation, ledger
            watchers = [(screen, Audience(own=frozenset(estate.shelters)))]
            agreed_s = await agreed_within(installation.settings, estate.region_id, watchers, _AGREED_S)
        print(f"{len(ledger.acknowledged)} acknowledged, {ledger.attempts}, ", end="")
        print(f"longest silence {ledger.longest_gap():.1f} s, all agreed {agreed_s:.2f} s after the last")
        assert not ledger.wrong, ledger.wrong[:5]
        await assert_truth(installation.settings, estate.region_id, ledger)


async def _back(ledger: Ledger, since: float) -> None:
    await eventually(lambda: ledger.back_after(since) < _BACK_S, _BACK_S)


@contextmanager
def _small_disk() -> Iterator[Programs]:
    """Have the whole installation on a disk of its own."""
    mounted: list[Path] = []

    def mount(home: Path) -> None:
        options = f"size={_DISK_MB}m,mode=0711"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "halte-faults", str(home)], check=True)
        mounted.append(home)

    try:
        yield mount
    finally:
        for home in mounted:
            subprocess.run(["umount", str(home)], check=True)
            home.rmdir()


@contextmanager
def _filled(disk: Path) -> Iterator[None]:
    """Leave not a page on it."""
    filler = disk / "filler"
    try:
        with suppress(OSError), filler.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(_PART))
        yield
    finally:
        filler.unlink()


async def _end_for_want_of_room(postgres: Server, connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """Ask for more files of changes than there are: Postgres ends where the next one cannot be had."""
    before = _checkpointers(postgres)
    assert before
    with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        for _ in range(_FILES_MAX):
            await connection.execute("SELECT pg_logical_emit_message(false, 'halte', 'more')")
            await connection.execute("SELECT pg_switch_wal()")
    # Its own log is on the full disk, too: that it ended is seen by its processes.
    await eventually(lambda: _checkpointers(postgres) != before, _FAILS_S)


def _checkpointers(postgres: Server) -> set[int]:
    if postgres.pid is None:
        return set()
    children = psutil.Process(postgres.pid).children()
    return {child.pid for child in children if "checkpointer" in " ".join(child.cmdline())}
