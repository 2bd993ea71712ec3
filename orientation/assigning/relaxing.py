"""The linear relaxation, by columns: a few cheap pairs of each job first, then whatever still has a reduced cost.

Every job must be taken here (nobody takes what may be left out). When no pair has a reduced cost, the bound holds for
all pairs, also those that the linear solver never saw.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import highspy
import numpy as np

from orientation.assigning.assignment import TOLERANCE, Assignment, Marks, Numbers, Places
from orientation.assigning.quieting import quiet_solver

_FIRST = 12
# Pairs that come in at once, of each job.
_MORE = 8


@dataclass(frozen=True, slots=True)
class Relaxed:
    """`status`: solved, infeasible, or late. `prices` of the jobs prove `bound`; `x` is how much of each pair is taken,
    and `priced` what it costs with the capacity that it takes."""

    status: str
    bound: float
    prices: Numbers
    x: Numbers
    priced: Numbers


def relax(assignment: Assignment, until: float) -> Relaxed:
    """Solve the relaxation; `until` is an instant of time.monotonic(), after which what is known is returned."""
    chosen = _best(assignment, assignment.cost, _FIRST)
    solver = quiet_solver()
    known = _nothing(assignment, "late")
    while True:
        solver.setOptionValue("time_limit", max(0.1, until - time.monotonic()) + solver.getRunTime())
        solver.passModel(build(assignment, np.flatnonzero(chosen)))
        solver.run()
        if solver.getModelStatus() == highspy.HighsModelStatus.kOptimal:
            known, reduced = _read(assignment, solver, np.flatnonzero(chosen))
            wanted = (reduced < -TOLERANCE) & ~chosen
            if not wanted.any():
                return known
            chosen |= _best(assignment, np.where(wanted, reduced, np.inf), _MORE)
        elif time.monotonic() < until:
            if chosen.all():
                return _nothing(assignment, "infeasible")
            # A job may have no room among its cheap pairs: all of them are looked at.
            chosen[:] = True
        if time.monotonic() >= until:
            return known


def build(assignment: Assignment, pairs: Places, *, whole: bool = False) -> highspy.HighsLp:
    """Build the model of these pairs: a row a job (one pair), a row an agent (its capacity)."""
    jobs, agents, count = assignment.jobs, assignment.agents, len(pairs)
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = count, jobs + agents
    model.col_cost_ = assignment.cost[pairs]
    model.col_lower_ = np.zeros(count)
    # Not one: the rows say it already, and a bound of their own would take its share of the dual.
    model.col_upper_ = np.full(count, highspy.kHighsInf)
    model.row_lower_ = np.concatenate([np.ones(jobs), np.full(agents, -highspy.kHighsInf)])
    model.row_upper_ = np.concatenate([np.ones(jobs), assignment.capacity])
    matrix = model.a_matrix_
    matrix.format_ = highspy.MatrixFormat.kColwise
    matrix.start_ = np.arange(0, 2 * count + 1, 2)
    matrix.index_ = np.column_stack([assignment.job[pairs], jobs + assignment.agent[pairs]]).ravel()
    matrix.value_ = np.column_stack([np.ones(count), assignment.size[pairs]]).ravel()
    if whole:
        model.integrality_ = [highspy.HighsVarType.kInteger] * count
    return model


def _read(assignment: Assignment, solver: highspy.Highs, pairs: Places) -> tuple[Relaxed, Numbers]:
    """Return what is known, and the reduced cost of every pair. The bound is computed from the prices of capacity
    alone: it holds whatever the linear solver's tolerances are."""
    solution = solver.getSolution()
    dual = np.asarray(solution.row_dual)
    of_job, of_agent = dual[: assignment.jobs], np.minimum(0.0, dual[assignment.jobs :])
    priced = assignment.cost - of_agent[assignment.agent] * assignment.size
    prices = np.full(assignment.jobs, np.inf)
    np.minimum.at(prices, assignment.job, priced)
    x = np.zeros(assignment.pairs)
    x[pairs] = np.asarray(solution.col_value)
    bound = float(prices.sum() + of_agent @ assignment.capacity)
    return Relaxed("solved", bound, prices, x, priced), priced - of_job[assignment.job]


def _best(assignment: Assignment, score: Numbers, count: int) -> Marks:
    """Mark the `count` pairs of each job with the least score; an infinite score is never marked."""
    order = np.lexsort((score, assignment.job))
    starts = np.searchsorted(assignment.job[order], np.arange(assignment.jobs))
    rank = np.arange(assignment.pairs) - starts[assignment.job[order]]
    marked = np.zeros(assignment.pairs, dtype=bool)
    marked[order[rank < count]] = True
    return marked & np.isfinite(score)


def _nothing(assignment: Assignment, status: str) -> Relaxed:
    return Relaxed(status, -np.inf, np.zeros(assignment.jobs), np.zeros(assignment.pairs), assignment.cost)
