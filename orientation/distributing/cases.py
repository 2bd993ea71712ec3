"""Cases of past nights: one a night is kept, so that other rules can be tried on it; erased with its requests (I9)."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from kernel.postgres import Pool
from orientation.planning.case import Case, decode

_KEEP = """
INSERT INTO night_case (region_id, night, at, content) VALUES ($1, $2, $3, $4) ON CONFLICT (region_id, night) DO NOTHING
"""
_WANTED = """
SELECT EXISTS (SELECT FROM request WHERE region_id = $1 AND state <> 'closed' AND regime = 'night')
   AND NOT EXISTS (SELECT FROM night_case WHERE region_id = $1 AND night = $2)
"""
_NIGHTS = "SELECT night FROM night_case WHERE region_id = $1 AND night <= $2 ORDER BY night DESC LIMIT $3"
_READ = "SELECT content FROM night_case WHERE region_id = $1 AND night = ANY($2::date[]) ORDER BY night DESC"


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


async def read_cases(pool: Pool, region_id: UUID, nights: Collection[date]) -> list[Case]:
    """Return the cases of these nights, newest first; of a night that has none, none."""
    rows = await pool.fetch(_READ, region_id, sorted(nights))
    return [await asyncio.to_thread(decode, row["content"]) for row in rows]
