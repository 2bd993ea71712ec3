"""What a plan is worth: people by tier before anything else, then points of fit, then what floors and balance cost.

One sum: a person of a tier weighs more than any fit that could be lost to place them, and a person of the tier before
more than a whole party of the tier after. Whether the weights were heavy enough is checked, not believed (levels.py).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from orientation.matching.columns import Longs
from orientation.planning.fitting import NEVER
from orientation.planning.problem import BALANCE_STEPS, NOWHERE, Numbers, Problem, tier_of

# A person more may move so many other households to units that fit them worse.
_CHAIN = 8
# Tiers are not set so far apart that a linear solver's numbers would no longer tell points.
_APART_MAX = 1e6


@dataclass(frozen=True, slots=True)
class Weights:
    """`person` is what one of each tier weighs; `most` what all people together can weigh in any plan."""

    person: Numbers
    most: float = np.inf

    @property
    def apart(self) -> Numbers:
        """Return how many people of the last tier one of each tier weighs."""
        apart: Numbers = self.person / self.person[-1]
        return apart


def weights_of(problem: Problem) -> Weights:
    points = problem.points[problem.points != NEVER]
    spread = float(points.max(initial=0)) - float(points.min(initial=0))
    rules = problem.rules
    # Of a large room all places count as used by the one person in it.
    balance = rules.balance * max(1.0, float(problem.worth.max(initial=1)) / _CHAIN)
    last = _CHAIN * (spread + rules.drawn + balance + (rules.floor_points if rules.floors else 0) + 1)
    steps = problem.tiers - 1
    apart = min(1.0 + int(problem.size.max(initial=1)), _APART_MAX ** (1 / max(1, steps)))
    return Weights(np.rint(last * np.floor(apart) ** np.arange(steps, -1, -1)))


def base_of(problem: Problem, weights: Weights) -> Numbers:
    """Return what it is worth to place each household at all."""
    return weights.person[problem.tier] * problem.size + problem.drawn


def if_all_had_the_best(problem: Problem, weights: Weights) -> float:
    """Return what a plan would be worth if there was room for everybody everywhere."""
    best = problem.points.max(axis=1, initial=NEVER)
    return float(np.maximum(base_of(problem, weights) + best, 0.0)[best > NEVER].sum())


def if_first_were(problem: Problem, weights: Weights, most: int) -> float:
    """Return what no plan is worth more than, where so many people of the first tier can have a place at most."""
    others = replace(weights, person=np.concatenate([[0.0], weights.person[1:]]))
    return if_all_had_the_best(problem, others) + float(weights.person[0]) * most


def placed_by_tier(problem: Problem, pick: Longs) -> Longs:
    there = pick != NOWHERE
    return np.bincount(problem.tier[there], problem.size[there], problem.tiers).astype(np.int64)


def held_by_tier(problem: Problem) -> Longs:
    """Return how many people of each tier have a place already."""
    held = np.zeros(problem.tiers, np.int64)
    for seeker in problem.case.seekers:
        if seeker.unit is not None:
            held[tier_of(problem.rules, seeker)] += seeker.household.party_size
    return held


def lost_by_floors(problem: Problem, pick: Longs) -> float:
    there = pick != NOWHERE
    placed = np.bincount(problem.group[there], problem.size[there], len(problem.wanting))
    return float(problem.rules.floor_points * np.maximum(problem.wanting - placed, 0).sum())


def steps_of(problem: Problem) -> tuple[Numbers, Numbers]:
    """Return how many places each shelter has in each step of balance, and what one of them costs there."""
    places = np.bincount(problem.shelter, problem.capacity * problem.worth, problem.shelters).astype(np.int64)
    ends = places[:, None] * np.arange(BALANCE_STEPS + 1) // BALANCE_STEPS
    return np.diff(ends, axis=1).astype(float), problem.rules.balance * np.arange(1, BALANCE_STEPS + 1) / BALANCE_STEPS


def lost_by_balance(problem: Problem, pick: Longs) -> float:
    there = np.flatnonzero(pick != NOWHERE)
    at = pick[there]
    taken = np.where(problem.is_room[at], problem.worth[at], problem.size[there])
    used = np.bincount(problem.shelter[at], taken, problem.shelters)
    lengths, costs = steps_of(problem)
    before = np.cumsum(lengths, axis=1) - lengths
    return float((np.clip(used[:, None] - before, 0, lengths) * costs).sum())


def fit_of(problem: Problem, pick: Longs) -> float:
    """Return the points of a plan below those for people."""
    there = np.flatnonzero(pick != NOWHERE)
    points = float(problem.points[there, pick[there]].sum(dtype=np.int64)) + float(problem.drawn[there].sum())
    return points - lost_by_floors(problem, pick) - lost_by_balance(problem, pick)


def value_of(problem: Problem, weights: Weights, pick: Longs) -> float:
    return float(weights.person @ placed_by_tier(problem, pick)) + fit_of(problem, pick)


def faults(problem: Problem, pick: Longs) -> list[str]:
    """Return what is wrong with a plan; nothing where it can be carried out."""
    there = np.flatnonzero(pick != NOWHERE)
    at = pick[there]
    found = [f"household {row} does not fit" for row in there[problem.points[there, at] == NEVER].tolist()]
    taken = np.bincount(at, np.where(problem.is_room[at], 1, problem.size[there]), len(problem.units))
    over = np.flatnonzero(taken > problem.capacity)
    found += [f"unit {unit} gives {taken[unit]:g} of {problem.capacity[unit]}" for unit in over.tolist()]
    for link in problem.links:
        houses = {NOWHERE if unit == NOWHERE else int(problem.shelter[unit]) for unit in pick[link].tolist()}
        found += [f"link {link.tolist()} is parted"] if len(houses) > 1 else []
    return found
