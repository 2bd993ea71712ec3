"""Whole households for an ordinary night, or for a part of a region: what a search has, and how it goes on.

The linear optimum comes first, over the pairs that prices leave worthwhile, until no pair of all there are is missing;
then whole households, beginning with what the optimum takes whole.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

import numpy as np

from orientation.matching.columns import Longs
from orientation.planning.choice import Fresh, Progress
from orientation.planning.fitting import NEVER
from orientation.planning.levels import Coarse, guide_of, most_people
from orientation.planning.parties import parties_near
from orientation.planning.pricing import Cuts, Priced, Prices, lost_with, price
from orientation.planning.problem import NOWHERE, Numbers, Problem
from orientation.planning.relaxing import Pairs, Relaxed, best_of, joined, relax
from orientation.planning.steadying import Steady
from orientation.planning.valuing import Weights, faults, held_by_tier, placed_by_tier, value_of

# Pairs of each household that the first relaxation looks at, and that come in with each look at all of them.
_FIRST, _WIDER, _MORE = 6, 6, 6
_SCATTER = 400.0
# So many points a household between value and bound, and nothing is left that anybody would notice.
_NEAR = 0.1
# A pair that loses more points than this, at prices that are nearly right, is looked at no more.
_FAR = 150.0
# Of the time, at most, for how many people can have a place at all.
_FOR_PEOPLE = 0.25
# Of what is left, at most, for how many parties go to each shared unit.
_FOR_PARTIES = 0.7
# So certain of the value, the search over households is enough; and then the last points of fit are worth less time.
_SURE, _CERTAIN = 1e-4, 1e-5
# Of what is left of it, at most, for each search for whole households.
_PARTS = (0.1, 0.3, 0.8)
# So many pairs are searched through for a proof.
_SEARCHED = 8_000
_TOLERANCE = 1e-6
_WHOLE = 1.0 - _TOLERANCE


@dataclass(slots=True)
class Solving:
    """What is found and proven so far."""

    problem: Problem
    weights: Weights
    cuts: Cuts
    began: float
    until: float
    progress: Progress | None
    pick: Longs
    value: float
    bound: float
    phases: dict[str, float] = field(default_factory=dict)
    # How near is near enough, as a part of the value.
    roughly: float = 0.0

    @property
    def left_s(self) -> float:
        return self.until - time.monotonic()

    @property
    def near(self) -> bool:
        return self.bound - self.value <= self.enough

    @property
    def sure(self) -> bool:
        return self.bound - self.value <= _SURE * abs(self.value)

    @property
    def enough(self) -> float:
        return max(_NEAR * len(self.problem.seekers), self.roughly * abs(self.value))

    def tell(self, phase: str) -> None:
        elapsed_s = time.monotonic() - self.began
        self.phases[phase] = round(elapsed_s - sum(self.phases.values()) + self.phases.get(phase, 0.0), 3)
        if self.progress is not None:
            self.progress(phase, elapsed_s, float(self.value), float(self.bound))

    def offer(self, pick: Longs) -> None:
        """Keep what is worth more, and of the first level never less than anything that was offered."""
        if faults(self.problem, pick):
            return
        value = value_of(self.problem, self.weights, pick)
        ours, other = (tuple(placed_by_tier(self.problem, one).tolist()) for one in (self.pick, pick))
        if (other, value) > (ours, self.value):
            self.pick, self.value = pick, value

    def steady(self, steady: Steady, *, freely: bool) -> Fresh | None:
        """Move few of those who can stay; return what a plan reaches that moves whom it must, where that is more."""
        self.pick, fresh = steady.against(self.pick, freely=freely)
        self.value = value_of(self.problem, self.weights, self.pick)
        if fresh is self.pick:
            return None
        placed, value = placed_by_tier(self.problem, fresh), value_of(self.problem, self.weights, fresh)
        return Fresh(tuple((placed + held_by_tier(self.problem)).tolist()), value, steady.moves(fresh))


def plan_a_night(solving: Solving, coarse: Coarse, *, thorough: bool = True) -> None:
    parted = _relaxed(solving, coarse)
    if parted is None:
        return
    found = parted
    _rounds(solving, found, 0, 1)
    if not solving.sure and solving.left_s > 0:
        found = _nearly_whole(solving, coarse, *parted)
        _rounds(solving, found, 0, 1)
    if thorough:
        _rounds(solving, found, 2)
        if not solving.near and solving.left_s > 0:
            _search(solving, parted[0].prices)


def prove(solving: Solving, prices: Prices, count: int, than: Numbers | None = None) -> Priced:
    priced = price(solving.problem, solving.weights, solving.cuts, prices, count=count, than=than)
    solving.bound = min(solving.bound, priced.bound)
    solving.tell("relaxing")
    return priced


def _rounds(solving: Solving, found: tuple[Relaxed, Pairs], *reaches: int) -> None:
    for reach in reaches:
        if not solving.near and solving.left_s > 0:
            _round(solving, *found, reach)


def _nearly_whole(solving: Solving, coarse: Coarse, relaxed: Relaxed, pairs: Pairs) -> tuple[Relaxed, Pairs]:
    """Return the linear optimum of those plans in which every shared unit has a whole number of parties."""
    found = parties_near(solving.problem, coarse, solving.weights, pairs, relaxed.x, _FOR_PARTIES * solving.left_s)
    if found is None:
        return relaxed, pairs
    parties, needed = found
    more = joined((pairs.rows, pairs.units), (needed.rows, needed.units))
    left_s, before = solving.left_s, (relaxed, pairs)
    whole = relax(solving.problem, solving.weights, solving.cuts, more, left_s, before=before, parties=parties)
    solving.tell("rounding")
    return (relaxed, pairs) if whole is None else (whole, more)


def _search(solving: Solving, prices: Prices) -> None:
    """Look among all pairs that a better plan can have, if they are few enough: that proves it, whatever it finds."""
    problem, weights, cuts = solving.problem, solving.weights, solving.cuts
    known = solving.value
    # What a pair may lose is counted from what these prices prove, though others may have proven more.
    proven = price(problem, weights, cuts, prices, count=0)
    could = proven.best - (proven.bound - known) - _TOLERANCE
    for link in problem.links:
        could[link] = -np.inf
    priced = price(problem, weights, cuts, prices, count=len(problem.units), than=could)
    if len(priced.rows) <= _SEARCHED:
        pairs, nothing = joined((priced.rows, priced.units)), np.zeros(0, np.int64)
        pick, bound = best_of(
            problem, weights, cuts, pairs, begin=solving.pick, fixed=nothing, time_limit_s=_PARTS[2] * solving.left_s
        )
        solving.offer(pick)
        solving.bound = min(solving.bound, max(known, solving.value, bound))
        solving.tell("rounding")


def _round(solving: Solving, relaxed: Relaxed, pairs: Pairs, reach: int) -> None:
    """Make whole what the linear optimum parts; what it takes whole stays, but for what `reach` lets go."""
    fixed = _settled(solving.problem, relaxed, pairs, reach)
    part = solving.left_s * _PARTS[reach] / (1 if solving.bound - solving.value > _CERTAIN * abs(solving.value) else 4)
    pick, _ = best_of(
        solving.problem, solving.weights, solving.cuts, pairs, begin=solving.pick, fixed=fixed, time_limit_s=part
    )
    solving.offer(pick)
    solving.tell("rounding")


def _relaxed(solving: Solving, coarse: Coarse) -> tuple[Relaxed, Pairs] | None:
    """Return the linear optimum and the pairs it was found among: all that matter, if there was the time."""
    problem, cuts = solving.problem, solving.cuts
    found = guide_of(coarse, solving.weights, cuts, solving.left_s)
    if found is None:
        return None
    guide = found.prices
    solving.tell("relaxing")
    most = most_people(coarse, solving.weights, _FOR_PEOPLE * solving.left_s)
    weights = solving.weights = replace(solving.weights, most=most)
    stays = np.flatnonzero(problem.proposed != NOWHERE)
    # Whoever has somewhere to stay needs fewer others to choose from.
    fewer = 1 if 2 * len(stays) < len(problem.seekers) else 2
    priced = prove(solving, guide, _FIRST // fewer)
    wider = price(problem, weights, cuts, guide, count=_WIDER // fewer, scatter=_SCATTER)
    stays = stays[problem.points[stays, problem.proposed[stays]] != NEVER]
    pairs = joined((priced.rows, priced.units), (wider.rows, wider.units), (stays, problem.proposed[stays]))
    # Of a link these are all: the shelters that are best for them all, whatever else changes.
    linked = np.concatenate([np.zeros(0, np.int64), *problem.links])
    best: tuple[Relaxed, Pairs] | None = None
    while solving.left_s > 0:
        relaxed = relax(problem, weights, cuts, pairs, solving.left_s, before=best)
        if relaxed is None:
            return best
        best = relaxed, pairs
        if fewer > 1:
            # After an event there is little to search for, and little time.
            _round(solving, relaxed, pairs, 0)
        priced = prove(solving, relaxed.prices, _MORE, relaxed.gain + _TOLERANCE)
        lost = lost_with(problem, weights, cuts, relaxed.prices, best=priced.best, rows=pairs.rows, units=pairs.units)
        kept = (
            np.isin(pairs.rows, linked) | (lost <= max(_FAR, priced.bound - relaxed.value)) | (relaxed.x > _TOLERANCE)
        )
        new = ~np.isin(priced.rows, linked)
        more = joined((pairs.rows[kept], pairs.units[kept]), (priced.rows[new], priced.units[new]))
        if not new.any() or priced.bound - relaxed.value <= solving.enough:
            return relaxed.of(kept), Pairs(pairs.rows[kept], pairs.units[kept])
        pairs = more
    return best


def _settled(problem: Problem, relaxed: Relaxed, pairs: Pairs, reach: int) -> Longs:
    """Return the pairs that are taken for certain: those the optimum takes whole, but the less of them the further
    `reach` goes: not those of units that others are parted over, then none."""
    whole = relaxed.x >= _WHOLE
    for link in problem.links:
        inside = np.isin(pairs.rows, link)
        if whole[inside].sum() < len(link):
            whole &= ~inside
    if reach > 0:
        parted = np.unique(pairs.units[(relaxed.x > _TOLERANCE) & ~whole])
        whole &= ~np.isin(pairs.units, parted)
    return np.flatnonzero(whole & (reach < 2))
