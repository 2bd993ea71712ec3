"""What the solver core takes for instances whose optima others published, and how far it comes where time is up.

Nothing is asserted: that published optima are found again is a test of its own (`make long`).
"""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path

import pytest

from orientation.assigning.solving import solve
from tests.support.published import published

pytestmark = pytest.mark.bench
_LIMIT_S = 30.0
_CLASSES = ("assign", "a", "c05", "c10", "d")


def test_published_instances(shared_data: Path) -> None:
    print(f"\n\n{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, at most {_LIMIT_S:g} s each, one thread\n")
    print("| instance | value | bound | published | status | seconds | of the processor |\n| --- " + "| --- " * 6 + "|")
    for one in published(shared_data).values():
        if not one.name.startswith(_CLASSES):
            continue
        instance = one.read()
        begun, worked = time.monotonic(), time.process_time()
        found = solve(instance, _LIMIT_S)
        took, work = time.monotonic() - begun, time.process_time() - worked
        sign = -1.0 if one.most else 1.0
        best = f"{one.known:g}" if one.low == one.high else f"{one.low:g} to {one.high:g}"
        row = (one.name, f"{sign * found.value:g}", f"{sign * found.bound:g}", best, found.status)
        print(f"| {' | '.join(row)} | {took:.1f} | {work:.1f} |", flush=True)
    print(f"\npeak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
