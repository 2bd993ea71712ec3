"""Whatever the rules: a state says them as instants, and nothing else of it is otherwise (I7, I8)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.model.freshness import Ageing
from inventory.model.policy import PIN_MAX_S, Policy, SurgeRules, changes, unsound
from inventory.model.state import Moment, Status, available, fold
from tests.support.ward import BRUSSELS
from tests.unit.inventory.saying import at, known, person

DAY_S = 86_400
ages = st.lists(st.integers(60, 366 * DAY_S), min_size=3, max_size=3, unique=True).map(lambda s: Ageing(*sorted(s)))
sound = st.builds(
    Policy,
    night=ages,
    admission=ages,
    pin_s=st.integers(0, PIN_MAX_S),
    stuck_after=st.integers(2, 1_000),
    hold_unconfirmed=st.booleans(),
    surge=st.builds(
        SurgeRules, st.integers(3_600, DAY_S), st.integers(DAY_S, 183 * DAY_S), st.integers(300, 7 * DAY_S)
    ),
)
anything = st.integers(0, 2**31 - 1)
any_ages = st.builds(Ageing, anything, anything, anything)


@given(sound, sound)
def test_a_change_lists_exactly_what_is_otherwise(one: Policy, other: Policy) -> None:
    assert unsound(one) is None
    told = changes(one, other)
    assert (told == []) is (one == other)
    assert [(c.field, c.now, c.was) for c in changes(other, one)] == [(c.field, c.was, c.now) for c in told]


@given(any_ages)
def test_what_is_sound_can_be_read_as_three_words_in_turn(night: Ageing) -> None:
    in_turn = 60 <= night.aging_after_s < night.stale_after_s < night.silent_after_s <= 366 * DAY_S
    assert (unsound(replace(Policy(), night=night)) is None) is in_turn


@given(sound, sound, st.integers(0, 30), st.integers(0, 5), st.integers(0, 40))
@settings(max_examples=200, deadline=None)
def test_other_rules_move_the_instants_and_what_may_be_held_and_nothing_else(
    one: Policy, other: Policy, free: int, held: int, hours: int
) -> None:
    unit = known(person(free, "18:00"), held=held)
    now = at("18:00") + timedelta(hours=hours)
    states = [fold(unit, (), (), Moment(now, BRUSSELS, policy)) for policy in (one, other)]
    assert replace(states[0], fresh=states[1].fresh, holdable=states[1].holdable) == states[1]
    for state, policy in zip(states, (one, other), strict=True):
        fresh = state.fresh
        assert fresh.confirmed_at == at("18:00"), "no rule makes a count fresh"
        assert fresh.aging_at == at("18:00") + timedelta(seconds=policy.night.aging_after_s)
        assert fresh.confirmed_at < fresh.aging_at < fresh.stale_at < fresh.silent_at  # type: ignore[operator]
        opened = state.status is Status.OPEN or (state.status is Status.UNCONFIRMED and policy.hold_unconfirmed)
        assert available(state.holdable, state.free, held) == (max(0, state.free - held) if opened else 0)
