"""The first level by itself: how many people of each tier can have a place at most, whatever it costs in fit.

For this only who fits where matters, so that households of one kind and units of one kind are counted together, and a
region of any size is a small model. Where a single household must not go is left out of it: the most is a most still.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from orientation.assigning.quieting import quiet_solver
from orientation.matching.columns import Longs
from orientation.planning.fitting import NEVER
from orientation.planning.modelling import INFINITE, Model, solved
from orientation.planning.pricing import Cuts, Prices, cuts_of
from orientation.planning.problem import GROUPS, NOWHERE, Numbers, Problem
from orientation.planning.relaxing import PRIMAL, Pairs, model_of, prices_in
from orientation.planning.valuing import Weights

# A whole number that a solver has computed is as near as this to it.
_TOLERANCE = 1e-3
# Of more units than that, those that are shared are counted by kinds as well.
_UNITS = 1_000
# The linear model of a tier may take this long also where no time is left.
_LINEAR_S = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Coarse:
    """The same problem by kinds: `many` households of each row.

    `row` says of which row each household is one, `unit` of which column each unit.
    """

    problem: Problem
    cuts: Cuts
    pairs: Pairs
    many: Longs
    row: Longs
    unit: Longs


@dataclass(frozen=True, slots=True)
class Guide:
    """What places would cost if there were kinds alone, and how many of each would go where then.

    `lost` is of how much less worth that would be with a household more of each pair.
    """

    prices: Prices
    flow: Numbers
    lost: Numbers


def coarse_of(problem: Problem) -> Coarse:
    size_of_kind = np.zeros(len(problem.plain), np.int64)
    size_of_kind[problem.kind] = problem.size
    fits = problem.plain & (problem.needs(size_of_kind) <= problem.capacity)
    each = np.where(problem.is_room, 0, problem.capacity)
    # What is left over in two shared units is not one rest that a family could have: each is counted by itself.
    # After an event most stay where they were: there the exact count costs time, and parts what was whole.
    replanned = 2 * np.count_nonzero(problem.proposed != NOWHERE) >= len(problem.seekers)
    merged = problem.is_room | (len(problem.units) > _UNITS) | replanned
    apart = np.where(merged, NOWHERE, np.arange(len(problem.units)))
    unit_at, unit = _alike(np.column_stack([problem.is_room, apart, each, np.packbits(fits.T, axis=1)]))
    keys = np.column_stack([problem.tier, problem.size, np.packbits(fits[:, unit_at], axis=1)[problem.kind]])
    row_at, row = _alike(keys)
    may = fits[np.ix_(problem.kind[row_at], unit_at)]
    coarse = replace(
        problem,
        rules=replace(problem.rules, balance=0),
        points=np.where(may, 0, NEVER).astype(np.int16),
        size=problem.size[row_at],
        tier=problem.tier[row_at],
        group=problem.group[row_at],
        drawn=np.zeros(len(row_at)),
        capacity=problem.capacity[unit_at],
        is_room=problem.is_room[unit_at],
        links=(),
        wanting=np.zeros(len(GROUPS)),
    )
    units = np.bincount(unit, minlength=len(unit_at))
    cuts = cuts_of(coarse)
    whole = replace(coarse, capacity=np.bincount(unit, problem.capacity, len(unit_at)).astype(np.int64))
    return Coarse(
        replace(whole, units=problem.units[: len(unit_at)]),
        Cuts(cuts.unit, cuts.of, cuts.parts, cuts.limit * units[cuts.unit]),
        Pairs(*np.nonzero(may)),
        np.bincount(row, minlength=len(row_at)),
        row,
        unit,
    )


def guide_of(coarse: Coarse, weights: Weights, cuts: Cuts, time_limit_s: float) -> Guide | None:
    """Return the prices: near to what places do cost, and soon known. None where the time was not enough."""
    model, rows = model_of(coarse.problem, weights, coarse.cuts, coarse.pairs, many=coarse.many)
    solver = quiet_solver(time_limit_s)
    solver.setOptionValue("simplex_strategy", PRIMAL)
    model.passed_to(solver)
    solver.run()
    if not solved(solver):
        return None
    solution = solver.getSolution()
    found = prices_in(coarse.problem, weights, np.asarray(solution.row_dual), rows)
    parts = {(unit, of): price for unit, of, price in zip(coarse.cuts.unit, coarse.cuts.of, found.part, strict=True)}
    of_cuts = zip(coarse.unit[cuts.unit], cuts.of, strict=True)
    prices = Prices(found.place[coarse.unit], np.array([parts[one] for one in of_cuts], float), found.group)
    flow = np.zeros(coarse.problem.points.shape)
    flow[coarse.pairs.rows, coarse.pairs.units] = np.asarray(solution.col_value)[: len(coarse.pairs)]
    return Guide(prices, flow, np.asarray(solution.col_dual)[: len(coarse.pairs)])


def most_people(coarse: Coarse, weights: Weights, time_limit_s: float) -> float:
    """Return what all people together can weigh at most: more than that no plan has, of whole households."""
    model, _ = model_of(coarse.problem, Weights(weights.apart), coarse.cuts, coarse.pairs, many=coarse.many)
    return _most(model, len(coarse.pairs), time_limit_s) * float(weights.person[-1])


def most_of(coarse: Coarse, placed: Longs, until: float, *, whole: bool = True) -> list[int]:
    """Return for each tier how many people at most have a place in any plan that places as many of those before.

    After `until`, or where whole numbers would take too long, only the linear model is asked, which is soon answered,
    and says a little more than can be.
    """
    most: list[int] = []
    waiting = np.bincount(coarse.problem.tier, coarse.problem.size * coarse.many, len(placed))
    for tier in range(len(placed)):
        people = Weights((np.arange(len(placed)) == tier).astype(float))
        model, _ = model_of(coarse.problem, people, coarse.cuts, coarse.pairs, many=coarse.many)
        first = model.add_rows(placed[:tier].astype(float), np.full(tier, INFINITE))
        of = coarse.problem.tier[coarse.pairs.rows]
        at = np.flatnonzero(of < tier)
        model.put(first + of[at], at, coarse.problem.size[coarse.pairs.rows[at]])
        found = _most(model, 0, max(_LINEAR_S, until - time.monotonic()))
        if whole and found >= placed[tier] + 1 and time.monotonic() < until:
            found = min(found, _most(model, len(coarse.pairs), until - time.monotonic()))
        most.append(int(min(waiting[tier], found)))
    return most


def _most(model: Model, whole: int, time_limit_s: float) -> float:
    """Return what no solution exceeds, in whole numbers as everything that is counted here."""
    solver = quiet_solver(time_limit_s)
    solver.setOptionValue("mip_rel_gap", 0.0)
    solver.setOptionValue("mip_abs_gap", 0.99)
    model.passed_to(solver, whole=range(whole))
    solver.run()
    if whole:
        return float(np.floor(-solver.getInfo().mip_dual_bound + _TOLERANCE))
    return float(np.floor(-solver.getInfo().objective_function_value + _TOLERANCE)) if solved(solver) else np.inf


def _alike(table: npt.NDArray[np.int64]) -> tuple[Longs, Longs]:
    """Return the first of each sort of row, and of which sort each row is."""
    if not len(table):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    _, first, inverse = np.unique(table, axis=0, return_index=True, return_inverse=True)
    return first, inverse.reshape(-1)
