"""The plan of a night: who goes where, so that no other plan is worth more, with the proof of how nearly that is so.

What is done without a plan is where it begins: the first level is never below it, unless few may move for it
(steadying.py). An ordinary night is searched household by household (searching.py), a large region by kinds
(mending.py).
"""

from __future__ import annotations

import time

import numpy as np

from orientation.matching.columns import Longs
from orientation.model.policy import OrientationPolicy
from orientation.planning.case import Case
from orientation.planning.choice import Fresh, Level, Plan, Progress
from orientation.planning.greedy import by_asking, by_tier, serve, unplanned
from orientation.planning.levels import coarse_of, most_of
from orientation.planning.mending import plan_by_kinds
from orientation.planning.pricing import cuts_of
from orientation.planning.problem import NOWHERE, problem_of
from orientation.planning.searching import Solving, plan_a_night
from orientation.planning.steadying import Steady
from orientation.planning.valuing import (
    fit_of,
    held_by_tier,
    if_all_had_the_best,
    if_first_were,
    placed_by_tier,
    value_of,
    weights_of,
)

# Of the time, for the proof of all tiers: a part of it, and so much at most.
_FOR_LEVELS, _FOR_LEVELS_S, _FOR_LARGE_LEVELS_S = 0.25, 0.5, 6.0
# More households than that are counted by kinds before anybody is looked at.
_LARGE = 5_000
# So large models are only made and told in the time beside this part of it.
_IN_TIME = 0.98
# A plan is called optimal that is as near as this to the best there can be.
_OPTIMAL = 1e-4


def plan(
    case: Case,
    policy: OrientationPolicy,
    *,
    time_limit_s: float,
    progress: Progress | None = None,
    freely: bool = False,
) -> Plan:
    """Return the plan of a case; `progress` hears of every step, and may raise to stop.

    After another plan few move, unless it may move them `freely`.
    """
    began = time.monotonic()
    problem = problem_of(case, policy)
    small = len(problem.seekers) <= _LARGE
    ends = began + (time_limit_s if small else _IN_TIME * time_limit_s)
    until = ends - min(_FOR_LEVELS_S if small else _FOR_LARGE_LEVELS_S, _FOR_LEVELS * time_limit_s)
    weights = weights_of(problem)
    nobody = np.full(len(problem.seekers), NOWHERE)
    solving = Solving(
        problem, weights, cuts_of(problem), began, until, progress, nobody, value_of(problem, weights, nobody),
        if_all_had_the_best(problem, weights),
    )  # fmt: skip
    alone = unplanned(problem)
    first_come, steady, fresh = serve(alone, by_asking(alone)), Steady.of(problem), None
    for pick in (first_come, serve(alone, by_tier(alone)), steady.pick):
        solving.offer(pick)
    solving.tell("matching")
    if problem.units and problem.seekers:
        coarse = coarse_of(problem)
        if small:
            plan_a_night(solving, coarse)
        else:
            plan_by_kinds(solving, coarse)
        fresh = solving.steady(steady, freely=freely)
        most = most_of(coarse, placed_by_tier(problem, solving.pick), ends, whole=small)
        solving.bound = min(solving.bound, if_first_were(problem, solving.weights, most[0]))
    else:
        solving.bound, most = solving.value, [0] * problem.tiers
    solving.tell("proving")
    return _told(solving, policy, most, first_come, fresh)


def _told(solving: Solving, policy: OrientationPolicy, most: list[int], first_come: Longs, fresh: Fresh | None) -> Plan:
    problem = solving.problem
    placed, held = placed_by_tier(problem, solving.pick), held_by_tier(problem)
    people = np.bincount(problem.tier, problem.size, problem.tiers).astype(np.int64)
    levels = tuple(
        Level(tier, int(people[tier] + held[tier]), int(placed[tier] + held[tier]), most[tier] + int(held[tier]))
        for tier in range(problem.tiers)
    )
    fit = fit_of(problem, solving.pick)
    return Plan(
        choice=problem.choice(solving.pick),
        first_come=problem.choice(first_come),
        status="optimal" if solving.bound - solving.value <= _OPTIMAL * abs(solving.value) else "feasible",
        value=solving.value,
        bound=max(solving.bound, solving.value),
        levels=levels,
        fit=fit,
        fit_bound=max(fit, solving.bound - float(solving.weights.person @ placed)),
        policy_hash=policy.hash,
        seq=problem.case.seq,
        solve_s=round(time.monotonic() - solving.began, 3),
        phases=dict(solving.phases),
        fresh=fresh,
    )
