"""Which report stands, as a table of stories: whatever order their lines come in, the same one does (DESIGN §2: I8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest

from inventory.defining import CloseUnit
from inventory.model.counting import Count, Direction, Spoke
from inventory.model.facts import Intake, OutOfService, OutReason
from inventory.model.state import Flag, Status
from inventory.model.unit import Turnover
from inventory.moving import Move
from inventory.reporting import Line, Report, Reporter
from tests.support.ward import SHELTER, SYSTEM, UNIT, Ward
from tests.unit.inventory.saying import FEED, NIGHT, at, feed, person

DAY = timedelta(days=1)
OTHER = UUID(int=21)
OPENED = at("00:00") - DAY


def report_of(count: Count, sent: datetime | None = None, **facts: Any) -> Report:
    """The report that says this count, with an as-of of its own and a body of its own."""
    lag_s = int((count.at - count.known_until).total_seconds())
    reporter = Reporter(count.source_id, count.spoke, count.basis, lag_s)
    line = Line(UNIT, count.free, count.over_by, body_hash=repr((count.at, count.value)).encode(), **facts)
    return Report(count.report_id, reporter, SHELTER, (line,), b"", count.at, sent, count.night)


class Teller:
    """Takes reports in some order, each after all of them were true, and says what became of it."""

    def __init__(self, turnover: Turnover = Turnover.CONTINUING) -> None:
        self.ward = Ward(OPENED, turnover=turnover)
        self.ward.working.grants |= {(FEED, SHELTER), (OTHER, SHELTER), (UUID(int=10), SHELTER)}
        self.now = at("23:00")

    def take(self, count: Count, **facts: Any) -> str:
        self.now += timedelta(minutes=1)
        return self.do(report_of(count, **facts))

    def do(self, report: Report) -> str:
        outcome: str = self.ward.do(report, self.now).units[0].outcome
        return outcome

    @property
    def shown(self) -> tuple[Status, int, datetime | None]:
        state = self.ward.state(self.now)
        return state.status, state.free, state.fresh.confirmed_at


@dataclass(frozen=True)
class Tale:
    """What was said, and which number stands in the end, confirmed when."""

    said: tuple[Count, ...]
    free: int
    confirmed: str


TALES = {
    "the first word is taken": Tale((person(5, "18:00"),), 5, "18:00"),
    "a newer report wins": Tale((person(5, "18:00", id=1), person(4, "18:10", id=2)), 4, "18:10"),
    "of one instant the greater id wins": Tale((person(5, "18:00", id=1), person(4, "18:00", id=2)), 4, "18:00"),
    "a feed's newer count wins": Tale((feed(5, "18:00", id=1), feed(4, "18:10", id=2)), 4, "18:10"),
    "a person displaces a feed": Tale((feed(5, "18:00", id=1), person(3, "18:01", id=2)), 3, "18:01"),
    "a person pins a feed that says what it said": Tale(
        (feed(5, "17:00", id=1), person(3, "18:00", id=2), feed(5, "18:10", id=3)), 3, "18:00"
    ),
    "a person pins it again and again": Tale(
        (feed(5, "17:00", id=1), person(3, "18:00", id=2), feed(5, "18:10", id=3), feed(5, "18:20", id=4)), 3, "18:00"
    ),
    "the pin ends when the feed changes its number": Tale(
        (feed(5, "17:00", id=1), person(3, "18:00", id=2), feed(6, "18:10", id=3)), 6, "18:10"
    ),
    "a feed that changed and changed back is free of the pin": Tale(
        (feed(5, "17:00", id=1), person(3, "18:00", id=2), feed(6, "18:05", id=3), feed(5, "18:10", id=4)), 5, "18:10"
    ),
    "a number that changed before the person looked is pinned": Tale(
        (feed(5, "17:00", id=1), feed(6, "17:50", id=2), person(3, "18:00", id=3), feed(6, "18:20", id=4)), 3, "18:00"
    ),
    "the pin still holds at its last instant": Tale(
        (feed(5, "17:00", id=1), person(3, "18:00", id=2), feed(5, "18:30", id=3)), 3, "18:00"
    ),
    "the pin ends by time": Tale(
        (feed(5, "17:00", id=1), person(3, "18:00", id=2), feed(5, "18:31", id=3)), 5, "18:31"
    ),
    "a second person renews the pin": Tale(
        (feed(5, "17:00", id=1), person(3, "18:00", id=2), person(3, "18:20", id=3), feed(5, "18:45", id=4)), 3, "18:20"
    ),
    "a feed that speaks for the first time is not pinned": Tale(
        (person(3, "18:00", id=1), feed(5, "18:10", id=2)), 5, "18:10"
    ),
    "a person does not pin a person": Tale((person(3, "18:00", id=1), person(5, "18:10", id=2)), 5, "18:10"),
    "one feed's new number does not free another that goes on as before": Tale(
        (
            feed(5, "17:00", id=1),
            person(3, "18:00", id=2),
            feed(4, "18:05", id=3, source_id=OTHER),
            feed(5, "18:10", id=4),
        ),
        4,
        "18:05",
    ),
    "two feeds that speak of one instant are told apart by id alone": Tale(
        (feed(5, "18:00", id=200), feed(4, "18:00", id=199, source_id=OTHER)), 5, "18:00"
    ),
}


@pytest.mark.parametrize("name", TALES)
def test_which_report_stands_in_whatever_order_they_come(name: str) -> None:
    tale = TALES[name]
    for order in permutations(tale.said):
        teller = Teller()
        for count in order:
            teller.take(count)
        assert teller.shown == (Status.OPEN, tale.free, at(tale.confirmed)), [count.value for count in order]


@pytest.mark.parametrize(
    "before, new, outcome",
    [
        pytest.param([person(5, "18:00")], person(4, "18:10", id=101), "applied", id="newer"),
        pytest.param([person(4, "18:10")], person(5, "18:00", id=101), "superseded", id="late"),
        pytest.param([feed(5, "17:00"), person(3, "18:00")], feed(5, "18:10", id=201), "pinned", id="pinned"),
        pytest.param(
            [feed(5, "17:00"), feed(5, "18:10", id=201)], person(3, "18:00"), "applied",
            id="a person late by a moment pins what came first",
        ),
        pytest.param([feed(6, "18:10")], person(3, "18:00"), "superseded", id="a first word is not displaced"),
        pytest.param(
            [feed(5, "17:00"), feed(5, "18:31", id=201)], person(3, "18:00"), "superseded", id="too late for the pin"
        ),
    ],
)  # fmt: skip
def test_what_is_answered(before: Sequence[Count], new: Count, outcome: str) -> None:
    teller = Teller()
    for count in before:
        teller.take(count)
    assert teller.take(new) == outcome


TOMORROW = NIGHT + DAY


@pytest.mark.parametrize("turnover", Turnover)
def test_a_report_for_the_coming_night_waits_for_noon(turnover: Turnover) -> None:
    teller = Teller(turnover)
    teller.take(person(2, "17:50", id=1))
    assert teller.take(person(20, "18:00", id=2, night=TOMORROW)) == "coming"
    state = teller.ward.state(teller.now)
    assert (state.free, state.fresh.confirmed_at) == (2, at("17:50"))
    assert state.coming is not None
    assert (state.coming.free, state.coming.night) == (20, TOMORROW)
    noon = at("12:00", TOMORROW)
    after = teller.ward.state(noon)
    assert (after.status, after.free, after.fresh.confirmed_at, after.coming) == (Status.OPEN, 20, at("18:00"), None)


def test_the_first_word_for_the_coming_night_opens_nothing_tonight() -> None:
    teller = Teller()
    teller.take(person(20, "18:00", night=TOMORROW))
    assert teller.ward.state(teller.now).status is Status.AWAITING_REPORT


def test_a_report_about_last_night_does_not_unconfirm_tonight() -> None:
    teller = Teller(Turnover.NIGHTLY)
    teller.take(person(5, "13:00", id=1))
    assert teller.take(feed(0, "13:30", id=2, night=NIGHT - DAY)) == "superseded"
    assert teller.shown == (Status.OPEN, 5, at("13:00"))


def test_departures_between_a_count_for_tonight_and_noon_make_no_room() -> None:
    teller = Teller(Turnover.NIGHTLY)
    teller.take(person(25, "11:00"))
    left = Move(UUID(int=9), SYSTEM, UNIT, Direction.OUT, 6, b"", at("11:30"))
    teller.ward.do(left, teller.now)
    assert teller.shown == (Status.OPEN, 25, at("11:00"))


def test_a_pin_does_not_reach_into_the_next_night() -> None:
    teller = Teller(Turnover.NIGHTLY)
    teller.take(feed(0, "11:00", id=1, night=NIGHT - DAY))
    teller.take(person(1, "11:50", id=2, night=NIGHT - DAY))
    assert teller.take(feed(0, "12:10", id=3)) == "applied"
    assert teller.shown == (Status.OPEN, 0, at("12:10"))


def test_a_word_about_tomorrow_pins_nothing_tonight_and_takes_no_pin_away() -> None:
    teller = Teller()
    teller.take(feed(5, "17:00", id=1))
    teller.take(person(20, "18:00", id=2, night=TOMORROW))
    assert teller.take(feed(5, "18:05", id=3)) == "applied"
    teller.take(person(3, "18:10", id=4))
    teller.take(person(21, "18:15", id=5, night=TOMORROW))
    assert teller.take(feed(5, "18:20", id=6)) == "pinned"


def test_a_word_about_tonight_before_noon_holds_against_last_nights_number_after_it() -> None:
    teller = Teller(Turnover.NIGHTLY)
    teller.take(feed(0, "11:00", id=1, night=NIGHT - DAY))
    teller.take(person(25, "11:45", id=2, night=NIGHT))
    assert teller.take(feed(0, "12:10", id=3)) == "pinned"
    assert teller.shown == (Status.OPEN, 25, at("11:45"))


def test_a_pin_does_not_outlast_a_reopening() -> None:
    teller = Teller()
    for count in (feed(5, "17:00", id=1), person(3, "17:50", id=2)):
        teller.now = count.at
        teller.do(report_of(count))
    for minute, closed in (("17:55", True), ("18:00", False)):
        teller.ward.do(CloseUnit(UNIT, SYSTEM, closed), at(minute))
    teller.now = at("18:05")
    assert teller.do(report_of(feed(5, "18:05", id=3))) == "applied"
    assert teller.shown == (Status.OPEN, 5, at("18:05"))


def _facts(teller: Teller) -> tuple[int, bool, int]:
    state = teller.ward.state(teller.now)
    return sum(one.places for one in state.out_of_service), state.intake.paused, state.capacity


CLEANING = (OutOfService(OutReason.CLEANING, 2),)


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (2, 0, 1), (1, 2, 0)])
def test_a_pinned_feed_does_not_overrule_what_the_person_said_beside_the_count(order: tuple[int, ...]) -> None:
    """Its capacity counts all the same: that is a dated change of the unit, and no word about tonight."""
    said = [
        (feed(3, "17:00", id=1), {}),
        (person(3, "18:00", id=2), {"out_of_service": CLEANING, "intake": Intake(True)}),
        (feed(3, "18:10", id=3), {"out_of_service": (), "intake": Intake(False), "capacity": 30}),
    ]
    teller = Teller()
    for place in order:
        count, facts = said[place]
        teller.take(count, **facts)
    assert _facts(teller) == (2, True, 30)


def test_a_line_of_facts_alone_confirms_no_count() -> None:
    teller = Teller()
    teller.take(person(5, "18:00"))
    pause = Line(UNIT, None, intake=Intake(True), body_hash=b"pause")
    report = Report(UUID(int=7), Reporter(SYSTEM, Spoke.PERSON), SHELTER, (pause,), b"", at("20:00"))
    assert teller.do(report) == "applied"
    state = teller.ward.state(teller.now)
    assert (state.free, state.fresh.confirmed_at, state.intake.paused) == (5, at("18:00"), True)
    late = Line(UNIT, None, intake=Intake(False), body_hash=b"open")
    assert teller.do(Report(UUID(int=8), report.reporter, SHELTER, (late,), b"", at("19:00"))) == "superseded"


def _say(teller: Teller, free: int, id: int, as_of: str | None, body: bytes, night: date | None = None) -> str:
    """Let a feed say a number of its own as-of, in its own words, a few minutes later."""
    teller.now += timedelta(minutes=5)
    line = Line(UNIT, free, body_hash=body)
    instant = at(as_of) if as_of else None
    return teller.do(
        Report(UUID(int=id), Reporter(FEED, Spoke.FEED), SHELTER, (line,), b"", instant, teller.now, night)
    )


def test_the_same_body_again_is_repeated_and_never_fresher() -> None:
    teller = Teller()
    assert [_say(teller, 5, n, None, b"same") for n in range(1, 5)] == ["applied", *["repeated"] * 3]
    assert teller.shown[2] == at("23:05")


def test_another_body_between_two_equal_ones_is_not_a_repetition() -> None:
    teller = Teller()
    assert [_say(teller, n, n, None, body) for n, body in ((5, b"a"), (4, b"b"), (6, b"a"))] == ["applied"] * 3


@pytest.mark.parametrize("second_id", [199, 201], ids=["smaller id", "greater id"])
def test_a_correction_of_the_same_as_of_changes_the_number_and_not_the_time(second_id: int) -> None:
    teller = Teller()
    assert _say(teller, 5, 200, "18:00", b"said") == "applied"
    assert _say(teller, 4, second_id, "18:00", b"corrected") == "applied"
    assert teller.shown == (Status.OPEN, 4, at("18:00"))


def test_a_correction_back_to_the_old_number_is_pinned_again() -> None:
    teller = Teller()
    _say(teller, 5, 1, "17:00", b"a")
    teller.take(person(3, "18:00", id=2))
    assert _say(teller, 6, 3, "18:10", b"b") == "applied"
    assert _say(teller, 5, 4, "18:10", b"c") == "pinned"
    assert teller.shown == (Status.OPEN, 3, at("18:00"))


def test_another_as_of_with_the_same_number_is_fresher() -> None:
    teller = Teller()
    _say(teller, 5, 1, "18:00", b"a")
    assert _say(teller, 5, 2, "18:30", b"b") == "applied"
    assert teller.shown[2] == at("18:30")


def test_a_source_is_stuck_after_so_many_identical_bodies_and_nobody_elses_word_hides_it() -> None:
    teller = Teller()
    after = teller.ward.policy.stuck_after
    for n in range(1, after):
        _say(teller, 5, n, None, b"same")
    assert Flag.STUCK not in teller.ward.state(teller.now).flags
    _say(teller, 5, after, None, b"same")
    assert Flag.STUCK in teller.ward.state(teller.now).flags
    teller.take(feed(4, "23:59", id=900, source_id=OTHER))
    assert Flag.STUCK in teller.ward.state(teller.now).flags, "a healthy feed says nothing about a stuck one"
    _say(teller, 6, 901, None, b"new")
    assert Flag.STUCK not in teller.ward.state(teller.now).flags


def test_a_person_ends_the_alarm_of_a_feed_that_went_away() -> None:
    teller = Teller()
    for n in range(1, 20):
        _say(teller, 5, n, None, b"same")
    teller.take(person(5, "23:30", id=900))
    assert Flag.STUCK not in teller.ward.state(teller.now).flags


def _state_facts(teller: Teller, id: int, as_of: str, **facts: Any) -> str:
    """Let the feed state facts of an instant, without a number."""
    teller.now += timedelta(minutes=1)
    line = Line(UNIT, None, body_hash=repr((id, facts)).encode(), **facts)
    return teller.do(Report(UUID(int=id), Reporter(FEED, Spoke.FEED), SHELTER, (line,), b"", at(as_of), teller.now))


def test_facts_of_the_same_as_of_do_not_take_the_count_away() -> None:
    teller = Teller()
    assert _say(teller, 3, 9, "18:00", b"number") == "applied"
    assert _state_facts(teller, 8, "18:00", out_of_service=CLEANING) == "applied"
    assert teller.shown == (Status.OPEN, 3, at("18:00"))
    assert _facts(teller)[0] == 2


def test_correcting_a_pinned_line_puts_none_of_its_facts_in_force() -> None:
    teller = Teller()
    teller.take(feed(3, "17:00", id=1))
    teller.take(person(5, "18:00", id=2), out_of_service=CLEANING)
    assert teller.take(feed(3, "18:10", id=3), out_of_service=()) == "pinned"
    assert _say(teller, 3, 4, "18:10", b"again") == "pinned"
    assert _facts(teller)[0] == 2


def test_what_was_overruled_stands_again_when_that_falls() -> None:
    """The lane reads older counts too: the one that stood was not the only one."""
    teller = Teller()
    teller.take(feed(3, "13:00", id=1))
    teller.take(person(5, "13:30", id=2))
    assert teller.take(feed(3, "17:30", id=3)) == "applied"
    pause = Line(UNIT, None, intake=Intake(True), body_hash=b"pause")
    late = Report(UUID(int=4), Reporter(SYSTEM, Spoke.PERSON), SHELTER, (pause,), b"", at("17:20"))
    assert teller.do(late) == "applied"
    assert teller.shown == (Status.OPEN, 5, at("13:30")), "somebody looked a moment before, and the feed only goes on"


def test_facts_alone_do_not_make_an_old_number_new() -> None:
    teller = Teller()
    teller.take(feed(3, "13:00", id=1))
    _state_facts(teller, 2, "14:00", intake=Intake(False))
    teller.take(person(4, "18:00", id=3))
    assert teller.take(feed(3, "18:10", id=4)) == "pinned"
    teller.take(person(4, "17:55", id=5))
    assert teller.shown == (Status.OPEN, 4, at("18:00"))


def test_a_corrected_capacity_stands_whatever_its_id() -> None:
    teller = Teller()
    for id, capacity in ((9, 30), (2, 24)):
        assert _say_capacity(teller, id, capacity) == "applied"
    assert _facts(teller)[2] == 24


def _say_capacity(teller: Teller, id: int, capacity: int) -> str:
    return _state_facts(teller, id, "18:00", capacity=capacity)


def test_a_line_that_comes_far_too_late_judges_nobody() -> None:
    """A phone that was away for days: what it says is kept, and changes nothing that was judged since."""
    teller = Teller()
    teller.take(feed(5, "10:00", id=1))
    teller.take(feed(5, "10:20", id=2), out_of_service=CLEANING)
    teller.take(feed(6, "20:00", id=3))
    assert teller.take(person(3, "10:10", id=4)) == "superseded"
    assert (teller.shown[1], _facts(teller)[0]) == (6, 2)
    assert not any(line.pinned for line in teller.ward.lines)


def test_who_leaves_is_no_news_where_nobody_is_expected() -> None:
    teller = Teller(Turnover.NIGHTLY)
    teller.take(person(0, "11:00", night=NIGHT - DAY))
    left = Move(UUID(int=9), SYSTEM, UNIT, Direction.OUT, 3, b"", at("12:10"))
    assert teller.ward.do(left, at("12:10")).outcome == "earlier"
