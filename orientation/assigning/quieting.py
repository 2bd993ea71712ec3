"""HiGHS on one thread and silent: standard output is for our answers."""

from __future__ import annotations

import ctypes
import functools
import os
import sys

import highspy

_LEAST_S = 0.05


def quiet_solver(time_limit_s: float | None = None) -> highspy.Highs:
    _let_it_greet()
    solver = highspy.Highs()  # type: ignore[no-untyped-call]  # its constructor has no annotations
    solver.setOptionValue("output_flag", False)
    # One thread: whatever runs beside it must go on, and the same problem must give the same answer.
    solver.setOptionValue("threads", 1)
    if time_limit_s is not None:
        solver.setOptionValue("time_limit", max(_LEAST_S, time_limit_s))
    return solver


@functools.cache
def _let_it_greet() -> None:
    """HiGHS prints its name the first time, before it can be told not to."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        highspy.Highs()  # type: ignore[no-untyped-call]
        ctypes.CDLL(None).fflush(None)
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)
