"""The generator of evenings: the same night for the same seed, everything in it, and never what cannot be."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from functools import cache
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from halte.demo.inventing import invent
from halte.simulate.casting import cast
from halte.simulate.evening import Evening, draw
from halte.simulate.happening import Activated, Moved, Reported, Scene, Turned, Voice, Voided
from halte.simulate.housing import World, furnish
from inventory.model.counting import Direction
from inventory.reporting import ABSURD_FACTOR, ABSURD_FLOOR

ZONE = ZoneInfo("Europe/Brussels")
NIGHT = date(2026, 11, 26)
REGION = UUID(int=7)
NIGHTS = st.dates(date(2026, 1, 1), date(2027, 12, 31))


@cache
def world(seed: int = 1, size: float = 1) -> World:
    return furnish(REGION, invent(REGION, seed, size), seed)


@cache
def evening(night: date = NIGHT) -> Evening:
    return draw(world(), night, ZONE)


def reports(drawn: Evening) -> list[Reported]:
    return [one for one in drawn.events if isinstance(one, Reported)]


def test_everything_happens_in_every_night() -> None:
    for night in (NIGHT, NIGHT + timedelta(days=1), date(2026, 7, 1)):
        assert {one.scene for one in evening(night).events} == set(Scene)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**32), NIGHTS)
def test_a_night_is_the_same_whenever_it_is_drawn(seed: int, night: date) -> None:
    assert draw(world(seed, 0.2), night, ZONE) == draw(world(seed, 0.2), night, ZONE)
    assert draw(world(seed, 0.2), night, ZONE).events != draw(world(seed + 1, 0.2), night, ZONE).events


def test_what_happens_does_not_depend_on_the_regions_id() -> None:
    other = UUID(int=8)
    drawn = draw(furnish(other, invent(other), 1), NIGHT, ZONE)
    assert [(one.at, one.scene) for one in drawn.events] == [(one.at, one.scene) for one in evening().events]
    assert not {one.id for one in reports(drawn)} & {one.id for one in reports(evening())}


@settings(max_examples=8, deadline=None)
@given(NIGHTS)
def test_a_night_lasts_from_noon_to_noon_in_order(night: date) -> None:
    drawn = draw(world(size=0.2), night, ZONE)
    assert (
        drawn.begins.astimezone(ZONE).isoformat()
        == f"{datetime.combine(night, datetime.min.time().replace(hour=12), ZONE).isoformat()}"
    )
    assert drawn.ends.astimezone(ZONE).date() == night + timedelta(days=1)
    assert drawn.ends - drawn.begins in {timedelta(hours=h) for h in (23, 24, 25)}
    assert all(drawn.begins <= one.at < drawn.ends for one in drawn.events)
    assert all(a.at <= b.at for a, b in pairwise(drawn.events))
    assert all(one.observed_at <= one.at for one in reports(drawn))
    assert drawn.begins <= min(one.observed_at for one in reports(drawn))


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**32), NIGHTS)
def test_nobody_sleeps_where_there_is_no_place_but_where_it_is_said(seed: int, night: date) -> None:
    drawn = draw(world(seed, 0.2), night, ZONE)
    overfull = cast(world(seed, 0.2), night).overfull
    for house in world(seed, 0.2).houses:
        for room in house.rooms:
            stay = drawn.stays[room.id]
            instants = [drawn.begins, *(step.at for step in stay.steps), drawn.ends]
            assert all(stay.taken(at) >= 0 for at in instants)
            if room.number not in overfull:
                assert all(stay.rest(at) >= 0 for at in instants), room


def test_one_night_leads_to_the_next() -> None:
    following = evening(NIGHT + timedelta(days=1))
    for house in world().houses:
        for room in house.rooms:
            if not room.surge:
                ended, begun = evening().stays[room.id], following.stays[room.id]
                assert ended.taken(evening().ends) == begun.taken_at_noon, room


def test_counts_say_the_truth_but_for_slips() -> None:
    for report in reports(evening()):
        for line in report.lines:
            if line.free is None:
                continue
            stay = evening().stays[line.unit]
            assert max(line.free, line.over_by) <= max(ABSURD_FLOOR, ABSURD_FACTOR * stay.capacity)
            if report.scene is not Scene.SLIP:
                assert line.free - line.over_by == stay.rest(report.observed_at), report


def test_an_id_means_one_thing() -> None:
    """Only what is sent twice has one id twice, and then it is the same."""
    said: dict[UUID, object] = {}
    for one in evening().events:
        if isinstance(one, Reported):
            body = (one.shelter, one.observed_at, one.lines)
            assert said.setdefault(one.id, body) == body
        elif isinstance(one, Moved):
            assert said.setdefault(one.id, one) is one
    twice = Counter(one.id for one in reports(evening()))
    assert [id for id, count in twice.items() if count > 1]


def test_a_movement_is_noted_after_a_count_and_voided_after_it_was_noted() -> None:
    counted: dict[UUID, datetime] = {}
    noted: set[UUID] = set()
    for one in evening().events:
        if isinstance(one, Reported):
            counted |= dict.fromkeys((line.unit for line in one.lines if line.free is not None), one.at)
        elif isinstance(one, Moved):
            assert one.unit in counted
            noted.add(one.id)
        elif isinstance(one, Voided):
            assert one.movement in noted


def test_a_silent_house_counts_once_and_a_stuck_feed_repeats_itself() -> None:
    parts = cast(world(), NIGHT)
    by_house: defaultdict[UUID, list[Reported]] = defaultdict(list)
    for report in reports(evening()):
        by_house[report.shelter].append(report)
    houses = world().houses
    for number in parts.silent:
        assert Counter(report.lines[0].unit for report in by_house[houses[number].id]).most_common(1)[0][1] == 1
    for number in parts.stuck:
        alike = [one for one in by_house[houses[number].id] if one.scene is Scene.STUCK]
        assert len(alike) > 12
        assert len({(one.observed_at, one.lines) for one in alike}) == 1
        assert len({one.id for one in alike}) == len(alike)


def test_the_dark_commune_is_silent_and_speaks_of_it_afterwards() -> None:
    parts = cast(world(), NIGHT)
    dark = {house.id for house in world().houses if house.shelter.commune == parts.dark}
    failed, returned = (datetime(2026, 11, 26, *clock, tzinfo=ZONE) for clock in ((20, 10), (21, 5)))
    own = [one for one in reports(evening()) if one.shelter in dark]
    assert not [one for one in own if failed <= one.at < returned]
    assert [one for one in own if failed <= one.observed_at < returned and one.at >= returned]


def test_the_cold_plan_opens_surge_units_and_no_others() -> None:
    (plan,) = [one for one in evening().events if isinstance(one, Activated)]
    surge = {room.id for house in world().houses for room in house.rooms if room.surge}
    assert set(plan.units) == surge
    told = {line.unit: one.at for one in reversed(reports(evening())) for line in one.lines if line.unit in surge}
    assert set(told) == surge
    assert all(plan.at < at < plan.expires_at for at in told.values())
    assert plan.expires_at < evening().ends


def test_every_closing_has_its_reopening_in_the_same_night() -> None:
    turns: defaultdict[UUID, list[bool]] = defaultdict(list)
    for one in evening().events:
        if isinstance(one, Turned):
            turns[one.unit].append(one.closed)
    assert turns
    assert all(closed == [True, False] for closed in turns.values())


def test_the_evening_is_tight_and_told_by_phones_and_programs() -> None:
    nightly = [
        evening().stays[room.id] for house in world().houses for room in house.rooms if room.nightly and not room.surge
    ]
    places = sum(stay.capacity for stay in nightly)

    def free(hours: float) -> int:
        return sum(max(0, stay.rest(evening().begins + timedelta(hours=hours))) for stay in nightly)

    assert free(5) > free(8) > free(10) > free(12)
    assert free(12) < places / 12
    assert sum(stay.rest(evening().begins + timedelta(hours=12)) <= 0 for stay in nightly) > len(nightly) / 2
    voices = Counter(one.voice for one in reports(evening()))
    assert voices[Voice.PHONE] > 800
    assert voices[Voice.FEED] > 800
    moved = Counter(one.direction for one in evening().events if isinstance(one, Moved))
    assert moved[Direction.IN] > 200
    assert moved[Direction.OUT] > 100


def test_a_region_three_times_as_large_has_three_times_as_much_to_say() -> None:
    large = draw(world(size=3), NIGHT, ZONE)
    assert 2.4 < len(large.events) / len(evening().events) < 3.6
    assert {one.scene for one in large.events} == set(Scene)
