"""A part of a region as a problem of its own, and which part a plan loses most in.

What a plan loses is seen by prices: households that would gain by more than they have, places that bring less than they
could. Where a large region was counted by kinds, this is where kinds were not what households are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

import numpy as np

from orientation.matching.columns import Longs
from orientation.planning.fitting import NEVER
from orientation.planning.pricing import Cuts, Prices, lost_with, net_of, price
from orientation.planning.problem import NOWHERE, Numbers, Problem, linked_in
from orientation.planning.valuing import Weights

# Of households and of units, so many that lose most.
_TROUBLED, _BLOCK = 200, 512
# What some households would gain in every unit, at prices.
Net: TypeAlias = Callable[[Longs], Numbers]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A problem of its own, of these rows and units of the whole."""

    problem: Problem
    rows: Longs
    units: Longs

    def within(self, pick: Longs) -> Longs:
        """Return where these households are in a plan of the whole."""
        begin = pick[self.rows]
        return np.where(begin == NOWHERE, NOWHERE, np.searchsorted(self.units, begin))

    def write(self, own: Longs, pick: Longs) -> None:
        """Write a plan of this part into one of the whole."""
        pick[self.rows] = np.where(own == NOWHERE, NOWHERE, self.units[own])


def worst_part(problem: Problem, weights: Weights, cuts: Cuts, prices: Prices, pick: Longs, liked: int) -> Part:
    """Return the part in which a plan loses most at these prices."""
    there = np.flatnonzero(pick != NOWHERE)
    lost = price(problem, weights, cuts, prices, count=0).best
    lost[there] = lost_with(problem, weights, cuts, prices, best=lost, rows=there, units=pick[there])[: len(there)]
    taken = np.bincount(pick[there], np.where(problem.is_room[pick[there]], 1, problem.size[there]), len(problem.units))
    unsold = prices.place * (problem.capacity - taken)
    # Points are as they are: what is worth a person is looked for.
    far = weights.person[-1] / 2
    lost, unsold = np.where(lost > far, lost, 0.0), np.where(unsold > far, unsold, 0.0)
    return troubled(problem, lost, unsold, partial(net_of, problem, weights, cuts, prices), pick, liked)


def troubled(problem: Problem, lost: Numbers, unsold: Numbers, net: Net, pick: Longs, liked: int) -> Part:
    """Return the part of the region where its plan loses most, beside what its prices say that it could be worth.

    `lost` is by household, `unsold` by unit; all units in it are those that the worst off would rather have, or that
    would rather have somebody, `liked` for each. Whoever else is in them stays, and so does every link.
    """
    linked = linked_in(problem)
    lost = np.where(linked, 0.0, lost)
    worst = np.argsort(-lost, kind="stable")[:_TROUBLED]
    worst = worst[lost[worst] > 0]
    empty = np.argsort(-unsold, kind="stable")[:_TROUBLED]
    empty = empty[unsold[empty] > 0]
    best = np.argsort(-net(worst), axis=1, kind="stable")[:, :liked] if len(worst) else np.zeros((0, 0), np.int64)
    units = np.union1d(np.union1d(best.ravel(), empty), pick[worst][pick[worst] != NOWHERE])
    asking = _asking(net, np.flatnonzero((pick == NOWHERE) & ~linked), empty, liked)
    rows = np.union1d(np.union1d(worst, asking), np.flatnonzero(np.isin(pick, units) & ~linked))
    units = np.union1d(units, pick[rows][pick[rows] != NOWHERE])
    part = part_of(problem, rows, units)
    stays = np.flatnonzero((pick != NOWHERE) & ~np.isin(np.arange(len(pick)), rows) & np.isin(pick, units))
    at = np.searchsorted(units, pick[stays])
    taken = np.bincount(at, np.where(problem.is_room[pick[stays]], 1, problem.size[stays]), len(units))
    left = part.problem.capacity - taken.astype(np.int64)
    small = ~part.problem.is_room & (left < part.problem.size[:, None]) | (left < 1)
    part.problem.points[small] = NEVER
    return replace(part, problem=replace(part.problem, capacity=left, links=()))


def _asking(net: Net, waiting: Longs, empty: Longs, liked: int) -> Longs:
    """Return, of those who have no place, who lose least by one of the units that stand empty, some for each."""
    if not len(empty) or not len(waiting):
        return np.zeros(0, np.int64)
    lost = []
    for start in range(0, len(waiting), _BLOCK):
        gain = net(waiting[start : start + _BLOCK])
        lost.append(np.maximum(gain.max(axis=1, initial=0.0), 0.0)[:, None] - gain[:, empty])
    best = np.argsort(np.concatenate(lost), axis=0, kind="stable")[:liked]
    return np.unique(waiting[best])


def part_of(problem: Problem, rows: Longs, units: Longs) -> Part:
    at = {int(unit): column for column, unit in enumerate(units)}
    row_at = {int(row): place for place, row in enumerate(rows)}
    inside = (link for link in problem.links if int(link[0]) in row_at)
    _, shelter = np.unique(problem.shelter[units], return_inverse=True)
    return Part(
        replace(
            problem,
            seekers=tuple(problem.seekers[row] for row in rows),
            units=tuple(problem.units[unit] for unit in units),
            points=problem.points[np.ix_(rows, units)],
            kind=problem.kind[rows],
            plain=problem.plain[:, units],
            size=problem.size[rows],
            tier=problem.tier[rows],
            group=problem.group[rows],
            drawn=problem.drawn[rows],
            proposed=np.array([at.get(unit, NOWHERE) for unit in problem.proposed[rows].tolist()], np.int64),
            capacity=problem.capacity[units],
            is_room=problem.is_room[units],
            worth=problem.worth[units],
            shelter=shelter.astype(np.int64),
            links=tuple(np.array([row_at[int(row)] for row in link]) for link in inside),
            wanting=problem.wanting * len(rows) / max(1, len(problem.seekers)),
        ),
        rows,
        units,
    )
