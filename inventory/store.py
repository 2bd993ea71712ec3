"""Cold reads of the inventory: what is defined, what happened to a unit, which rules are in force."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from inventory.model.policy import Policy
from kernel.journal import Subject
from kernel.postgres import Connection, Pool

_SHELTERS = """
SELECT s.kind, s.id, s.seq, s.visible_seq, s.gone, j.body
FROM subject s JOIN journal j ON j.region_id = s.region_id AND j.seq = s.seq
WHERE s.region_id = $1 AND s.kind = 'shelter' AND NOT s.gone AND ($2::uuid IS NULL OR s.id = $2)
ORDER BY s.id
"""
# An outsider of a secret shelter is given the rows in which they could see a change, and no others,
# so that neither the rows nor a cursor can count the rest (I11). What was said before the shelter
# became secret is secret with it, and how often it was said too.
_HISTORY = """
SELECT j.seq, j.at, j.visible_seq, j.gone, j.causes, j.body
FROM journal j JOIN unit u ON u.id = j.subject_id JOIN shelter h ON h.id = u.shelter_id
WHERE j.subject_id = $1 AND j.region_id = $2 AND j.kind = 'unit' AND j.seq < $3 AND NOT j.gone
  AND (h.id = ANY($5::uuid[])
       OR (j.visible_seq = j.seq AND (NOT h.secret OR (j.body ->> 'secret')::boolean)))
ORDER BY j.seq DESC LIMIT $4
"""
_ADDRESS = "SELECT address, latitude, longitude, phone FROM shelter WHERE id = $1"
_POLICY = "SELECT version, id, body FROM policy WHERE region_id = $1 ORDER BY version DESC LIMIT 1"
_POLICIES = "SELECT version, id, body FROM policy WHERE region_id = $1 ORDER BY version DESC"
_VERSIONS = """
SELECT version, id, body, why, actor_id, set_at FROM policy WHERE region_id = $1 AND version < $2
ORDER BY version DESC LIMIT $3
"""
_BEHIND = """
SELECT count(*) FROM unit_state s JOIN unit u ON u.id = s.unit_id
WHERE u.region_id = $1 AND NOT u.removed AND s.policy < $2
"""
_BEFORE_ALL = UUID(int=0)
# Units that nobody has to touch to be otherwise: noon has passed, a surge unit has ended, the rules have changed.
_DUE = """
SELECT s.unit_id FROM unit_state s JOIN unit u ON u.id = s.unit_id
WHERE u.region_id = $1 AND s.unit_id > $4 AND NOT u.removed
  AND (s.night < $2 OR (u.expires_at <= halte_now() AND NOT s.closed)
       OR s.policy < (SELECT coalesce(max(version), 0) FROM policy p WHERE p.region_id = $1))
ORDER BY s.unit_id LIMIT $3
"""


async def list_known_shelters(pool: Pool, region_id: UUID, shelter_id: UUID | None = None) -> list[Subject]:
    rows = await pool.fetch(_SHELTERS, region_id, shelter_id)
    return [
        Subject(row["kind"], row["id"], row["seq"], row["visible_seq"], row["gone"], row["body"].encode())
        for row in rows
    ]


async def address_of(pool: Pool, shelter_id: UUID) -> Mapping[str, Any] | None:
    """Return where a shelter is. Callers have made sure that the asker may know (I11)."""
    row = await pool.fetchrow(_ADDRESS, shelter_id)
    return dict(row) if row else None


async def read_history(
    pool: Pool, region_id: UUID, unit_id: UUID, own: Collection[UUID], before: int, limit: int
) -> list[asyncpg.Record]:
    """Return a unit's states, newest first, that somebody with the shelters `own` could see come about."""
    return await pool.fetch(_HISTORY, unit_id, region_id, before, limit, list(own))


async def read_policy(connection: Connection | Pool, region_id: UUID) -> Policy:
    """Return the rules in force; the defaults are version 0."""
    row = await connection.fetchrow(_POLICY, region_id)
    return Policy() if row is None else policy_of(row)


async def read_policies(connection: Connection, region_id: UUID) -> dict[int, Policy]:
    """Return all rules that were ever in force by version, the defaults too."""
    rows = await connection.fetch(_POLICIES, region_id)
    return {policy.version: policy for policy in (Policy(), *map(policy_of, rows))}


async def read_versions(pool: Pool, region_id: UUID, before: int, limit: int) -> list[asyncpg.Record]:
    """Return who set which rules when and why, newest first."""
    return await pool.fetch(_VERSIONS, region_id, before, limit)


async def count_behind(pool: Pool, region_id: UUID, version: int) -> int:
    """Return how many units still have to be folded by these rules."""
    behind: int = await pool.fetchval(_BEHIND, region_id, version)
    return behind


def policy_of(row: asyncpg.Record) -> Policy:
    policy = msgspec.json.decode(row["body"], type=Policy)
    return replace(policy, version=row["version"], id=row["id"])


async def due_units(pool: Pool, region_id: UUID, night: date, limit: int, after: UUID = _BEFORE_ALL) -> list[UUID]:
    """Return the first due units behind `after`, by id."""
    return [row["unit_id"] for row in await pool.fetch(_DUE, region_id, night, limit, after)]
