"""Edges of the solver core: nothing to do, nowhere to go, no time, numbers that are not whole."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from orientation.assigning.assignment import Assignment, dense, faults, value_of
from orientation.assigning.solving import solve

# Far more than any of these takes, so that a machine that is busy with others does not decide.
LIMIT_S = 100.0


def table(cost: object, size: object, capacity: object) -> Assignment:
    return dense(np.array(cost, dtype=float), np.array(size, dtype=float), np.array(capacity, dtype=float))


def chance(seed: int, agents: int, jobs: int, scale: float = 1.0) -> Assignment:
    """A tight one whose dear agents are the small ones, the hardest kind."""
    draw = np.random.default_rng(seed)
    size = draw.integers(1, 101, (agents, jobs))
    cost = 111 - size + draw.integers(-10, 11, (agents, jobs))
    return table(cost * scale, size * scale, 0.8 * scale * size.sum(axis=1) / agents)


def test_nothing_to_assign() -> None:
    found = solve(table(np.zeros((2, 0)), np.zeros((2, 0)), [1, 1]), LIMIT_S)
    assert (found.status, found.value, found.bound, found.pair.tolist()) == ("optimal", 0.0, 0.0, [])


def test_nobody_to_assign_to() -> None:
    none = np.zeros(0)
    must = Assignment(none.astype(np.int64), none.astype(np.int64), none, none, none, np.array([math.inf]))
    assert solve(must, LIMIT_S).status == "infeasible"
    found = solve(replace(must, left_out=np.array([7.0])), LIMIT_S)
    assert (found.status, found.value, found.pair.tolist()) == ("optimal", 7.0, [-1])


def test_one_agent_takes_the_best_that_fits() -> None:
    one = replace(table([[-6, -5, -5]], [[6, 5, 5]], [10]), left_out=np.zeros(3))
    found = solve(one, LIMIT_S)
    assert (found.status, found.value, found.pair.tolist()) == ("optimal", -10.0, [-1, 1, 2])


def test_no_capacity_holds_what_has_no_size() -> None:
    one = table([[1, 1], [9, 9]], [[0, 2], [3, 3]], [0, 3])
    found = solve(one, LIMIT_S)
    assert (found.status, found.value) == ("optimal", 10.0)
    assert solve(replace(one, capacity=np.zeros(2)), LIMIT_S).status == "infeasible"


def test_capacities_that_only_add_up_are_not_enough() -> None:
    """Three of 2 in two of 3: the linear relaxation finds room, and there is none."""
    found = solve(table(np.ones((2, 3)), np.full((2, 3), 2), [3, 3]), LIMIT_S)
    assert found.status == "infeasible"
    assert (found.bound, found.pair.tolist()) == (math.inf, [-1, -1, -1])


def test_boundless_capacity_takes_all_at_its_cheapest() -> None:
    found = solve(table([[1, 5], [2, 1]], [[1e6, 1e6], [1e6, 1e6]], [math.inf, math.inf]), LIMIT_S)
    assert (found.status, found.value) == ("optimal", 2.0)


def test_pairs_may_come_in_any_order() -> None:
    one = chance(3, 3, 10)
    order = np.random.default_rng(0).permutation(one.pairs)
    shuffled = replace(one, job=one.job[order], agent=one.agent[order], cost=one.cost[order], size=one.size[order])
    ordered, found = solve(one, LIMIT_S), solve(shuffled, LIMIT_S)
    assert found.status == ordered.status == "optimal"
    assert found.value == ordered.value
    assert faults(shuffled, found.pair) == []


@pytest.mark.parametrize("scale", [1e-3, 0.37, 1e5])
def test_units_make_no_difference(scale: float) -> None:
    whole, scaled = solve(chance(5, 2, 9), LIMIT_S), solve(chance(5, 2, 9, scale), LIMIT_S)
    assert whole.status == scaled.status == "optimal"
    assert scaled.value == pytest.approx(whole.value * scale, rel=1e-6)


def test_without_time_a_bound_still_holds() -> None:
    one = chance(7, 10, 60)
    found = solve(one, 0.0)
    best = solve(one, 1.0)
    assert found.status in {"feasible", "unknown"}
    assert found.bound <= best.value
    if found.status == "feasible":
        assert faults(one, found.pair) == []


def test_what_is_told_is_what_was_chosen() -> None:
    one = chance(11, 3, 12)
    found = solve(one, LIMIT_S)
    assert faults(one, found.pair) == []
    assert found.value == value_of(one, found.pair)
    assert found.bound <= found.value
    assert found.gap == abs(found.value - found.bound) / found.value


@pytest.mark.parametrize(
    "wrong, said",
    [
        ({"cost": np.array([math.nan])}, "costs of an assignment must be numbers"),
        ({"size": np.array([-1.0])}, "sizes and capacities"),
        ({"agent": np.array([5])}, "names as its agent none of the 1"),
        ({"job": np.array([0, 0])}, "the same length"),
        ({"left_out": np.array([math.nan])}, "leave a job out"),
    ],
)
def test_nonsense_is_refused(wrong: dict[str, object], said: str) -> None:
    one = table([[1.0]], [[1.0]], [1.0])
    with pytest.raises(ValueError, match=said):
        solve(replace(one, **wrong), LIMIT_S)  # type: ignore[arg-type]


def test_a_pair_that_is_there_twice_is_refused() -> None:
    one = table([[1.0, 2.0]], [[1.0, 1.0]], [1.0, 1.0])
    twice = replace(one, job=np.zeros_like(one.job))
    with pytest.raises(ValueError, match="there twice"):
        solve(twice, LIMIT_S)
