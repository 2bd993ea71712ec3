"""Finding: cold reads that say which requests are meant, by state, night, id or receipt."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

import asyncpg

from inventory.problems import UnknownShelter
from inventory.region import Region
from kernel.postgres import Pool
from kernel.problems import InvalidBody
from orientation.model.household import Needs

LIST_MAX = 1_000
# Without a night: what is on the screens.
_LISTED = """
SELECT id FROM request
WHERE region_id = $1 AND ($2::date IS NULL AND NOT gone OR night = $2)
  AND ($3::text IS NULL OR (state = 'closed') = ($3 = 'closed'))
ORDER BY asked_at, id LIMIT $4
"""
_BY_RECEIPT = "SELECT * FROM request WHERE receipt_hash = $1"
_EVENTS = """
SELECT e.id, e.verb, e.at, e.placement_id, e.facts, e.actor_id, a.login
FROM request_event e LEFT JOIN account a ON a.id = e.actor_id
WHERE e.region_id = $1 AND e.request_id = $2 ORDER BY e.at, e.id
"""
_EXISTS = "SELECT count(*) FROM request WHERE region_id = $1 AND id = $2"
_SHELTERS = "SELECT id, commune FROM shelter WHERE region_id = $1"
_SHELTER = "SELECT true FROM shelter WHERE region_id = $1 AND id = $2"


async def list_requests(
    pool: Pool, region_id: UUID, *, state: str | None, night: date | None
) -> tuple[list[UUID], bool]:
    """Return the ids of those that are meant, and whether there are more."""
    rows = await pool.fetch(_LISTED, region_id, night, state, LIST_MAX + 1)
    return [row["id"] for row in rows[:LIST_MAX]], len(rows) > LIST_MAX


async def by_receipt(pool: Pool, receipt_hash: bytes) -> asyncpg.Record | None:
    return await pool.fetchrow(_BY_RECEIPT, receipt_hash)


async def read_events(pool: Pool, region_id: UUID, request_id: UUID) -> Sequence[asyncpg.Record] | None:
    """Return what was done with a request, the oldest first; None where there is no such request."""
    rows = await pool.fetch(_EVENTS, region_id, request_id)
    if not rows and not await pool.fetchval(_EXISTS, region_id, request_id):
        return None
    return rows


async def check_places(region: Region, needs: Needs | None) -> None:
    """Refuse communes and shelters that the region does not have: a code is no place to write something else (I9)."""
    if needs is None:
        return
    communes = {*needs.away_from.communes} | ({needs.near} if needs.near is not None else set())
    if not communes and not needs.away_from.shelters:
        return
    rows = await region.pool.fetch(_SHELTERS, region.id)
    card = await region.card.read()
    known = {row["commune"] for row in rows} | {one.code for one in (card.map.communes if card.map else ())}
    _check("communes", communes - known, "communes of the region, by their codes")
    shelters = {row["id"] for row in rows}
    _check("shelters", set(needs.away_from.shelters) - shelters, "shelters of the region, by their ids")


async def check_shelter(region: Region, shelter_id: UUID | None) -> None:
    if shelter_id is not None and not await region.pool.fetchval(_SHELTER, region.id, shelter_id):
        raise UnknownShelter(shelter=str(shelter_id))


def _check(where: str, unknown: Collection[object], why: str) -> None:
    if unknown:
        raise InvalidBody(where=f"needs: {where}", why=why)
