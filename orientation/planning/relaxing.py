"""The plan as a linear model over some of the pairs: who goes where, what that takes, what floors and balance cost."""

from __future__ import annotations

from dataclasses import dataclass, replace

import highspy
import numpy as np

from orientation.assigning.quieting import quiet_solver
from orientation.matching.blocking import Bools
from orientation.matching.columns import Longs
from orientation.planning.modelling import INFINITE, Model, solved
from orientation.planning.pricing import Cuts, Prices
from orientation.planning.problem import NOWHERE, Numbers, Problem
from orientation.planning.valuing import Weights, base_of, steps_of

# Of a whole night: nobody would notice.
_FEW_POINTS = 4.0
# Pairs come in, and what was found before may be gone on with.
PRIMAL, DUAL = 4, 1
_UNITS_BITS = 32


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of a household and a unit, in the order of households and then of units; none stands there twice."""

    rows: Longs
    units: Longs

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def keys(self) -> Longs:
        return self.rows << _UNITS_BITS | self.units


def joined(*parts: tuple[Longs, Longs]) -> Pairs:
    """Join pairs from several sources."""
    keys = np.unique(np.concatenate([Pairs(*part).keys for part in parts]))
    return Pairs(keys >> _UNITS_BITS, keys & ((1 << _UNITS_BITS) - 1))


@dataclass(frozen=True, slots=True, eq=False)
class Parties:
    """How many parties of each size go to each shared unit at most; to all of a sort, where `sort` makes them one."""

    sort: Longs
    keys: Longs
    most: Numbers

    @staticmethod
    def key(sort: Longs, size: Longs) -> Longs:
        return sort << _UNITS_BITS | size

    def among(self, problem: Problem, pairs: Pairs) -> tuple[Longs, Longs]:
        """Return which pairs are counted, and where."""
        size = problem.size[pairs.rows]
        at = np.flatnonzero(~problem.is_room[pairs.units] & (size > 1))
        return at, np.searchsorted(self.keys, self.key(self.sort[pairs.units[at]], size[at]))


@dataclass(frozen=True, slots=True)
class Relaxed:
    """`x` is how much of each pair the linear optimum takes, `prices` what places cost in it."""

    x: Numbers
    prices: Prices
    value: float
    # What each household gains by its place.
    gain: Numbers
    basis: highspy.HighsBasis

    def of(self, kept: Bools) -> Relaxed:
        """Return the same without some pairs that nobody takes."""
        columns = self.basis.col_status
        pairs = [columns[at] for at in np.flatnonzero(kept).tolist()]
        self.basis.col_status = [*pairs, *columns[len(kept) :]]
        return replace(self, x=self.x[kept])


@dataclass(frozen=True, slots=True)
class Rows:
    """Where the rows of each sort begin."""

    units: int
    cuts: int
    groups: int
    people: int


def model_of(
    problem: Problem,
    weights: Weights,
    cuts: Cuts,
    pairs: Pairs,
    *,
    lower: Numbers | float = 0.0,
    many: Longs | None = None,
) -> tuple[Model, Rows]:
    """Return the model with the pairs as its first columns, and households as its first rows, `many` of each."""
    model = Model()
    rows, units = pairs.rows, pairs.units
    at = np.arange(len(pairs))
    worth = base_of(problem, weights)[rows] + problem.points[rows, units]
    model.add_columns(-worth, INFINITE, lower)
    model.add_rows(-INFINITE, np.ones(len(problem.size)) if many is None else many.astype(float))
    model.put(rows, at, 1.0)
    balanced = problem.rules.balance > 0
    capacity = problem.capacity.astype(float)
    of_units = model.add_rows(capacity if balanced else -INFINITE, capacity)
    model.put(of_units + units, at, np.where(problem.is_room[units], 1, problem.size[rows]))
    of_cuts = _cut(problem, model, cuts, pairs)
    of_groups = _found(problem, model, pairs)
    of_people = _people(problem, model, weights, pairs)
    if balanced:
        _balance(problem, model, of_units)
    _link(problem, model, pairs)
    return model, Rows(of_units, of_cuts, of_groups, of_people)


def _cut(problem: Problem, model: Model, cuts: Cuts, pairs: Pairs) -> int:
    first = model.add_rows(-INFINITE, cuts.limit.astype(float))
    begins = np.searchsorted(cuts.unit, np.arange(len(problem.units) + 1))
    many = (begins[1:] - begins[:-1])[pairs.units]
    at = np.repeat(np.arange(len(pairs)), many)
    cut = np.repeat(begins[pairs.units] - np.cumsum(many) + many, many) + np.arange(len(at))
    parts = cuts.parts[cut, problem.size[pairs.rows[at]]]
    there = parts > 0
    model.put(first + cut[there], at[there], parts[there])
    return first


def _found(problem: Problem, model: Model, pairs: Pairs) -> int:
    """Floors: whoever of a group lacks below its floor costs points."""
    first = model.add_rows(problem.wanting, np.full(len(problem.wanting), INFINITE))
    lacking = model.add_columns(np.full(len(problem.wanting), float(problem.rules.floor_points)), INFINITE)
    every = np.arange(len(problem.wanting))
    model.put(first + every, lacking + every, 1.0)
    group = problem.group[pairs.rows]
    at = np.flatnonzero(problem.wanting[group] > 0)
    model.put(first + group[at], at, problem.size[pairs.rows[at]])
    return first


def _people(problem: Problem, model: Model, weights: Weights, pairs: Pairs) -> int:
    """No more people than can have a place: what the optimum of the first level by itself has shown."""
    if not np.isfinite(weights.most):
        return model.rows
    first = model.add_rows(-INFINITE, np.array([weights.most / weights.person[-1]]))
    each = weights.apart[problem.tier] * problem.size
    model.put(np.full(len(pairs), first), np.arange(len(pairs)), each[pairs.rows])
    return first


def _balance(problem: Problem, model: Model, of_units: int) -> None:
    """What stays free in a shelter, and the steps of what is taken there, are all its places together."""
    lengths, costs = steps_of(problem)
    of_shelters = model.add_rows(lengths.sum(axis=1), lengths.sum(axis=1))
    unit = np.arange(len(problem.units))
    free = model.add_columns(np.zeros(len(unit)), INFINITE)
    model.put(of_units + unit, free + unit, 1.0)
    model.put(of_shelters + problem.shelter, free + unit, problem.worth)
    steps = model.add_columns(np.tile(costs, len(lengths)), lengths.ravel())
    model.put(of_shelters + np.repeat(np.arange(len(lengths)), len(costs)), steps + np.arange(lengths.size), 1.0)


def _link(problem: Problem, model: Model, pairs: Pairs) -> None:
    """Each of a link is in a shelter as much as the link is."""
    for link in problem.links:
        at = np.flatnonzero(np.isin(pairs.rows, link))
        shelters, where = np.unique(problem.shelter[pairs.units[at]], return_inverse=True)
        together = model.add_columns(np.zeros(len(shelters)), 1.0)
        first = model.add_rows(0.0, np.zeros(len(shelters) * len(link)))
        member = np.searchsorted(link, pairs.rows[at])
        model.put(first + member * len(shelters) + where, at, 1.0)
        every = np.arange(len(shelters) * len(link))
        model.put(first + every, together + every % max(1, len(shelters)), -1.0)


def relax(
    problem: Problem,
    weights: Weights,
    cuts: Cuts,
    pairs: Pairs,
    time_limit_s: float,
    *,
    before: tuple[Relaxed, Pairs] | None = None,
    parties: Parties | None = None,
) -> Relaxed | None:
    """Solve it over these pairs, beginning where it ended `before`; None where the time was not enough.

    Pairs that come in leave what was found possible, numbers of `parties` do not.
    """
    model, rows = model_of(problem, weights, cuts, pairs)
    solver = quiet_solver(time_limit_s)
    solver.setOptionValue("simplex_strategy", PRIMAL if parties is None else DUAL)
    if parties is not None:
        at, which = parties.among(problem, pairs)
        model.put(model.add_rows(-INFINITE, parties.most) + which, at, 1.0)
    model.passed_to(solver)
    if before is not None:
        _begin(solver, model, pairs, *before)
    solver.run()
    if not solved(solver):
        return None
    solution = solver.getSolution()
    dual = np.asarray(solution.row_dual)
    return Relaxed(
        np.asarray(solution.col_value)[: len(pairs)],
        prices_in(problem, weights, dual, rows),
        -float(solver.getInfo().objective_function_value),
        np.maximum(-dual[: rows.units], 0.0),
        solver.getBasis(),
    )


def _begin(solver: highspy.Highs, model: Model, pairs: Pairs, before: Relaxed, had: Pairs) -> None:
    """Hand over the basis of the model before, in which other pairs stood; a new pair is taken by nobody yet."""
    basis, columns = before.basis, before.basis.col_status
    new = model.rows - len(basis.row_status)
    if new < 0 or len(columns) - len(had) != model.columns - len(pairs):
        return
    known = dict(zip(had.keys.tolist(), columns[: len(had)], strict=True))
    none = highspy.HighsBasisStatus.kLower
    basis.col_status = [*(known.get(key, none) for key in pairs.keys.tolist()), *columns[len(had) :]]
    basis.row_status = [*basis.row_status, *[highspy.HighsBasisStatus.kBasic] * new]
    solver.setBasis(basis)


def prices_in(problem: Problem, weights: Weights, dual: Numbers, rows: Rows) -> Prices:
    """Return the prices that the duals of a model's rows are, brought within what a price may be."""
    group = dual[rows.groups : rows.groups + len(problem.wanting)]
    return Prices(
        np.maximum(-dual[rows.units : rows.cuts], 0.0),
        np.maximum(-dual[rows.cuts : rows.groups], 0.0),
        np.clip(group, 0.0, float(problem.rules.floor_points)),
        max(0.0, -float(dual[rows.people])) if np.isfinite(weights.most) else 0.0,
    )


def best_of(
    problem: Problem, weights: Weights, cuts: Cuts, pairs: Pairs, *, begin: Longs, fixed: Longs, time_limit_s: float
) -> tuple[Longs, float]:
    """Find whole numbers, beginning with a plan and with some pairs taken for certain.

    Return the plan and what no plan of these pairs exceeds.
    """
    lower = np.zeros(len(pairs))
    lower[fixed] = 1.0
    model, _ = model_of(problem, weights, cuts, pairs, lower=lower)
    solver = quiet_solver(time_limit_s)
    solver.setOptionValue("mip_rel_gap", 0.0)
    solver.setOptionValue("mip_abs_gap", min(_FEW_POINTS, 0.05 * len(problem.seekers)))
    model.passed_to(solver, whole=range(len(pairs)))
    taken = (begin[pairs.rows] == pairs.units).astype(float)
    if not len(fixed) and taken.sum() == np.count_nonzero(begin != NOWHERE):
        at = np.arange(len(pairs), dtype=np.int32)
        solver.setSolution(len(at), at, taken)
    solver.run()
    value = np.asarray(solver.getSolution().col_value)
    if len(value) < len(pairs):
        return begin, np.inf
    chosen = np.flatnonzero(value[: len(pairs)] > 0.5)
    pick = np.full(len(problem.seekers), NOWHERE)
    pick[pairs.rows[chosen]] = pairs.units[chosen]
    if solver.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
        return begin, np.inf
    return pick, -float(solver.getInfo().mip_dual_bound)
