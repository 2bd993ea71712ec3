"""What each hourly file asks of the server, and what the board must say: by permit, by time, by what was said again."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from halte.replay.hourly.gathering import gather
from halte.replay.hourly.planning import Planner, Rules, Standing, holder_of, shelter_id, unit_id
from halte.replay.hourly.reading import Reader
from halte.replay.plans import Plan
from inventory.model.freshness import Ageing
from tests.support.quebec import NO_INFORMATION, ZONE, file_of, folder_of, instant, local, site, total

REGION = UUID(int=1)
RULES = Rules(Ageing(2 * 3600, 6 * 3600, 24 * 3600), 3)
FIRST = instant("2024-01-16T01:50")


def at(hour: float) -> datetime:
    return FIRST + timedelta(hours=hour)


def said(hour: float) -> str:
    """Write the time of update that a file of this hour states: five minutes before it arrives."""
    return local(at(hour) - timedelta(minutes=5))


def plan(tmp_path: Path, *pushes: tuple[datetime, list[str]]) -> tuple[list[Plan], Planner]:
    folder_of(tmp_path, [(arrived, file_of(rows) if rows else b"") for arrived, rows in pushes])
    reader, planner = Reader(ZONE), Planner(REGION, RULES)
    return [planner.plan(reader.read(push)) for push in gather(tmp_path).pushes], planner


def standing(planner: Planner, permit: str = "101") -> Standing:
    return planner.expected[unit_id(REGION, permit)]


def facts(planner: Planner, hour: float, permit: str = "101") -> dict[str, Any]:
    return standing(planner, permit).facts(at(hour))


def test_a_site_is_defined_once_then_counted_by_the_one_key_of_the_source(tmp_path: Path) -> None:
    rows = [site("101", 9, 8, said(0)), total(said(0)), site("102", 4, 6, said(0))]
    (first, second), planner = plan(tmp_path, (at(0), rows), (at(1), [site("101", 10, 7, said(1))]))
    assert [one.body for one in first.operators] == [{"name": "CISSS INVENTÉ"}]
    assert first.shelters[0].body == {
        "operator": str(first.operators[0].id),
        "name": "HÔPITAL DES ÉRABLES",
        "commune": "vallee-inventee",
        "external_ref": "101",
    }
    assert first.units[0].body == {
        "shelter": str(shelter_id(REGION, "101")),
        "name": "Civières",
        "audience": ["everyone"],
        "allotment": "place",
        "regime": "night",
        "turnover": "continuing",
        "external_ref": "101",
        "capacity": 9,
    }
    assert [(one.ref, one.free, one.over_by, one.capacity) for one in first.counts] == [
        ("101", 1, 0, 9),
        ("102", 0, 2, 4),
    ]
    assert (second.operators, second.shelters, second.units) == ((), (), ()), "a new capacity travels with its count"
    assert [(one.free, one.capacity) for one in second.counts] == [(3, 10)]
    holder = holder_of(REGION, frozenset({"101", "102"}))
    assert {one.holder_id for one in (*first.counts, *second.counts)} == {holder.id}
    assert {one.shelter_id for one in first.counts} == holder.shelters
    assert len({one.report_id for one in (*first.counts, *second.counts)}) == 3
    assert facts(planner, 1)["capacity"] == 10


def test_the_clock_shows_the_arrival_but_a_unit_is_defined_when_its_first_row_was_true(tmp_path: Path) -> None:
    """A definition states a capacity: dated later than the next row, it would outweigh what that says."""
    rows = [site("101", 9, 8, said(0))]
    plans, _ = plan(tmp_path, (at(0), rows), (at(1), []), (at(2), [*rows, site("102", 1, 0, said(0.5))]))
    assert [(one.begins_at, one.counted_at) for one in plans] == [
        (at(0) - timedelta(minutes=5), at(0)),
        (at(1), at(1)),
        (at(0) - timedelta(minutes=5), at(2)),
    ]


def test_another_name_under_the_same_permit_is_the_same_unit(tmp_path: Path) -> None:
    (_, second), planner = plan(
        tmp_path, (at(0), [site("101", 9, 8, said(0))]), (at(1), [site("101", 9, 8, said(1), name="HÔPITAL NEUF")])
    )
    assert [(one.id, one.body["name"]) for one in second.shelters] == [(shelter_id(REGION, "101"), "HÔPITAL NEUF")]
    assert second.units == ()
    assert standing(planner).name == "HÔPITAL NEUF"
    assert list(planner.notes()) == [
        "permit 101 is HÔPITAL NEUF since 20240116T025000Z.csv, and was HÔPITAL DES ÉRABLES"
    ]


def test_the_same_name_under_another_permit_is_another_unit_and_the_old_one_ages(tmp_path: Path) -> None:
    (_, second), planner = plan(
        tmp_path,
        (at(0), [site("101", 9, 8, said(0), name="HÔPITAL NEUF")]),
        (at(3), [site("109", 9, 2, said(3), name="HÔPITAL NEUF")]),
    )
    assert [one.id for one in second.units] == [unit_id(REGION, "109")]
    assert facts(planner, 3)["free"] == 1
    assert (facts(planner, 3)["freshness"], facts(planner, 3, "109")["freshness"]) == ("ageing", "fresh")
    assert list(planner.notes()) == [
        "HÔPITAL NEUF is permit 109 since 20240116T045000Z.csv, and was 101: another unit",
        "1 units say nothing in 20240116T045000Z.csv: their counts age, and nobody closes them",
    ]


def test_what_is_not_known_and_a_file_with_nothing_state_nothing(tmp_path: Path) -> None:
    unknown = site("101", NO_INFORMATION, NO_INFORMATION, said(1))
    plans, planner = plan(tmp_path, (at(0), [site("101", 9, 8, said(0))]), (at(1), [unknown]), (at(2), []))
    assert [len(one.counts) for one in plans] == [1, 0, 0]
    assert facts(planner, 2)["confirmed at"] == at(0) - timedelta(minutes=5)
    assert list(planner.notes()) == [
        "20240116T035000Z.csv is empty: a push with nothing in it",
        "1 units say nothing in 20240116T025000Z.csv: their counts age, and nobody closes them",
    ]


def test_the_newest_statement_stands_whatever_arrived_last(tmp_path: Path) -> None:
    _, planner = plan(tmp_path, (at(0), [site("101", 9, 8, said(0))]), (at(1), [site("101", 9, 1, said(-1))]))
    assert (facts(planner, 1)["free"], facts(planner, 1)["confirmed at"]) == (1, at(0) - timedelta(minutes=5))


def test_of_two_statements_for_one_time_the_second_corrects_the_first(tmp_path: Path) -> None:
    _, planner = plan(tmp_path, (at(0), [site("101", 9, 8, said(0))]), (at(1), [site("101", 9, 5, said(0))]))
    assert (facts(planner, 1)["free"], facts(planner, 1)["confirmed at"]) == (4, at(0) - timedelta(minutes=5))


def test_a_time_after_its_arrival_is_that_of_the_arrival(tmp_path: Path) -> None:
    arrived = at(0) + timedelta(seconds=48)
    _, planner = plan(tmp_path, (arrived, [site("101", 9, 8, local(at(0) + timedelta(minutes=1)))]))
    assert facts(planner, 1)["confirmed at"] == arrived


@pytest.mark.parametrize("hour, word", [(1.9, "fresh"), (2, "ageing"), (6, "stale"), (23.9, "stale"), (24, "silent")])
def test_a_count_ages_by_the_servers_rules(tmp_path: Path, hour: float, word: str) -> None:
    _, planner = plan(tmp_path, (at(0), [site("101", 9, 8, local(at(0)))]))
    assert facts(planner, hour)["freshness"] == word


def test_a_source_that_says_the_same_again_is_stuck_until_it_says_something_else(tmp_path: Path) -> None:
    same = [site("101", 9, 8, said(0))]
    unknown = [site("101", NO_INFORMATION, NO_INFORMATION, said(2))]
    pushes = [(at(0), same), (at(1), same), (at(2), unknown), (at(3), same), (at(4), [site("101", 9, 8, said(4))])]
    for count, stuck in ((2, "no"), (3, "no"), (4, "yes"), (5, "no")):
        _, planner = plan(tmp_path / str(count), *pushes[:count])
        assert facts(planner, 4)["stuck"] == stuck, count


def test_ids_follow_from_permit_arrival_and_content(tmp_path: Path) -> None:
    rows = [site("101", 9, 8, said(0))]
    (first, again), _ = plan(tmp_path / "a", (at(0), rows), (at(1), rows))
    (same,), _ = plan(tmp_path / "b", (at(0), rows))
    (other,), _ = plan(tmp_path / "c", (at(0), [site("101", 9, 7, said(0))]))
    assert first.counts[0].report_id == same.counts[0].report_id
    assert len({one.counts[0].report_id for one in (first, again, other)}) == 3, "sent again, it is another report"
