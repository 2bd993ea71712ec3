"""Solving an assignment exactly within a time: a linear relaxation, prices for a better bound, and a search upwards.

Upwards: is there an assignment at the bound? If not the bound rises, and so on until there is one, which is the best
there is. What costs too much for the question is ruled out, so that each is small. Whatever time is left goes into a
better value than was rounded off, and the bound that stands is given with it.
"""

from __future__ import annotations

import math
import time
from dataclasses import replace

import numpy as np

from orientation.assigning.assignment import TOLERANCE, Assignment, Found, Numbers, Places, value_of, with_nobody
from orientation.assigning.branching import branch
from orientation.assigning.deciding import decide
from orientation.assigning.improving import improve
from orientation.assigning.packing import Knapsacks
from orientation.assigning.pricing import price
from orientation.assigning.relaxing import relax
from orientation.assigning.rounding import round_off

# Of the time that is left when each begins.
_FINDING = 0.3
_PRICING = 0.3
_SOON = 0.15
_NEARING = 0.25
_DECIDING = 0.7
# Where what was rounded off is farther from the bound than this part of it, it is made better before all is asked.
_FAR = 0.005
# The first question goes up by this part of the way to what is known to be possible, each other by so much more.
_FIRST_STEP = 1 / 128
_GROWTH = 1.2
# What costs that are no whole numbers are brought to, on average.
_TYPICAL = 1000.0


def solve(assignment: Assignment, time_limit_s: float) -> Found:
    """Return the best assignment found in that time, with a bound on the best there is."""
    run = Run(assignment, time_limit_s)
    run.solve()
    return run.found()


def _dearest(assignment: Assignment) -> float:
    """Return what no choice costs more than."""
    dearest = np.full(assignment.jobs, -np.inf)
    np.maximum.at(dearest, assignment.job, assignment.cost)
    return float(dearest.sum())


class Run:
    """The best that is known so far, and what is proven; `found` may be asked from another thread at any time."""

    def __init__(self, assignment: Assignment, time_limit_s: float) -> None:
        self.until = time.monotonic() + time_limit_s
        self.asked = assignment
        # Every job must be taken in here, if by nobody; and costs that are not whole are of a size that tolerances fit.
        complete, self.origin = with_nobody(assignment)
        self.scale = 1.0 if complete.whole else _TYPICAL / max(float(np.abs(complete.cost).mean()), 1e-100)
        self.assignment = assignment = replace(complete, cost=complete.cost * self.scale)
        # With whole costs a better assignment is better by one.
        self.unit = 1.0 if complete.whole else 0.0
        # The same instance is tried in the same order every time.
        self.chance = np.random.default_rng(1)
        self.pair: Places | None = None
        self.value = math.inf
        self.bound = -math.inf
        # Of the jobs; and what each pair costs with the capacity that it takes.
        self.prices, self.priced = np.zeros(assignment.jobs), assignment.cost

    def solve(self) -> None:
        if not self.assignment.jobs:
            self.pair, self.value, self.bound = np.zeros(0, dtype=np.int64), 0.0, 0.0
            return
        self._relax()
        if self.pair is None and self._open:
            self._branch()
        if self._open:
            self._price()
            if self._far:
                # Small ones end here; with others it is too early for questions alone.
                self._decide(_SOON)
                self._improve(_NEARING)
            self._decide(_DECIDING)
        if self._open:
            self._improve(1.0)

    def found(self) -> Found:
        pair, bound = self.pair, self.bound
        if pair is None:
            nobody = np.full(self.asked.jobs, -1)
            return Found("infeasible" if bound == math.inf else "unknown", nobody, math.inf, bound / self.scale)
        chosen = self.origin[pair]
        value = value_of(self.asked, chosen)
        if value_of(self.assignment, pair) <= bound + self._slack:
            return Found("optimal", chosen, value, value)
        return Found("feasible", chosen, value, bound / self.scale)

    @property
    def _open(self) -> bool:
        return self.value > self.bound + self._slack

    @property
    def _slack(self) -> float:
        """What sums of so many costs cannot tell apart."""
        known = self.value if math.isfinite(self.value) else self.bound
        return max(TOLERANCE, 1e-9 * abs(known)) if math.isfinite(known) else TOLERANCE

    @property
    def _better(self) -> float:
        """By how much less a choice must cost to be another."""
        return max(self.unit, 4 * self._slack)

    def _part(self, part: float) -> float:
        """Return the instant at which that part of the time that is left will have passed."""
        now = time.monotonic()
        return now + part * max(0.0, self.until - now)

    def _offer(self, pair: Places | None) -> None:
        if pair is not None and (value := value_of(self.assignment, pair)) < self.value:
            self.pair, self.value = pair, value

    def _raise(self, bound: float) -> None:
        if self.unit and math.isfinite(bound):
            bound = math.ceil(bound - self._slack)
        self.bound = max(self.bound, bound)

    def _relax(self) -> None:
        relaxed = relax(self.assignment, self.until)
        if relaxed.status == "infeasible":
            self.bound = math.inf
            return
        self.prices, self.priced = relaxed.prices, relaxed.priced
        self._raise(relaxed.bound)
        self._round(relaxed.x)

    def _round(self, x: Numbers) -> None:
        for score in (self.priced, self.assignment.cost, self.assignment.size):
            if self._open:
                self._offer(round_off(self.assignment, x, score, self.until))

    def _price(self) -> None:
        priced = price(Knapsacks(self.assignment), self.prices, self.value, self._part(_PRICING))
        self.prices = priced.prices
        self._raise(priced.packed.bound)
        x = np.zeros(self.assignment.pairs)
        x[priced.packed.taken] = priced.packed.times[self.assignment.job[priced.packed.taken]] == 1
        self._round(x)

    def _decide(self, part: float) -> None:
        """Ask whether there is anything at the bound, and raise it until there is."""
        until, step = self._part(part), _FIRST_STEP * self._way
        worst = _dearest(self.assignment)
        while self._open and time.monotonic() < until:
            last = self.value - self._better
            most = min(self.bound + (math.floor(max(step, 1.0)) - 1.0 if self.unit else max(step, self._slack)), last)
            decided = decide(self.assignment, self.prices, most + self._slack, until)
            if decided.pair is not None:
                self._offer(decided.pair)
                # What is still better lies within reach: it is asked for as a whole.
                step = last - self.bound + 1.0
            elif decided.sure:
                self._raise(math.inf if most >= worst else self.value if most == last else most + self.unit)
                step *= _GROWTH if math.isfinite(self.value) else 2.0

    @property
    def _way(self) -> float:
        return self.value - self.bound if math.isfinite(self.value) else max(1.0, abs(self.bound))

    @property
    def _far(self) -> bool:
        return self.value - self.bound > _FAR * abs(self.bound)

    def _improve(self, part: float) -> None:
        if self.pair is not None and self._open:
            better_by = self._better - self._slack
            until = self._part(part)
            self._offer(improve(self.assignment, self.prices, self.pair, better_by, until, self.chance))

    def _branch(self) -> None:
        """Let HiGHS look for a first assignment; what it proves holds, too."""
        found = branch(self.assignment, self._part(_FINDING) - time.monotonic())
        self._offer(found.pair)
        self._raise(found.bound)
