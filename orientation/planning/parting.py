"""A large region in parts: neighbouring shelters with the households that the region's optimum would send there.

How many people of each kind go to units of each kind is known for the whole region (levels.py), so every part gets its
share of each, and of a kind those who would rather be there. What the parts lose together is seen in the bound.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from orientation.matching.columns import Longs
from orientation.planning.levels import Coarse
from orientation.planning.problem import NOWHERE, Numbers, Problem


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A problem of its own, of these rows and units of the whole."""

    problem: Problem
    rows: Longs
    units: Longs


def parts_of(problem: Problem, coarse: Coarse, flow: Numbers, households: int, turn: float = 0.0) -> Iterator[Part]:
    """Yield parts of about so many households; `turn` is the direction in which the region is cut, in half circles."""
    count = max(1, -(-len(problem.seekers) // households))
    of_unit = _slabs(problem, count, turn)
    of_row = _sent(problem, coarse, flow, of_unit, count)
    for part in range(count):
        yield _part(problem, np.flatnonzero(of_row == part), np.flatnonzero(of_unit == part))


def _slabs(problem: Problem, count: int, turn: float) -> Longs:
    """Cut the region into slabs with as many places each; a shelter stays whole."""
    at = np.array([problem.board.rows[unit] for unit in problem.units], np.int64)
    angle = turn * np.pi
    where = problem.board.x_m[at] * np.cos(angle) + problem.board.y_m[at] * np.sin(angle)
    places = np.bincount(problem.shelter, problem.capacity * problem.worth, problem.shelters)
    middle = np.zeros(problem.shelters)
    middle[problem.shelter] = where
    order = np.argsort(middle, kind="stable")
    slab = np.zeros(problem.shelters, np.int64)
    before = np.cumsum(places[order]) - places[order]
    slab[order] = np.minimum(before * count // max(1.0, float(places.sum())), count - 1)
    return slab[problem.shelter]


def _sent(problem: Problem, coarse: Coarse, flow: Numbers, of_unit: Longs, count: int) -> Longs:
    """Return the part of each household."""
    share = np.zeros((len(coarse.problem.capacity), count))
    np.add.at(share, (coarse.unit, of_unit), problem.capacity)
    share /= np.maximum(share.sum(axis=1, keepdims=True), 1.0)
    expected = flow @ share + np.maximum(coarse.many - flow.sum(axis=1), 0.0)[:, None] / count
    quota = np.diff(np.rint(np.cumsum(expected, axis=1)), axis=1, prepend=0.0).astype(np.int64)
    order = np.argsort(of_unit, kind="stable")
    begins = np.searchsorted(of_unit[order], np.arange(count))
    likes = np.maximum.reduceat(problem.points[:, order], np.minimum(begins, len(order) - 1), axis=1)
    sent = np.full(len(problem.seekers), NOWHERE)
    for pair in np.argsort(-likes, axis=None, kind="stable").tolist():
        row, part = divmod(pair, count)
        if sent[row] == NOWHERE and quota[coarse.row[row], part] > 0:
            sent[row] = part
            quota[coarse.row[row], part] -= 1
    # Rounding may leave one or two of a kind over.
    sent[sent == NOWHERE] = likes[sent == NOWHERE].argmax(axis=1)
    for link in problem.links:
        sent[link] = sent[link[0]]
    return sent


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
