"""The live state of a unit: its status, what is free, its facts and its flags, at one moment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest

from inventory.model.counting import Stated
from inventory.model.facts import Intake, OutOfService, OutReason
from inventory.model.freshness import NEVER, Ageing
from inventory.model.policy import Policy
from inventory.model.state import Flag, Known, Status, available
from inventory.model.unit import Regime, Turnover
from tests.unit.inventory.saying import (
    AUTUMN,
    CAPACITY,
    NIGHT,
    SHELTER,
    SPRING,
    at,
    came,
    feed,
    known,
    left,
    net,
    person,
    seen,
)

LAST_NIGHT = NIGHT - timedelta(days=1)
TOMORROW = NIGHT + timedelta(days=1)


def _yesterday(free: int) -> Known:
    """A nightly unit that was last counted in the evening before."""
    when = at("18:00", LAST_NIGHT)
    return known(person(free, "18:00", at=when, known_until=when, night=LAST_NIGHT))


@dataclass(frozen=True)
class Case:
    unit: Known
    now: datetime
    status: Status
    free: int


CASES = {
    "nobody has ever reported": Case(known(), at("18:00"), Status.AWAITING_REPORT, 0),
    "reported tonight": Case(known(person(5, "18:00")), at("18:30"), Status.OPEN, 5),
    "reported tonight, read the morning after": Case(known(person(5, "18:00")), at("11:59", TOMORROW), Status.OPEN, 5),
    "noon empties a nightly unit": Case(_yesterday(5), at("12:00"), Status.UNCONFIRMED, CAPACITY),
    "just before noon it is still last night's": Case(_yesterday(5), at("11:59"), Status.OPEN, 5),
    "noon leaves a continuing unit as it is": Case(
        replace(_yesterday(5), turnover=Turnover.CONTINUING), at("12:00"), Status.OPEN, 5
    ),
    "confirmed since noon": Case(known(person(5, "12:00")), at("12:01"), Status.OPEN, 5),
    "a late report of yesterday's night does not confirm tonight": Case(
        known(person(5, "13:00", night=LAST_NIGHT)), at("13:01"), Status.UNCONFIRMED, CAPACITY
    ),
    "said in the morning for the coming night": Case(
        known(person(20, "11:00", night=NIGHT)), at("12:30"), Status.OPEN, 20
    ),
    "closed": Case(known(person(5, "18:00"), closed=True), at("18:30"), Status.CLOSED, 5),
    "its shelter is closed": Case(known(person(5, "18:00"), shelter_closed=True), at("18:30"), Status.CLOSED, 5),
    "closed before anybody reported": Case(known(closed=True), at("18:30"), Status.CLOSED, 0),
    "closed, and noon has passed": Case(replace(_yesterday(5), closed=True), at("12:30"), Status.CLOSED, 5),
    "reopened, it awaits a report": Case(
        known(person(5, "18:00"), reopened_at=at("19:00")), at("19:30"), Status.AWAITING_REPORT, 5
    ),
    "a report from before the reopening does not do": Case(
        known(person(5, "18:59"), reopened_at=at("19:00")), at("19:30"), Status.AWAITING_REPORT, 5
    ),
    "a report made after the reopening does": Case(
        known(person(5, "19:01"), reopened_at=at("19:00")), at("19:30"), Status.OPEN, 5
    ),
    "a report made as it reopened does": Case(
        known(person(5, "19:00"), reopened_at=at("19:00")), at("19:30"), Status.OPEN, 5
    ),
    "reopened yesterday, reported, and noon has passed": Case(
        replace(_yesterday(5), reopened_at=at("17:00", LAST_NIGHT)), at("12:30"), Status.UNCONFIRMED, CAPACITY
    ),
    "reopened yesterday, never reported, and noon has passed": Case(
        replace(_yesterday(5), reopened_at=at("19:00", LAST_NIGHT)), at("12:30"), Status.AWAITING_REPORT, 5
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_a_unit_shows(name: str) -> None:
    case = CASES[name]
    state = seen(case.unit, case.now)
    assert (state.status, state.free) == (case.status, case.free)
    assert available(state.holdable, state.free, 0) == (case.free if case.status is Status.OPEN else 0)


def test_unconfirmed_expects_what_is_in_service_less_who_came() -> None:
    places = (OutOfService(OutReason.REPAIR, 2), OutOfService(OutReason.STAFF, 3))
    out: Stated[tuple[OutOfService, ...]] = Stated(places, at("18:00", LAST_NIGHT), UUID(int=9))
    yesterday = _yesterday(0)
    unit = replace(yesterday, told=replace(yesterday.told, out_of_service=out))
    assert seen(unit, "12:30", came(4, "12:10"), left(9, "12:15"), came(2, "11:50", id=301)).free == CAPACITY - 5 - 4


def test_out_of_service_takes_nothing_from_a_count() -> None:
    out = Stated((OutOfService(OutReason.CLEANING, 4, at("18:10")),), at("18:00"), UUID(int=9))
    unit = known(person(5, "18:00"), out_of_service=out)
    before, after = seen(unit, "18:05"), seen(unit, "18:15")
    assert (before.free, before.out_of_service) == (5, out.value)
    assert (after.free, after.out_of_service) == (5, out.value), "at its end the unit asks; it frees nothing by itself"


@pytest.mark.parametrize(
    "intake, clock, is_open",
    [
        pytest.param(Intake(), "18:00", True, id="open"),
        pytest.param(Intake(paused=True), "18:00", False, id="paused until said otherwise"),
        pytest.param(Intake(paused=True, until=at("19:00")), "18:59", False, id="paused until seven"),
        pytest.param(Intake(paused=True, until=at("19:00")), "19:00", True, id="seven o'clock"),
        pytest.param(Intake(paused=False, until=at("19:00")), "18:00", True, id="an end means nothing when open"),
    ],
)
def test_intake_is_apart_from_the_count(intake: Intake, clock: str, is_open: bool) -> None:
    state = seen(known(person(5, "18:00"), intake=Stated(intake, at("18:00"), UUID(int=9))), clock)
    assert (state.status, state.free, state.intake) == (Status.OPEN, 5, intake)
    assert intake.open_at(at(clock)) is is_open


FLAGS = {
    "nothing to remark": (known(person(5, "18:00")), ()),
    "above capacity": (known(person(CAPACITY + 1, "18:00")), (Flag.ABOVE_CAPACITY,)),
    "as many as there are": (known(person(CAPACITY, "18:00")), ()),
    "over capacity": (known(person(0, "18:00", over_by=3)), (Flag.OVER_CAPACITY,)),
    "a truthful low count": (known(person(1, "18:00"), held=3), (Flag.OVERCOMMITTED,)),
    "every free place held": (known(person(3, "18:00"), held=3), ()),
    "a wrong clock": (known(person(5, "18:00", skewed=True)), (Flag.CLOCK_SKEW,)),
    "a feed that stopped looking": (known(feed(5, "18:00"), stuck_by=SHELTER), (Flag.STUCK,)),
    "several at once": (
        known(person(0, "18:00", over_by=1, skewed=True), held=2),
        (Flag.OVER_CAPACITY, Flag.OVERCOMMITTED, Flag.CLOCK_SKEW),
    ),
}


@pytest.mark.parametrize("name", FLAGS)
def test_what_is_remarked(name: str) -> None:
    unit, flags = FLAGS[name]
    assert seen(unit, "18:30").flags == flags


def test_a_movement_can_overcommit_a_unit_and_drops_no_hold() -> None:
    state = seen(known(person(3, "18:00"), held=2), "18:30", came(2, "18:10"))
    assert (state.free, state.held, state.flags) == (1, 2, (Flag.OVERCOMMITTED,))
    assert available(state.holdable, state.free, state.held) == 0


@pytest.mark.parametrize("regime", Regime)
def test_only_the_winning_report_dates_a_state(regime: Regime) -> None:
    policy = Policy(night=Ageing(60, 120, 180), admission=Ageing(600, 1200, 1800))
    scale = timedelta(minutes=1 if regime is Regime.NIGHT else 10)
    unit = known(person(5, "18:00"), regime=regime)
    fresh = seen(unit, "18:30", policy=policy).fresh
    assert fresh.confirmed_at == at("18:00")
    assert (fresh.aging_at, fresh.stale_at, fresh.silent_at) == tuple(at("18:00") + n * scale for n in (1, 2, 3))
    for changed in (replace(unit, held=4), replace(unit, closed=True), replace(unit, stuck_by=SHELTER)):
        assert seen(changed, at("11:00", TOMORROW), came(2, "18:20"), left(1, "18:25"), policy=policy).fresh == fresh


def test_never_reported_is_never_fresh() -> None:
    state = seen(known(), "18:00", came(2, "17:00"))
    assert (state.fresh, state.confirmed_by, state.free, state.over_by) == (NEVER, None, 0, 0)


def test_a_state_says_who_confirmed_it() -> None:
    assert seen(known(person(5, "18:00")), "18:30").confirmed_by == "person"
    assert seen(known(net(5, "18:00")), "18:30").confirmed_by == "feed"


def test_a_state_names_the_report_that_stands() -> None:
    """So that whoever records a movement can say that it is in there already, a colleague's report included."""
    stands = person(5, "18:00")
    assert seen(known(stands), "18:30", came(2, "18:20")).count_report == stands.report_id
    assert seen(known(), "18:30").count_report is None


@pytest.mark.parametrize(
    "holdable, free, held, rest", [(True, 5, 2, 3), (True, 2, 5, 0), (True, 0, 0, 0), (False, 5, 0, 0)]
)
def test_what_may_still_be_held(holdable: bool, free: int, held: int, rest: int) -> None:
    assert available(holdable, free, held) == rest


def test_what_a_person_bases_a_report_on_leaves_out_holds_and_freshness() -> None:
    unit = known(person(5, "18:00"))
    shown = seen(unit, "18:30").shown
    assert seen(replace(unit, held=3), "18:45").shown == shown
    assert seen(known(person(5, "18:20")), "18:45").shown == shown
    assert seen(unit, "18:30", came(1, "18:10")).shown != shown
    assert seen(replace(unit, closed=True), "18:30").shown != shown
    assert seen(replace(unit, capacity=Stated(24, at("18:10"), UUID(int=9))), "18:30").shown != shown


@pytest.mark.parametrize("night", [SPRING, AUTUMN], ids=["23 hours", "25 hours"])
def test_a_count_lasts_the_whole_night_however_long(night: date) -> None:
    when = at("18:00", night)
    unit = known(person(5, "18:00", at=when, known_until=when, night=night))
    last = at("11:59:59", night + timedelta(days=1))
    assert seen(unit, last).status is Status.OPEN
    turned = seen(unit, last + timedelta(seconds=1))
    assert (turned.status, turned.free, turned.night) == (Status.UNCONFIRMED, CAPACITY, night + timedelta(days=1))
