"""A daily file as a source: its steps, its keys, and what a reader must know at the end."""

from __future__ import annotations

from uuid import UUID
from zoneinfo import ZoneInfo

from halte.replay.daily.gathering import Reading, gather_days
from halte.replay.daily.planning import Planner
from halte.replay.daily.reading import read_rows
from halte.replay.daily.source import DailyCourse, DailyFile
from halte.replay.steps import Step
from tests.support.toronto import cut, row, text_of

MONDAY, TUESDAY = "2024-01-01", "2024-01-02"


def read(text: str) -> Reading:
    days, refused = gather_days(read_rows(text.splitlines()))
    return Reading("digest", days, refused)


def test_a_day_is_a_step_with_its_rows_and_those_refused() -> None:
    source = DailyFile(read(text_of([row(MONDAY, 1), row(MONDAY, 2, "10/-1/0"), row(TUESDAY, 1)])))
    assert [(one.name, one.rows, [fate.ref for fate in one.asides]) for one in source.steps] == [
        (MONDAY, 1, ["2"]),
        (TUESDAY, 1, []),
    ]
    assert source.row_count == 3
    assert source.found == "A daily file: 2 days, 2024-01-01 to 2024-01-02."
    assert isinstance(source.steps[0], Step)


def test_each_organisation_holds_a_key_for_its_own_sites() -> None:
    rows = [row(MONDAY, 1), row(MONDAY, 2, LOCATION_ID=11), row(MONDAY, 3, ORGANIZATION_ID=2, ORGANIZATION_NAME="Pine")]
    course = DailyCourse(Planner(UUID(int=1), "digest", ZoneInfo("America/Toronto")), read(text_of(rows)).days)
    assert sorted((one.name, len(one.shelters)) for one in course.holders.values()) == [
        ("Larch Society", 2),
        ("Pine", 1),
    ]


def test_what_moved_and_what_was_kept_open_is_told() -> None:
    rows = [row(MONDAY, 1, LOCATION_ID=1), row(MONDAY, 2), row(TUESDAY, 1, LOCATION_ID=9), row(TUESDAY, 2)]
    course = DailyCourse(Planner(UUID(int=1), "digest", ZoneInfo("America/Toronto")), read(cut(text_of(rows), 4)).days)
    assert list(course.notes()) == [
        "programme 1 names another site since 2024-01-02: its unit stays where it was defined",
        "2024-01-02: 1 programmes seem absent and were not closed, for a refused row may be theirs",
    ]
