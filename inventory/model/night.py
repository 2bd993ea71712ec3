"""The service night: 12:00 to 12:00 local time, named by the date on which it begins."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_NOON = time(12)


def night_of(instant: datetime, zone: ZoneInfo) -> date:
    """Return the night that `instant` (aware) belongs to; noon itself begins the new one."""
    local = instant.astimezone(zone)
    return local.date() if local.time() >= _NOON else local.date() - timedelta(days=1)


def noon_of(night: date, zone: ZoneInfo) -> datetime:
    """Return the instant at which `night` begins. Noon exists once on every day, DST or not."""
    return datetime.combine(night, _NOON, zone)
