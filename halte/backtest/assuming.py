"""What the files do not say, in one place. docs/backtest.md tells each of these again, with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/Toronto")
# An evening goes from noon to midnight: a night is given out by then. Minutes are counted from its noon.
EVENING_MIN = 720


@dataclass(frozen=True, slots=True)
class Assumptions:
    # Of those who were turned away, how many ask again the next evening.
    again: float = 0.7
    # Of the calls that are not of families, how many are of two who stay together.
    couples: float = 0.05
    # What the caller says of themselves: pregnant or fleeing violence (a family's call as often as another's), or
    # in the street tonight. No file tells this; without it the rules of a plan would have nothing to tell apart.
    first_tier: float = 0.05
    second_tier: float = 0.35
    # When people call: a triangle over the evening, most at this minute.
    call_peak_min: int = 300
    # Until when a shelter tells of what came free in the course of the evening.
    freed_until_min: int = 600
    # Family rooms differ, and only their mean is told: so many more than the mean, rounded up, find room in one.
    family_room_spare: int = 1
    family_size_max: int = 6
    # Every so many minutes the whole queue is planned, and what is planned is held at once.
    every_min: int = 30
    # The draw is held once.
    draw_at_min: int = 300
    # A plan of a queue of a hundred takes a tenth of a second: time is never up, so a seed has one result.
    plan_limit_s: float = 20.0


def instant(day: date, minute: float) -> datetime:
    """Return an instant of an evening, in whole microseconds."""
    noon = datetime.combine(day, time(12), ZONE)
    return datetime.fromtimestamp(round(noon.timestamp() + minute * 60, 3), ZONE)
