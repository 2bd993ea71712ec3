"""Knowing: what the region has now, as far as an import may change it. One short snapshot."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from inventory.lane.rows import unit_of
from inventory.lane.sites import shelter_of
from inventory.model.unit import Operator, Shelter, Unit
from kernel.postgres import Pool

_OPERATORS = "SELECT id, region_id, name FROM operator WHERE region_id = $1"
_SHELTERS = "SELECT * FROM shelter WHERE region_id = $1"
_UNITS = """
SELECT u.*, s.capacity, s.closed, s.count_at,
       (SELECT c.actor_id FROM closing c WHERE s.closed AND c.unit_id = u.id ORDER BY c.at DESC, c.id DESC LIMIT 1)
         AS closed_by
FROM unit u JOIN unit_state s ON s.unit_id = u.id WHERE u.region_id = $1
"""
_REPORTS = "SELECT id FROM report WHERE id = ANY($1::uuid[])"


@dataclass(frozen=True, slots=True)
class KnownUnit:
    unit: Unit
    capacity: int
    closed: bool = False
    closed_by: UUID | None = None
    removed: bool = False
    counted_at: datetime | None = None


@dataclass(slots=True)
class KnownRegion:
    """`now` is the database's clock (I12)."""

    id: UUID
    zone: ZoneInfo
    now: datetime
    operators: dict[UUID, Operator] = field(default_factory=dict)
    shelters: dict[UUID, Shelter] = field(default_factory=dict)
    units: dict[UUID, KnownUnit] = field(default_factory=dict)


async def know_region(pool: Pool, region_id: UUID, zone: ZoneInfo) -> KnownRegion:
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        now = await connection.fetchval("SELECT halte_now()")
        operators = await connection.fetch(_OPERATORS, region_id)
        shelters = await connection.fetch(_SHELTERS, region_id)
        units = await connection.fetch(_UNITS, region_id)
    known = KnownRegion(region_id, zone, now)
    known.operators = {row["id"]: Operator(**dict(row)) for row in operators}
    known.shelters = {row["id"]: shelter_of(row) for row in shelters}
    known.units = {
        row["id"]: KnownUnit(
            unit_of(row), row["capacity"], row["closed"], row["closed_by"], row["removed"], row["count_at"]
        )
        for row in units
    }
    return known


async def stored_reports(pool: Pool, ids: Collection[UUID]) -> Iterable[UUID]:
    """Return which of these counts have been reported already."""
    return {row["id"] for row in await pool.fetch(_REPORTS, list(ids))} if ids else set()
