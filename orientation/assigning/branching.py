"""Branching by HiGHS: for a first assignment, where none could be rounded off, or the proof that there is none."""

from __future__ import annotations

import math
from dataclasses import dataclass

import highspy
import numpy as np

from orientation.assigning.assignment import Assignment, Places, faults
from orientation.assigning.quieting import quiet_solver
from orientation.assigning.relaxing import build

_WHOLE = 0.5


@dataclass(frozen=True, slots=True)
class Branched:
    """The best that was found, and a bound on all that there is (infinite: there is none)."""

    pair: Places | None
    bound: float


def branch(assignment: Assignment, time_limit_s: float) -> Branched:
    solver = quiet_solver()
    solver.setOptionValue("mip_rel_gap", 0.0)
    solver.setOptionValue("time_limit", max(0.1, time_limit_s))
    solver.passModel(build(assignment, np.arange(assignment.pairs), whole=True))
    solver.run()
    if solver.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
        return Branched(None, math.inf)
    return Branched(_read(assignment, solver), float(solver.getInfo().mip_dual_bound))


def _read(assignment: Assignment, solver: highspy.Highs) -> Places | None:
    value = np.asarray(solver.getSolution().col_value)
    if len(value) < assignment.pairs:
        return None
    taken = np.flatnonzero(value > _WHOLE)
    pair = np.full(assignment.jobs, -1)
    pair[assignment.job[taken]] = taken
    return None if faults(assignment, pair) else pair
