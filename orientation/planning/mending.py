"""A large region: counted by kinds and dealt out, then what is lost by it is mended part by part.

The bound is the whole region's (docs/decisions/0027).
"""

from __future__ import annotations

import time

import numpy as np

from orientation.matching.columns import Longs
from orientation.planning.counting import counted, less, liked
from orientation.planning.dealing import dealt, rest_of, seat_links
from orientation.planning.greedy import completed
from orientation.planning.levels import Coarse, coarse_of, guide_of
from orientation.planning.parting import Part, worst_part
from orientation.planning.pricing import Prices, cuts_of
from orientation.planning.problem import NOWHERE
from orientation.planning.searching import Solving, plan_a_night, prove
from orientation.planning.trading import traded

# Of what is left, at most, for each linear optimum of the kinds and for each count of them.
_FOR_KINDS = 0.5
# What counting by kinds has lost is mended so often, further around each time, in such a part of what is left.
_MENDED, _LIKED, _FOR_MENDING = 8, 8, 0.6
# Of that, at most, for planning one part anew; there, a household is not worth minutes.
_FOR_PART, _ROUGHLY = 0.8, 2e-6


def plan_by_kinds(solving: Solving, coarse: Coarse) -> None:
    """Count kinds, deal them out, mend what is lost by it, and trade until the time is up."""
    problem, weights = solving.problem, solving.weights
    coarse = liked(problem, coarse)
    guide = guide_of(coarse, weights, solving.cuts, _FOR_KINDS * solving.left_s)
    if guide is None:
        return
    prove(solving, guide.prices, 0)
    pick = seat_links(problem, weights, solving.cuts, guide.prices)
    rest = less(problem, coarse, pick)
    pick, opened = dealt(problem, rest, counted(rest, weights, guide, _FOR_KINDS * solving.left_s), pick)
    solving.offer(completed(problem, pick))
    solving.tell("counting")
    _deal_again(solving, rest_of(problem, pick, opened), pick, _FOR_KINDS * solving.left_s)
    _mend(solving, guide.prices)
    if solving.left_s > 0:
        solving.offer(traded(problem, solving.pick, solving.until))
        solving.tell("trading")


def _deal_again(solving: Solving, part: Part, pick: Longs, time_limit_s: float) -> None:
    """Count those again whom a count left over or who were let go for it, and deal out what is free."""
    if not len(part.units) or not len(part.rows) or time_limit_s <= 0:
        return
    problem, weights = part.problem, solving.weights
    coarse = liked(problem, coarse_of(problem))
    guide = guide_of(coarse, weights, cuts_of(problem), time_limit_s / 2)
    if guide is not None:
        flow = counted(coarse, weights, guide, time_limit_s / 2)
        part.write(dealt(problem, coarse, flow, np.full(len(part.rows), NOWHERE))[0], pick)
        solving.offer(completed(solving.problem, pick))


def _mend(solving: Solving, prices: Prices) -> None:
    """Count again, and plan anew, the parts in which most is lost, further around each time."""
    until = time.monotonic() + _FOR_MENDING * solving.left_s
    for nth in range(_MENDED):
        left_s = until - time.monotonic()
        if not solving.sure and left_s > 0:
            pick = solving.pick.copy()
            part = worst_part(solving.problem, solving.weights, solving.cuts, prices, pick, _LIKED << nth // 2)
            if not len(part.units):
                return
            if nth % 2:
                _solve_part(solving, part, pick, _FOR_PART * left_s / (_MENDED - nth))
                solving.offer(pick)
            else:
                _deal_again(solving, rest_of(solving.problem, pick, part.units), pick, left_s / 2)
            solving.tell("mending")


def _solve_part(solving: Solving, part: Part, pick: Longs, time_limit_s: float) -> None:
    """Plan a part anew, beginning where its households are, and write it into the plan."""
    until = time.monotonic() + time_limit_s
    begin = part.within(pick)
    own = Solving(
        part.problem, solving.weights, cuts_of(part.problem), solving.began, until, None, np.full_like(begin, NOWHERE),
        -np.inf, np.inf, roughly=_ROUGHLY,
    )  # fmt: skip
    own.offer(begin)
    own.offer(completed(part.problem, begin))
    plan_a_night(own, coarse_of(part.problem), thorough=False)
    part.write(own.pick, pick)
