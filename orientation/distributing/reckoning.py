"""Reckoning: all that a plan says, from a case and rules alone. Runs in the worker, where the solver is (worker.py)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from uuid import UUID

import msgspec

from orientation.distributing.results import (
    Against,
    ComparisonView,
    FreshView,
    GroupView,
    PolicyMark,
    Progress,
    Result,
    Rules,
    Summary,
    Task,
    TierView,
    WhyView,
)
from orientation.distributing.rows import Ways, free_places, rows_of
from orientation.model.policy import OrientationPolicy
from orientation.planning.case import Case, Seeker, columns_of, decode
from orientation.planning.choice import Choice, Plan
from orientation.planning.comparing import Comparison
from orientation.planning.explaining import Why
from orientation.planning.previewing import preview

Tell = Callable[[Progress], None]
# What the plan by other rules, which is only compared with, may take of the time.
_OTHER_PART = 0.5


@dataclass(frozen=True, slots=True)
class Planner:
    """What planning does, so that a test may do without the solver."""

    plan: Callable[..., Plan]
    replan: Callable[..., Plan]
    compare: Callable[[Case, Choice, Choice], Comparison]
    price: Callable[[Case, OrientationPolicy, Choice], int]
    why: Callable[[Case, OrientationPolicy, Choice, UUID], Why]


def answer(task: Task, content: bytes, tell: Tell, planner: Planner) -> bytes:
    """Return the result of a task as JSON."""
    tell(Progress("reading", 0.0))
    case, policy = decode(content), policy_from(task.rules)
    if task.why is not None:
        told = msgspec.to_builtins(planner.why(case, policy, task.choice, task.why))
        return msgspec.json.encode(msgspec.convert(told, WhyView))
    if task.base is not None:
        solve = partial(planner.plan, time_limit_s=task.time_limit_s)
        return msgspec.json.encode(preview(case, policy_from(task.base), policy, solve))
    return msgspec.json.encode(reckon(case, task, tell, planner))


def policy_from(rules: Rules) -> OrientationPolicy:
    return msgspec.convert(rules.rules | {"version": rules.version, "id": rules.id}, OrientationPolicy)


def reckon(case: Case, task: Task, tell: Tell, planner: Planner) -> Result:
    """Plan it, and say all of it; of a plan after another no more than somebody waits for."""
    policy = policy_from(task.rules)
    yesterday = None if task.yesterday is None else policy_from(task.yesterday)
    solve = partial(planner.replan, freely=task.freely) if task.replan else planner.plan
    plan = solve(case, policy, time_limit_s=task.time_limit_s, progress=_telling(tell))
    tell(Progress("comparing", plan.solve_s, plan.value, plan.bound, plan.gap))
    other = None if yesterday is None else planner.plan(case, yesterday, time_limit_s=task.time_limit_s * _OTHER_PART)
    ways = Ways(plan.choice, plan.first_come, None if other is None else other.choice)
    price = None if task.replan else planner.price(case, policy, ways.ours)
    compared = planner.compare(case, ways.ours, ways.first_come)
    before = None if ways.yesterday is None else planner.compare(case, ways.ours, ways.yesterday)
    against = Against(_comparison(None, compared), None if before is None else _comparison(yesterday, before))
    summary = _summary(case, plan, compared, price)
    return Result(summary, _groups(compared, before), against, rows_of(case, policy, ways))


def _telling(tell: Tell) -> Callable[[str, float, float | None, float | None], None]:
    """Say how much better it could still be, as the plan itself says it in the end."""

    def progress(phase: str, elapsed_s: float, value: float | None, bound: float | None) -> None:
        gap = None if value is None or bound is None else max(0.0, bound - value) / max(1.0, abs(value))
        tell(Progress(phase, elapsed_s, value, bound, gap))

    return progress


def _comparison(policy: OrientationPolicy | None, compared: Comparison) -> ComparisonView:
    return ComparisonView(
        None if policy is None else PolicyMark(policy.version, policy.hash),
        compared.people_placed_other,
        list(compared.gains),
        list(compared.losers),
        len(compared.moved),
    )


def _summary(case: Case, plan: Plan, compared: Comparison, price: int | None) -> Summary:
    placed = [seeker for seeker in case.seekers if plan.choice[seeker.request] is not None]
    proposed = [seeker for seeker in case.seekers if seeker.proposed is not None]
    return Summary(
        status=plan.status,
        value=plan.value,
        bound=plan.bound,
        gap=plan.gap,
        fit=plan.fit,
        fit_bound=plan.fit_bound,
        solve_s=plan.solve_s,
        people_waiting=_people(case.seekers),
        people_placed=_people(placed),
        households_waiting=len(case.seekers),
        households_placed=len(placed),
        places_free=free_places(columns_of(case), case.now),
        tiers=[TierView(one.tier, one.people, one.placed, one.most, one.proven) for one in plan.levels],
        families_split=compared.split,
        moves=sum(plan.choice[seeker.request] != seeker.proposed for seeker in proposed),
        fairness_price=price,
        fresh=None if plan.fresh is None else FreshView(list(plan.fresh.placed), plan.fresh.moves),
    )


def _people(seekers: Iterable[Seeker]) -> int:
    return sum(seeker.household.party_size for seeker in seekers)


def _groups(first_come: Comparison, yesterday: Comparison | None) -> list[GroupView]:
    before = {} if yesterday is None else {share.group: share.placed_other for share in yesterday.groups}
    return [
        GroupView(one.group, one.households, one.people, one.placed, one.rate, one.placed_other, before.get(one.group))
        for one in first_come.groups
        if one.households
    ]
