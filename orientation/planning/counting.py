"""A large region counted by kinds, in whole numbers: how many households of each kind go to units of each kind.

Twenty thousand households are some three hundred and fifty kinds, five thousand units some twelve hundred: few enough
to be counted exactly, and together with what each kind would like on average, so that of many counts that place as many
people one is found that fits. Who goes where is dealt out after that (dealing.py).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from orientation.assigning.quieting import quiet_solver
from orientation.matching.columns import Longs
from orientation.planning.fitting import NEVER
from orientation.planning.levels import Coarse, Guide
from orientation.planning.problem import NOWHERE, Problem, linked_in
from orientation.planning.relaxing import Pairs, model_of
from orientation.planning.valuing import Weights, base_of

# Of kinds that nobody would miss in a count: what they lose beside the linear optimum is more points than that.
_FAR = 300.0
# A count is near enough when so little of its value is uncertain.
_NEAR = 1e-4
# So few pairs are all kept, and counted to the end: what is far, or uncertain, may be what one more person needs.
_FEW_PAIRS = 5_000
_TOLERANCE = 1e-6


def liked(problem: Problem, coarse: Coarse) -> Coarse:
    """Return the same kinds with what each would like: the mean of the points of those who may go there."""
    units = np.argsort(coarse.unit, kind="stable")
    first = np.searchsorted(coarse.unit[units], np.arange(len(coarse.problem.capacity)))
    rows = np.argsort(coarse.row, kind="stable")
    ends = np.cumsum(np.bincount(coarse.row, minlength=len(coarse.many)))
    points = coarse.problem.points.copy()
    for kind, alike in enumerate(np.split(rows, ends[:-1])):
        theirs = problem.points[alike][:, units]
        may = theirs != NEVER
        total = np.add.reduceat(np.where(may, theirs, 0).sum(axis=0, dtype=np.int64), first)
        many = np.maximum(np.add.reduceat(may.sum(axis=0), first), 1)
        points[kind] = np.where(points[kind] == NEVER, NEVER, np.rint(total / many))
    return replace(coarse, problem=replace(coarse.problem, points=points))


def less(problem: Problem, coarse: Coarse, pick: Longs) -> Coarse:
    """Return the count without those who have a place already, without their places, and without any link."""
    there, linked = np.flatnonzero(pick != NOWHERE), linked_in(problem)
    taken = np.where(problem.is_room[pick[there]], 1, problem.size[there])
    kinds = coarse.problem
    used = np.bincount(coarse.unit[pick[there]], taken, len(kinds.capacity)).astype(np.int64)
    gone = np.bincount(coarse.row[linked | (pick != NOWHERE)], minlength=len(coarse.many))
    return replace(coarse, many=coarse.many - gone, problem=replace(kinds, capacity=kinds.capacity - used))


def counted(coarse: Coarse, weights: Weights, guide: Guide, time_limit_s: float) -> Longs:
    """Return how many of each kind go where: near the best that there is, or what the linear optimum has whole."""
    near = (guide.lost <= _FAR) | (guide.flow[coarse.pairs.rows, coarse.pairs.units] > _TOLERANCE)
    few = len(near) <= _FEW_PAIRS
    kept = near | few
    pairs = Pairs(coarse.pairs.rows[kept], coarse.pairs.units[kept])
    model, _ = model_of(coarse.problem, weights, coarse.cuts, pairs, many=coarse.many)
    solver = quiet_solver(time_limit_s)
    solver.setOptionValue("mip_rel_gap", 0.0 if few else _NEAR)
    model.passed_to(solver, whole=range(len(pairs)))
    solver.run()
    solution = solver.getSolution()
    flow = np.floor(guide.flow + _TOLERANCE).astype(np.int64)
    if solution.value_valid:
        whole = np.zeros_like(flow)
        whole[pairs.rows, pairs.units] = np.rint(np.asarray(solution.col_value)[: len(pairs)])
        each = base_of(coarse.problem, weights)[:, None] + coarse.problem.points
        if (whole * each).sum() > (flow * each).sum():
            return whole
    # Of those who are in a link, some were in the linear optimum.
    return flow
