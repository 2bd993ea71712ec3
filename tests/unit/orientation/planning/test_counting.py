"""How many people can have a place at all: what two shared units leave over is not one rest for a family."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from orientation.planning import levels
from orientation.planning.levels import coarse_of, most_people
from orientation.planning.parties import parties_near
from orientation.planning.problem import NOWHERE, Problem, problem_of
from orientation.planning.relaxing import Pairs
from orientation.planning.valuing import weights_of
from tests.support.nights import difficult_night


def _two_shared(*sizes: int, places: int) -> Problem:
    problem, many = problem_of(*difficult_night(1)), len(sizes)
    return replace(
        problem,
        rules=replace(problem.rules, balance=0),
        seekers=problem.seekers[:many],
        units=problem.units[:2],
        points=np.zeros((many, 2), np.int16),
        kind=np.unique(sizes, return_inverse=True)[1],
        plain=np.ones((len(set(sizes)), 2), bool),
        size=np.array(sizes),
        tier=np.zeros(many, np.int64),
        group=np.zeros(many, np.int64),
        drawn=np.zeros(many),
        proposed=np.full(many, NOWHERE),
        capacity=np.array([places, places]),
        is_room=np.zeros(2, bool),
        worth=np.ones(2, np.int64),
        shelter=np.array([0, 1]),
        links=(),
        wanting=np.zeros_like(problem.wanting),
    )


@pytest.fixture
def two_of_four_places() -> Problem:
    """Two of three people and one of two: one of them is too many, though it is eight people for eight places."""
    return _two_shared(3, 3, 2, places=4)


def test_each_shared_unit_is_counted_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    # Eighteen people, eighteen places, and no way to part the families so that each unit is full.
    problem = _two_shared(4, 4, 4, 3, 3, places=9)
    weights = weights_of(problem)
    assert most_people(coarse_of(problem), weights, 5) == 15 * weights.person[0]
    monkeypatch.setattr(levels, "_UNITS", 1)
    assert most_people(coarse_of(problem), weights, 5) == 18 * weights.person[0]


def test_cuts_say_of_units_counted_together_what_each_can_hold(
    two_of_four_places: Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = weights_of(two_of_four_places)
    monkeypatch.setattr(levels, "_UNITS", 1)
    assert most_people(coarse_of(two_of_four_places), weights, 5) == 6 * weights.person[0]


def test_parties_are_whole_where_the_linear_optimum_parts_them(two_of_four_places: Problem) -> None:
    every = Pairs(*np.nonzero(np.ones((3, 2), bool)))
    coarse, weights = coarse_of(two_of_four_places), weights_of(two_of_four_places)
    parted = np.array([0.6, 0.4, 0.4, 0.6, 0.5, 0.5])
    found = parties_near(two_of_four_places, coarse, weights, every, parted, 5)
    assert found is not None
    parties, needed = found
    at, which = parties.among(two_of_four_places, every)
    assert (len(at), parties.most.tolist()) == (6, np.rint(parties.most).tolist())
    size = {key: int(two_of_four_places.size[row]) for key, row in zip(which.tolist(), every.rows[at], strict=True)}
    assert sum(size[key] * most for key, most in enumerate(parties.most.tolist())) == 6
    assert set(needed.keys.tolist()) <= set(every.keys.tolist())
