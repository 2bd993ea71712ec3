"""A large region: what is dealt out is what was counted, trading harms nobody, and links are seated whole or not."""

from __future__ import annotations

from dataclasses import replace
from unittest import mock

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from orientation.matching.columns import Longs
from orientation.model.household import AwayFrom
from orientation.model.policy import OrientationPolicy
from orientation.planning import levels
from orientation.planning.case import Case
from orientation.planning.counting import counted, less, liked
from orientation.planning.dealing import dealt, left_by, rest_of, seat_links
from orientation.planning.fitting import NEVER
from orientation.planning.greedy import by_asking, serve
from orientation.planning.levels import Coarse, coarse_of, guide_of, most_of
from orientation.planning.pricing import cuts_of
from orientation.planning.problem import NOWHERE, Problem, problem_of
from orientation.planning.trading import traded
from orientation.planning.valuing import faults, fit_of, placed_by_tier, weights_of
from tests.support.nights import difficult_night

seeds = st.integers(0, 2**32)
slow = settings(max_examples=12, deadline=None)


def _fresh(case: Case) -> Case:
    """Return the case with households that may go wherever their kind may, and no plan before."""
    anywhere = (
        replace(one.household, needs=replace(one.household.needs, away_from=AwayFrom())) for one in case.seekers
    )
    seekers = (
        replace(one, bars=(), proposed=None, household=household)
        for one, household in zip(case.seekers, anywhere, strict=True)
    )
    return replace(case, seekers=tuple(seekers))


def _count(problem: Problem, pick: Longs) -> tuple[Coarse, Longs]:
    weights = weights_of(problem)
    coarse = liked(problem, coarse_of(problem))
    guide = guide_of(coarse, weights, cuts_of(problem), 20)
    assert guide is not None
    rest = less(problem, coarse, pick)
    return rest, counted(rest, weights, guide, 20)


def _dealt_by_kind(coarse: Coarse, pick: Longs) -> Longs:
    there = np.flatnonzero(pick != NOWHERE)
    dealt_out = np.zeros(coarse.problem.points.shape, np.int64)
    np.add.at(dealt_out, (coarse.row[there], coarse.unit[pick[there]]), 1)
    return dealt_out


@slow
@given(seeds)
@example(1926)  # two of the last tier need a pair that the linear optimum thinks far
@example(1520433557)  # one of the last tier is less than a ten-thousandth of all
def test_what_is_dealt_out_is_what_was_counted_and_that_is_the_most_there_can_be(seed: int) -> None:
    case, policy = difficult_night(seed)
    problem = problem_of(_fresh(replace(case, links=())), policy)
    nobody = np.full(len(problem.seekers), NOWHERE)
    coarse, flow = _count(problem, nobody)
    pick, opened = dealt(problem, coarse, flow, nobody)
    assert faults(problem, pick) == []
    assert len(opened) == 0
    assert (_dealt_by_kind(coarse, pick) == flow).all()
    placed = placed_by_tier(problem, pick)
    assert placed.tolist() == most_of(coarse_of(problem), placed, np.inf)


@slow
@given(seeds)
def test_where_units_are_counted_together_no_more_is_dealt_and_the_rest_is_counted_again(seed: int) -> None:
    case, policy = difficult_night(seed, households=60, units=24)
    problem = problem_of(case, policy)
    weights, cuts = weights_of(problem), cuts_of(problem)
    with mock.patch.object(levels, "_UNITS", 0):
        guide = guide_of(coarse_of(problem), weights, cuts, 20)
        assert guide is not None
        links = seat_links(problem, weights, cuts, guide.prices)
        assert faults(problem, links) == []
        coarse, flow = _count(problem, links)
    pick, opened = dealt(problem, coarse, flow, links)
    assert faults(problem, pick) == []
    new = np.where(links == NOWHERE, pick, NOWHERE)
    assert (_dealt_by_kind(coarse, new) <= flow).all()
    assert (pick[links != NOWHERE] == links[links != NOWHERE]).all()
    _counted_again(problem, pick, opened)


def _counted_again(problem: Problem, pick: Longs, opened: Longs) -> None:
    """The rest is all that is left: with it dealt out, nothing is wrong and no link has moved."""
    part = rest_of(problem, pick, opened)
    if not len(part.rows) or not len(part.units):
        return
    coarse, flow = _count(part.problem, np.full(len(part.rows), NOWHERE))
    own, _ = dealt(part.problem, coarse, flow, np.full(len(part.rows), NOWHERE))
    after = pick.copy()
    after[part.rows] = np.where(own == NOWHERE, NOWHERE, part.units[own])
    assert faults(problem, after) == []
    for link in problem.links:
        assert (after[link] == pick[link]).all()


@slow
@given(seeds)
def test_trading_places_the_same_people_and_ends_where_no_two_would_change(seed: int) -> None:
    case, policy = difficult_night(seed, households=60, units=24)
    problem = problem_of(case, OrientationPolicy(plan=replace(policy.plan, floors={})))
    before = serve(problem, by_asking(problem))
    after = traded(problem, before, np.inf)
    assert faults(problem, after) == []
    assert placed_by_tier(problem, after).tolist() == placed_by_tier(problem, before).tolist()
    assert fit_of(problem, after) >= fit_of(problem, before) - 1e-6
    linked = [int(row) for link in problem.links for row in link]
    assert (after[linked] == before[linked]).all()
    there = [row for row in np.flatnonzero(after != NOWHERE).tolist() if row not in linked]
    points, left = problem.points.astype(int), left_by(problem, after)
    assert left.min(initial=0) >= 0
    for one in there:
        for other in there:
            swapped = points[one, after[other]], points[other, after[one]]
            if problem.size[one] == problem.size[other] and NEVER not in swapped:
                assert sum(swapped) <= points[one, after[one]] + points[other, after[other]]
