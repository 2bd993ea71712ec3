"""The service night: noon to noon on the region's own clock, named by the date on which it begins."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from inventory.model.night import night_of, noon_of
from tests.unit.inventory.saying import AUTUMN, BRUSSELS, NIGHT, SPRING, at


@pytest.mark.parametrize(
    "clock, day, night",
    [
        pytest.param("12:00", NIGHT, NIGHT, id="noon begins the night"),
        pytest.param("11:59:59.999999", NIGHT, NIGHT - timedelta(days=1), id="until noon it is still last night"),
        pytest.param("23:59", NIGHT, NIGHT, id="the evening"),
        pytest.param("00:00", NIGHT + timedelta(days=1), NIGHT, id="midnight changes nothing"),
        pytest.param("06:00", NIGHT + timedelta(days=1), NIGHT, id="the morning after"),
        pytest.param("12:00", date(2026, 1, 1), date(2026, 1, 1), id="the first noon of a year"),
        pytest.param("09:00", date(2026, 1, 1), date(2025, 12, 31), id="the last night of a year ends in the next"),
    ],
)
def test_which_night_an_instant_belongs_to(clock: str, day: date, night: date) -> None:
    assert night_of(at(clock, day), BRUSSELS) == night


@pytest.mark.parametrize(
    "night, hours",
    [
        pytest.param(NIGHT, 24, id="an ordinary night"),
        pytest.param(SPRING, 23, id="clocks go forward"),
        pytest.param(AUTUMN, 25, id="clocks go back"),
    ],
)
def test_a_night_is_as_long_as_its_clock_makes_it(night: date, hours: int) -> None:
    begins, ends = noon_of(night, BRUSSELS), noon_of(night + timedelta(days=1), BRUSSELS)
    assert ends.astimezone(UTC) - begins.astimezone(UTC) == timedelta(hours=hours)
    for quarter in range(hours * 4):
        assert night_of(begins.astimezone(UTC) + timedelta(minutes=15 * quarter), BRUSSELS) == night
    assert night_of(ends, BRUSSELS) == night + timedelta(days=1)


@pytest.mark.parametrize("night", [NIGHT, SPRING, SPRING + timedelta(days=1), AUTUMN, AUTUMN + timedelta(days=1)])
def test_noon_exists_once_a_day(night: date) -> None:
    noon = noon_of(night, BRUSSELS)
    assert noon.replace(fold=0).astimezone(UTC) == noon.replace(fold=1).astimezone(UTC)
    assert (night_of(noon, BRUSSELS), noon.hour) == (night, 12)


def test_the_hour_that_comes_twice_is_in_one_night() -> None:
    twice = datetime(2026, 10, 25, 2, 30, tzinfo=BRUSSELS)
    first, second = twice.replace(fold=0).astimezone(UTC), twice.replace(fold=1).astimezone(UTC)
    assert second - first == timedelta(hours=1)
    assert night_of(first, BRUSSELS) == night_of(second, BRUSSELS) == AUTUMN


def test_a_night_is_the_region_s_own() -> None:
    instant = datetime(2026, 3, 10, 11, 30, tzinfo=UTC)
    assert night_of(instant, BRUSSELS) == date(2026, 3, 10)
    assert night_of(instant, ZoneInfo("Europe/London")) == date(2026, 3, 9)
    assert night_of(instant, ZoneInfo("America/Montreal")) == date(2026, 3, 9)
