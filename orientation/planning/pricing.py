"""Prices of places, and what they prove: if every household takes the best it can pay, no plan is worth more than that.

A unit has a price for each size of party, because five places are one family of three and no second. The proof holds
for any prices that are not negative, whoever found them and however exactly; good ones make it sharp.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from orientation.matching.columns import Longs
from orientation.planning.fitting import NEVER
from orientation.planning.problem import Numbers, Problem
from orientation.planning.valuing import Weights, base_of, steps_of

_BLOCK = 256
# A cut is made where fewer than so many parties of its size fit.
_FEW = 10
# A link looks at so many shelters: it needs more room at once than anybody, and cannot be placed in parts.
_SHELTERS = 40
_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Cuts:
    """Of a shared unit, how many parts a party of each size is in each of its cuts, and how many parts it has.

    `of` tells the cuts of one unit apart.
    """

    unit: Longs
    of: Longs
    parts: Longs
    limit: Longs


@dataclass(frozen=True, slots=True)
class Prices:
    """`place` of each unit, `part` of each cut, `group` what a person of a group below its floor is worth more.

    `people` is what a person of the last tier is worth less, because no plan has more of them than can have a place.
    """

    place: Numbers
    part: Numbers
    group: Numbers
    people: float = 0.0


def cuts_of(problem: Problem) -> Cuts:
    """Return those cuts that say more than the capacity itself, and none that another says better."""
    most = int(problem.size.max(initial=1))
    shared = np.flatnonzero(~problem.is_room)
    found = [cuts_for(capacity, most) for capacity in problem.capacity[shared].tolist()]
    many = [len(each.limit) for each in found]
    none = cuts_for(1, most)
    of, parts, limit = (
        np.concatenate([getattr(each, name) for each in [none, *found]]) for name in ("of", "parts", "limit")
    )
    return Cuts(np.repeat(shared, many), of, parts, limit)


@lru_cache(maxsize=1_024)
def cuts_for(capacity: int, most: int) -> Cuts:
    """Return the cuts of one shared unit of so many places.

    Two sorts hold: a party has as many parts as `of` goes into its size; or a party that leaves less than a `rest` is
    as good as the whole unit, and who is smaller than the rest counts for nothing (Martello and Toth's bound of bins).
    """
    sizes = np.arange(most + 1)
    # Of a large unit the rest that no party fits into is small, and a row of the problem is dear.
    dividing = [of for of in range(2, min(capacity, most) + 1) if capacity % of and capacity < _FEW * of]
    leaving = [rest for rest in range(2, capacity // 2 + 1) if capacity - rest < most]
    cuts = [(of, sizes // of, capacity // of) for of in dividing]
    for rest in leaving:
        small = np.where(sizes < rest, 0, sizes)
        cuts.append((-rest, np.where(sizes > capacity - rest, capacity, small), capacity))
    fitting = min(capacity, most) + 1
    share = np.array([parts[:fitting] / limit for _, parts, limit in cuts]).reshape(len(cuts), fitting)
    as_good = (share[:, None] <= share + _TOLERANCE).all(axis=2)
    later = np.arange(len(cuts))[:, None] > np.arange(len(cuts))
    kept = np.flatnonzero(~(as_good & (~as_good.T | later)).any(axis=1)).tolist()
    return Cuts(
        np.zeros(len(kept), np.int64),
        np.array([cuts[at][0] for at in kept], np.int64),
        np.array([cuts[at][1] for at in kept], np.int64).reshape(len(kept), most + 1),
        np.array([cuts[at][2] for at in kept], np.int64),
    )


def table_of(problem: Problem, cuts: Cuts, prices: Prices) -> Numbers:
    """Return what a party pays in each unit: a row for each size."""
    sizes = np.arange(int(problem.size.max(initial=0)) + 1)
    table = problem.needs(sizes) * prices.place
    np.add.at(table.T, cuts.unit, prices.part[:, None] * cuts.parts[:, sizes])
    return table


@dataclass(frozen=True, slots=True)
class Priced:
    """`bound` is proven. `rows` and `units` are pairs that are worth more than `than` says, the best of each row."""

    bound: float
    best: Numbers
    rows: Longs
    units: Longs


def price(
    problem: Problem,
    weights: Weights,
    cuts: Cuts,
    prices: Prices,
    *,
    count: int,
    than: Numbers | None = None,
    scatter: float = 0.0,
) -> Priced:
    """Look at every pair there is; return what the prices prove, and the `count` best pairs of each household.

    Where prices are rough everybody would choose the same few: `scatter` points of chance let them look further.
    """
    table = table_of(problem, cuts, prices)
    base = _base(problem, weights, prices)
    best = np.zeros(len(base))
    rows: list[Longs] = []
    units: list[Longs] = []
    chance = np.random.default_rng(len(base))
    for start in range(0, len(base), _BLOCK):
        block = slice(start, start + _BLOCK)
        net = _net(problem, table, block) + base[block, None]
        best[block] = net.max(axis=1, initial=0.0)
        least = np.full(len(net), -np.inf) if than is None else than[block]
        if scatter:
            net += scatter * chance.random(net.shape)
        row, unit = _best(net, least, count)
        rows.append(row + start)
        units.append(unit)
    bound = float(best.sum()) + _worth_of_places(problem, cuts, prices)
    for link in problem.links:
        worth, row, unit = _together(problem, table, base, link, _SHELTERS if count else 0)
        bound += worth - float(best[link].sum())
        rows.append(row)
        units.append(unit)
    if prices.people:
        bound += prices.people * weights.most / float(weights.person[-1])
    return Priced(bound, best, _joined(rows), _joined(units))


def _base(problem: Problem, weights: Weights, prices: Prices) -> Numbers:
    each = prices.group[problem.group] - prices.people * weights.apart[problem.tier]
    return base_of(problem, weights) + each * problem.size


def lost_with(
    problem: Problem, weights: Weights, cuts: Cuts, prices: Prices, *, best: Numbers, rows: Longs, units: Longs
) -> Numbers:
    """Return of how much less worth a plan is, at these prices, because it has one of these pairs."""
    table = table_of(problem, cuts, prices)
    net = _base(problem, weights, prices)[rows] + problem.points[rows, units] - table[problem.size[rows], units]
    return best[rows] - net


def net_of(problem: Problem, weights: Weights, cuts: Cuts, prices: Prices, rows: Longs) -> Numbers:
    """Return what these households would gain in every unit: minus infinity where they may not go."""
    table, base = table_of(problem, cuts, prices), _base(problem, weights, prices)
    points = problem.points[rows]
    net = points - table[problem.size[rows]] + base[rows, None]
    return np.where(points == NEVER, -np.inf, net)


def _net(problem: Problem, table: Numbers, block: slice) -> Numbers:
    points = problem.points[block]
    return np.where(points == NEVER, -np.inf, points - table[problem.size[block]])


def _best(net: Numbers, least: Numbers, count: int) -> tuple[Longs, Longs]:
    looked = np.flatnonzero(net.max(axis=1, initial=-np.inf) > least)
    if not len(looked) or not count:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    some = net[looked]
    units = np.argpartition(some, -count, axis=1)[:, -count:] if count < some.shape[1] else _all(some)
    worth = np.take_along_axis(some, units, axis=1)
    row, column = np.nonzero((worth > least[looked, None]) & np.isfinite(worth))
    return looked[row], units[row, column]


def _all(some: Numbers) -> Longs:
    return np.broadcast_to(np.arange(some.shape[1]), some.shape)


def _joined(parts: list[Longs]) -> Longs:
    return np.concatenate([np.zeros(0, np.int64), *parts])


def _together(problem: Problem, table: Numbers, base: Numbers, link: Longs, count: int) -> tuple[float, Longs, Longs]:
    """Return what the best shelter is worth for all of a link, and each one's best units in the best shelters."""
    net = np.array([_net(problem, table, slice(row, row + 1))[0] + base[row] for row in link.tolist()])
    here = np.full((len(link), problem.shelters), -np.inf)
    for each, of_each in zip(here, net, strict=True):
        np.maximum.at(each, problem.shelter, of_each)
    together = here.sum(axis=0)
    best = np.argsort(-together, kind="stable")[:count]
    near = np.isin(problem.shelter, best[np.isfinite(together[best])])
    member, unit = np.nonzero(near & np.isfinite(net))
    return max(0.0, float(together.max(initial=0.0))), link[member], unit


def _worth_of_places(problem: Problem, cuts: Cuts, prices: Prices) -> float:
    """Return what all places together bring at these prices, with the dearest filled first as balance goes."""
    total = float(prices.part @ cuts.limit) - float(prices.group @ problem.wanting)
    if not problem.rules.balance:
        return total + float(prices.place @ problem.capacity)
    lengths, costs = steps_of(problem)
    each = prices.place / problem.worth
    order = np.lexsort((-each, problem.shelter))
    places = (problem.capacity * problem.worth)[order].astype(float)
    house, each = problem.shelter[order], each[order]
    ends = np.cumsum(places)
    starts_of = np.concatenate([[0.0], np.cumsum(np.bincount(house, places, problem.shelters))])[house]
    from_place, to_place = ends - places - starts_of, ends - starts_of
    before = np.cumsum(lengths, axis=1) - lengths
    for step, cost in enumerate(costs):
        low, high = before[house, step], before[house, step] + lengths[house, step]
        within = np.clip(np.minimum(to_place, high) - np.maximum(from_place, low), 0, None)
        total += float((within * np.maximum(each - cost, 0.0)).sum())
    return total
