"""Winding the shown clock of a demonstration before anybody serves it, so that its time never goes back (I12).

While the demonstration is ended its clock would run on at its speed, for days; what stands in its tables says where it
stopped.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

from inventory.model.night import night_of, noon_of
from kernel.postgres import Pool

# Where the evening was stopped later than this, or in the morning, the next one begins: little happens by night.
_LATE = time(23)
_NOON = time(12)


class Clock(Enum):
    """What the shown clock is for: `EVENING`, somebody will watch one; `NIGHTS`, whole nights are pushed through, and
    go on where they stopped; `STILL`, nothing happens by itself.
    """

    EVENING = "evening"
    NIGHTS = "nights"
    STILL = "still"


_STOPPED = """
SELECT greatest((SELECT max(received_at) FROM report), (SELECT max(received_at) FROM movement)) AS at,
       (SELECT count(*) > 0 FROM demo_clock) AS wound
"""
_SET = """
INSERT INTO demo_clock (id, real_anchor, shown_anchor, speed) VALUES (1, clock_timestamp(), $1, $2)
ON CONFLICT (id) DO UPDATE SET real_anchor = excluded.real_anchor, shown_anchor = excluded.shown_anchor,
    speed = excluded.speed
"""
_STOP = "UPDATE demo_clock SET shown_anchor = $1, speed = 0 WHERE speed > 0"


async def wind(pool: Pool, zone: ZoneInfo, clock: Clock) -> None:
    """Set the clock: to where the evening begins or goes on, standing; without one to where it stopped, at real pace.

    A demonstration that never had an evening shows the real time.
    """
    row = await pool.fetchrow(_STOPPED)
    stopped, wound = (row["at"], row["wound"]) if row else (None, False)
    if clock is Clock.STILL:
        if wound and stopped is not None:
            await pool.execute(_SET, stopped, 1.0)
        return
    if clock is Clock.NIGHTS and stopped is not None:
        # Pushed nights leave the clock standing where they stopped, right to the second; with a speed it ran on.
        await pool.execute(_STOP, stopped)
        return
    now: datetime = await pool.fetchval("SELECT clock_timestamp()")
    await pool.execute(_SET, begin(stopped, now, zone), 0.0)


def begin(stopped: datetime | None, now: datetime, zone: ZoneInfo) -> datetime:
    """Return where an evening begins or goes on: at noon of today the first time, later where the last one stopped."""
    if stopped is None:
        return datetime.combine(now.astimezone(zone).date(), _NOON, zone)
    clock = stopped.astimezone(zone).time()
    if _NOON <= clock < _LATE:
        return stopped
    return noon_of(night_of(stopped, zone) + timedelta(days=1), zone)
