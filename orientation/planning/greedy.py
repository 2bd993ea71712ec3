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
from orientation.planning.fitting import NEVER
from orientation.planning.problem import NOWHERE, Problem, problem_of


def first_come(case: Case, policy: OrientationPolicy) -> Choice:
    problem = problem_of(case, _unplanned(policy))
    return problem.choice(serve(problem, by_asking(problem)))


def by_priority(case: Case, policy: OrientationPolicy) -> Choice:
    problem = problem_of(case, _unplanned(policy))
    return problem.choice(serve(problem, by_tier(problem)))


def _unplanned(policy: OrientationPolicy) -> OrientationPolicy:
    """Without a plan there is none to stay with."""
    return replace(policy, plan=replace(policy.plan, stability=0))


def by_asking(problem: Problem) -> Longs:
    return np.array(sorted(range(len(problem.seekers)), key=lambda row: problem.seekers[row].asked_at), np.int64)


def by_tier(problem: Problem) -> Longs:
    """In a tier those who were drawn come first, as they were drawn."""
    order = by_asking(problem)
    never = len(problem.seekers)
    drawn = np.array([never if one.drawn is None else one.drawn for one in problem.seekers], np.int64)
    return order[np.lexsort((drawn[order], problem.tier[order]))]


def serve(problem: Problem, order: Longs) -> Longs:
    """Give each household in turn the best that is left; those of a link when the first of them is served."""
    together = {int(row): link for link in problem.links for row in link}
    left, pick = problem.capacity.copy(), np.full(len(problem.seekers), NOWHERE)
    served = np.zeros(len(problem.seekers), bool)
    for row in order.tolist():
        if served[row]:
            continue
        link = together.get(row, np.array([row]))
        served[link] = True
        found = _seat(problem, link, left) if len(link) == 1 else _seat_together(problem, link, left)
        if found is not None:
            pick[link] = found
            np.subtract.at(left, found, _needs(problem, link, found))
    return pick


def _needs(problem: Problem, rows: Longs, units: Longs) -> Longs:
    return np.where(problem.is_room[units], 1, problem.size[rows])


def _seat(problem: Problem, rows: Longs, left: Longs) -> Longs | None:
    """Return the best unit of each of these households, one after the other; None where one of them finds none."""
    left, found = left if len(rows) == 1 else left.copy(), np.full(len(rows), NOWHERE)
    for at, row in enumerate(rows.tolist()):
        fits = left >= np.where(problem.is_room, 1, problem.size[row])
        points = np.where(fits, problem.points[row], NEVER)
        unit = int(points.argmax()) if len(points) else NOWHERE
        if unit == NOWHERE or points[unit] == NEVER:
            return None
        found[at] = unit
        if len(rows) > 1:
            left[unit] -= 1 if problem.is_room[unit] else problem.size[row]
    return found


def _seat_together(problem: Problem, link: Longs, left: Longs) -> Longs | None:
    """Return the units of the shelter that is best for them all."""
    best: tuple[int, Longs] | None = None
    for shelter in np.unique(problem.shelter).tolist():
        found = _seat(problem, link, np.where(problem.shelter == shelter, left, 0))
        if found is not None:
            points = int(problem.points[link, found].sum(dtype=np.int64))
            if best is None or points > best[0]:
                best = (points, found)
    return None if best is None else best[1]
