"""Rows put into days: who was there, and what a row that tells neither its day nor its programme leaves open."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from halte.replay.daily.gathering import Day, gather_days, read_file
from halte.replay.daily.reading import read_rows
from halte.replay.steps import NotThisFile
from tests.support.toronto import COLUMNS, cut, row, text_of

MONDAY, TUESDAY, WEDNESDAY = "2024-01-01", "2024-01-02", "2024-01-03"


def days_of(text: str) -> tuple[Day, ...]:
    return gather_days(read_rows(text.splitlines()))[0]


def test_days_come_in_the_order_of_time_and_remember_who_was_there() -> None:
    rows = [row(TUESDAY, 1), row(MONDAY, 1), row(MONDAY, 2, "10/-1/0"), row("yesterday", 3), row("2024-01-05", 4)]
    days, refused = gather_days(read_rows(text_of(rows).splitlines()))
    assert [(str(day.date), [one.programme.id for one in day.rows], set(day.doubted)) for day in days] == [
        (MONDAY, ["1"], {"2", "3"}),
        (TUESDAY, ["1"], set()),
        ("2024-01-05", ["4"], {"3"}),  # a row without a date may be of either day that it stands between
    ]
    assert [(one.line, str(one.day)) for one in refused] == [(4, MONDAY), (5, MONDAY)]


@pytest.mark.parametrize(
    "line, silent",
    [
        (1, {MONDAY}),
        (2, {MONDAY}),
        (3, {MONDAY, TUESDAY}),
        (4, {MONDAY, TUESDAY}),
        (5, {TUESDAY}),
        (6, {TUESDAY}),
    ],
)
def test_a_row_that_tells_no_programme_makes_the_days_beside_it_silent_about_absence(
    line: int, silent: set[str]
) -> None:
    """Cut off in the middle, a row tells neither its date nor its programme."""
    rows = [row(day, programme) for day in (MONDAY, TUESDAY) for programme in (1, 2, 3)]
    days = days_of(cut(text_of(rows), line))
    assert {str(day.date) for day in days if not day.tells_absence} == silent


def test_a_blank_programme_is_of_its_own_day_alone() -> None:
    days = days_of(text_of([row(MONDAY, 1), row(TUESDAY, ""), row(WEDNESDAY, 1), row(TUESDAY, 1)]))
    assert [day.tells_absence for day in days] == [True, False, True]


def test_a_day_of_which_no_row_can_be_read_tells_no_absence() -> None:
    days = days_of(text_of([row(MONDAY, 1), row(TUESDAY, 2, "10/-1/0")]))
    assert [day.tells_absence for day in days] == [True, False]


def test_a_file_is_known_by_its_bytes(tmp_path: Path) -> None:
    text = text_of([row(MONDAY, 1)])
    digests = set()
    for name, written in (("a", text), ("b", text), ("c", f"{text}\r\n")):
        path = tmp_path / name
        path.write_text(f"\ufeff{written}", "utf-8")
        reading = read_file(path)
        assert (len(reading.days), reading.row_count) == (1, 1)
        digests.add(reading.digest)
    assert len(digests) == 2


def test_every_row_of_a_file_is_counted_whatever_is_in_it(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    rows = [row("", 9), row(MONDAY, 1), row(MONDAY, 1), row(MONDAY, 2, "10/-1/0"), row(TUESDAY, 1), row("never", 3)]
    path.write_text(cut(text_of(rows), 5) + "\r\n  \r\n", "utf-8")
    reading = read_file(path)
    assert reading.row_count == 6
    assert [(one.line, str(one.day)) for one in reading.refused] == [
        (2, MONDAY),
        (4, MONDAY),
        (5, MONDAY),
        (6, MONDAY),
        (7, MONDAY),
    ]


@pytest.mark.parametrize(
    "text, why",
    [
        ("", "The file is empty"),
        (" \r\n\r\n", "The file is empty"),
        ("a,b,c\r\n1,2,3\r\n", "no daily occupancy file of Toronto's: it has no column OCCUPANCY_DATE"),
        ("\x00\x01\x02", "not a text in UTF-8"),
        (text_of([]), "no day in it"),
        (text_of([row("31/12/2024", 1)]), r"no day in it\. Line 2: OCCUPANCY_DATE is not a date: '31/12/2024'"),
        (text_of([], [*COLUMNS, "SECTOR"]), "two columns named SECTOR"),
        (text_of([], [name for name in COLUMNS if "UNAVAILABLE" not in name]), "neither the columns"),
    ],
)
def test_a_file_that_is_another_is_refused_whole(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "other.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(NotThisFile, match=why):
        read_file(path)


def test_a_picture_is_told_from_a_text(tmp_path: Path) -> None:
    path = tmp_path / "picture.csv"
    path.write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")
    with pytest.raises(NotThisFile, match="not a text in UTF-8"):
        read_file(path)


def test_what_cannot_be_read_twice_is_refused_before_it_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(NotThisFile, match="is not a file that can be read twice"):
        read_file(path)


def test_a_date_of_its_own_is_kept() -> None:
    (day,) = days_of(text_of([row(MONDAY, 1)]))
    assert (day.date, day.tells_absence) == (date(2024, 1, 1), True)
