"""A large region in parts: neighbouring shelters with the households that the region's optimum would send there.

How many people of each kind go to units of each kind is known for the whole region (levels.py), so every part gets its
share of each, and of a kind those who would rather be there. Who finds no place in one part goes on to the next, with
the share of their kind. What the parts lose together is seen in the bound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from orientation.matching.columns import Longs
from orientation.planning.fitting import NEVER
from orientation.planning.levels import Coarse
from orientation.planning.problem import NOWHERE, Numbers, Problem

_TOLERANCE = 1e-6
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


def parts_of(problem: Problem, coarse: Coarse, flow: Numbers, count: int, pick: Longs) -> Iterator[Part]:
    """Yield so many parts. Where each one's are to go must stand in `pick` before the next."""
    of_unit = _slabs(problem, count)
    share = np.zeros((len(coarse.problem.capacity), count))
    np.add.at(share, (coarse.unit, of_unit), problem.capacity)
    expected = np.cumsum(flow @ (share / np.maximum(share.sum(axis=1, keepdims=True), 1.0)), axis=1)
    link_of = {int(row): link for link in problem.links for row in link}
    for part in range(count):
        units = np.flatnonzero(of_unit == part)
        if not len(units):
            continue
        waiting = np.flatnonzero(pick == NOWHERE)
        placed = np.bincount(coarse.row[pick != NOWHERE], minlength=len(coarse.many))
        wanted = np.ceil(np.maximum(expected[:, part] - placed, 0.0) - _TOLERANCE).astype(np.int64)
        rows = _sent(problem, coarse, waiting, units, wanted)
        linked = {int(row) for one in rows.tolist() for row in link_of.get(one, ())}
        yield _part(problem, np.union1d(rows, np.array(sorted(linked), np.int64)), units)


def _slabs(problem: Problem, count: int) -> Longs:
    """Cut the region into slabs with as many places each, from west to east; a shelter stays whole."""
    at = np.array([problem.board.rows[unit] for unit in problem.units], np.int64)
    places = np.bincount(problem.shelter, problem.capacity * problem.worth, problem.shelters)
    where = np.zeros(problem.shelters)
    where[problem.shelter] = problem.board.x_m[at]
    order = np.argsort(where, kind="stable")
    slab = np.zeros(problem.shelters, np.int64)
    before = np.cumsum(places[order]) - places[order]
    slab[order] = np.minimum(before * count // max(1.0, float(places.sum())), count - 1)
    return slab[problem.shelter]


def _sent(problem: Problem, coarse: Coarse, waiting: Longs, units: Longs, wanted: Longs) -> Longs:
    """Return as many of each kind as are wanted, those who like it best there."""
    likes = problem.points[np.ix_(waiting, units)].max(axis=1)
    kind = coarse.row[waiting]
    order = np.lexsort((-likes.astype(np.int64), kind))
    begins = np.searchsorted(kind[order], np.arange(len(coarse.many)))
    place = np.arange(len(order)) - begins[kind[order]]
    return np.sort(waiting[order[place < wanted[kind[order]]]])


def troubled(problem: Problem, lost: Numbers, unsold: Numbers, net: Net, pick: Longs, liked: int) -> Part:
    """Return the part of the region where its plan loses most, beside what its prices say that it could be worth.

    `lost` is by household, `unsold` by unit; all units in it are those that the worst off would rather have, or that
    would rather have somebody, `liked` for each. Whoever else is in them stays, and so does every link.
    """
    linked = np.isin(np.arange(len(pick)), np.concatenate([np.zeros(0, np.int64), *problem.links]))
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
    part = _part(problem, rows, units)
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


def _part(problem: Problem, rows: Longs, units: Longs) -> Part:
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
