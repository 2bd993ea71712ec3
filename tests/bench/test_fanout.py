"""From one node to its screens: unit values shown for a second of its processor, beside plainer ways of sending.

Ours is the product's hub and websocket on a mirror that is fed in its process. Beside it: a loop of `send` in C, for
each update or for each tick; `websockets.broadcast()`; and Litestar's Channels plugin on Redis.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.bench.loading.fanning import HERE, Kind, Load, Run, built, measure, module, ours
from tests.bench.measuring import conditions, ratio, spread, told
from tests.integration.kernel.live.servers import OwnValkey

ROUNDS = int(os.environ.get("HALTE_BENCH_ROUNDS", "5"))
LOAD = Load(seconds=1.5)
# Fewer than there are ticks, so that each is sent alone.
ALONE = Load(per_s=40, seconds=1.5)

pytestmark = pytest.mark.bench


@pytest.fixture(scope="module")
def screens(tmp_path_factory: pytest.TempPathFactory) -> str:
    return built(tmp_path_factory.mktemp("screens"), "screens")


@pytest.fixture(scope="module")
def fan(tmp_path_factory: pytest.TempPathFactory) -> str:
    return built(tmp_path_factory.mktemp("fan"), "fan")


@pytest.fixture
async def redis_url(tmp_path: Path) -> AsyncIterator[str]:
    valkey = OwnValkey(tmp_path)
    valkey.start()
    await valkey.ready()
    yield valkey.url
    valkey.kill()


def in_c(fan: str, mode: str, load: Load) -> Kind:
    return Kind([fan, "{port}", mode, *map(str, (load.tick_ms, load.per_s, load.units, load.state_bytes))])


def by(name: str, load: Load, *more: str, path: str = "/") -> Kind:
    return Kind(module(name, load.per_s, load.units, load.state_bytes, *more), path)


def in_turns(screens: str, kinds: dict[str, Kind], load: Load) -> dict[str, list[Run]]:
    runs: dict[str, list[Run]] = {name: [] for name in kinds}
    for _ in range(ROUNDS):
        for name, kind in kinds.items():
            runs[name].append(measure(screens, kind, load))
    print(f"\n{conditions('server on core 0, screens on core 1', f'{ROUNDS} rounds of {load.seconds:g} s')}")
    print(f"{load.screens} screens, {load.units} units of {load.state_bytes} bytes, {load.per_s} updates/s")
    for name, each in runs.items():
        values = spread([run.per_cpu_s / 1e6 for run in each], 3, " M")
        p99, core = spread([run.p99_ms for run in each], 0, " ms"), spread([run.core for run in each], 2)
        print(f"{name}: {values} values for a second of the processor; p99 {p99}; of a core {core}")
    return runs


def values(runs: list[Run]) -> list[float]:
    return [run.per_cpu_s for run in runs]


def test_what_a_second_of_the_processor_shows(screens: str, fan: str, redis_url: str) -> None:
    kinds = {
        "halte": ours(LOAD),
        "C, a frame a tick": in_c(fan, "ticks", LOAD),
        "C, a frame an update": in_c(fan, "raw", LOAD),
        "websockets.broadcast()": by("broadcasting", LOAD),
        "Litestar Channels on Redis": by("channelling", LOAD, redis_url, path="/board"),
    }
    runs = in_turns(screens, kinds, LOAD)
    halte = runs["halte"]
    assert [(run.behind, run.closed) for run in halte] == [(0, 0)] * ROUNDS, "everybody shows the latest of everything"
    middle = sorted(halte, key=lambda run: run.p99_ms)[len(halte) // 2]
    told("every screen has the latest, 99 %", middle.p99_ms, 2 * LOAD.tick_ms + 10, "ms")
    told("of a core", sorted(run.core for run in halte)[len(halte) // 2], 0.5, "")
    told("memory for a screen", max(run.kb_per_screen for run in halte), 30, "KB")
    for name, least in zip(list(kinds)[1:], (0.5, 5, 8, 30), strict=True):
        ratio(f"beside {name}", values(halte), values(runs[name]), least)


def test_one_update_at_a_time(screens: str, fan: str) -> None:
    kinds = {
        "halte": ours(ALONE),
        "websockets.broadcast()": by("broadcasting", ALONE),
        "C, a frame an update": in_c(fan, "raw", ALONE),
    }
    runs = in_turns(screens, kinds, ALONE)
    ratio("beside websockets.broadcast()", values(runs["halte"]), values(runs["websockets.broadcast()"]), 1.4)


@pytest.mark.parametrize("count", [2_000, 5_000])
def test_more_screens(screens: str, count: int) -> None:
    """One run each; `ready` is how long it takes until all of them, coming at once, have their board."""
    load = Load(screens=count, seconds=4.0)
    run = measure(screens, ours(load), load)
    print(
        f"\n{count} screens: all in after {run.ready_s:.1f} s, p50 {run.p50_ms:.0f} ms, p99 {run.p99_ms:.0f} ms, "
        f"{run.core:.2f} of a core, {run.per_cpu_s / 1e6:.2f} M values for a second of the processor, "
        f"{run.kb_per_screen:.1f} KB a screen"
    )
    assert (run.behind, run.closed) == (0, 0)


def test_beside_node_ws(screens: str) -> None:
    """Node's `ws`, where it is installed (NODE_PATH): each update to everybody, at once."""
    node = shutil.which("node")
    if node is None or subprocess.run([node, "-e", "require('ws')"], capture_output=True, check=False).returncode:
        pytest.skip("there is no Node with ws")
    arguments = map(str, (LOAD.per_s, LOAD.units, LOAD.state_bytes))
    kinds = {"halte": ours(LOAD), "ws on Node": Kind([node, str(HERE / "ws.cjs"), "{port}", *arguments])}
    runs = in_turns(screens, kinds, LOAD)
    told("beside ws on Node", min(values(runs["halte"])) / max(values(runs["ws on Node"])), 1, "times", most=False)
