"""Steadying: after an event whoever was proposed a place keeps it, but for a few who give way to those it hit.

A draft is told to nobody, but staff have begun to telephone by it. So who lost a place or has asked since may move one
other, elsewhere, or out if it is of a later tier, and three in all; who waited already takes what is free. What a plan
reaches besides that moves whom it must is told, and a person decides (decision 0028).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orientation.matching.blocking import Bools
from orientation.matching.columns import Longs
from orientation.planning.fitting import NEVER
from orientation.planning.greedy import as_proposed, completed
from orientation.planning.problem import NOWHERE, Problem, staying
from orientation.planning.valuing import fit_of, placed_by_tier

# So many proposals are taken back without anybody having decided it.
MOVES = 3


@dataclass(frozen=True, slots=True)
class Steady:
    """`stays` can stay where they were, all at once; `hit` cannot, or have asked since. `pick` is where all go then."""

    problem: Problem
    stays: Bools
    hit: Bools
    pick: Longs

    @classmethod
    def of(cls, problem: Problem) -> Steady:
        pick = as_proposed(problem)
        stays = (problem.proposed != NOWHERE) & (pick == problem.proposed) & (problem.rules.stability > 0)
        hit = np.array([one.asked_since or one.proposed is not None for one in problem.seekers], bool) & ~stays
        if stays.any():
            seating = _Seating.of(problem, pick)
            seating.seat_more(hit, MOVES)
            pick = completed(problem, seating.pick)
        return cls(problem, stays, hit, pick)

    def moves(self, pick: Longs) -> int:
        """Return how many have another place or none who could stay."""
        return int(np.count_nonzero(self.stays & (pick != self.problem.proposed)))

    def against(self, fresh: Longs, *, freely: bool) -> tuple[Longs, Longs]:
        """Return the plan that stands, and what becomes of `fresh` when all go back who can.

        That one stands where it is better and moves few, or if anybody may be moved.
        """
        if not self.stays.any():
            return fresh, fresh
        seating = _Seating.of(self.problem, fresh)
        seating.send_back()
        theirs = seating.pick
        if self._rank(self.pick) >= self._rank(theirs):
            return self.pick, self.pick
        few = self.moves(theirs) <= min(MOVES, int(np.count_nonzero(self.hit)))
        return (theirs if freely or few else self.pick), theirs

    def _rank(self, pick: Longs) -> tuple[tuple[int, ...], int, float]:
        return tuple(placed_by_tier(self.problem, pick).tolist()), -self.moves(pick), fit_of(self.problem, pick)


@dataclass(slots=True)
class _Seating:
    """A plan, and what it leaves free. `needs` by size of party. Links are never touched."""

    problem: Problem
    pick: Longs
    needs: Longs
    left: Longs
    alone: Bools

    @classmethod
    def of(cls, problem: Problem, pick: Longs) -> _Seating:
        needs = problem.needs(np.arange(int(problem.size.max(initial=0)) + 1))
        there = np.flatnonzero(pick != NOWHERE)
        taken = np.bincount(pick[there], needs[problem.size[there], pick[there]], len(problem.units)).astype(np.int64)
        alone = np.ones(len(pick), bool)
        for link in problem.links:
            alone[link] = False
        return cls(problem, pick.copy(), needs, problem.capacity - taken, alone)

    def need(self, row: int, unit: int) -> int:
        return int(self.needs[self.problem.size[row], unit])

    def put(self, row: int, unit: int) -> None:
        if self.pick[row] != NOWHERE:
            self.left[self.pick[row]] += self.need(row, int(self.pick[row]))
        if unit != NOWHERE:
            self.left[unit] -= self.need(row, unit)
        self.pick[row] = unit

    def send_back(self) -> None:
        """Let those go back whose place is free: one who does may free that of another."""
        rows, at = staying(self.problem)
        away = [(row, unit) for row, unit in zip(rows.tolist(), at.tolist(), strict=True) if self.alone[row]]
        again = True
        while again:
            again = False
            for row, unit in away:
                if self.pick[row] not in {NOWHERE, unit} and self.left[unit] >= self.need(row, unit):
                    self.put(row, unit)
                    again = True

    def seat_more(self, whom: Bools, moves: int) -> None:
        """Seat those of them who have no place by so many moves, the first tiers first, and in a tier large parties."""
        waiting = np.flatnonzero(whom & (self.pick == NOWHERE) & self.alone)
        order = np.lexsort((-self.problem.size[waiting], self.problem.tier[waiting]))
        elsewhere = self._elsewhere()
        for row in waiting[order].tolist():
            if elsewhere[row] != NOWHERE:
                self.put(row, int(elsewhere[row]))
            elif moves > 0 and self._make_room(row, elsewhere):
                moves -= 1
            else:
                continue
            elsewhere = self._elsewhere()

    def _elsewhere(self) -> Longs:
        """Return for each household the best other unit that has room for it; NOWHERE where none has."""
        best = np.full(len(self.pick), NOWHERE)
        for size in np.unique(self.problem.size).tolist():
            rows = np.flatnonzero(self.problem.size == size)
            points = np.where(self.left >= self.needs[size], self.problem.points[rows], NEVER)
            there = np.flatnonzero(self.pick[rows] != NOWHERE)
            points[there, self.pick[rows[there]]] = NEVER
            found = points.argmax(axis=1)
            best[rows] = np.where(points[np.arange(len(rows)), found] == NEVER, NOWHERE, found)
        return best

    def _make_room(self, row: int, elsewhere: Longs) -> bool:
        """Seat a household by moving one other: elsewhere, or out if it is of a later tier."""
        problem = self.problem
        others = np.flatnonzero((self.pick != NOWHERE) & self.alone)
        at = self.pick[others]
        lacking = self.needs[problem.size[row], at] - self.left[at]
        makes_room = (problem.points[row, at] != NEVER) & (self.needs[problem.size[others], at] >= lacking)
        others = others[makes_room & ((elsewhere[others] != NOWHERE) | (problem.tier[others] > problem.tier[row]))]
        if not len(others):
            return False
        at, to = self.pick[others], elsewhere[others]
        won = problem.points[row, at].astype(float) - problem.points[others, at]
        won += np.where(to == NOWHERE, 0, problem.points[others, to])
        # Whoever goes elsewhere loses no place; of those who would lose it, the last tier does, and few people.
        out = to == NOWHERE
        people, tier = np.where(out, problem.size[others], 0), np.where(out, problem.tier[others], 0)
        nth = np.lexsort((-won, people, -tier, out))[0]
        other, unit = int(others[nth]), int(at[nth])
        self.put(other, int(to[nth]))
        self.put(row, unit)
        return True
