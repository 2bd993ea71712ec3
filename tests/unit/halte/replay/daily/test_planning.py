"""What each day asks of the server: definitions once, turns when programmes go and come, every row a report."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from halte.replay.daily import naming
from halte.replay.daily.gathering import gather_days
from halte.replay.daily.planning import Home, Planner
from halte.replay.daily.reading import read_rows
from halte.replay.plans import Definition, Plan
from inventory.model.night import night_of
from tests.support.toronto import cut, row, text_of

REGION, OTHER_REGION = UUID(int=1), UUID(int=2)
DAYS = [f"2024-01-0{day}" for day in range(1, 8)]
TORONTO = ZoneInfo("America/Toronto")


def plan(
    *rows: dict[str, str],
    region: UUID = REGION,
    homes: Mapping[UUID, Home] | None = None,
    closed: AbstractSet[UUID] = frozenset(),
) -> tuple[list[Plan], Planner]:
    days, _ = gather_days(read_rows(text_of(rows).splitlines()))
    planner = Planner(region, "digest", TORONTO, homes, closed)
    return [planner.plan(day) for day in days], planner


def bodies(definitions: tuple[Definition, ...]) -> list[dict[str, Any]]:
    return [one.body for one in definitions]


def turns(day: Plan) -> list[tuple[str, str]]:
    return [(turn.ref, "close" if turn.closed else "reopen") for turn in day.turns]


def unit(programme: object, region: UUID = REGION) -> UUID:
    return naming.unit_id(region, str(programme))


def test_a_new_programme_is_defined_with_its_site_and_operator_then_counted() -> None:
    (day,), _ = plan(row(DAYS[0], 7, "30/4/2", rooms=True))
    assert bodies(day.operators) == [{"name": "Larch Society"}]
    (shelter,) = day.shelters
    assert shelter.body == {
        "operator": str(day.operators[0].id),
        "name": "Larch House",
        "commune": "north-york",
        "secret": False,
        "address": "1 Larch St, M1M 1M1",
        "external_ref": "10",
    }
    assert bodies(day.units) == [
        {
            "shelter": str(shelter.id),
            "name": "Programme 7",
            "audience": ["men", "women"],
            "age_min": 18,
            "age_max": None,
            "allotment": "room",
            "regime": "night",
            "turnover": "continuing",
            "surge": False,
            "external_ref": "7",
            "capacity": 30,
        }
    ]
    (counted,) = day.counts
    assert (counted.unit_id, counted.shelter_id, counted.free) == (unit(7), shelter.id, 4)
    assert day.turns == ()


@pytest.mark.parametrize(
    "cells, expected",
    [
        ({"SECTOR": "Men"}, {"audience": ["men"], "age_min": None}),
        ({"SECTOR": "Women"}, {"audience": ["women"]}),
        ({"SECTOR": "Families"}, {"audience": ["families"]}),
        ({"SECTOR": "Youth"}, {"audience": ["everyone"], "age_min": 16, "age_max": 24}),
        ({"SECTOR": "Llamas"}, {"audience": ["everyone"], "age_min": None}),
        ({"PROGRAM_MODEL": "Transitional"}, {"regime": "admission"}),
        ({"OVERNIGHT_SERVICE_TYPE": "24-Hour Respite Site"}, {"turnover": "nightly"}),
        ({"OVERNIGHT_SERVICE_TYPE": "24-Hour Women's Drop-in"}, {"turnover": "nightly"}),
        ({"OVERNIGHT_SERVICE_TYPE": "Warming Centre"}, {"turnover": "nightly"}),
        ({"OVERNIGHT_SERVICE_TYPE": "Motel/Hotel Shelter"}, {"turnover": "continuing"}),
        ({"PROGRAM_AREA": "Winter Programs"}, {"surge": True}),
        ({"PROGRAM_NAME": ""}, {"name": "Programme 7"}),
    ],
)
def test_torontos_words_in_ours(cells: dict[str, str], expected: dict[str, Any]) -> None:
    (day,), _ = plan(row(DAYS[0], 7) | cells)
    assert bodies(day.units)[0].items() >= expected.items()


def test_what_has_not_changed_is_not_defined_again_and_capacity_travels_with_the_count() -> None:
    (_, second), planner = plan(row(DAYS[0], 7, "30/4/0"), row(DAYS[1], 7, "32/5/1"))
    assert (second.operators, second.shelters, second.units) == ((), (), ())
    assert second.counts[0].capacity == 32
    expected = planner.expected[unit(7)]
    assert (expected.capacity, expected.free, expected.out, expected.closed) == (32, 5, 1, False)


def test_a_new_name_under_the_same_id_is_the_same_unit() -> None:
    (first, second), _ = plan(row(DAYS[0], 7), row(DAYS[1], 7, PROGRAM_NAME="New name", LOCATION_NAME="Larch Hall"))
    assert [one.id for one in second.units] == [one.id for one in first.units] == [unit(7)]
    assert bodies(second.shelters)[0]["name"] == "Larch Hall"
    assert second.shelters[0].id == first.shelters[0].id


def test_absence_closes_and_return_reopens() -> None:
    days, planner = plan(
        *(row(day, 1) for day in DAYS[:5]), row(DAYS[0], 2), row(DAYS[3], 2, "10/8/0"), row(DAYS[1], 3)
    )
    assert [turns(day) for day in days] == [[], [("2", "close")], [("3", "close")], [("2", "reopen")], [("2", "close")]]
    assert [planner.expected[unit(programme)].closed for programme in (1, 2, 3)] == [False, True, True]
    assert planner.expected[unit(2)].free == 8


def test_what_another_file_left_closed_is_reopened() -> None:
    days, _ = plan(row(DAYS[0], 1), row(DAYS[1], 1), row(DAYS[1], 2), closed={unit(1), unit(2), unit(3)})
    assert [turns(day) for day in days] == [[("1", "reopen")], [("2", "reopen")]]


def test_a_refused_row_neither_closes_nor_counts() -> None:
    days, planner = plan(row(DAYS[0], 1), row(DAYS[0], 2), row(DAYS[1], 1), row(DAYS[1], 2, "10/-1/0"))
    assert days[1].turns == ()
    assert [one.ref for one in days[1].counts] == ["1"]
    assert planner.expected[unit(2)].doubted
    assert not planner.expected[unit(1)].doubted


def plan_of(text: str) -> tuple[list[Plan], Planner]:
    days, _ = gather_days(read_rows(text.splitlines()))
    planner = Planner(REGION, "digest", TORONTO)
    return [planner.plan(day) for day in days], planner


def test_a_row_that_tells_no_programme_closes_nobody_on_its_day() -> None:
    """It may be the very row of who seems absent; the next day that tells it closes who is still gone."""
    rows = [row(DAYS[0], 1), row(DAYS[0], 2), row(DAYS[0], 3), row(DAYS[1], 1), row(DAYS[1], 2), row(DAYS[1], 3)]
    days, planner = plan_of(cut(text_of(rows), 5))
    assert [turns(day) for day in days] == [[], []]
    assert [planner.expected[unit(programme)].doubted for programme in (1, 2, 3)] == [False, True, False]
    assert planner.kept_open == {date(2024, 1, 2): 1}
    days, planner = plan_of(cut(text_of([*rows, row(DAYS[2], 1)]), 5))
    assert [turns(day) for day in days] == [[], [], [("2", "close"), ("3", "close")]]
    assert not any(one.doubted for one in planner.expected.values())
    assert list(planner.kept_open.values()) == [1]


def test_a_row_that_tells_no_programme_may_be_that_of_a_closed_one_that_is_back() -> None:
    rows = [row(DAYS[0], 1), row(DAYS[0], 2), row(DAYS[1], 1), row(DAYS[2], 1), row(DAYS[2], 2)]
    days, planner = plan_of(cut(text_of(rows), 5))
    assert [turns(day) for day in days] == [[], [("2", "close")], []]
    assert planner.expected[unit(2)].doubted
    assert planner.kept_open == {}, "it was closed before: nothing was kept open"


def test_a_missing_day_closes_nothing() -> None:
    days, _ = plan(row(DAYS[0], 1), row(DAYS[4], 1))
    assert [day.name for day in days] == [DAYS[0], DAYS[4]]
    assert days[1].turns == ()


def test_a_refuge_is_a_womens_site_without_an_address() -> None:
    (day,), _ = plan(
        row(DAYS[0], 1, SECTOR="Women", LOCATION_ADDRESS="", LOCATION_ID=1, LOCATION_NAME="", PROGRAM_NAME="Refuge"),
        row(DAYS[0], 2, SECTOR="Women", LOCATION_ID=2),
        row(DAYS[0], 3, SECTOR="Youth", LOCATION_ADDRESS="", LOCATION_ID=3),
    )
    told = [(body["name"], body["secret"], body["address"]) for body in bodies(day.shelters)]
    assert told == [
        ("Refuge", True, None),
        ("Larch House", False, "1 Larch St, M1M 1M1"),
        ("Larch House", False, None),
    ]


def test_what_was_secret_once_stays_so_and_silence_unsays_no_address() -> None:
    days, _ = plan(
        row(DAYS[0], 1, SECTOR="Women", LOCATION_ADDRESS="", LOCATION_ID=1),
        row(DAYS[0], 2, LOCATION_ID=2),
        row(DAYS[1], 1, SECTOR="Women", LOCATION_ID=1),
        row(DAYS[1], 2, LOCATION_ID=2, LOCATION_ADDRESS="", LOCATION_CITY=""),
    )
    assert days[1].shelters == ()


def test_two_organisations_under_one_roof_are_two_shelters() -> None:
    (day,), _ = plan(row(DAYS[0], 1), row(DAYS[0], 2, ORGANIZATION_ID=2, ORGANIZATION_NAME="Pine"))
    assert len({one.id for one in day.shelters}) == len({one.id for one in day.operators}) == 2


def test_a_site_without_id_is_known_by_its_name() -> None:
    (day,), _ = plan(
        row(DAYS[0], 1, LOCATION_ID=""),
        row(DAYS[0], 2, LOCATION_ID="", LOCATION_NAME="LARCH HOUSE "),
        row(DAYS[0], 3, LOCATION_ID="", LOCATION_NAME=""),
        row(DAYS[0], 4, LOCATION_ID="", LOCATION_NAME=""),
    )
    shelters = [one.shelter_id for one in day.counts]
    assert shelters[0] == shelters[1]
    assert len(set(shelters)) == 3


def test_a_unit_stays_where_it_was_defined_when_its_site_gets_another_id() -> None:
    (first, second), planner = plan(
        row(DAYS[0], 1, LOCATION_ID=1), row(DAYS[1], 1, LOCATION_ID=99, LOCATION_NAME="Larch Hall")
    )
    assert second.counts[0].shelter_id == first.counts[0].shelter_id
    # Nobody else stands there, so what is said of the site is said of this one.
    assert [(one.id, one.body["name"]) for one in second.shelters] == [(first.shelters[0].id, "Larch Hall")]
    assert second.units == ()
    assert {programme: str(day) for programme, day in planner.moved.items()} == {"1": DAYS[1]}


def test_who_moves_away_does_not_rename_the_site_of_those_who_stay() -> None:
    (_, second), _ = plan(
        row(DAYS[0], 1, LOCATION_ID=1),
        row(DAYS[0], 2, LOCATION_ID=1),
        row(DAYS[1], 1, LOCATION_ID=1),
        row(DAYS[1], 2, LOCATION_ID=99, LOCATION_NAME="Larch Hall"),
    )
    assert second.shelters == ()


def test_a_unit_that_the_server_knows_stays_where_it_stands_there() -> None:
    home = Home(UUID(int=77), UUID(int=78))
    (day,), _ = plan(row(DAYS[0], 7), homes={unit(7): home})
    assert (day.counts[0].shelter_id, day.counts[0].holder_id) == (home.shelter_id, home.operator_id)
    assert day.operators == ()
    assert [one.id for one in day.shelters] == [home.shelter_id]
    assert bodies(day.units)[0]["shelter"] == str(home.shelter_id)


def test_ids_follow_from_what_they_name() -> None:
    rows = [row(DAYS[0], 1), row(DAYS[0], 2), row(DAYS[1], 1)]

    def ids(region: UUID) -> list[UUID]:
        days, _ = plan(*rows, region=region)
        return [id for day in days for one in day.counts for id in (one.report_id, one.unit_id, one.shelter_id)]

    assert ids(REGION) == ids(REGION)
    assert not set(ids(REGION)) & set(ids(OTHER_REGION))
    assert len({one.report_id for day in plan(*rows)[0] for one in day.counts}) == 3


@pytest.mark.parametrize("day", ["2024-03-09", "2024-03-10", "2024-11-02", "2024-11-03", "2024-07-01"])
def test_the_count_lies_in_the_night_that_the_date_names(day: str) -> None:
    """Also in the two nights in which the clocks are changed."""
    night = date.fromisoformat(day)
    begins, counted = naming.begins_at(night, TORONTO), naming.counted_at(night, TORONTO)
    assert begins < counted
    assert night_of(begins, TORONTO) == night_of(counted, TORONTO) == night
