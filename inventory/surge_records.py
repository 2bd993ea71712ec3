"""Cold reads of surges: which units are meant, who did what and why, and what the units are now."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import asyncpg

from inventory.model.surge import Surge
from inventory.problems import UnknownShelter
from kernel.journal import Subject
from kernel.postgres import Pool

# Those that are named go as they are, to be refused by name. Of a whole shelter, commune or region: what can be opened.
_MEANT = """
SELECT u.id FROM unit u JOIN shelter h ON h.id = u.shelter_id
WHERE u.region_id = $1 AND u.surge AND NOT u.removed AND NOT h.closed
  AND (h.id = ANY($2::uuid[]) OR h.commune = ANY($3::text[]) OR $4)
  AND NOT EXISTS (SELECT FROM surge_unit o JOIN surge s ON s.id = o.surge_id
                  WHERE o.unit_id = u.id AND s.ended_at IS NULL AND s.until > halte_now())
"""
_UNKNOWN_SHELTERS = """
SELECT a.id FROM unnest($2::uuid[]) AS a(id)
WHERE NOT EXISTS (SELECT FROM shelter h WHERE h.id = a.id AND h.region_id = $1) LIMIT 1
"""
_SURGES = """
SELECT * FROM surge WHERE region_id = $1
  AND ($2::uuid IS NULL OR (started_at, id) < (SELECT b.started_at, b.id FROM surge b WHERE b.id = $2))
  AND ($3::boolean IS NULL OR (ended_at IS NULL AND until > halte_now()) = $3)
ORDER BY started_at DESC, id DESC LIMIT $4
"""
_SURGE = "SELECT * FROM surge WHERE region_id = $1 AND id = $2"
_CHANGES = "SELECT * FROM surge_change WHERE surge_id = ANY($1::uuid[]) ORDER BY at, id"
_UNITS = """
SELECT o.surge_id, u.id, u.shelter_id, s.seq, s.visible_seq, s.gone, j.body
FROM surge_unit o JOIN unit u ON u.id = o.unit_id
LEFT JOIN subject s ON s.id = u.id
LEFT JOIN journal j ON j.region_id = s.region_id AND j.seq = s.seq
WHERE o.surge_id = ANY($1::uuid[]) ORDER BY u.shelter_id, u.name, u.id
"""


@dataclass(slots=True)
class SurgeUnit:
    unit_id: UUID
    shelter_id: UUID
    # As everybody within sees it; none where it is gone.
    subject: Subject | None


@dataclass(slots=True)
class SurgeRecord:
    surge: Surge
    reason: str
    started_at: datetime
    actor_id: UUID
    changes: list[asyncpg.Record] = field(default_factory=list)
    units: list[SurgeUnit] = field(default_factory=list)


async def units_meant(
    pool: Pool,
    region_id: UUID,
    units: Collection[UUID],
    shelters: Sequence[UUID],
    communes: Sequence[str],
    *,
    everywhere: bool,
) -> set[UUID]:
    """Return the units that an activation means."""
    unknown = await pool.fetchval(_UNKNOWN_SHELTERS, region_id, shelters)
    if unknown is not None:
        raise UnknownShelter(shelter=str(unknown))
    rows = await pool.fetch(_MEANT, region_id, shelters, communes, everywhere)
    return {*units, *(row["id"] for row in rows)}


async def read_surge(pool: Pool, region_id: UUID, surge_id: UUID) -> SurgeRecord | None:
    records = await _complete(pool, await pool.fetch(_SURGE, region_id, surge_id))
    return records[0] if records else None


async def list_surges(
    pool: Pool, region_id: UUID, before: UUID | None, running: bool | None, limit: int
) -> list[SurgeRecord]:
    """Return surges, the last one first; `running` keeps only those that run, or only those that do not."""
    return await _complete(pool, await pool.fetch(_SURGES, region_id, before, running, limit))


async def _complete(pool: Pool, rows: Sequence[asyncpg.Record]) -> list[SurgeRecord]:
    records = {
        row["id"]: SurgeRecord(
            Surge(row["id"], row["region_id"], row["until"], row["ended_at"]),
            row["reason"],
            row["started_at"],
            row["actor_id"],
        )
        for row in rows
    }
    for change in await pool.fetch(_CHANGES, list(records)):
        records[change["surge_id"]].changes.append(change)
    for unit in await pool.fetch(_UNITS, list(records)):
        records[unit["surge_id"]].units.append(SurgeUnit(unit["id"], unit["shelter_id"], _subject(unit)))
    return list(records.values())


def _subject(row: asyncpg.Record) -> Subject | None:
    if row["seq"] is None or row["gone"]:
        return None
    return Subject("unit", row["id"], row["seq"], row["visible_seq"], False, row["body"].encode())
