"""What a plan says follows from what planning found: numbers and rows agree, whatever it found."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import msgspec

from orientation.distributing.reckoning import Planner, answer, reckon
from orientation.distributing.results import FreshView, Progress, Result, Rules, Task
from orientation.model.policy import OrientationPolicy
from orientation.planning.case import Case, encode
from orientation.planning.inventing import invent

POLICY = OrientationPolicy(version=3)
YESTERDAY = replace(POLICY, plan=replace(POLICY.plan, tiers=()), version=2)
Choice = dict[UUID, UUID | None]


def _case() -> Case:
    """Forty households, of whom the first has a place already, and the second was proposed another one before."""
    case = invent(1, shelters=6, units=15, households=40)
    first, second, *others = case.seekers
    units = [state.id for state in case.states]
    held = replace(first, unit=units[0], places=1, proposed=units[0])
    return replace(case, seekers=(held, replace(second, proposed=units[1]), *others))


def _every(case: Case, nth: int) -> Choice:
    """Place every nth household in the first unit, and whoever has a place where they are."""
    unit = case.states[0].id
    return {one.request: one.unit or (unit if at % nth == 0 else None) for at, one in enumerate(case.seekers)}


class Found:
    """A planner that has found something already, and remembers what it was asked."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.asked: list[tuple[int, float]] = []
        self.again: list[tuple[float, bool]] = []

    def plan(self, _case: Case, policy: OrientationPolicy, *, time_limit_s: float, progress: Any = None) -> Any:
        self.asked.append((policy.version, time_limit_s))
        if progress is not None:
            progress("matching", 0.1, None, None)
            progress("proving", 0.5, 100.0, 102.0)
        choice = _every(self.case, 2 if policy.version == POLICY.version else 3)
        levels = [SimpleNamespace(tier=0, people=9, placed=4, most=5, proven=False)]
        return SimpleNamespace(
            choice=choice,
            first_come=_every(self.case, 4),
            status="feasible",
            value=100.0,
            bound=102.0,
            gap=0.02,
            levels=levels,
            solve_s=0.5,
            fit=70.5,
            fit_bound=72.0,
            fresh=None,
        )

    def replan(self, case: Case, policy: OrientationPolicy, *, time_limit_s: float, freely: bool, progress: Any) -> Any:
        self.again.append((time_limit_s, freely))
        found = self.plan(case, policy, time_limit_s=time_limit_s, progress=progress)
        return SimpleNamespace(**vars(found) | {"fresh": SimpleNamespace(placed=(5,), moves=2)})

    def compare(self, _case: Case, ours: Choice, other: Choice) -> Any:
        gains = [one for one, unit in ours.items() if unit is not None and other[one] is None]
        share = SimpleNamespace(group="man", households=3, people=4, placed=2, rate=0.5, placed_other=len(gains))
        nobody = SimpleNamespace(group="minors", households=0, people=0, placed=0, rate=0.0, placed_other=0)
        return SimpleNamespace(
            people_placed_other=7, gains=gains, losers=[], moved=[], split=3, groups=[share, nobody],
        )  # fmt: skip

    @property
    def planner(self) -> Planner:
        return Planner(self.plan, self.replan, self.compare, lambda *_of: 2, _why)


def _rules(policy: OrientationPolicy) -> Rules:
    return Rules(policy.version, policy.id, policy.rules)


def _task(size: int = 0, **more: Any) -> Task:
    return Task(size, _rules(POLICY), 10, **more)


def _why(_case: Case, _policy: OrientationPolicy, choice: Choice, request: UUID) -> Any:
    return {
        "request": request, "unit": choice[request], "rank": 1, "of": 2, "terms": [], "better": [],
        "blockers": [{"code": "pets", "units": 3}], "near": [], "fitting": [], "linked": 0,
    }  # fmt: skip


def test_numbers_groups_and_rows_agree() -> None:
    case = _case()
    told: list[Progress] = []
    found = Found(case)
    result = reckon(case, _task(yesterday=_rules(YESTERDAY)), told.append, found.planner)
    summary, placed = result.summary, [row for row in result.rows if row.unit is not None]
    assert found.asked == [(3, 10), (2, 5)]
    assert (summary.households_placed, summary.people_placed) == (len(placed), sum(row.party_size for row in placed))
    assert (summary.households_waiting, summary.people_waiting) == (40, sum(row.party_size for row in result.rows))
    assert result.against.yesterday is not None
    gained = [len(one.gains) for one in (result.against.first_come, result.against.yesterday)]
    assert [(one.group, one.placed, one.first_come, one.yesterday) for one in result.groups] == [("man", 2, *gained)]
    assert (summary.moves, summary.fairness_price, summary.applied) == (1, 2, None)
    assert (summary.fit, summary.fit_bound, summary.families_split) == (70.5, 72.0, 3)
    assert [tier.most for tier in summary.tiers] == [5]
    assert [row.tier for row in result.rows] == sorted(row.tier for row in result.rows)
    (pinned,) = [row for row in result.rows if row.pinned]
    assert (pinned.request, pinned.unit, pinned.moved) == (case.seekers[0].request, case.states[0].id, False)
    assert [row.request for row in result.rows if row.moved] == [case.seekers[1].request]
    assert result.against.yesterday.policy is not None
    assert (result.against.yesterday.policy.version, result.against.first_come.policy) == (2, None)
    assert [one.gap for one in told] == [None, 0.02, 0.02]


def test_the_rules_of_a_day_ago_are_not_asked_where_they_are_the_same() -> None:
    case = _case()
    found = Found(case)
    result = reckon(case, _task(), lambda _progress: None, found.planner)
    assert (found.asked, result.against.yesterday) == ([(3, 10)], None)
    assert {group.yesterday for group in result.groups} == {row.yesterday for row in result.rows} == {None}


def test_after_another_plan_nothing_is_reckoned_that_nobody_waits_for() -> None:
    case, found = _case(), Found(_case())
    result = reckon(case, _task(replan=True, freely=True), lambda _progress: None, found.planner)
    assert (found.again, found.asked) == ([(10, True)], [(3, 10)])
    assert result.summary.fresh == FreshView([5], 2)
    assert (result.summary.fairness_price, result.against.yesterday, result.summary.moves) == (None, None, 1)
    assert result.against.first_come.people_placed == 7


def test_a_task_goes_through_bytes_and_comes_back() -> None:
    case = _case()
    content = encode(case)
    task = msgspec.json.decode(msgspec.json.encode(_task(size=len(content))), type=Task)
    result = msgspec.json.decode(answer(task, content, lambda _progress: None, Found(case).planner), type=Result)
    assert [row.request for row in result.rows if row.pinned] == [case.seekers[0].request]
    choice = {row.request: row.unit for row in result.rows}
    asked = msgspec.structs.replace(task, why=case.seekers[0].request, choice=choice)
    asked = msgspec.json.decode(msgspec.json.encode(asked), type=Task)
    told = msgspec.json.decode(answer(asked, content, lambda _progress: None, Found(case).planner))
    assert (told["unit"], told["blockers"]) == (str(case.states[0].id), [{"code": "pets", "units": 3}])
