"""The rules of the count, as a table of interleavings, each by its name (DESIGN §2: I2, I8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest

from inventory.model.counting import (
    Balance,
    Count,
    FeedMemory,
    HoldSpan,
    Movement,
    Outcome,
    Stated,
    Timing,
    balance,
    expected,
    judge,
    newest,
    place,
    place_in_time,
    remember,
)
from tests.unit.inventory.saying import at, came, feed, left, net, person, stood

PIN = timedelta(minutes=30)


@dataclass(frozen=True)
class Race:
    """A report that reaches us when another one is the winner already."""

    current: Count | None
    new: Count
    outcome: Outcome


RACES = {
    "the first word is taken": Race(None, person(5, "18:00"), Outcome.APPLIED),
    "a newer report wins": Race(person(5, "18:00"), person(4, "18:10"), Outcome.APPLIED),
    "a late report is superseded": Race(person(4, "18:10"), person(5, "18:00"), Outcome.SUPERSEDED),
    "the same instant: the greater id wins": Race(person(5, "18:00", id=1), person(4, "18:00", id=2), Outcome.APPLIED),
    "the same instant: the smaller id loses, though it came later": Race(
        person(5, "18:00", id=2), person(4, "18:00", id=1), Outcome.SUPERSEDED
    ),
    "a feed's newer count displaces its older one": Race(feed(5, "18:00"), feed(4, "18:10"), Outcome.APPLIED),
    "a feed's late count is superseded": Race(feed(4, "18:10"), feed(5, "18:00"), Outcome.SUPERSEDED),
    "a person displaces a feed": Race(feed(5, "18:00"), person(3, "18:01"), Outcome.APPLIED),
    "a person pins a feed that says what it said": Race(
        person(3, "18:00"), feed(5, "18:10", since="17:00"), Outcome.PINNED
    ),
    "a person pins a feed that reached us first": Race(
        feed(5, "18:10", since="17:00"), person(3, "18:00"), Outcome.APPLIED
    ),
    "the pin ends when the feed changes its number": Race(
        person(3, "18:00"), feed(6, "18:10", since="18:10"), Outcome.APPLIED
    ),
    "a changed number that reached us first is not displaced": Race(
        feed(6, "18:10", since="18:10"), person(3, "18:00"), Outcome.SUPERSEDED
    ),
    "a number that changed after the person looked stays free of the pin": Race(
        person(3, "18:00"), feed(6, "18:20", since="18:10"), Outcome.APPLIED
    ),
    "a number that changed while the person looked is pinned": Race(
        person(3, "18:00"), feed(6, "18:20", since="18:00"), Outcome.PINNED
    ),
    "the pin still holds at its last instant": Race(
        person(3, "18:00"), feed(5, "18:30", since="17:00"), Outcome.PINNED
    ),
    "the pin ends by time": Race(person(3, "18:00"), feed(5, "18:31", since="17:00"), Outcome.APPLIED),
    "a feed past the pin is not displaced by the person's late report": Race(
        feed(5, "18:31", since="17:00"), person(3, "18:00"), Outcome.SUPERSEDED
    ),
    "a feed that speaks for the first time is not pinned": Race(person(3, "18:00"), feed(5, "18:10"), Outcome.APPLIED),
    "a feed older than the person's report is superseded, not pinned": Race(
        person(3, "18:00"), feed(5, "17:50", since="17:00"), Outcome.SUPERSEDED
    ),
    "a person does not pin a person": Race(person(3, "18:00"), person(5, "18:10"), Outcome.APPLIED),
    "a feed does not pin a person": Race(feed(5, "18:00", since="17:00"), person(3, "18:10"), Outcome.APPLIED),
}


@pytest.mark.parametrize("name", RACES)
def test_which_report_wins(name: str) -> None:
    race = RACES[name]
    assert judge(race.current, race.new, PIN) is race.outcome


def test_without_a_pin_the_newer_of_person_and_feed_wins() -> None:
    assert judge(person(3, "18:00"), feed(5, "18:01", since="17:00"), timedelta(0)) is Outcome.APPLIED


def test_the_winner_of_persons_does_not_depend_on_the_order_of_arrival() -> None:
    said = [person(n, f"18:0{n // 2}", id=n) for n in range(5)]
    for order in permutations(said):
        winner = None
        for count in order:
            if judge(winner, count, PIN) is Outcome.APPLIED:
                winner = count
        assert winner == said[-1]


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


def test_a_fact_not_stated_leaves_what_was_stated() -> None:
    assert newest(Stated(1, at("18:00"), UUID(int=1)), None) == Stated(1, at("18:00"), UUID(int=1))
    assert newest(None, None) is None


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


@dataclass(frozen=True)
class Said:
    """One statement of a feed: its number, the time it gives, and what its body hashes to."""

    count: Count
    as_of: datetime | None
    body: bytes


def _said(free: int, clock: str, *, as_of: str | None = None, body: bytes | None = None, **changes: Any) -> Said:
    stated = at(as_of) if as_of else None
    return Said(feed(free, clock, **changes), stated, body or repr((free, as_of, clock)).encode())


def _tell(*said: Said) -> tuple[list[Outcome], Count | None, FeedMemory]:
    """Let one feed speak, as reporting does: place, judge, remember."""
    winner: Count | None = None
    memory: FeedMemory | None = None
    outcomes = []
    for one in said:
        count = place_in_time(one.count, memory, one.as_of)
        repeated = memory is not None and memory.body_hash == one.body
        outcome = Outcome.REPEATED if repeated else judge(winner, count, PIN)
        winner = count if outcome is Outcome.APPLIED else winner
        memory = remember(memory, count, one.as_of, one.body)
        outcomes.append(outcome)
    assert memory is not None
    return outcomes, winner, memory


def test_the_same_body_again_is_repeated_and_never_fresher() -> None:
    outcomes, winner, memory = _tell(*(_said(5, f"18:{n}0", body=b"same") for n in range(4)))
    assert outcomes == [Outcome.APPLIED, *[Outcome.REPEATED] * 3]
    assert winner is not None
    assert (winner.at, memory.at, memory.repeats) == (at("18:00"), at("18:00"), 3)


def test_another_body_between_two_equal_ones_is_not_a_repetition() -> None:
    outcomes, _, memory = _tell(
        _said(5, "18:00", body=b"a"), _said(4, "18:10", body=b"b"), _said(5, "18:20", body=b"a")
    )
    assert outcomes == [Outcome.APPLIED] * 3
    assert memory.repeats == 0


@pytest.mark.parametrize("second_id", [199, 201], ids=["smaller id", "greater id"])
@pytest.mark.parametrize("clock", ["18:30", "18:00", "17:59"], ids=["later", "at once", "by a faster way"])
def test_a_correction_of_the_same_as_of_changes_the_number_and_not_the_time(second_id: int, clock: str) -> None:
    """`at` of the two differs by how long each was under way; their as-of is the same."""
    outcomes, winner, memory = _tell(
        _said(5, "18:00", as_of="18:00"), _said(4, clock, as_of="18:00", id=second_id, body=b"corrected")
    )
    assert outcomes == [Outcome.APPLIED, Outcome.APPLIED]
    assert winner is not None
    assert (winner.free, winner.at, winner.known_until) == (4, at("18:00"), at("18:00"))
    assert (memory.free, memory.at, memory.value_since) == (4, at("18:00"), at("18:00"))


def test_a_correction_keeps_the_settle_lag() -> None:
    _, winner, _ = _tell(
        _said(5, "18:00", as_of="18:00", lag_min=15), _said(4, "18:30", as_of="18:00", id=201, lag_min=15)
    )
    assert winner is not None
    assert winner.known_until == at("17:45")


def test_another_as_of_with_the_same_number_is_fresher_but_not_a_new_number() -> None:
    _, winner, memory = _tell(_said(5, "18:00", as_of="18:00"), _said(5, "18:30", as_of="18:30"))
    assert winner is not None
    assert (winner.at, winner.value_since) == (at("18:30"), at("18:00"))
    assert memory.value_since == at("18:00")


def test_a_feed_that_comes_late_does_not_rewrite_what_it_said_since() -> None:
    outcomes, winner, memory = _tell(_said(5, "18:30", as_of="18:30"), _said(9, "18:00", as_of="18:00"))
    assert outcomes == [Outcome.APPLIED, Outcome.SUPERSEDED]
    assert winner is not None
    assert (winner.free, memory.free, memory.at) == (5, 5, at("18:30"))


def test_two_feeds_that_speak_of_one_instant_are_told_apart_by_id_alone() -> None:
    """A correction is a source's own; of two sources neither corrects the other."""
    other = feed(4, "18:00", id=199, source_id=UUID(int=21))
    assert judge(feed(5, "18:00", id=200), other, PIN) is Outcome.SUPERSEDED
    assert judge(other, feed(5, "18:00", id=200), PIN) is Outcome.APPLIED


def test_a_person_has_no_story_as_a_feed() -> None:
    memory = FeedMemory(5, 0, at("17:00"), at("16:00"), at("18:00"), b"", 0)
    said = person(5, "18:00")
    assert place_in_time(said, memory, at("18:00")) == said
