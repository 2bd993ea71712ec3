"""How many parties of each size every shared unit takes, in whole numbers: all else of a plan is as good as whole.

Rooms take a household each, so who has which room is whole in every linear optimum. What is parted is parted because
a shared unit would take a family and two thirds; once it is said how many families it takes, nothing is.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from orientation.assigning.quieting import quiet_solver
from orientation.matching.columns import Longs
from orientation.planning.fitting import NEVER
from orientation.planning.levels import Coarse
from orientation.planning.modelling import INFINITE
from orientation.planning.problem import Numbers, Problem
from orientation.planning.relaxing import Pairs, Parties, model_of
from orientation.planning.valuing import Weights

# A party more or less than in the linear optimum costs so much of a person: people count first.
_OFF = 0.05
# People are whole, so that no plan with one more is left out.
_LESS_THAN_ONE = 0.9
_TOLERANCE = 1e-6


def parties_near(
    problem: Problem, coarse: Coarse, weights: Weights, pairs: Pairs, x: Numbers, time_limit_s: float
) -> tuple[Parties, Pairs] | None:
    """Return the parties with which as many people have a place as can, as near as may be to what the linear optimum
    takes, `x` of some pairs; and the pairs which that needs. None where the time was not enough."""
    kinds, flows = coarse.problem, coarse.pairs
    model, _ = model_of(kinds, Weights(weights.apart), coarse.cuts, flows, many=coarse.many)
    size = kinds.size[flows.rows]
    at = np.flatnonzero(~kinds.is_room[flows.units] & (size > 1))
    keys = np.unique(Parties.key(flows.units[at], size[at]))
    parties = Parties(coarse.unit, keys, np.zeros(len(keys)))
    every = np.arange(len(keys))
    counts = model.add_columns(np.zeros(len(keys)), INFINITE)
    same = model.add_rows(0.0, np.zeros(len(keys)))
    model.put(same + np.searchsorted(keys, Parties.key(flows.units[at], size[at])), at, 1.0)
    model.put(same + every, counts + every, -1.0)
    taken, of = parties.among(problem, pairs)
    wished = np.bincount(of, x[taken], len(keys)).astype(float)
    wishes = model.add_rows(wished, wished)
    model.put(wishes + every, counts + every, 1.0)
    for sign in (-1.0, 1.0):
        off = model.add_columns(np.full(len(keys), _OFF), INFINITE)
        model.put(wishes + every, off + every, sign)
    solver = quiet_solver(time_limit_s)
    solver.setOptionValue("mip_rel_gap", 0.0)
    solver.setOptionValue("mip_abs_gap", _LESS_THAN_ONE)
    model.passed_to(solver, whole=range(counts, counts + len(keys)))
    solver.run()
    solution = solver.getSolution()
    if not solution.value_valid:
        return None
    value = np.asarray(solution.col_value)
    flowing = np.flatnonzero((value[: len(flows)] > _TOLERANCE) & (size > 1))
    most = np.rint(value[counts : counts + len(keys)])
    return replace(parties, most=most), _members(problem, coarse, flows.rows[flowing], flows.units[flowing])


def _members(problem: Problem, coarse: Coarse, rows: Longs, units: Longs) -> Pairs:
    """Return the pairs of households and units of these kinds; a link has its own already."""
    linked = np.isin(np.arange(len(problem.size)), np.concatenate([np.zeros(0, np.int64), *problem.links]))
    goes = np.zeros((len(coarse.many), len(coarse.problem.capacity)), bool)
    goes[rows, units] = True
    may = goes[coarse.row[:, None], coarse.unit] & (problem.points != NEVER) & ~linked[:, None]
    return Pairs(*np.nonzero(may))
