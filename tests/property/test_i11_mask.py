"""I11: what outsiders see of a secret unit is a function of band, status, freshness and intake, and of nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.bodies import unit_body
from inventory.model.audience import Audience, band, masked_view_changed, project, sees_exactly
from inventory.model.facts import Intake, OutOfService, OutReason
from inventory.model.freshness import NEVER, Freshness
from inventory.model.state import Flag, Status, UnitState, available

UNIT, SHELTER, OTHER = UUID(int=1), UUID(int=2), UUID(int=3)
NOW = datetime(2026, 3, 10, 18, 0, tzinfo=UTC)

instants = st.integers(0, 2).map(lambda hours: NOW + timedelta(hours=hours))
freshnesses = st.just(NEVER) | instants.map(lambda at: Freshness(at, at, at, at))
intakes = st.builds(Intake, st.booleans(), st.none() | instants)
outs = st.lists(st.builds(OutOfService, st.sampled_from(OutReason), st.integers(1, 3)), max_size=2).map(tuple)
# Small numbers, so that many states share a band.
states = st.builds(
    UnitState,
    unit_id=st.just(UNIT),
    shelter_id=st.just(SHELTER),
    status=st.sampled_from(Status),
    holdable=st.booleans(),
    free=st.integers(0, 6),
    held=st.integers(0, 6),
    over_by=st.integers(0, 2),
    capacity=st.integers(0, 6),
    out_of_service=outs,
    intake=intakes,
    night=st.just(NOW.date()),
    fresh=freshnesses,
    confirmed_by=st.sampled_from(["person", "feed", None]),
    count_report=st.sampled_from([None, UNIT, SHELTER]),
    flags=st.lists(st.sampled_from(Flag), unique=True).map(tuple),
)
audiences = st.builds(Audience, st.sets(st.sampled_from([SHELTER, OTHER])).map(frozenset), st.booleans())


def what_may_be_known(state: UnitState) -> tuple[Any, ...]:
    bucket = band(available(state.holdable, state.free, state.held))
    return bucket, state.holdable, state.status, state.fresh, state.intake, state.night


@given(states, states)
@settings(max_examples=500, deadline=None)
def test_equal_bytes_exactly_where_nothing_that_may_be_known_differs(one: UnitState, other: UnitState) -> None:
    bodies = [unit_body(state, secret=True) for state in (one, other)]
    shown = [project("unit", body, Audience()) for body in bodies]
    alike = what_may_be_known(one) == what_may_be_known(other)
    assert (shown[0] == shown[1]) is alike
    assert masked_view_changed(*bodies) is not alike


@given(states, st.integers(0, 6), st.integers(0, 6), st.integers(0, 6), outs)
@settings(max_examples=300, deadline=None)
def test_numbers_within_a_band_leave_no_trace(
    state: UnitState, free: int, held: int, capacity: int, out: tuple[OutOfService, ...]
) -> None:
    other = replace(state, free=free, held=held, capacity=capacity, out_of_service=out, flags=(), over_by=0)
    if band(available(state.holdable, state.free, state.held)) == band(available(other.holdable, free, held)):
        shown = [project("unit", unit_body(one, secret=True), Audience()) for one in (state, other)]
        assert shown[0] == shown[1]


@given(states, st.booleans(), audiences)
@settings(max_examples=300, deadline=None)
def test_every_audience_sees_all_of_it_or_the_mask_or_nothing(state: UnitState, secret: bool, who: Audience) -> None:
    body = unit_body(state, secret)
    shown, own = project("unit", body, who), SHELTER in who.own
    if who.only_own and not own:
        assert shown is None
    elif own or not secret:
        assert shown == body
    else:
        assert shown is not None
        content = msgspec.json.decode(shown)
        numbers = {name for name, value in content.items() if isinstance(value, int) and not isinstance(value, bool)}
        assert numbers == set()
        assert content["masked"] is True
    assert sees_exactly("unit", body, who) is (shown == body)


@given(states, states, st.booleans(), st.booleans())
@settings(max_examples=200, deadline=None)
def test_a_change_of_secrecy_is_always_told(one: UnitState, other: UnitState, before: bool, after: bool) -> None:
    if not (before and after):
        assert masked_view_changed(unit_body(one, before), unit_body(other, after))
    assert masked_view_changed(None, unit_body(other, after))
