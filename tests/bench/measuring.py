"""Words all benchmarks share: rounds in turns, medians with their range, conditions, and what an aim came to.

A ratio of two things measured in one run may fail a benchmark (`ratio`); an absolute figure prints met or missed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

_SYNCS = 50


def conditions(*more: str) -> str:
    """One line that stands over the figures: cores, load, what else was going on."""
    return ", ".join((f"{os.cpu_count()} cores", f"load {os.getloadavg()[0]:.1f}", *more))


def spread(values: Sequence[float], digits: int = 1, unit: str = "") -> str:
    """Write the median, and the least and the greatest of the rounds."""
    low, high = min(values), max(values)
    return f"{median(values):.{digits}f}{unit} ({low:.{digits}f}-{high:.{digits}f})"


def fsync_ms(folder: Path) -> float:
    """Measure what the disk below `folder` takes to keep 8 KiB: the median of fifty `fdatasync`, in ms."""
    took: list[float] = []
    path = folder / "fsync.probe"
    with path.open("wb") as file:
        for _ in range(_SYNCS):
            file.write(b"\0" * 8_192)
            file.flush()
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append((time.perf_counter() - began) * 1_000)
    path.unlink()
    return median(took)


def told(name: str, value: float, aim: float, unit: str, *, most: bool = True) -> None:
    """Print a figure of this machine beside its aim; it fails nothing. `most`: the aim is an upper bound."""
    met = value <= aim if most else value >= aim
    print(
        f"{name}: {value:.3g} {unit}, {'at most' if most else 'at least'} {aim:g} {unit}: {'met' if met else 'missed'}"
    )


def ratio(name: str, ours: Sequence[float], theirs: Sequence[float], least: float) -> None:
    """Print and hold the median of the rounds' own ratios; round `i` of both ran one after the other."""
    each = [mine / other for mine, other in zip(ours, theirs, strict=True)]
    print(f"{name}: {spread(each, 2)} times, at least {least:g}: {'met' if median(each) >= least else 'missed'}")
    assert median(each) >= least, f"{name}: {median(each):.2f}, at least {least:g}"
