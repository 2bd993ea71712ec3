"""Cold reads of orientation: the rules in force."""

from __future__ import annotations

from uuid import UUID

import msgspec

from kernel.postgres import Connection
from orientation.model.policy import OrientationPolicy

_NEWEST = "SELECT id FROM orientation_policy WHERE region_id = $1 ORDER BY version DESC LIMIT 1"
_POLICY = "SELECT version, id, body FROM orientation_policy WHERE region_id = $1 ORDER BY version DESC LIMIT 1"


async def newest_policy(connection: Connection, region_id: UUID) -> UUID | None:
    """Return the id of the version in force, none where nobody has set one."""
    found: UUID | None = await connection.fetchval(_NEWEST, region_id)
    return found


async def read_policy(connection: Connection, region_id: UUID) -> OrientationPolicy:
    row = await connection.fetchrow(_POLICY, region_id)
    if row is None:
        return OrientationPolicy()
    rules = msgspec.json.decode(row["body"])
    return msgspec.convert(rules | {"version": row["version"], "id": row["id"]}, OrientationPolicy)
