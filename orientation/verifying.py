"""Verifying: each request has the open hold that it names and no other, and each placement ends as its hold does.

Each look is one statement, so that it is consistent in itself beside a working system. Nothing is repaired here.
"""

from __future__ import annotations

from uuid import UUID

from inventory.differences import Verification
from kernel.postgres import Pool

# A hold that names a request which is not there is of a request that was erased, or of the inventory's own tests.
_REQUESTS = """
SELECT r.id, r.state, r.placement_id AS named, h.open
FROM request r LEFT JOIN LATERAL (
  SELECT coalesce(array_agg(id), '{}') AS open FROM hold WHERE request_id = r.id AND state = 'held') h ON true
WHERE r.region_id = $1 AND h.open <> CASE WHEN r.placement_id IS NULL THEN '{}' ELSE ARRAY[r.placement_id] END
"""
_PLACEMENTS = """
SELECT p.id, p.request_id, h.request_id AS held_for, p.unit_id, h.unit_id AS held_in,
       coalesce(p.ending, 'held') AS stands, h.state
FROM placement p JOIN hold h ON h.id = p.id
WHERE p.region_id = $1 AND (p.request_id, p.unit_id, coalesce(p.ending, 'held'))
  IS DISTINCT FROM (h.request_id, h.unit_id, h.state)
"""
_ARRIVED = """
SELECT r.id, count(p.id) AS arrived FROM request r
LEFT JOIN placement p ON p.request_id = r.id AND p.ending = 'arrived' AND NOT p.voided
WHERE r.region_id = $1 AND r.outcome = 'arrived' GROUP BY r.id HAVING count(p.id) = 0
"""
_INSIDE = """
SELECT r.id, r.state, count(*) AS arrived FROM request r JOIN placement p ON p.request_id = r.id
WHERE r.region_id = $1 AND r.state <> 'closed' AND p.ending = 'arrived' AND NOT p.voided GROUP BY r.id
"""
# Asked of the journal: the stamps of those that are long gone are purged.
_VERSIONS = """
SELECT x.kind, x.id, x.version, (j.body->>'version')::int AS journalled
FROM (SELECT 'request' AS kind, id, version, region_id FROM request
      UNION ALL SELECT 'placement', id, version, region_id FROM placement
      UNION ALL SELECT 'draw', id, version, region_id FROM draw
      UNION ALL SELECT 'plan', id, version, region_id FROM plan) x
LEFT JOIN LATERAL (
  SELECT body FROM journal WHERE subject_id = x.id AND region_id = x.region_id AND kind = x.kind
  ORDER BY seq DESC LIMIT 1) j ON true
WHERE x.region_id = $1 AND (j.body->>'version')::int IS DISTINCT FROM x.version
"""


async def verify_orientation(pool: Pool, region_id: UUID, found: Verification) -> None:
    """Add to what was found in the region what differs in its requests and placements."""
    for row in await pool.fetch(_REQUESTS, region_id):
        named = [] if row["named"] is None else [row["named"]]
        found.differ(f"open holds of a request that is {row['state']}", row["id"], named, row["open"])
    for row in await pool.fetch(_PLACEMENTS, region_id):
        expected = (row["held_for"], row["held_in"], row["state"])
        found.differ(
            "placement (request, unit, end)", row["id"], expected, (row["request_id"], row["unit_id"], row["stands"])
        )
    for row in await pool.fetch(_ARRIVED, region_id):
        found.differ("placements of a request that arrived", row["id"], "one that arrived", "none")
    for row in await pool.fetch(_INSIDE, region_id):
        found.differ(f"placements that arrived of a request that is {row['state']}", row["id"], 0, row["arrived"])
    for row in await pool.fetch(_VERSIONS, region_id):
        found.differ(f"journalled version of a {row['kind']}", row["id"], row["version"], row["journalled"])
