"""The rules of the count, as a table of interleavings, each by its name (DESIGN §2: I2, I8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import permutations
from uuid import UUID

import pytest

from inventory.model.counting import (
    Balance,
    Count,
    HoldSpan,
    Movement,
    Stated,
    Timing,
    balance,
    expected,
    newest,
    place,
)
from tests.unit.inventory.saying import at, came, feed, left, net, person, stood


@dataclass(frozen=True)
class Sum:
    """A winning report, who came and left, which holds stood, and what is free then."""

    count: Count
    movements: tuple[Movement, ...] = ()
    holds: tuple[HoldSpan, ...] = ()
    free: int = 0
    over_by: int = 0


SUMS = {
    "nobody moved": Sum(person(5, "18:00"), free=5),
    "people came in after the report": Sum(person(5, "18:00"), (came(2, "18:05"),), free=3),
    "people left after the report": Sum(person(5, "18:00"), (left(2, "18:05"),), free=7),
    "a movement before the report is in it": Sum(person(5, "18:00"), (came(2, "17:55"), left(1, "17:59")), free=5),
    "a movement at the report's instant is in it": Sum(person(5, "18:00"), (came(2, "18:00"),), free=5),
    "a movement that the report already includes": Sum(
        person(4, "18:00", id=7), (came(1, "18:05", counted_in=7),), free=4
    ),
    "a movement included in another report counts": Sum(
        person(4, "18:00", id=7), (came(1, "18:05", counted_in=6),), free=3
    ),
    "a movement included in an earlier report is in every later one": Sum(
        person(4, "18:10", id=7), (came(1, "18:20", counted_in=6, counted_at="18:00"),), free=4
    ),
    "a movement included in a later report is not in an earlier one": Sum(
        person(4, "18:00", id=7), (came(1, "18:20", counted_in=8, counted_at="18:10"),), free=3
    ),
    "a movement included in a report that the feed could not know yet": Sum(
        feed(5, "18:05", lag_min=15), (came(1, "18:20", counted_in=6, counted_at="18:00"),), free=4
    ),
    "a void movement never was": Sum(person(5, "18:00"), (came(2, "18:05", voided=True),), free=5),
    "a mistake voided, then said right": Sum(
        person(5, "18:00"), (came(3, "18:05", id=1, voided=True), came(2, "18:05", id=2)), free=3
    ),
    "void, and already counted": Sum(person(5, "18:00", id=7), (came(2, "18:05", counted_in=7, voided=True),), free=5),
    "more came in than were free": Sum(person(1, "18:00"), (came(3, "18:05"),), free=0, over_by=2),
    "over capacity: nobody free, over by the rest": Sum(person(0, "18:00", over_by=2), free=0, over_by=2),
    "who leaves an overfull unit does not make a place": Sum(
        person(0, "18:00", over_by=2), (left(1, "18:05"),), free=0, over_by=1
    ),
    "the third who leaves makes one": Sum(person(0, "18:00", over_by=2), (left(3, "18:05"),), free=1),
    "more free than the unit holds": Sum(person(24, "18:00"), (left(3, "18:05"),), free=27),
    "a person's count includes what is held": Sum(person(5, "18:00"), (), (stood(2, "17:00"),), free=5),
    "a physical feed's count includes what is held": Sum(feed(5, "18:00"), (), (stood(2, "17:00"),), free=5),
    "a net feed has taken off the hold it knew of": Sum(net(3, "18:00"), (), (stood(2, "17:00"),), free=5),
    "a net feed did not know of a hold made after it": Sum(net(3, "18:00"), (), (stood(2, "18:05"),), free=3),
    "a net feed knew of a hold made at its instant": Sum(net(3, "18:00"), (), (stood(2, "18:00"),), free=5),
    "a hold that ended before the net feed looked": Sum(net(3, "18:00"), (), (stood(2, "17:00", "17:30"),), free=3),
    "a hold that ended as the net feed looked": Sum(net(3, "18:00"), (), (stood(2, "17:00", "18:00"),), free=3),
    "a hold that ended after the net feed looked": Sum(net(3, "18:00"), (), (stood(2, "17:00", "18:10"),), free=5),
    "the settle lag hides a hold from a net feed": Sum(net(3, "18:00", lag_min=15), (), (stood(2, "17:50"),), free=3),
    "a hold older than the settle lag is known": Sum(net(3, "18:00", lag_min=15), (), (stood(2, "17:40"),), free=5),
    "a hold that ended within the settle lag still counted for the feed": Sum(
        net(3, "18:00", lag_min=15), (), (stood(2, "17:00", "17:50"),), free=5
    ),
    "a movement within the settle lag is not in the feed": Sum(
        feed(5, "18:00", lag_min=15), (came(1, "17:50"),), free=4
    ),
    "a movement older than the settle lag is in the feed": Sum(
        feed(5, "18:00", lag_min=15), (came(1, "17:45"),), free=5
    ),
    "a held place is taken by its arrival: the net feed knew the hold": Sum(
        net(3, "18:00"), (came(2, "18:10"),), (stood(2, "17:00", "18:10"),), free=3
    ),
    "an arrival recorded late: the net feed saw people, not a hold": Sum(
        net(3, "18:00"), (came(2, "17:50"),), (stood(2, "17:00", "17:50"),), free=3
    ),
}


@pytest.mark.parametrize("name", SUMS)
def test_how_many_are_free(name: str) -> None:
    case = SUMS[name]
    for movements in permutations(case.movements):
        assert balance(case.count, movements, case.holds) == Balance(case.free, case.over_by)


NOON_SUMS = {
    "who left before noon made no room in the night": Sum(person(25, "11:00"), (left(6, "11:30"),), free=25),
    "who came in before noon was of the night before": Sum(person(25, "11:00"), (came(2, "11:59"),), free=25),
    "noon itself is of the night": Sum(person(25, "11:00"), (came(2, "12:00"),), free=23),
    "the settle lag does not reach over noon": Sum(feed(25, "12:05", lag_min=15), (left(10, "11:52"),), free=25),
    "after noon the settle lag counts": Sum(feed(25, "12:05", lag_min=15), (came(1, "12:01"),), free=24),
}


@pytest.mark.parametrize("name", NOON_SUMS)
def test_how_many_are_free_where_people_leave_at_noon(name: str) -> None:
    case = NOON_SUMS[name]
    assert balance(case.count, case.movements, (), at("12:00")) == Balance(case.free, case.over_by)


@pytest.mark.parametrize(
    "movements, rest",
    [
        pytest.param((), Balance(22, 0), id="everything in service is expected free"),
        pytest.param((came(4, "12:30"),), Balance(18, 0), id="who came in since noon is taken off"),
        pytest.param((came(4, "12:00"),), Balance(18, 0), id="noon itself is since noon"),
        pytest.param((came(4, "11:59"),), Balance(22, 0), id="who came in before noon was of last night"),
        pytest.param((left(4, "12:30"),), Balance(22, 0), id="a departure is what expected assumes"),
        pytest.param((came(4, "12:30"), left(9, "12:40")), Balance(18, 0), id="last night's leave, tonight's stay"),
        pytest.param((left(9, "12:10"), came(4, "12:30")), Balance(18, 0), id="in whichever order"),
        pytest.param((came(4, "12:30", voided=True),), Balance(22, 0), id="a void arrival never was"),
        pytest.param((came(30, "13:00"),), Balance(0, 8), id="more came in than are in service"),
    ],
)
def test_what_a_nightly_unit_should_have_after_noon(movements: tuple[Movement, ...], rest: Balance) -> None:
    assert expected(25, 3, at("12:00"), movements) == rest


def test_more_out_of_service_than_there_is_leaves_nothing_expected() -> None:
    assert expected(3, 5, at("12:00"), ()) == Balance(0, 0)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_the_newest_statement_of_a_fact_wins_whatever_the_order(order: tuple[int, ...]) -> None:
    said = [Stated(n, at(clock), UUID(int=n)) for n, clock in enumerate(("18:00", "18:10", "18:10"))]
    current: Stated[int] | None = None
    for place_ in order:
        current = newest(current, said[place_])
    assert current == said[2]


def test_the_first_statement_of_a_fact_stands() -> None:
    assert newest(None, Stated(1, at("18:00"), UUID(int=1))) == Stated(1, at("18:00"), UUID(int=1))


def test_a_correction_takes_the_place_of_what_it_corrects_whatever_its_id() -> None:
    said, corrected = Stated(30, at("18:00"), UUID(int=9)), Stated(24, at("18:00"), UUID(int=2))
    assert newest(said, corrected) == said
    assert newest(said, corrected, corrects=True) == corrected
    assert newest(Stated(30, at("18:10"), UUID(int=9)), corrected, corrects=True).value == 30


# A client's clock, corrected by what its own sent_at shows. `ahead` is by how much it is wrong.
def _clock(ahead: timedelta, queued: timedelta) -> Timing:
    received = at("20:00")
    sent = received + ahead
    return place(received, sent - queued, sent)


@pytest.mark.parametrize("minutes", [-600, -3, -1, 0, 1, 3, 600])
def test_a_wrong_clock_is_put_right_by_its_own_sent_at(minutes: int) -> None:
    timing = _clock(timedelta(minutes=minutes), timedelta(hours=2))
    assert timing == Timing(at("18:00"), abs(minutes) > 2)


def test_two_minutes_of_skew_are_borne() -> None:
    assert not _clock(timedelta(minutes=2), timedelta(0)).skewed
    assert _clock(timedelta(minutes=2, seconds=1), timedelta(0)).skewed


@pytest.mark.parametrize(
    "client_at, sent_at, timing",
    [
        pytest.param(None, None, Timing(at("20:00"), False), id="no clock: when it was received"),
        pytest.param(None, at("19:00"), Timing(at("20:00"), True), id="a wrong clock is told even when it says little"),
        pytest.param(at("19:00"), None, Timing(at("19:00"), False), id="taken at its word"),
        pytest.param(at("20:01"), None, Timing(at("20:00"), False), id="never in the future"),
        pytest.param(at("20:05"), None, Timing(at("20:00"), True), id="a clock that shows the future is wrong"),
        pytest.param(at("20:05"), at("20:04"), Timing(at("20:00"), True), id="seen after it was sent"),
    ],
)
def test_a_client_clock_on_our_time_line(client_at: datetime | None, sent_at: datetime | None, timing: Timing) -> None:
    assert place(at("20:00"), client_at, sent_at) == timing
