"""Cold reads of orientation: the rules in force, who sits at the desk, what was tried at secret shelters."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

import asyncpg
import msgspec

from kernel.postgres import Connection, Pool
from orientation.model.policy import OrientationPolicy

_NEWEST = "SELECT id FROM orientation_policy WHERE region_id = $1 ORDER BY version DESC LIMIT 1"
_POLICY = "SELECT version, id, body FROM orientation_policy WHERE region_id = $1 ORDER BY version DESC LIMIT 1"

_AT_THE_DESK = """
SELECT EXISTS (SELECT FROM account WHERE id = $1 AND region_id = $2 AND disabled_at IS NULL
               AND role IN ('desk', 'administrator'))
"""
_HIDDEN = """
SELECT u.id FROM unit u JOIN shelter h ON h.id = u.shelter_id
WHERE u.id = ANY($1::uuid[]) AND u.region_id = $2 AND h.secret
"""
_IN_VAIN = """
SELECT count(*) FROM request r JOIN request_event e ON e.request_id = r.id
WHERE r.region_id = $1 AND NOT r.gone
  AND e.actor_id = $2 AND e.verb = $3 AND e.at > halte_now() - make_interval(secs => $4)
"""
# Of a request `r`: that it continues one which ended the night before without a place. Who said no themselves was not
# turned away; who was not heard of again may have given up.
TURNED_AWAY = """EXISTS (
  SELECT FROM request b WHERE b.id = r.continues AND b.region_id = r.region_id
    AND (b.outcome = 'expired' OR b.outcome = 'unmet' AND b.outcome_reason <> 'refused-by-household')
    AND b.closed_at > r.asked_at - interval '24 hours')"""
_VERSIONS = """
SELECT p.version, p.id, p.body, p.why, p.actor_id, p.set_at, a.login
FROM orientation_policy p LEFT JOIN account a ON a.id = p.actor_id
WHERE p.region_id = $1 AND p.version < $2 ORDER BY p.version DESC LIMIT $3
"""
# All that matching must be told about a request: the house they were in the night before is where they arrived last
# by the request that this one continues.
_ASKED = """
SELECT r.*,
       (SELECT p.id FROM orientation_policy p WHERE p.region_id = r.region_id
        ORDER BY p.version DESC LIMIT 1) AS policy_id,
       (SELECT p.shelter_id FROM placement p WHERE p.request_id = r.continues AND p.ending = 'arrived' AND NOT p.voided
        ORDER BY p.ended_at DESC LIMIT 1) AS continued,
       ARRAY(SELECT (b.unit_id, b.until, b.reason, b.shelter_id) FROM request_bar b WHERE b.request_id = r.id) AS bars
FROM request r WHERE r.id = $1 AND r.region_id = $2
"""


async def read_asked(pool: Pool, region_id: UUID, request_id: UUID) -> asyncpg.Record | None:
    """Return a request with `policy_id`, `continued` (a shelter) and `bars`, in one look."""
    return await pool.fetchrow(_ASKED, request_id, region_id)


async def read_versions(pool: Pool, region_id: UUID, before: int, limit: int) -> list[asyncpg.Record]:
    """Return who set which rules when and why, newest first."""
    return await pool.fetch(_VERSIONS, region_id, before, limit)


async def newest_policy(connection: Connection, region_id: UUID) -> UUID | None:
    """Return the id of the version in force, none where nobody has set one."""
    found: UUID | None = await connection.fetchval(_NEWEST, region_id)
    return found


async def read_policy(connection: Connection | Pool, region_id: UUID) -> OrientationPolicy:
    row = await connection.fetchrow(_POLICY, region_id)
    return OrientationPolicy() if row is None else policy_of(row)


def policy_of(row: asyncpg.Record) -> OrientationPolicy:
    rules = msgspec.json.decode(row["body"])
    return msgspec.convert(rules | {"version": row["version"], "id": row["id"]}, OrientationPolicy)


async def at_the_desk(pool: Pool, region_id: UUID, account_id: UUID) -> bool:
    """Tell whether somebody may be given a request to follow."""
    found: bool = await pool.fetchval(_AT_THE_DESK, account_id, region_id)
    return found


async def secret_units(pool: Pool, region_id: UUID, unit_ids: Collection[UUID]) -> set[UUID]:
    """Return which of these units are in secret shelters."""
    return {row["id"] for row in await pool.fetch(_HIDDEN, list(unit_ids), region_id)}


async def tries_in_vain(pool: Pool, region_id: UUID, actor_id: UUID, verb: str, within_s: float) -> int:
    """Return how often somebody did not get what they tried to hold at secret shelters."""
    tries: int = await pool.fetchval(_IN_VAIN, region_id, actor_id, verb, float(within_s))
    return tries
