"""Cold reads of plans. Callers know who may read which (I11)."""

from __future__ import annotations

import asyncio
import zlib
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg
import msgspec

from kernel.postgres import Pool
from orientation.distributing.problems import UnknownPlan
from orientation.distributing.results import Result
from orientation.model.policy import OrientationPolicy
from orientation.store import policy_of

# More of one night nobody makes; older ones are left out.
_NIGHT_MAX = 100
_HEAD = """
SELECT p.id, p.version, p.state, p.night, p.made_at, p.actor_id, a.login, p.after, p.followed_by, p.policy_version,
       p.policy_hash, p.seq, p.epoch, p.time_limit_s, p.progress, p.failure, p.summary,
       p.state IN ('solving', 'draft') AND COALESCE((
         SELECT max(o.version) FROM orientation_policy o WHERE o.region_id = p.region_id AND o.set_at <= halte_now()
       ), p.policy_version) <> p.policy_version AS policy_changed
FROM plan p LEFT JOIN account a ON a.id = p.actor_id
"""
_NIGHT = f"{_HEAD} WHERE p.region_id = $1 AND p.night = $2 ORDER BY p.made_at DESC, p.id LIMIT {_NIGHT_MAX}"
_ONE = f"{_HEAD} WHERE p.region_id = $1 AND p.id = $2"
_RESULT = "SELECT result FROM plan WHERE region_id = $1 AND id = $2"
_WORKED_ON = """
SELECT p.state, p.content, p.result, o.version, o.id, o.body FROM plan p
LEFT JOIN orientation_policy o ON o.region_id = p.region_id AND o.version = p.policy_version
WHERE p.region_id = $1 AND p.id = $2
"""
_STANDING = "SELECT id FROM placement WHERE region_id = $1 AND id = ANY($2::uuid[])"
# Households of a plan that are held in more than one unit: none, as long as I4 holds.
_SPLIT = """
SELECT count(*) FROM (
  SELECT FROM placement WHERE region_id = $1 AND request_id = ANY($2::uuid[]) AND state <> 'ended'
  GROUP BY request_id HAVING count(DISTINCT unit_id) > 1
) AS split
"""
_decode = msgspec.json.Decoder(Result).decode


@dataclass(frozen=True, slots=True)
class WorkedOut:
    """What a plan was made of, and what came of it."""

    state: str
    content: bytes | None
    result: Result | None
    policy: OrientationPolicy


async def read_night(pool: Pool, region_id: UUID, night: date) -> list[asyncpg.Record]:
    """Return the heads of a night's plans, the newest first."""
    return await pool.fetch(_NIGHT, region_id, night)


async def read_plan(pool: Pool, region_id: UUID, plan_id: UUID) -> asyncpg.Record:
    row = await pool.fetchrow(_ONE, region_id, plan_id)
    if row is None:
        raise UnknownPlan(plan=str(plan_id))
    return row


async def read_result(pool: Pool, region_id: UUID, plan_id: UUID) -> Result | None:
    """Return what was worked out; none before that, and after it was erased."""
    return await unpack(await pool.fetchval(_RESULT, region_id, plan_id))


async def read_worked_out(pool: Pool, region_id: UUID, plan_id: UUID) -> WorkedOut:
    row = await pool.fetchrow(_WORKED_ON, region_id, plan_id)
    if row is None:
        raise UnknownPlan(plan=str(plan_id))
    policy = OrientationPolicy() if row["version"] is None else policy_of(row)
    return WorkedOut(row["state"], row["content"], await unpack(row["result"]), policy)


async def standing(pool: Pool, region_id: UUID, ids: list[UUID]) -> set[UUID]:
    """Return which of these placements have been made."""
    return {row["id"] for row in await pool.fetch(_STANDING, region_id, ids)}


async def count_split(pool: Pool, region_id: UUID, requests: list[UUID]) -> int:
    """Count what is held, whatever was meant to be."""
    split: int = await pool.fetchval(_SPLIT, region_id, requests)
    return split


def pack(result: bytes) -> bytes:
    return zlib.compress(result)


async def unpack(packed: bytes | None) -> Result | None:
    """Beside the event loop: of a large region it takes a while."""
    return None if packed is None else await asyncio.to_thread(lambda: _decode(zlib.decompress(packed)))
