"""One run of a server that fans out and of the C screens before it: what reached them, when, and at what cost.

The server has core 0, the screens core 1. All servers are spoken to alike: "listening", a line to be still, the end.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.compiling import compiled

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
SPOKEN = ("--hello", '{"t":"hello"}', "--header", "Sec-WebSocket-Protocol: halte.v1")


@dataclass(frozen=True, slots=True)
class Load:
    """How many screens look, and what changes meanwhile."""

    screens: int = 1_000
    per_s: int = 1_000
    units: int = 300
    state_bytes: int = 200
    tick_ms: int = 20
    seconds: float = 2.0


@dataclass(frozen=True, slots=True)
class Run:
    """What came of it; `per_cpu_s` is unit values shown for a second of the server's processor."""

    states: int
    frames: int
    closed: int
    behind: int
    p50_ms: float
    p99_ms: float
    held_ms: float
    slow_ms: float
    ready_s: float
    core: float
    per_cpu_s: float
    kb_per_screen: float
    grown_mb: float


@dataclass(frozen=True, slots=True)
class Kind:
    """A server to be measured: its command without the port, and what the screens say to it."""

    command: Sequence[str]
    path: str = "/"
    says: Sequence[str] = ()


def built(folder: Path, name: str) -> str:
    return str(compiled(HERE / f"{name}.c", folder / name))


def module(name: str, *arguments: object) -> list[str]:
    return [sys.executable, "-m", f"tests.bench.loading.{name}", "{port}", *map(str, arguments)]


def ours(load: Load) -> Kind:
    command = module("serving", load.tick_ms, load.per_s, load.units, load.state_bytes)
    return Kind(command, "/live/board", SPOKEN)


def measure(screens: str, kind: Kind, load: Load, *more: str) -> Run:
    with _serving(kind) as (server, port):
        empty_kb = _memory_kb(server.pid)
        count, seconds = str(load.screens), str(load.seconds)
        command = [screens, "127.0.0.1", str(port), kind.path, count, seconds, "--units", str(load.units)]
        client = _start([*command, *kind.says, *more], core=1)
        assert client.stdout is not None
        assert client.stdin is not None
        try:
            ready = client.stdout.readline().split()
            assert ready, f"{count} screens did not come in: {kind.command[:3]}"
            full_kb = _memory_kb(server.pid)
            time.sleep(0.5)
            spent_s, before_kb = _cpu_s(server.pid), _memory_kb(server.pid)
            client.stdin.write("\n")
            client.stdin.flush()
            time.sleep(load.seconds)
            spent_s, grown_kb = _cpu_s(server.pid) - spent_s, _memory_kb(server.pid) - before_kb
            assert client.stdout.readline() == "still\n"
            assert server.stdin is not None
            server.stdin.write("still\n")
            server.stdin.flush()
            told = json.loads(client.stdout.readline())
        finally:
            client.kill()
            client.wait()
    return Run(
        states=told["states"], frames=told["frames"], closed=told["closed"], behind=told["behind"],
        p50_ms=told["p50_ms"], p99_ms=told["p99_ms"], held_ms=told["held_ms"], slow_ms=told["slow_ms"],
        ready_s=float(ready[1]), core=spent_s / load.seconds, per_cpu_s=told["states"] / spent_s,
        kb_per_screen=(full_kb - empty_kb) / load.screens, grown_mb=grown_kb / 1_024,
    )  # fmt: skip


@contextmanager
def _serving(kind: Kind) -> Iterator[tuple[subprocess.Popen[str], int]]:
    port = _free_port()
    server = _start([part.replace("{port}", str(port)) for part in kind.command], core=0)
    try:
        assert server.stdout is not None
        assert "listening" in server.stdout.readline(), f"it does not start: {kind.command[:3]}"
        _reachable(port)
        yield server, port
    finally:
        server.kill()
        server.wait()


def _start(command: Sequence[str], core: int) -> subprocess.Popen[str]:
    pinned = ["taskset", "-c", str(core), *command] if (os.cpu_count() or 1) > 1 else list(command)
    pipe = subprocess.PIPE
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen(pinned, cwd=ROOT, env=environment, stdin=pipe, stdout=pipe, text=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _reachable(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("nobody listens")


def _cpu_s(pid: int) -> float:
    """Of all its threads; in nanoseconds, where /proc/PID/stat counts hundredths of a second."""
    return sum(int(file.read_text().split()[0]) for file in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


def _memory_kb(pid: int) -> int:
    (line,) = (one for one in Path(f"/proc/{pid}/status").read_text().splitlines() if one.startswith("VmRSS"))
    return int(line.split()[1])
