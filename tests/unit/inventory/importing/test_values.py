"""What one cell means: numbers, yes and no, dates; and what is refused rather than guessed."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from inventory.importing.values import READERS, Manner, Unfit

BRUSSELS = ZoneInfo("Europe/Brussels")


def read(field: str, cell: str, decimal: str | None = ",", dates: str | None = "dmy", **more: Any) -> Any:
    noun, _, name = field.partition(".")
    return READERS[noun][name](cell, Manner(decimal, dates, BRUSSELS, **more))


def refused(field: str, cell: str, **manner: Any) -> str:
    with pytest.raises(Unfit) as caught:
        read(field, cell, **manner)
    return caught.value.what


@pytest.mark.parametrize("cell, number", [("12", 12), ("0", 0), ("12,0", 12), ("1 200", 1_200), ("007", 7)])
def test_whole_numbers(cell: str, number: int) -> None:
    assert read("count.free", cell) == number


@pytest.mark.parametrize(
    "cell, what",
    [
        ("twelve", "not-a-whole-number"),
        ("1,5", "not-a-whole-number"),
        ("٤", "not-a-whole-number"),
        ("1e3", "not-a-whole-number"),
        ("12 34", "not-a-whole-number"),
        ("12.0", "other-decimal"),
        ("-1", "out-of-bounds"),
        ("10001", "out-of-bounds"),
        ("9" * 40, "not-a-whole-number"),
    ],
)
def test_numbers_that_are_none(cell: str, what: str) -> None:
    assert refused("count.free", cell) == what


def test_degrees() -> None:
    assert read("shelter.latitude", "50,8331") == 50.8331
    assert read("shelter.longitude", "-0.12", decimal=".") == -0.12
    assert refused("shelter.latitude", "91") == "out-of-bounds"
    assert refused("shelter.latitude", "50.8331") == "other-decimal"
    assert refused("shelter.latitude", "50,8", decimal=None) == "decimal-undecided"
    assert refused("shelter.latitude", "50°49'") == "not-a-number"


@pytest.mark.parametrize("cell, meant", [("Oui", True), ("x", True), ("JA", True), ("0", False), ("nee", False)])
def test_yes_and_no(cell: str, meant: bool) -> None:
    assert read("unit.pets", cell) is meant


def test_maybe_is_neither() -> None:
    assert refused("unit.pets", "sometimes") == "not-yes-or-no"


@pytest.mark.parametrize(
    "cell, dates, utc",
    [
        ("2026-01-15T20:45:10Z", None, "2026-01-15T20:45:10"),
        ("2026-01-15 20:45:10.123+02:00", None, "2026-01-15T18:45:10"),
        ("2026/1/5 8:05", None, "2026-01-05T07:05:00"),
        ("15/01/2026 20:45", "dmy", "2026-01-15T19:45:00"),
        ("15.01.26 20h45", "dmy", "2026-01-15T19:45:00"),
        ("15-7-2026 20h", "dmy", "2026-07-15T18:00:00"),
        ("1/15/2026 8:45 PM", "mdy", "2026-01-15T19:45:00"),
        ("1/15/2026 12:05 a.m", "mdy", "2026-01-14T23:05:00"),
        ("25/10/2026 02:30", "dmy", "2026-10-25T00:30:00"),
    ],
)
def test_instants(cell: str, dates: str | None, utc: str) -> None:
    assert read("count.observed_at", cell, dates=dates) == datetime.fromisoformat(utc).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "cell, dates, what",
    [
        ("03/04/2026 20:00", None, "dates-undecided"),
        ("03/04/2026 20:00", "ymd", "dates-undecided"),
        ("31/02/2026 20:00", "dmy", "not-a-date"),
        ("31/03/2026 20:00", "mdy", "not-a-date"),
        ("2026-13-01 20:00", None, "not-a-date"),
        ("1926-01-01 20:00", None, "not-a-date"),
        ("2026-01-01 25:00", None, "not-a-time"),
        ("2026-01-01 20:00+99:99", None, "not-a-time"),
        ("2026-01-01", None, "time-missing"),
        ("29/03/2026 02:30", "dmy", "no-such-time"),
        ("yesterday", None, "not-a-date"),
        ("46022", None, "not-a-date"),
    ],
)
def test_instants_that_are_none(cell: str, dates: str | None, what: str) -> None:
    assert refused("count.observed_at", cell, dates=dates) == what


def test_a_date_alone_gets_the_time_that_the_mapping_says() -> None:
    at = read("count.observed_at", "2026-01-15", time=time(4), days_later=1)
    assert at == datetime(2026, 1, 16, 3, tzinfo=UTC)
    assert read("count.night", "15/01/2026") == date(2026, 1, 15)
    # A time in the cell outranks it.
    assert read("count.observed_at", "2026-01-15 20:00", time=time(4), days_later=1).hour == 19


def test_times_of_day() -> None:
    read_all = [read("shelter.opens", cell) for cell in ("18:00", "18h30", "6 pm", "18", "6.30")]
    assert read_all == [time(18), time(18, 30), time(18), time(18), time(6, 30)]
    assert refused("shelter.opens", "evening") == "not-a-time"


@pytest.mark.parametrize("cell", ["=1+1", '=HYPERLINK("x")', "+cmd|x", "-Annexe", "@SUM(A1)", "=", "@", "- Annexe"])
def test_what_a_spreadsheet_would_compute_is_refused(cell: str) -> None:
    assert refused("shelter.name", cell) == "formula"


@pytest.mark.parametrize("cell", ["12", "-12", "+32 2 000 00 00", "O'Neill = friends", "A-B", "-"])
def test_what_computes_to_nothing_is_taken(cell: str) -> None:
    assert read("shelter.name", cell) == cell


def test_lists_and_codes() -> None:
    assert read("unit.audience", "Women / men") == read("unit.audience", "men,women")
    assert refused("unit.audience", "gents") == "not-among"
    assert read("shelter.languages", "FR, nl;ar, fr") == ("fr", "nl", "ar")
    assert refused("shelter.languages", "French") == "not-a-language"
    assert read("shelter.commune", "21004") == "21004"
    assert refused("shelter.commune", "Ville de Bruxelles") == "not-a-code"
    assert refused("shelter.phone", "call Ann") == "not-a-phone"
    assert refused("unit.name", "x" * 201) == "too-long"
