"""Small assignments against trying all: the best there is, within every capacity, and never below its bound."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product
from unittest.mock import patch

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from orientation.assigning import deciding
from orientation.assigning.assignment import Assignment, faults, value_of, with_nobody
from orientation.assigning.deciding import decide
from orientation.assigning.loads import list_loads
from orientation.assigning.packing import Knapsacks
from orientation.assigning.solving import solve

WHOLE = st.integers(0, 9).map(float)
BROKEN = st.floats(0, 9, allow_subnormal=False).map(lambda one: round(one, 3))


@st.composite
def assignments(draw: st.DrawFn) -> Assignment:
    agents, jobs = draw(st.integers(1, 3)), draw(st.integers(1, 5))
    number = draw(st.sampled_from([WHOLE, BROKEN]))
    there = draw(st.lists(st.booleans(), min_size=agents * jobs, max_size=agents * jobs))
    pairs = [(job, agent) for at, (job, agent) in enumerate(product(range(jobs), range(agents))) if there[at]]

    def numbers(of: st.SearchStrategy[float], count: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        return np.array(draw(st.lists(of, min_size=count, max_size=count)), dtype=float)

    sign = draw(st.sampled_from([1.0, -1.0]))
    return Assignment(
        np.array([job for job, _ in pairs], dtype=np.int64),
        np.array([agent for _, agent in pairs], dtype=np.int64),
        sign * numbers(number, len(pairs)),
        numbers(number, len(pairs)),
        numbers(st.one_of(number, st.just(20.0)), agents),
        numbers(st.one_of(number, st.just(math.inf)), jobs),
    )


def best_of_all(one: Assignment) -> float:
    choices = [[-1, *np.flatnonzero(one.job == job).tolist()] for job in range(one.jobs)]
    tried = (np.array(choice) for choice in product(*choices))
    return min((value_of(one, pair) for pair in tried if not faults(one, pair)), default=math.inf)


@settings(max_examples=150, deadline=None)
@given(assignments())
def test_the_best_there_is(one: Assignment) -> None:
    best, found = best_of_all(one), solve(one, 100.0)
    if math.isinf(best):
        assert found.status == "infeasible"
        return
    assert found.status == "optimal"
    assert faults(one, found.pair) == []
    assert found.value == value_of(one, found.pair)
    assert abs(found.value - best) <= 1e-5
    assert found.bound <= best + 1e-5


@settings(max_examples=100, deadline=None)
@given(assignments(), st.data())
def test_any_prices_prove_a_bound(given_: Assignment, data: st.DataObject) -> None:
    """Of the whole, and of every pair: what costs less with a pair in it there is not."""
    one = with_nobody(given_)[0]
    prices = np.array(data.draw(st.lists(st.floats(-9, 20), min_size=one.jobs, max_size=one.jobs)))
    knapsacks = Knapsacks(one)
    packed = knapsacks.pack(prices)
    least = knapsacks.least(prices, packed)
    choices = [np.flatnonzero(one.job == job).tolist() for job in range(one.jobs)]
    for choice in product(*choices):
        pair = np.array(choice)
        if not faults(one, pair):
            value = value_of(one, pair)
            assert packed.bound <= value + 1e-6
            assert (least[pair] <= value + 1e-6).all()


@settings(max_examples=100, deadline=None)
@given(assignments(), st.integers(-30, 40), st.floats(-5, 15), st.sampled_from([0, 3, 300_000]))
def test_a_question_is_answered_whatever_the_prices(one: Assignment, most: int, price: float, loads: int) -> None:
    """Also where no loads may be listed, or so few that it is done only on the way."""
    must = with_nobody(replace(one, left_out=np.full(one.jobs, math.inf)))[0]
    with patch.object(deciding, "_MOST_LOADS", loads):
        decided = decide(must, np.full(one.jobs, price), float(most), math.inf)
    assert decided.sure
    if decided.pair is None:
        assert best_of_all(must) > most
    else:
        assert faults(must, decided.pair) == []
        assert value_of(must, decided.pair) <= most + 1e-5


@settings(max_examples=100, deadline=None)
@given(assignments(), st.floats(0, 20), st.data())
def test_no_load_is_missing(given_: Assignment, slack: float, data: st.DataObject) -> None:
    one = with_nobody(given_)[0]
    prices = np.array(data.draw(st.lists(st.floats(-9, 20), min_size=one.jobs, max_size=one.jobs)))
    knapsacks = Knapsacks(one)
    loads = list_loads(knapsacks, prices, slack, 1000, math.inf)
    assert loads is not None
    listed = {tuple(sorted(column[column < one.pairs].tolist())) for column in loads.pairs.T}
    for agent in np.unique(one.agent):
        own = np.flatnonzero(one.agent == agent)
        every = [own[list(map(bool, takes))] for takes in product([0, 1], repeat=len(own))]
        # Beside what the knapsack holds at best, which may be more than the agent can take.
        held = [some for some in every if knapsacks.cells[some].sum() <= knapsacks.rooms[agent]]
        gains = [float((prices[one.job[some]] - one.cost[some]).sum()) for some in held]
        near = [some for some, gain in zip(held, gains, strict=True) if gain >= max(gains) - slack]
        fit = [some for some in near if one.size[some].sum() <= one.capacity[agent]]
        assert {tuple(some.tolist()) for some in fit} <= listed
