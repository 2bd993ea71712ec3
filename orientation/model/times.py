"""How long things last in each regime: minutes at night, days where admission is negotiated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


@dataclass(frozen=True, slots=True)
class Times:
    """`hold_ttl_s`: unanswered, it lapses; `seen_grace_s`: not sooner than that after the shelter saw it.

    `escalate_after_s`: silence that long is told to the desk. `arrive_within_s`: accepted and not there by then is a
    no-show, where the shelter's intake does not end sooner. `refresh_within_s`: a request nobody refreshes expires.
    """

    hold_ttl_s: int
    seen_grace_s: int
    extend_s: int
    escalate_after_s: int
    arrive_within_s: int
    refresh_within_s: int


NIGHT = Times(30 * _MINUTE, 10 * _MINUTE, 30 * _MINUTE, 10 * _MINUTE, 3 * _HOUR, 6 * _HOUR)
ADMISSION = Times(3 * _DAY, _DAY, 3 * _DAY, _DAY, 14 * _DAY, 30 * _DAY)


# Doors that open later than this are those of the next evening: whoever accepts now lets people in now.
_SOON = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class IntakeHours:
    """When a shelter lets people in, by the clock on its wall. None: not known."""

    opens: time | None = None
    closes: time | None = None


def arrive_by(now: datetime, hours: IntakeHours, within_s: int, zone: ZoneInfo) -> datetime:
    """Return until when accepted people may come: so long after the doors open, and not after they close."""
    within = timedelta(seconds=within_s)
    today = now.astimezone(zone).date()
    for day in (today - timedelta(days=1), today, today + timedelta(days=1)):
        opens, closes = _window(day, hours, zone)
        over = closes or (opens and opens + _SOON)
        if over is not None and over <= now:
            continue
        if opens is None or opens <= now:
            return min(now + within, closes or now + within)
        if opens - now <= _SOON:
            return min(opens + within, closes or opens + within)
    return now + within


def _window(day: date, hours: IntakeHours, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    """Return the hours of one day as instants; doors that close before they open do so the day after."""
    opens, closes = hours.opens, hours.closes
    overnight = opens is not None and closes is not None and closes <= opens
    last = day + timedelta(days=1) if overnight else day
    return _instant(day, opens, zone), _instant(last, closes, zone)


def _instant(day: date, clock: time | None, zone: ZoneInfo) -> datetime | None:
    return None if clock is None else datetime.combine(day, clock, zone).astimezone(UTC)
