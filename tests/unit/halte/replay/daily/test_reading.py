"""What is read from a file, and what is refused, with line and reason."""

from __future__ import annotations

from datetime import date

import pytest

from halte.replay.daily.reading import Refusal, Row, read_rows
from halte.replay.steps import NotThisFile
from tests.support.toronto import COLUMNS, row, text_of

MONDAY, TUESDAY = "2024-01-01", "2024-01-02"


def read(*rows: dict[str, str]) -> list[Row | Refusal]:
    return list(read_rows(text_of(rows).splitlines(keepends=True)))


def refusal(*rows: dict[str, str]) -> Refusal:
    (found,) = [item for item in read(*rows) if isinstance(item, Refusal)]
    return found


def taken(*rows: dict[str, str]) -> Row:
    (found,) = read(*rows)
    assert isinstance(found, Row)
    return found


def test_a_row_in_places() -> None:
    read_one = taken(row(MONDAY, 7, "30/4/2"))
    assert (read_one.line, read_one.day) == (2, date(2024, 1, 1))
    assert (read_one.capacity, read_one.free, read_one.out) == (30, 4, 2)
    assert read_one.programme.id == "7"
    assert not read_one.programme.rooms


def test_a_row_in_rooms() -> None:
    read_one = taken(row(MONDAY, 7, "12/3/0", rooms=True))
    assert (read_one.capacity, read_one.free, read_one.out) == (12, 3, 0)
    assert read_one.programme.rooms


def test_columns_are_found_by_name_whatever_their_order() -> None:
    text = text_of([row(MONDAY, 7, "30/4/2")], reversed(COLUMNS)).replace("SECTOR", " sector ")
    (found,) = read_rows(text.splitlines())
    assert isinstance(found, Row)
    assert (found.capacity, found.free, found.out, found.programme.sector) == (30, 4, 2, "Mixed Adult")


def test_blanks_around_names_are_trimmed() -> None:
    written = {"LOCATION_NAME": "Larch  House ", "PROGRAM_NAME": "\tNight\u00a0room \x00"}
    programme = taken(row(MONDAY, " 7 ") | written).programme
    assert (programme.id, programme.location, programme.name) == ("7", "Larch House", "Night room")


def test_an_address_needs_more_than_a_postal_code() -> None:
    assert taken(row(MONDAY, 7)).programme.address == "1 Larch St, M1M 1M1"
    assert taken(row(MONDAY, 7, LOCATION_ADDRESS=" ")).programme.address == ""


def test_numbers_decide_over_the_named_kind_where_only_one_kind_is_filled() -> None:
    assert not taken(row(MONDAY, 7, CAPACITY_TYPE="Room Based Capacity")).programme.rooms
    both = row(MONDAY, 7, "30/4/2", CAPACITY_FUNDING_ROOM="5", UNOCCUPIED_ROOMS="1", UNAVAILABLE_ROOMS="0")
    assert taken(both).capacity == 30
    assert taken(both | {"CAPACITY_TYPE": "Room Based Capacity"}).capacity == 5


def test_whole_numbers_as_spreadsheets_write_them() -> None:
    assert taken(row(MONDAY, 7, "30.0/4.0/0.0")).capacity == 30


def test_a_time_behind_the_date_is_not_looked_at() -> None:
    assert taken(row("2024-01-01T00:00:00", 7)).day == date(2024, 1, 1)


@pytest.mark.parametrize(
    "bad, reason",
    [
        (row(MONDAY, 7, ""), "no number, neither of beds nor of rooms"),
        (row(MONDAY, 7, "30/4"), "UNAVAILABLE_BEDS is blank"),
        (row(MONDAY, 7, "30/-4/0"), "UNOCCUPIED_BEDS is negative: -4"),
        (row(MONDAY, 7, "30/four/0"), "UNOCCUPIED_BEDS is not a whole number: 'four'"),
        (row(MONDAY, 7, "30/4.5/0"), "UNOCCUPIED_BEDS is not a whole number: '4.5'"),
        (row(MONDAY, 7, "30/٤/0"), "UNOCCUPIED_BEDS is not a whole number: '٤'"),
        (row("01/02/2024", 7), "OCCUPANCY_DATE is not a date: '01/02/2024'"),
        (row("2024-02-30", 7), "OCCUPANCY_DATE is not a date: '2024-02-30'"),
        (row("0001-01-01", 7), "OCCUPANCY_DATE is not of this time: 0001-01-01"),
        (row("", 7), "OCCUPANCY_DATE is not a date: ''"),
        (row(MONDAY, " "), "PROGRAM_ID is blank"),
        (
            row(MONDAY, 7, ORGANIZATION_ID="", ORGANIZATION_NAME=""),
            "neither ORGANIZATION_ID nor ORGANIZATION_NAME is given",
        ),
    ],
)
def test_a_row_that_cannot_be_meant_is_refused_with_its_line(bad: dict[str, str], reason: str) -> None:
    refused = refusal(row(MONDAY, 1), bad, row(MONDAY, 2))
    assert (refused.line, refused.reason) == (3, reason)


def test_a_key_that_comes_twice_is_refused_the_second_time() -> None:
    refused = refusal(row(MONDAY, 7, "30/4/0"), row(TUESDAY, 7), row(MONDAY, 7, "30/9/0"))
    assert refused == Refusal(4, date(2024, 1, 1), "7", "programme 7 stands already in line 2 on 2024-01-01")


def test_columns_that_shifted_are_seen() -> None:
    lines = text_of([row(MONDAY, 1), row(MONDAY, 2)]).splitlines()
    lines[1] = lines[1].replace("Larch House", "Larch House,annex")
    first, second = read_rows(lines)
    assert first == Refusal(2, None, "", "33 columns where the header has 32")
    assert isinstance(second, Row)


def test_a_stray_quote_spoils_one_row_only() -> None:
    lines = text_of([row(MONDAY, 1), row(MONDAY, 2), row(MONDAY, 3)]).splitlines()
    lines[2] = lines[2].replace("Larch House", '"Larch House')
    items = list(read_rows(lines))
    assert [type(item) for item in items] == [Row, Refusal, Row]
    assert isinstance(items[1], Refusal)
    assert items[1].reason.startswith("not a row of a CSV file")


def test_a_stray_quote_in_the_header_is_one_sentence() -> None:
    lines = text_of([row(MONDAY, 1)]).replace("_id", '"_id', 1).splitlines()
    with pytest.raises(NotThisFile, match="Line 1 should name the columns, and is not a line of a CSV file"):
        list(read_rows(lines))


def test_a_cell_beyond_all_measure_spoils_its_row_only() -> None:
    refused = refusal(row(MONDAY, 1), row(MONDAY, 2, PROGRAM_NAME="x" * 200_000), row(MONDAY, 3))
    assert (refused.line, refused.reason) == (
        3,
        "not a row of a CSV file (field larger than field limit (131072))",
    )
