"""What came of a replay: the comparison, the memory between two runs, and the words at the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from halte.replay.accounting import Account, Told, balance, listing
from halte.replay.comparing import Board, Difference, Expected, Out, Shown, compare
from halte.replay.daily.gathering import Reading, gather_days
from halte.replay.daily.planning import Planner
from halte.replay.daily.reading import read_rows
from halte.replay.daily.source import DailyFile
from halte.replay.hourly.source import HourlyFolder
from halte.replay.remembering import NotOurs, Progress, recall, remember
from halte.replay.running import Outcome, Units, Wanted, go_on, select
from halte.replay.showing import tell
from halte.replay.steps import Fate, NotThisFile
from tests.support.toronto import row, text_of

REGION = UUID(int=1)
MONDAY, TUESDAY, FRIDAY = date(2024, 1, 1), date(2024, 1, 2), date(2024, 1, 5)
TORONTO = ZoneInfo("America/Toronto")
NOON = datetime(2024, 1, 2, 12, tzinfo=UTC)


def reading(*days: date) -> Reading:
    rows = [row(str(day), 7, "30/4/2") for day in days]
    found, refused = gather_days(read_rows(text_of(rows).splitlines()))
    return Reading("digest", found, refused)


def expected() -> Mapping[UUID, Expected]:
    planner = Planner(REGION, "digest", TORONTO)
    planner.plan(reading(MONDAY).days[0])
    return planner.expected


def shown(unit: UUID, status: str = "open", free: int = 4, capacity: int = 30, out: int = 2) -> Board:
    return Board(NOON, [Shown(unit, status, free=free, capacity=capacity, out_of_service=[Out(out)])])


def test_an_equal_board_has_no_differences() -> None:
    (unit,) = wanted = expected()
    assert compare(wanted, shown(unit)) == []


def test_every_fact_of_a_unit_is_compared() -> None:
    (unit,) = wanted = expected()
    found = compare(wanted, shown(unit, "unconfirmed", 5, 31, 0))
    assert [(one.fact, one.source, one.board) for one in found] == [
        ("status", "open", "unconfirmed"),
        ("free", 4, 5),
        ("capacity", 30, 31),
        ("out of service", 2, 0),
    ]
    assert [one.fact for one in compare(wanted, Board(NOON, []))] == ["on the board"]


def test_a_masked_unit_is_a_difference_where_nobody_could_look_behind_the_mask() -> None:
    (unit,) = wanted = expected()
    assert [one.board for one in compare(wanted, Board(NOON, [Shown(unit, "open", masked=True)]))] == [None, None, 0]


def test_what_was_remembered_is_recalled(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "state.json"
    assert recall(path) is None
    progress = Progress("digest", REGION, str(MONDAY), Told())
    for day in (str(MONDAY), str(TUESDAY)):
        fates = [Fate(3, day, "7", "refused", "no"), Fate(4, day, "8", "repeated")]
        progress.finish(day, Told({"applied": 2, "repeated": 1, "refused": 1}, fates, [f"{day}: close refused"]))
    remember(path, progress)
    assert recall(path) == progress
    assert progress.told.tally == {"applied": 4, "repeated": 2, "refused": 2}
    assert [one.step for one in progress.told.fates] == [str(day) for day in (MONDAY, MONDAY, TUESDAY, TUESDAY)]
    assert [one.name for one in path.parent.iterdir()] == ["state.json"]


def test_what_lies_at_the_partial_files_name_is_never_written_into(tmp_path: Path) -> None:
    """The folder may belong to a lesser account than ours, which may lay a link there to a file of ours."""
    precious, path = tmp_path / "precious", tmp_path / "state.json"
    precious.write_text("precious")
    (tmp_path / "state.json.part").symlink_to(precious)
    remember(path, Progress("digest", REGION, str(MONDAY), Told()))
    assert precious.read_text() == "precious"
    assert not path.is_symlink()
    assert recall(path) is not None
    assert path.stat().st_mode & 0o777 == 0o600
    (tmp_path / "state.json.part").write_text("left by a kill")
    remember(path, Progress("digest", REGION, str(MONDAY), Told(), str(MONDAY)))
    assert sorted(one.name for one in tmp_path.iterdir()) == ["precious", "state.json"]


@pytest.mark.parametrize("written", ["", "{}", "[1]", "my diary"])
def test_a_file_that_is_not_ours_is_not_overwritten(tmp_path: Path, written: str) -> None:
    path = tmp_path / "state.json"
    path.write_text(written)
    with pytest.raises(NotOurs, match=str(path)):
        recall(path)
    assert path.read_text() == written


def begin(path: Path, *, first: date | None = None, days: int | None = None, region: UUID = REGION) -> list[date]:
    """Return which days would be planned, the finished ones too."""
    wanted = Wanted(DailyFile(reading(MONDAY, TUESDAY, FRIDAY)), TORONTO, path, first, days)
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
    remember(path, Progress("digest", REGION, str(TUESDAY), Told(), str(FRIDAY)))
    assert begin(path) == [TUESDAY, FRIDAY]
    assert begin(path, first=TUESDAY, days=1) == [TUESDAY, FRIDAY], "what was replayed stays part of it"
    assert begin(path, first=MONDAY) == [MONDAY, TUESDAY, FRIDAY]
    assert begin(path, region=UUID(int=2)) == [MONDAY, TUESDAY, FRIDAY]


def test_every_row_of_the_file_is_in_the_account_once() -> None:
    rows = [row(str(day), programme) for day in (MONDAY, TUESDAY, FRIDAY) for programme in (1, 2, 3)]
    rows += [row(str(MONDAY), 1), row(str(FRIDAY), 4, "10/-1/0")]
    days, refused = gather_days(read_rows(text_of(rows).splitlines()))
    whole = DailyFile(Reading("digest", days, refused))
    told = Told({"applied": 4, "refused": 1, "superseded": 1}, [Fate(3, str(MONDAY), "2", "refused", "absurd")])
    part = balance(whole, whole.steps[:2], told)
    assert part.tally == {"applied": 4, "superseded": 1, "refused": 2, "outside the chosen days": 4}
    assert sum(part.tally.values()) == part.rows == 11
    assert part.missing == 0
    assert [one.line for one in part.fates] == [3, 11]
    assert list(part.tally) == ["applied", "superseded", "refused", "outside the chosen days"]
    assert told.tally["refused"] == 1, "the account is made anew each time: what is remembered stays as it was"
    assert balance(whole, whole.steps, told).missing == 3, "a row that nobody answered for is missed"


def test_the_list_of_rows_tells_line_day_programme_and_why() -> None:
    fates = (Fate(3, str(MONDAY), "2", "refused", 'too many, "so to speak"'), Fate(4, str(MONDAY), "7", "repeated"))
    assert listing(Account(2, {}, fates), DailyFile.words).decode() == (
        "line,date,programme,became,reason\n"
        '3,2024-01-01,2,refused,"too many, ""so to speak"""\n'
        "4,2024-01-01,7,repeated,\n"
    )


def outcome(*differences: Difference, fates: tuple[Fate, ...] = (), rows: int = 6) -> Outcome:
    tally = {"applied": 6 - len(fates), "refused": len(fates)} if fates else {"applied": 6}
    return Outcome(
        words=DailyFile.words,
        first=str(MONDAY),
        last=str(FRIDAY),
        account=Account(rows, tally, fates),
        listing=Path("state.rows.csv"),
        units=Units(143, 1, 2),
        notes=("2024-01-02, programme 8: close refused: no", "programme 9 names another site since 2024-01-02"),
        differences=differences,
    )


def test_the_words_at_the_end() -> None:
    fates = (
        Fate(3, str(MONDAY), "6", "repeated", "the server had this very report already, applied"),
        Fate(12, str(MONDAY), "7", "refused", "UNAVAILABLE_BEDS is negative: -1"),
    )
    assert list(tell(outcome(fates=fates))) == [
        "2024-01-01 to 2024-01-05: 6 rows in the file = 4 applied + 2 refused.",
        "  line 12 refused: UNAVAILABLE_BEDS is negative: -1",
        "  line 3 repeated: the server had this very report already, applied",
        "  2024-01-02, programme 8: close refused: no",
        "  programme 9 names another site since 2024-01-02",
        "1 of 143 units were not compared: a row that may tell of their end was refused.",
        "2 other units of the region are not in the file: left as they were.",
        "The board equals 2024-01-05 in the file: 142 units.",
    ]


def test_more_rows_than_one_reads_stand_in_a_file_and_refused_ones_are_shown_first() -> None:
    fates = [Fate(line, str(MONDAY), "1", "repeated", "there already") for line in range(2, 12_000)]
    said = list(tell(outcome(fates=(*fates, Fate(12_000, str(MONDAY), "1", "refused", "no")))))
    assert said[1] == "  line 12000 refused: no"
    assert len([line for line in said if line.startswith("  line ")]) == 100
    assert "  and 11899 more rows that were not applied. All are in state.rows.csv" in said


def test_of_a_folder_refused_rows_are_shown_and_the_others_by_file() -> None:
    """A file that came late is a hundred rows, and one piece of news."""
    fates = [Fate(line, "b.csv", "7", "superseded", "newer") for line in range(2, 150)]
    fates += [Fate(2, "a.csv", "", "total"), Fate(3, "c.csv", "7", "refused", "no"), Fate(4, "c.csv", "8", "repeated")]
    said = list(tell(replace(outcome(fates=tuple(fates), rows=6), words=HourlyFolder.words)))
    assert said[1:5] == [
        "  c.csv, line 3 refused: no",
        "  b.csv: 148 superseded",
        "  c.csv: 1 repeated",
        "  All rows that were not applied are in state.rows.csv",
    ]


def test_a_row_that_is_not_accounted_for_is_a_failure() -> None:
    short = outcome(rows=8)
    assert "2 rows are not accounted for: this is a fault of the replay. Please report it." in list(tell(short))
    assert not short.fine
    assert outcome().fine


def test_differences_are_told_one_by_one() -> None:
    differing = outcome(Difference("7", "Night room", "free", 4, 5))
    assert list(tell(differing))[-2:] == [
        "The board differs from 2024-01-05 in the file, 1 times:",
        "  7 Night room: free 4 in the file, 5 on the board",
    ]
    assert not differing.fine
