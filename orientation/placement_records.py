"""Cold reads of placements: with whom they are for, until when, and who made them. Callers know who may read which."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import asyncpg

from kernel.postgres import Connection, Pool
from orientation.moving_on import Promise
from orientation.rows import placement_of

# How long what has ended stands in lists.
RECENT = timedelta(hours=24)

_SELECT = """
SELECT p.*, h.expires_at, h.actor_id AS made_by_id, m.login AS made_by_login, f.login AS holder_login,
       r.code, r.household, r.version AS request_version, r.state AS request_state, u.allotment, l.secret
FROM placement p JOIN hold h ON h.id = p.id JOIN request r ON r.id = p.request_id JOIN unit u ON u.id = p.unit_id
JOIN shelter l ON l.id = p.shelter_id LEFT JOIN account m ON m.id = h.actor_id LEFT JOIN account f ON f.id = p.holder_id
"""
_BY_ID = f"{_SELECT} WHERE p.id = ANY($1::uuid[]) AND p.region_id = $2 ORDER BY p.held_at, p.id"
# Of which shelters: of all, where none are named.
_OPEN = f"""{_SELECT}
WHERE p.region_id = $1 AND p.state <> 'ended' AND ($2::uuid[] IS NULL OR p.shelter_id = ANY($2))
ORDER BY p.held_at, p.id LIMIT $3
"""
_RECENT = f"""{_SELECT}
WHERE p.region_id = $1 AND p.ended_at > halte_now() - interval '24 hours'
  AND ($2::uuid[] IS NULL OR p.shelter_id = ANY($2))
ORDER BY p.ended_at DESC, p.id LIMIT $3
"""
_WHERE = "SELECT unit_id, shelter_id FROM placement WHERE id = $1 AND region_id = $2"
# Closed, too, for as long as the pause lasts with which it was declined because nobody lets people in tonight.
_SHORT = """
SELECT * FROM (
  SELECT s.unit_id, s.free, s.held, l.secret, s.status = 'closed'
    OR s.intake IS NOT NULL AND (s.intake->>'paused')::bool
    AND coalesce((s.intake->>'until')::timestamptz > halte_now(), true)
    AND EXISTS (
      SELECT FROM placement d WHERE d.shelter_id = l.id AND d.unit_id = u.id
        AND d.decline_reason IN ('closed', 'no-staff') AND d.ended_at > halte_now() - interval '24 hours') AS closed
  FROM unit_state s JOIN unit u ON u.id = s.unit_id JOIN shelter l ON l.id = u.shelter_id
  WHERE u.region_id = $1 AND s.held > 0) AS unit
WHERE closed OR held > free
"""
_OPEN_IN = f"{_SELECT} WHERE p.unit_id = ANY($1::uuid[]) AND p.region_id = $2 AND p.state <> 'ended'"


@dataclass(frozen=True, slots=True)
class Promised:
    """An open placement in a unit that cannot keep all that is promised there."""

    record: asyncpg.Record
    closed: bool
    free: int
    held: int
    secret: bool

    @property
    def promise(self) -> Promise:
        one = placement_of(self.record)
        return Promise(one.id, one.unit_id, one.places, one.held_at, self.closed, self.free, self.held, self.secret)


async def placements_by_id(pool: Pool | Connection, region_id: UUID, ids: Collection[UUID]) -> list[asyncpg.Record]:
    """Return those of this region, the oldest first."""
    return await pool.fetch(_BY_ID, list(ids), region_id) if ids else []


async def list_placements(
    pool: Pool, region_id: UUID, shelters: Collection[UUID] | None, limit: int, *, ended: bool
) -> list[asyncpg.Record]:
    """Return open ones, the oldest promise first; or those that ended in the last day, the last one first."""
    named = None if shelters is None else list(shelters)
    return await pool.fetch(_RECENT if ended else _OPEN, region_id, named, limit)


async def whereabouts(pool: Pool, region_id: UUID, placement_id: UUID) -> tuple[UUID, UUID] | None:
    """Return unit and shelter of a placement; they never change."""
    row = await pool.fetchrow(_WHERE, placement_id, region_id)
    return None if row is None else (row["unit_id"], row["shelter_id"])


async def promised_in_vain(pool: Pool | Connection, region_id: UUID) -> list[Promised]:
    """Return the open placements of units that are closed, let nobody in tonight, or have more held than free."""
    units = {row["unit_id"]: row for row in await pool.fetch(_SHORT, region_id)}
    rows = await pool.fetch(_OPEN_IN, list(units), region_id) if units else []
    return [
        Promised(row, unit["closed"], unit["free"], unit["held"], unit["secret"])
        for row in rows
        for unit in (units[row["unit_id"]],)
    ]
