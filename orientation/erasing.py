"""Erasing: contacts 30 days after the closing, whole requests after the region's retention; numbers are left (I9).

What names requests of a night elsewhere, its plans and its case, goes no later than they do: it was made before they
were closed.

Not through the lane: nothing here is on a screen any more, and nothing of it is journalled. Any node does it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from uuid import UUID

import asyncpg

from inventory.region import Region
from kernel.bulk import insert
from kernel.postgres import Connection
from orientation.counting import tally
from orientation.tables import night_count

CONTACT_KEPT = timedelta(days=30)
_PORTION = 200
_CONTACTS = """
DELETE FROM contact c USING request r
WHERE c.region_id = $1 AND r.id = c.request_id AND r.closed_at <= $2
"""
_REQUESTS = """
SELECT id, night, regime, state, household, outcome, outcome_reason FROM request
WHERE region_id = $1 AND gone AND closed_at <= $2 ORDER BY night, id LIMIT $3 FOR UPDATE SKIP LOCKED
"""
_ERASE = (
    "DELETE FROM request_event WHERE request_id = ANY($1::uuid[])",
    "DELETE FROM request_bar WHERE request_id = ANY($1::uuid[])",
    "DELETE FROM request_step WHERE request_id = ANY($1::uuid[])",
    "DELETE FROM contact WHERE request_id = ANY($1::uuid[])",
    # The line stays: without it nobody could draw again.
    "UPDATE draw_entry SET request_id = NULL WHERE request_id = ANY($1::uuid[])",
    "DELETE FROM placement WHERE request_id = ANY($1::uuid[])",
    "DELETE FROM request WHERE id = ANY($1::uuid[])",
)
_PLANS = """
UPDATE plan SET content = NULL, result = NULL, links = '[]'
WHERE region_id = $1 AND gone AND made_at <= $2 AND (content IS NOT NULL OR result IS NOT NULL)
"""
_CASES = "DELETE FROM night_case WHERE region_id = $1 AND at <= $2"
_ADD = """
ON CONFLICT (region_id, night, regime, party, outcome, reason)
DO UPDATE SET requests = night_count.requests + excluded.requests, people = night_count.people + excluded.people
"""


async def erase_contacts(region: Region) -> None:
    until = await _until(region, CONTACT_KEPT)
    if until is not None:
        await region.pool.execute(_CONTACTS, region.id, until)


async def erase_plans(region: Region) -> None:
    """Erase what plans and cases of past nights say of households; of plans the numbers are left."""
    until = await _until(region, _retention(region))
    if until is not None:
        await region.pool.execute(_PLANS, region.id, until)
        await region.pool.execute(_CASES, region.id, until)


async def erase_requests(region: Region) -> None:
    """Erase the requests whose time has come, with all that names them."""
    while (until := await _until(region, _retention(region))) is not None:
        async with region.pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch(_REQUESTS, region.id, until, _PORTION)
            await _leave_counts(connection, region.id, rows)
            await _erase(connection, [row["id"] for row in rows])
        if len(rows) < _PORTION:
            return


def _retention(region: Region) -> timedelta:
    return timedelta(days=region.settings.request_retention_days)


async def _until(region: Region, kept: timedelta) -> datetime | None:
    """Return the instant before which things are too old to be kept; None by a clock that jumped."""
    now: datetime = await region.pool.fetchval("SELECT halte_now()")
    return now - kept if await region.trusts_clock() else None


async def _leave_counts(connection: Connection, region_id: UUID, rows: Sequence[asyncpg.Record]) -> None:
    for night, of_night in groupby(rows, key=itemgetter("night")):
        counts = [
            kind._asdict()
            | {"region_id": region_id, "night": night, "requests": count.requests, "people": count.people}
            for kind, count in sorted(tally(of_night).items())
        ]
        await insert(connection, night_count, counts, _ADD)


async def _erase(connection: Connection, ids: Sequence[UUID]) -> None:
    for statement in _ERASE if ids else ():
        await connection.execute(statement, ids)
