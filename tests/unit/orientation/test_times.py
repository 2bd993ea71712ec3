"""Until when accepted people may come: by the doors of the house, and the rules."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from orientation.model.times import IntakeHours, arrive_by

BRUSSELS = ZoneInfo("Europe/Brussels")
_EVENING = IntakeHours(time(18), time(23))
_LATE = IntakeHours(time(20), time(2))


def _at(clock: str, day: int = 10) -> datetime:
    return datetime.combine(date(2026, 3, day), time.fromisoformat(clock), BRUSSELS).astimezone(UTC)


@pytest.mark.parametrize(
    "now, hours, until",
    [
        (_at("19:00"), IntakeHours(), _at("22:00")),
        (_at("19:00"), _EVENING, _at("22:00")),
        (_at("21:30"), _EVENING, _at("23:00")),
        # Before the doors open, the time to come begins when they do.
        (_at("14:00"), _EVENING, _at("21:00")),
        (_at("09:00"), _EVENING, _at("21:00")),
        # Who accepts after hours lets people in now.
        (_at("23:30"), _EVENING, _at("02:30", 11)),
        (_at("03:00"), _EVENING, _at("06:00")),
        (_at("23:30"), _LATE, _at("02:00", 11)),
        (_at("01:30"), _LATE, _at("02:00")),
        (_at("17:00"), _LATE, _at("23:00")),
        (_at("21:30"), IntakeHours(closes=time(23)), _at("23:00")),
        (_at("14:00"), IntakeHours(opens=time(18)), _at("21:00")),
    ],
)
def test_accepted_people_may_come_while_the_doors_are_open(now: datetime, hours: IntakeHours, until: datetime) -> None:
    assert arrive_by(now, hours, 3 * 3600, BRUSSELS) == until
