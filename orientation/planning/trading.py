"""Trading: two households of one size change places where both together like that better, or one goes to a free one.

Whatever else holds of a plan holds after it: who is placed, of which tier and size, and what every unit gives. So it is
never worth less, however early it ends.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from orientation.matching.blocking import Bools
from orientation.matching.columns import Longs
from orientation.planning.dealing import left_by
from orientation.planning.fitting import NEVER
from orientation.planning.problem import BALANCE_STEPS, GROUPS, NOWHERE, Problem, linked_in

# Whole points, and half the memory.
Gains: TypeAlias = npt.NDArray[np.float32]
# So many look at each other at once: twice as many take four times as long, and find little more.
_BLOCK = 1_000
# Where a round over everybody won less than a point for so many, the next one would win next to nothing.
_HARDLY = 50
_FORBIDDEN = -1e6
_ROUNDS = 100


def traded(problem: Problem, pick: Longs, until: float) -> Longs:
    """Return a plan that places the same people of each tier and group, and is worth more points or as many."""
    chance = np.random.default_rng(len(pick))
    linked = linked_in(problem)
    pick = pick.copy()
    won = np.inf
    while won * _HARDLY > len(pick) and time.monotonic() < until:
        won = 0.0
        for size in np.unique(problem.size[~linked]).tolist():
            rows = chance.permutation(np.flatnonzero((problem.size == size) & ~linked))
            free = chance.permutation(np.flatnonzero(left_by(problem, pick) >= np.where(problem.is_room, 1, size)))
            blocks = -(-(len(rows) + len(free)) // _BLOCK)
            for some, empty in zip(np.array_split(rows, blocks), np.array_split(free, blocks), strict=True):
                if time.monotonic() < until:
                    won += _Market(problem, some, empty, size).trade(pick)
    return pick


@dataclass(slots=True)
class _Market:
    """Households of one size, and free places for one of that size in each of some units, which nobody has."""

    problem: Problem
    rows: Longs
    empty: Longs
    size: int

    def trade(self, pick: Longs) -> float:
        """Change places in the plan until no two want to; return the points that are won."""
        at = np.concatenate([pick[self.rows], self.empty])
        alike = self._alike()
        won = 0.0
        for _ in range(_ROUNDS):
            first, second, gained = _matched(self._gain(at, alike))
            at[first], at[second] = at[second], at[first]
            won += gained
            if not len(first):
                break
        pick[self.rows] = at[: len(self.rows)]
        return won

    def _alike(self) -> Bools:
        """Return who may take the other's place also where the other is left with none."""
        group, none = self.problem.group, np.full(len(self.empty), NOWHERE)
        sort = np.concatenate([self.problem.tier[self.rows] * len(GROUPS) + group[self.rows], none])
        alike: Bools = (sort[:, None] == sort) & (sort >= 0)
        return alike

    def _gain(self, at: Longs, alike: Bools) -> Gains:
        """Return what any two win if they change places."""
        households, there = len(self.rows), at != NOWHERE
        worth = np.zeros((len(at), len(at)), np.float32)
        points = self.problem.points[self.rows[:, None], at]
        worth[:households] = np.where(points == NEVER, _FORBIDDEN, points + self.problem.drawn[self.rows, None])
        worth[:, ~there] = 0.0
        now = np.diagonal(worth).copy()
        gain = worth - now[:, None]
        gain += gain.T
        gain[~(alike | (there[:, None] & there))] = _FORBIDDEN
        # A shelter that becomes fuller costs at most so much, and one that becomes emptier gives at least so much.
        taken = np.where(self.problem.is_room[at], self.problem.worth[at], self.size)
        dearer = self.problem.rules.balance * (taken - taken[:, None] / BALANCE_STEPS)
        gain[:households, households:] -= np.maximum(dearer[:households, households:], 0.0)
        gain[households:, :households] = gain[:households, households:].T
        return gain


def _matched(gain: Gains) -> tuple[Longs, Longs, float]:
    """Return pairs that win most, nobody in two of them, and what they win together."""
    best = gain.argmax(axis=1)
    most = gain[np.arange(len(best)), best]
    busy, first, won = set[int](), list[int](), 0.0
    for one in np.argsort(-most, kind="stable")[: np.count_nonzero(most > 0)].tolist():
        other = int(best[one])
        if one not in busy and other not in busy:
            busy |= {one, other}
            first.append(one)
            won += float(most[one])
    at = np.array(first, np.int64)
    return at, best[at], won
