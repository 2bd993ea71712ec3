"""Cases of past nights: one a night is kept, so that other rules can be tried on it; erased with its requests (I9).

It is of the evening, when most of the queue has asked: the first plan's, until there is one of the hour from which on
it is kept for good.
"""

from __future__ import annotations

from datetime import date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from kernel.postgres import Pool

_KEPT_FROM = time(20)
_KEEP = """
INSERT INTO night_case (region_id, night, at, content) VALUES ($1, $2, $3, $4)
ON CONFLICT (region_id, night) DO UPDATE SET at = EXCLUDED.at, content = EXCLUDED.content
WHERE night_case.at < $5
"""
_WANTED = """
SELECT EXISTS (SELECT FROM request WHERE region_id = $1 AND state <> 'closed' AND regime = 'night')
   AND NOT EXISTS (SELECT FROM night_case WHERE region_id = $1 AND night = $2 AND at >= $3)
"""
_NIGHTS = "SELECT night FROM night_case WHERE region_id = $1 AND night < $2 ORDER BY night DESC LIMIT $3"
_CONTENT = "SELECT content FROM night_case WHERE region_id = $1 AND night = $2"


def evening_of(night: date, zone: ZoneInfo) -> datetime:
    """Return when a night's queue is what other rules are tried on."""
    return datetime.combine(night, _KEPT_FROM, zone)


async def keep_case(
    pool: Pool, region_id: UUID, night: date, at: datetime, content: bytes, *, evening: datetime | None = None
) -> None:
    """Keep the case of a night, unless there is one; of the `evening`, unless there is one of that."""
    await pool.execute(_KEEP, region_id, night, at, content, evening)


async def is_wanted(pool: Pool, region_id: UUID, night: date, evening: datetime) -> bool:
    """Tell whether somebody waits tonight, and no case of the evening is kept yet."""
    wanted: bool = await pool.fetchval(_WANTED, region_id, night, evening)
    return wanted


async def nights_kept(pool: Pool, region_id: UUID, before: date, limit: int) -> list[date]:
    """Return the nights of which there is a case and that are over `before` a night, newest first."""
    return [row["night"] for row in await pool.fetch(_NIGHTS, region_id, before, limit)]


async def read_content(pool: Pool, region_id: UUID, night: date) -> bytes | None:
    """Return the case of a night as it is kept, for the worker to read."""
    found: bytes | None = await pool.fetchval(_CONTENT, region_id, night)
    return found
