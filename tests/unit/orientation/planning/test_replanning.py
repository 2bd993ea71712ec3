"""After something has happened: who has a place keeps it, and nobody else moves without a reason."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from orientation.model.policy import OrientationPolicy
from orientation.planning import solving
from orientation.planning.greedy import as_proposed, by_priority, first_come
from orientation.planning.inventing import invent
from orientation.planning.problem import problem_of
from orientation.planning.replanning import after, moved, replan
from orientation.planning.solving import plan
from tests.support.events import EVENTS, confirmed, happen
from tests.support.nights import Judge, difficult_night

POLICY = OrientationPolicy()


def test_nothing_happened_and_nobody_moves() -> None:
    case = invent(11, shelters=8, units=24, households=60)
    before = plan(case, POLICY, time_limit_s=20).choice
    assert moved(case, before, replan(after(case, before), POLICY, time_limit_s=20).choice) == []


@pytest.mark.parametrize("event", EVENTS)
def test_who_has_a_place_keeps_it_and_others_move_only_for_more(event: str) -> None:
    chance = random.Random(event)
    case = invent(12, shelters=10, units=30, households=80)
    before = plan(case, POLICY, time_limit_s=20).choice
    happened = happen(chance, event, confirmed(chance, case, before), before)
    found = replan(after(happened.case, before), POLICY, time_limit_s=20)
    assert Judge(happened.case, POLICY).faults(found.choice) == []
    kept = [one for one in happened.case.seekers if one.confirmed]
    assert kept
    assert all(found.choice[one.request] == one.unit for one in kept)
    # Whoever else moves makes room for more people than have a place if all stay who can.
    problem = problem_of(after(happened.case, before), POLICY)
    judge = Judge(after(happened.case, before), POLICY)
    stayed = problem.choice(as_proposed(problem))
    others = [one for one in moved(happened.case, before, found.choice) if one not in happened.concerned]
    assert judge.people(found.choice) > judge.people(stayed) or not others


def test_where_staying_is_worth_nothing_points_decide() -> None:
    case = invent(13, shelters=10, units=30, households=80)
    indifferent = replace(POLICY, plan=replace(POLICY.plan, stability=0))
    nowhere = {seeker.request: None for seeker in case.seekers}
    before = nowhere | {one: unit for one, unit in first_come(case, POLICY).items() if unit is not None}
    again = after(case, before)
    freely, fresh = plan(again, indifferent, time_limit_s=20), plan(case, indifferent, time_limit_s=20)
    assert freely.fit == fresh.fit


@pytest.mark.parametrize("seed", range(4))
def test_a_region_counted_by_kinds_is_a_plan_like_any_other(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    case, policy = difficult_night(seed, households=120, units=40)
    whole = plan(case, policy, time_limit_s=20)
    monkeypatch.setattr(solving, "_LARGE", 50)
    found, judge = plan(case, policy, time_limit_s=20), Judge(case, policy)
    assert judge.faults(found.choice) == []
    assert found.value <= found.bound
    assert whole.value <= found.bound + 1e-6
    assert found.value <= whole.bound + 1e-6
    assert judge.people(found.choice) >= max(judge.people(way(case, policy)) for way in (first_come, by_priority))
