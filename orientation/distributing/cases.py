"""Cases of past nights: one a night is kept, so that other rules can be tried on it; erased with its requests (I9)."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from kernel.postgres import Pool

_KEEP = """
INSERT INTO night_case (region_id, night, at, content) VALUES ($1, $2, $3, $4) ON CONFLICT (region_id, night) DO NOTHING
"""
_WANTED = """
SELECT EXISTS (SELECT FROM request WHERE region_id = $1 AND state <> 'closed' AND regime = 'night')
   AND NOT EXISTS (SELECT FROM night_case WHERE region_id = $1 AND night = $2)
"""
_NIGHTS = "SELECT night FROM night_case WHERE region_id = $1 AND night <= $2 ORDER BY night DESC LIMIT $3"
_CONTENT = "SELECT content FROM night_case WHERE region_id = $1 AND night = $2"


async def keep_case(pool: Pool, region_id: UUID, night: date, at: datetime, content: bytes) -> None:
    """Keep the case of a night, unless there is one."""
    await pool.execute(_KEEP, region_id, night, at, content)


async def is_wanted(pool: Pool, region_id: UUID, night: date) -> bool:
    """Tell whether somebody waits tonight, and no case of it is kept yet."""
    wanted: bool = await pool.fetchval(_WANTED, region_id, night)
    return wanted


async def nights_kept(pool: Pool, region_id: UUID, until: date, limit: int) -> list[date]:
    """Return the nights of which there is a case, up to `until`, newest first."""
    return [row["night"] for row in await pool.fetch(_NIGHTS, region_id, until, limit)]


async def read_content(pool: Pool, region_id: UUID, night: date) -> bytes | None:
    """Return the case of a night as it is kept, for the worker to read."""
    found: bytes | None = await pool.fetchval(_CONTENT, region_id, night)
    return found
