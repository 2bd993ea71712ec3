"""A preview's figures are those of the two plans it compares, whatever they are; alike rules change nobody."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cache
from uuid import UUID

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from inventory.model.audience import band
from orientation.model.counts import PartyGroup, group_of
from orientation.model.policy import OrientationPolicy
from orientation.model.sharing import Match, place_among
from orientation.planning.case import Case, Seeker, without_holds
from orientation.planning.inventing import invent
from orientation.planning.previewing import PreviewLine, preview

BASE = OrientationPolicy()
FAMILIES_FIRST = replace(BASE, plan=replace(BASE.plan, tiers=(Match(parties=(PartyGroup.FAMILY,)), Match())))
seeds = st.integers(0, 2**32)


@cache
def night(seed: int) -> Case:
    """A small night on which every third household has a place already."""
    case = invent(seed, shelters=5, units=15, households=40)
    unit = case.states[0].id
    seekers = (replace(one, unit=unit, places=1) if n % 3 == 0 else one for n, one in enumerate(case.seekers))
    states = (msgspec.structs.replace(case.states[0], held=20), *case.states[1:])
    return replace(case, seekers=tuple(seekers), states=states)


@dataclass(slots=True)
class Plan:
    choice: dict[UUID, UUID | None]
    gap: float


@dataclass(slots=True)
class Planner:
    """Places whom chance has it, another half each time; keeps what it was asked."""

    seed: int
    asked: list[tuple[Case, OrientationPolicy]] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)

    def __call__(self, case: Case, policy: OrientationPolicy) -> Plan:
        chance = random.Random(f"{self.seed} {len(self.asked)}")
        self.asked.append((case, policy))
        units = (None, case.states[0].id)
        self.plans.append(Plan({one.request: chance.choice(units) for one in case.seekers}, chance.random()))
        return self.plans[-1]


def people(seekers: Iterable[Seeker]) -> int:
    return sum(one.household.party_size for one in seekers)


@given(st.integers(0, 5), seeds)
def test_the_figures_are_those_of_the_two_plans(which: int, seed: int) -> None:
    case, planner = night(which), Planner(seed)
    told = preview(case, BASE, FAMILIES_FIRST, planner)
    assert [policy for _, policy in planner.asked] == [BASE, FAMILIES_FIRST]
    was, now = ({id for id, unit in plan.choice.items() if unit is not None} for plan in planner.plans)
    assert {line.request for line in told.gains} == now - was
    assert {line.request for line in told.losers} == was - now
    assert (told.gained, told.lost) == (len(told.gains), len(told.losers))
    assert told.placed == people(one for one in case.seekers if one.request in now)
    assert told.placed - told.placed_base == sum(one.party_size for one in told.gains) - sum(
        one.party_size for one in told.losers
    )
    for name in ("households", "people", "placed", "placed_base"):
        assert sum(getattr(group, name) for group in told.groups) == getattr(told, name)
    for group in told.groups:
        they = [one for one in case.seekers if group_of(one.household) == group.group]
        assert group.placed_base == people(one for one in they if one.request in was)
    assert told.gap == max(plan.gap for plan in planner.plans)


@given(seeds)
def test_alike_rules_change_nobody_though_a_plan_could_be_found_in_two_ways(seed: int) -> None:
    slower = replace(BASE, night=replace(BASE.night, hold_ttl_s=60), version=7, draw=replace(BASE.draw, tickets=()))
    told = preview(night(0), BASE, slower, planner := Planner(seed))
    assert (told.gains, told.losers, told.placed) == ([], [], told.placed_base)
    assert len(planner.asked) == 1


@given(st.integers(0, 5), seeds)
def test_both_are_planned_as_if_nobody_had_a_place(which: int, seed: int) -> None:
    case, planner = night(which), Planner(seed)
    preview(case, BASE, FAMILIES_FIRST, planner)
    given_away = sum(one.places for one in case.seekers)
    for asked, _ in planner.asked:
        assert all(one.unit is None and not one.confirmed for one in asked.seekers)
        assert asked.states[0].held == 20 - given_away


@given(st.integers(0, 5), seeds)
def test_lines_say_the_tier_by_both_rules_and_stand_by_tier_then_by_asking(which: int, seed: int) -> None:
    case = night(which)
    told = preview(case, BASE, FAMILIES_FIRST, Planner(seed))
    by_id, order = {one.request: one for one in case.seekers}, [one.request for one in case.seekers]
    for line in (*told.gains, *told.losers):
        seeker = by_id[line.request]
        assert (line.code, line.group) == (seeker.code, group_of(seeker.household))
        assert line.tier == (0 if line.group == PartyGroup.FAMILY else 1)
        tiers = BASE.plan.tiers
        assert line.tier_base == place_among(tiers, seeker.household, turned_away=seeker.turned_away)

    def key(line: PreviewLine) -> tuple[int, int]:
        return line.tier, order.index(line.request)

    for lines in (told.gains, told.losers):
        assert lines == sorted(lines, key=key)


@given(st.integers(0, 5), st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4)), min_size=15, max_size=15), seeds)
def test_i11_whatever_a_band_hides_a_night_without_its_holds_is_the_same(
    which: int, counts: list[tuple[int, int]], seed: int
) -> None:
    chance = random.Random(seed)
    shelters = tuple(msgspec.structs.replace(one, secret=True) for one in night(which).shelters)
    units = [state.id for state in night(which).states]
    seekers = tuple(replace(one, unit=chance.choice(units), places=1) for one in night(which).seekers)

    def held(numbers: list[tuple[int, int]]) -> Case:
        states = tuple(
            msgspec.structs.replace(state, free=free + among, held=among)
            for state, (free, among) in zip(night(which).states, numbers, strict=True)
        )
        return replace(night(which), shelters=shelters, states=states, seekers=seekers)

    others = [(chance.choice([free_ for free_ in range(10) if band(free_) == band(free)]), n) for free, n in counts]
    assert without_holds(held(counts)) == without_holds(held(others))
