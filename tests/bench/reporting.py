"""Reporters in C for benchmarks, and which process runs on which core."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.support.compiling import compiled
from tests.support.estate import NO_TLS, Estate
from tests.support.running import SCRAPER, Server

_SOURCE = Path(__file__).parent / "loading" / "reporters.c"
_CAUGHT_UP_S = 10.0


@dataclass(frozen=True, slots=True)
class Round:
    """What one round came to: only answers that say that the very report was applied."""

    per_s: float
    p50_ms: float
    p99_ms: float


class Reporters:
    """The built client, and the file that names the units and keys of an estate."""

    def __init__(self, estate: Estate, folder: Path) -> None:
        self._program, self._targets = compiled(_SOURCE, folder / "reporters"), folder / "targets"
        places = range(max(map(len, estate.units.values())))
        lines = [f"{s} {units[n]} Bearer {estate.keys[s]}\n" for n in places for s, units in estate.units.items()]
        self._targets.write_text("".join(lines), "utf-8")

    async def run(
        self, node: Server, connections: int, seconds: float, per_s: float = 0, log: Path | None = None
    ) -> Round:
        command = [str(one) for one in (self._program, "127.0.0.1", node.port, connections, seconds, self._targets)]
        command += [str(per_s), *([] if log is None else [str(log)])]
        process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
        said, _ = await process.communicate()
        assert process.returncode == 0
        told = json.loads(said)
        wrong = {name: told[name] for name in ("refused", "strange", "unapplied", "unanswered") if told[name]}
        assert not wrong, told
        return Round(told["per_s"], told["p50_ms"], told["p99_ms"])


def pin(process_id: int, core: int) -> None:
    """Keep a process, with all its threads, on one core."""
    for thread in Path(f"/proc/{process_id}/task").iterdir():
        os.sched_setaffinity(int(thread.name), {core})


def process_of(node: Server) -> int:
    assert node.process is not None
    return node.process.pid


@contextmanager
def confined(core: int) -> Iterator[None]:
    """Run this process, and what it starts meanwhile, on one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def freeze(node: Server) -> None:
    """Stop a node that is not measured: it would follow what the others write, on the core of the one that is."""
    os.kill(process_of(node), signal.SIGSTOP)


def wake(node: Server) -> None:
    os.kill(process_of(node), signal.SIGCONT)


async def thaw(node: Server) -> None:
    """Let a node go on, and wait until it has caught up."""
    wake(node)
    async with asyncio.timeout(_CAUGHT_UP_S), httpx.AsyncClient(base_url=node.address, verify=NO_TLS) as client:
        while True:
            ready = await client.get("/readyz", headers=SCRAPER)
            if ready.status_code == 200 and all(board["lag"] == 0 for board in ready.json()["boards"].values()):
                return
            await asyncio.sleep(0.05)
