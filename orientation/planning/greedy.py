"""What is done without a plan: one household after the other, each where it fits best of what is left.

First come, first served; and the same in the order of tiers. A plan is measured against both, and is never below them.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from orientation.matching.columns import Longs
from orientation.model.policy import OrientationPolicy
from orientation.planning.case import Case
from orientation.planning.choice import Choice
from orientation.planning.fitting import NEVER, Points
from orientation.planning.problem import NOWHERE, Problem, problem_of, staying


def first_come(case: Case, policy: OrientationPolicy) -> Choice:
    problem = unplanned(problem_of(case, policy))
    return problem.choice(serve(problem, by_asking(problem)))


def by_priority(case: Case, policy: OrientationPolicy) -> Choice:
    problem = unplanned(problem_of(case, policy))
    return problem.choice(serve(problem, by_tier(problem)))


def unplanned(problem: Problem) -> Problem:
    """Without a plan there is none to stay with."""
    rows, at = staying(problem)
    if not len(rows) or not problem.rules.stability:
        return problem
    points = problem.points.copy()
    points[rows, at] -= problem.rules.stability
    return replace(problem, points=points)


def by_asking(problem: Problem) -> Longs:
    return np.array(sorted(range(len(problem.seekers)), key=lambda row: problem.seekers[row].asked_at), np.int64)


def by_tier(problem: Problem) -> Longs:
    """In a tier those who were drawn come first, as they were drawn."""
    order = by_asking(problem)
    never = len(problem.seekers)
    drawn = np.array([never if one.drawn is None else one.drawn for one in problem.seekers], np.int64)
    return order[np.lexsort((drawn[order], problem.tier[order]))]


def completed(problem: Problem, pick: Longs) -> Longs:
    """Serve those who have no place in a plan with what it leaves, in the order of tiers."""
    there = np.flatnonzero(pick != NOWHERE)
    needs = np.where(problem.is_room[pick[there]], 1, problem.size[there])
    left = problem.capacity - np.bincount(pick[there], needs, len(problem.units)).astype(np.int64)
    order = by_tier(problem)
    rest = order[pick[order] == NOWHERE]
    return np.where(pick == NOWHERE, serve(problem, rest, left), pick)


def as_proposed(problem: Problem) -> Longs:
    """Leave everybody where the plan before had them, as far as there is room, and serve who is left."""
    order = by_tier(problem)
    needs = problem.needs(np.arange(int(problem.size.max(initial=0)) + 1))
    left, pick = problem.capacity.copy(), np.full(len(problem.seekers), NOWHERE)
    linked = {int(row) for link in problem.links for row in link}
    for row in order[problem.proposed[order] != NOWHERE].tolist():
        unit, need = int(problem.proposed[row]), needs[problem.size[row]]
        if row not in linked and problem.points[row, unit] != NEVER and left[unit] >= need[unit]:
            pick[row] = unit
            left[unit] -= need[unit]
    for link in problem.links:
        pick[link] = _as_proposed_together(problem, link, needs, left)
    return completed(problem, pick)


def _as_proposed_together(problem: Problem, link: Longs, needs: Longs, left: Longs) -> Longs:
    units, after = problem.proposed[link], left.copy()
    if NOWHERE in units or len(np.unique(problem.shelter[units])) > 1:
        return np.full(len(link), NOWHERE)
    np.subtract.at(after, units, needs[problem.size[link], units])
    if after.min() < 0 or (problem.points[link, units] == NEVER).any():
        return np.full(len(link), NOWHERE)
    left[:] = after
    return units


def serve(problem: Problem, order: Longs, left: Longs | None = None) -> Longs:
    """Give each household in turn the best that is left; those of a link when the first of them is served."""
    together = {int(row): link for link in problem.links for row in link}
    needs = problem.needs(np.arange(int(problem.size.max(initial=0)) + 1))
    left = problem.capacity.copy() if left is None else left
    pick = np.full(len(problem.seekers), NOWHERE)
    served = np.zeros(len(problem.seekers), bool)
    for row in order.tolist():
        if served[row]:
            continue
        link = together.get(row)
        if link is None:
            pick[row] = _seat(problem.points[row], needs[problem.size[row]], left)
        else:
            served[link] = True
            pick[link] = _seat_together(problem, link, needs, left)
    return pick


def _seat(points: Points, need: Longs, left: Longs) -> int:
    """Return the best unit with room, and take it; NOWHERE where there is none."""
    fitting = np.where(left >= need, points, NEVER)
    unit = int(fitting.argmax()) if len(fitting) else NOWHERE
    if unit == NOWHERE or fitting[unit] == NEVER:
        return NOWHERE
    left[unit] -= need[unit]
    return unit


def _seat_together(problem: Problem, link: Longs, needs: Longs, left: Longs) -> Longs:
    """Return the units of the shelter that is best for them all, each having the best that those before have left."""
    fits = (problem.points[link] != NEVER) & (left >= needs[problem.size[link]])
    there = [np.unique(problem.shelter[units]) for units in fits]
    shelters = [shelter for shelter in there[0].tolist() if all(shelter in others for others in there[1:])]
    best, most = np.full(len(link), NOWHERE), -np.inf
    for shelter in shelters:
        units = np.flatnonzero(problem.shelter == shelter)
        here = left[units]
        found = [_seat(problem.points[row, units], needs[problem.size[row], units], here) for row in link.tolist()]
        points = float(problem.points[link, units[found]].sum(dtype=np.int64))
        if NOWHERE not in found and points > most:
            best, most = units[found], points
    if most > -np.inf:
        np.subtract.at(left, best, needs[problem.size[link], best])
    return best
