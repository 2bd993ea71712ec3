"""Surges in a batch: the last one of each unit, and what was changed under which id.

They are locked before shelters and units.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from inventory.lane.working import StoredSurgeChange, Working
from inventory.model.surge import Surge
from kernel.postgres import Connection

_UNITS_OF = "SELECT unit_id FROM surge_unit WHERE surge_id = ANY($1::uuid[])"
_LOCK = "SELECT id FROM surge WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE"
_SURGES = """
SELECT s.id, s.region_id, s.until, s.ended_at, array_agg(u.unit_id ORDER BY u.unit_id) AS unit_ids
FROM surge s JOIN surge_unit u ON u.surge_id = s.id WHERE s.id = ANY($1::uuid[]) GROUP BY s.id
"""
_CHANGES = """
SELECT c.id, c.surge_id, s.region_id, c.body_hash FROM surge_change c JOIN surge s ON s.id = c.surge_id
WHERE c.id = ANY($1::uuid[])
"""
_LAST = """
SELECT DISTINCT ON (u.unit_id) u.unit_id, s.id, s.region_id, s.until, s.ended_at
FROM surge_unit u JOIN surge s ON s.id = u.surge_id
WHERE u.unit_id = ANY($1::uuid[]) ORDER BY u.unit_id, s.started_at DESC, s.id DESC
"""


async def units_of(connection: Connection, surges: Collection[UUID]) -> list[UUID]:
    """Return the units of surges: which they are never changes."""
    return [row["unit_id"] for row in await connection.fetch(_UNITS_OF, list(surges))]


async def lock_surges(connection: Connection, surges: Collection[UUID]) -> None:
    await connection.execute(_LOCK, sorted(surges))


async def load_surges(
    connection: Connection, surges: Collection[UUID], changes: Collection[UUID], working: Working
) -> None:
    """Read the surges that are named, and what is stored under the ids that clients gave."""
    for row in await connection.fetch(_SURGES, list(surges)):
        if row["region_id"] == working.region_id:
            surge = Surge(row["id"], row["region_id"], row["until"], row["ended_at"], tuple(row["unit_ids"]))
            working.surges[surge.id] = surge
    for row in await connection.fetch(_CHANGES, list(changes)):
        surge_id = row["surge_id"] if row["region_id"] == working.region_id else None
        working.surge_changes[row["id"]] = StoredSurgeChange(surge_id, row["body_hash"])


async def load_last(connection: Connection, units: Collection[UUID], working: Working) -> None:
    """Read the last surge of each of these units: none but that one can be running."""
    for row in await connection.fetch(_LAST, list(units)):
        working.last_surges[row["unit_id"]] = Surge(row["id"], row["region_id"], row["until"], row["ended_at"])
