"""Steadying: whoever was told of a place is moved only so that more people have one, tier by tier; never for points.

A search for the best plan finds many that are worth nearly the same, and does not mind whom it moves. So the plan that
leaves everybody where they were stands as long as it places as many, if need be by moving one household for another.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orientation.matching.columns import Longs
from orientation.planning.fitting import NEVER
from orientation.planning.problem import NOWHERE, Numbers, Problem, staying
from orientation.planning.valuing import placed_by_tier


def steadied(problem: Problem, stayed: Longs, pick: Longs) -> Longs:
    """Return a plan that places as many of every tier, and moves fewer, where the rules give points for staying.

    `stayed` is the plan in which everybody is where they were, and who is left has what is left.
    """
    if problem.rules.stability == 0 or not len(staying(problem)[0]):
        return pick
    wanted = placed_by_tier(problem, pick)
    kept = _Seating.of(problem, stayed)
    kept.seat_more(wanted)
    if np.array_equal(placed_by_tier(problem, kept.pick), wanted):
        return kept.pick
    sent = _Seating.of(problem, pick)
    sent.send_back()
    return sent.pick


@dataclass(slots=True)
class _Seating:
    """A plan, and what it leaves free. Links are never touched."""

    problem: Problem
    pick: Longs
    needs: Longs
    left: Longs
    linked: frozenset[int]

    @classmethod
    def of(cls, problem: Problem, pick: Longs) -> _Seating:
        needs = problem.needs(problem.size)
        there = np.flatnonzero(pick != NOWHERE)
        taken = np.bincount(pick[there], needs[there, pick[there]], len(problem.units)).astype(np.int64)
        linked = frozenset(int(row) for link in problem.links for row in link)
        return cls(problem, pick.copy(), needs, problem.capacity - taken, linked)

    def put(self, row: int, unit: int) -> None:
        if self.pick[row] != NOWHERE:
            self.left[self.pick[row]] += self.needs[row, self.pick[row]]
        self.left[unit] -= self.needs[row, unit]
        self.pick[row] = unit

    def send_back(self) -> None:
        """Let those go back whose place is free: one who does may free that of another."""
        rows, at = staying(self.problem)
        away = [(row, unit) for row, unit in zip(rows.tolist(), at.tolist(), strict=True) if row not in self.linked]
        again = True
        while again:
            again = False
            for row, unit in away:
                if self.pick[row] not in {NOWHERE, unit} and self.left[unit] >= self.needs[row, unit]:
                    self.put(row, unit)
                    again = True

    def seat_more(self, wanted: Longs) -> None:
        """Seat those who wait, the first tiers first, until as many as are wanted of each tier have a place."""
        lacking = wanted - placed_by_tier(self.problem, self.pick)
        for tier in np.flatnonzero(lacking > 0).tolist():
            waiting = np.flatnonzero((self.pick == NOWHERE) & (self.problem.tier == tier))
            for row in waiting[np.argsort(-self.problem.size[waiting], kind="stable")].tolist():
                size = int(self.problem.size[row])
                if row not in self.linked and size <= lacking[tier] and self._seat(row):
                    lacking[tier] -= size

    def _seat(self, row: int) -> bool:
        """Seat a household where there is room, or by moving the one other that loses least by it."""
        points = self.problem.points[row]
        free = np.flatnonzero((points != NEVER) & (self.left >= self.needs[row]))
        if len(free):
            self.put(row, int(free[np.argmax(points[free])]))
            return True
        best: tuple[float, int, int, int] | None = None
        for unit in np.flatnonzero(points != NEVER).tolist():
            found = self._move(unit, int(self.needs[row, unit] - self.left[unit]))
            if found is not None and (best is None or found[0] + points[unit] > best[0]):
                best = float(found[0] + points[unit]), found[1], found[2], unit
        if best is None:
            return False
        _, other, to, unit = best
        self.put(other, to)
        self.put(row, unit)
        return True

    def _move(self, unit: int, lacking: int) -> tuple[float, int, int] | None:
        """Return what is won, mostly lost, by moving somebody out of a unit that lacks so much; who, and to where."""
        inside = np.flatnonzero(self.pick == unit)
        inside = inside[self.needs[inside, unit] >= lacking]
        others = inside[[int(one) not in self.linked for one in inside.tolist()]] if len(inside) else inside
        if not len(others):
            return None
        points = self.problem.points[others]
        open_ = (points != NEVER) & (self.left >= self.needs[others])
        open_[:, unit] = False
        won: Numbers = np.where(open_, points.astype(float), -np.inf) - points[:, unit].astype(float)[:, None]
        at = int(np.argmax(won))
        who, to = divmod(at, won.shape[1])
        return None if not np.isfinite(won[who, to]) else (float(won[who, to]), int(others[who]), to)
