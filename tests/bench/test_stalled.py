"""Screens that stop reading, and one that reads slowly: what they cost the others, and how old what they show is.

120 screens, 600 updates/s of 1.5 KB. 50 of them read nothing for twelve seconds. The slow one reads 40 KB/s, of a
board of 30 KB: of a larger one it could not show everything within a second whatever was sent.
"""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from tests.bench.loading.fanning import Load, Run, built, measure, ours
from tests.bench.measuring import conditions, spread, told

ROUNDS = int(os.environ.get("HALTE_BENCH_ROUNDS", "5"))
LOAD = Load(screens=120, per_s=600, units=300, state_bytes=1_500, seconds=12.0)
SLOW = replace(LOAD, units=20, seconds=6.0)

pytestmark = pytest.mark.bench


@pytest.fixture(scope="module")
def screens(tmp_path_factory: pytest.TempPathFactory) -> str:
    return built(tmp_path_factory.mktemp("screens"), "screens")


def test_screens_that_stop_reading(screens: str) -> None:
    usual: list[Run] = []
    stalled: list[Run] = []
    for _ in range(ROUNDS):
        usual.append(measure(screens, ours(LOAD), replace(LOAD, seconds=4.0)))
        stalled.append(measure(screens, ours(LOAD), LOAD, "--stall", "50"))
    print(f"\n{conditions('server on core 0, screens on core 1', f'{ROUNDS} rounds')}")
    print(f"p99 with all reading {spread([run.p99_ms for run in usual], 1, ' ms')}")
    print(f"p99 of those who read {spread([run.p99_ms for run in stalled], 1, ' ms')}")
    print(f"memory grew by {spread([run.grown_mb for run in stalled], 1, ' MB')}")
    told("memory grows by", max(run.grown_mb for run in stalled), 5, "MB")
    each = sorted(one.p99_ms / other.p99_ms for one, other in zip(stalled, usual, strict=True))
    told("p99 of the others, times what it was", each[len(each) // 2], 1.2, "")
    told("a second after they read, behind the others by", max(run.held_ms for run in stalled), 1_000, "ms")
    assert [(run.behind, run.closed) for run in stalled] == [(0, 0)] * ROUNDS
    assert each[len(each) // 2] <= 1.2, "fifty who do not read hold up the others"


def test_a_screen_that_reads_slowly(screens: str) -> None:
    runs = [measure(screens, ours(SLOW), SLOW, "--slow", "40000") for _ in range(min(ROUNDS, 3))]
    print(f"\nthe oldest state that it was told {spread([run.slow_ms for run in runs], 0, ' ms')}")
    told("the oldest state that it was told", max(run.slow_ms for run in runs), 1_000, "ms")
    assert [(run.behind, run.closed) for run in runs] == [(0, 0)] * len(runs)
