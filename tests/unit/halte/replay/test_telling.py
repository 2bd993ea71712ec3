"""What came of a replay: the comparison, the memory between two runs, and the words at the end."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from halte.replay.comparing import Difference, Out, Shown, compare
from halte.replay.planning import Expected, Planner
from halte.replay.pushing import Told
from halte.replay.reading import NotThisFile, Reading, Refusal, gather_days, read_rows
from halte.replay.remembering import NotOurs, Progress, recall, remember
from halte.replay.running import Outcome, Units, Wanted, go_on, select
from halte.replay.showing import tell
from tests.support.toronto import row, text_of

REGION = UUID(int=1)
MONDAY, TUESDAY, FRIDAY = date(2024, 1, 1), date(2024, 1, 2), date(2024, 1, 5)


def reading(*days: date) -> Reading:
    rows = [row(str(day), 7, "30/4/2") for day in days]
    found, refused = gather_days(read_rows(text_of(rows).splitlines()))
    return Reading("digest", found, refused)


def expected() -> dict[UUID, Expected]:
    planner = Planner(REGION, "digest")
    planner.plan(reading(MONDAY).days[0])
    return planner.expected


def shown(unit: UUID, status: str = "open", free: int = 4, capacity: int = 30, out: int = 2) -> dict[UUID, Shown]:
    return {unit: Shown(unit, status, free=free, capacity=capacity, out_of_service=[Out(out)])}


def test_an_equal_board_has_no_differences() -> None:
    (unit,) = wanted = expected()
    assert compare(wanted, shown(unit)) == []


def test_every_fact_of_a_unit_is_compared() -> None:
    (unit,) = wanted = expected()
    found = compare(wanted, shown(unit, "unconfirmed", 5, 31, 0))
    assert [(one.fact, one.file, one.board) for one in found] == [
        ("status", "open", "unconfirmed"),
        ("free", 4, 5),
        ("capacity", 30, 31),
        ("out of service", 2, 0),
    ]
    assert [one.fact for one in compare(wanted, {})] == ["on the board"]


def test_a_masked_unit_is_a_difference_where_nobody_could_look_behind_the_mask() -> None:
    (unit,) = wanted = expected()
    assert [one.board for one in compare(wanted, {unit: Shown(unit, "open", masked=True)})] == [None, None, 0]


def test_what_was_remembered_is_recalled(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "state.json"
    assert recall(path) is None
    progress = Progress("digest", REGION, MONDAY)
    for day in (MONDAY, TUESDAY):
        progress.finish(day, Told(Counter(applied=2, repeated=1), [Refusal(3, day, "7", "no")]))
    remember(path, progress)
    assert recall(path) == progress
    assert progress.tally == {"applied": 4, "repeated": 2}
    assert [one.day for one in progress.refused] == [MONDAY, TUESDAY]
    assert [one.name for one in path.parent.iterdir()] == ["state.json"]


@pytest.mark.parametrize("written", ["", "{}", "[1]", "my diary"])
def test_a_file_that_is_not_ours_is_not_overwritten(tmp_path: Path, written: str) -> None:
    path = tmp_path / "state.json"
    path.write_text(written)
    with pytest.raises(NotOurs, match=str(path)):
        recall(path)
    assert path.read_text() == written


def begin(path: Path, *, first: date | None = None, days: int | None = None, region: UUID = REGION) -> list[date]:
    """Return which days would be planned, the finished ones too."""
    wanted = Wanted(reading(MONDAY, TUESDAY, FRIDAY), ZoneInfo("America/Toronto"), path, first, days)
    return [day.date for day in select(wanted, go_on(wanted, region))]


def test_which_days_are_replayed(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    assert begin(path) == [MONDAY, TUESDAY, FRIDAY]
    assert begin(path, days=2) == [MONDAY, TUESDAY]
    assert begin(path, first=TUESDAY) == [TUESDAY, FRIDAY]
    assert begin(path, first=date(2024, 1, 3), days=1) == [FRIDAY]
    with pytest.raises(NotThisFile, match="last day is 2024-01-05"):
        begin(path, first=date(2024, 1, 6))


def test_the_same_replay_goes_on_and_another_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    remember(path, Progress("digest", REGION, TUESDAY, FRIDAY))
    assert begin(path) == [TUESDAY, FRIDAY]
    assert begin(path, first=TUESDAY, days=1) == [TUESDAY, FRIDAY], "what was replayed stays part of it"
    assert begin(path, first=MONDAY) == [MONDAY, TUESDAY, FRIDAY]
    assert begin(path, region=UUID(int=2)) == [MONDAY, TUESDAY, FRIDAY]


def outcome(*differences: Difference, refused: tuple[Refusal, ...] = ()) -> Outcome:
    progress = Progress("digest", REGION, MONDAY, FRIDAY, {"applied": 5, "superseded": 1})
    return Outcome(progress, FRIDAY, Units(143, 1, 2), refused, {"9": TUESDAY}, differences)


def test_the_words_at_the_end() -> None:
    refused = (Refusal(12, MONDAY, "7", "UNAVAILABLE_BEDS is negative: -1"), Refusal(0, TUESDAY, "8", "close refused"))
    assert list(tell(outcome(refused=refused))) == [
        "Rows of 2024-01-01 to 2024-01-05: 5 applied, 1 superseded, 2 refused.",
        "  line 12: UNAVAILABLE_BEDS is negative: -1",
        "  programme 8, 2024-01-02: close refused",
        "  programme 9 names another site since 2024-01-02: its unit stays where it was defined",
        "1 of 143 units were not compared: their last row was refused.",
        "2 other units of the region are not in the file: left as they were.",
        "The board equals 2024-01-05 in the file: 142 units.",
    ]


def test_differences_are_told_one_by_one() -> None:
    said = list(tell(outcome(Difference("7", "Night room", "free", 4, 5))))
    assert said[-2:] == [
        "The board differs from 2024-01-05 in the file, 1 times:",
        "  7 Night room: free 4 in the file, 5 on the board",
    ]
