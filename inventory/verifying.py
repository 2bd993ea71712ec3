"""Verifying: proves that journal, tables and Redis of a region say the same (I2, I3, I4, I5, I6).

Works on a live system: what never changes once written (journal, report lines) is read in pages, what
changes is read in short snapshots, each consistent in itself. Nothing is repaired here.
"""

from __future__ import annotations

from uuid import UUID
from zoneinfo import ZoneInfo

from inventory.differences import Verification
from inventory.recounting import compare_shelters, recount_units
from inventory.redis_comparing import LASTING, compare_redis
from kernel.postgres import Pool
from kernel.redis import RedisLinks

_ENTRIES_AT_ONCE = 10_000
_ROWS_AT_ONCE = 1_000

_REGION = "SELECT slug, timezone FROM region WHERE id = $1"
_COUNTER = """
SELECT r.seq, (SELECT max(j.seq) FROM journal j WHERE j.region_id = r.id) AS last,
       (SELECT min(j.seq) FROM journal j WHERE j.region_id = r.id) AS first
FROM region r WHERE r.id = $1
"""
_MISSING = """
SELECT n.seq FROM generate_series($2::bigint, $3::bigint) AS n(seq)
LEFT JOIN journal j ON j.region_id = $1 AND j.seq = n.seq WHERE j.seq IS NULL ORDER BY n.seq
"""
# Of other kinds than these, what is gone loses its stamp after some hours. The last entry of a subject is found by the
# index on subjects alone: `=` on the region would let Postgres read all of the region for each, where it has no
# statistics (after a restore, or a night of crashes) and takes one index to be as good as the other.
_UNLIKELY = """
SELECT j.seq, j.visible_seq, j.subject_id, s.id IS NULL AS unstamped
FROM journal j LEFT JOIN subject s ON s.id = j.subject_id AND s.region_id = j.region_id AND s.kind = j.kind
WHERE j.region_id = $1 AND j.seq BETWEEN $2 AND $3 AND (j.visible_seq NOT BETWEEN 0 AND j.seq OR s.id IS NULL
  AND (j.kind = ANY($4) OR NOT (SELECT l.gone FROM journal l WHERE l.subject_id = j.subject_id
                                AND l.region_id IS NOT DISTINCT FROM j.region_id ORDER BY l.seq DESC LIMIT 1)))
ORDER BY j.seq
"""
_STAMPS = """
SELECT s.id, s.kind, (s.seq, s.visible_seq, s.gone) AS stamp, s.kind = 'unit' AND u.id IS NULL
         OR s.kind = 'shelter' AND h.id IS NULL AS undefined,
       (SELECT (j.seq, j.visible_seq, j.gone) FROM journal j
        WHERE j.subject_id = s.id AND j.region_id IS NOT DISTINCT FROM s.region_id ORDER BY j.seq DESC LIMIT 1) AS last
FROM subject s
LEFT JOIN unit u ON u.id = s.id AND u.region_id = s.region_id
LEFT JOIN shelter h ON h.id = s.id AND h.region_id = s.region_id
WHERE s.region_id = $1 AND s.id > $2 ORDER BY s.id LIMIT $3
"""
# Of the region's units: what a hold says of its own region must not decide whether it is looked at.
_HOLDS = """
SELECT h.id, h.state, h.ended_at, h.region_id, e.ends, e.late
FROM hold h JOIN unit u ON u.id = h.unit_id
CROSS JOIN LATERAL (
  SELECT coalesce(array_agg(outcome) FILTER (WHERE NOT late), '{}') AS ends,
         coalesce(array_agg(outcome) FILTER (WHERE late), '{}') AS late
  FROM hold_end WHERE hold_id = h.id) e
WHERE u.region_id = $1 AND h.id > $2 ORDER BY h.id LIMIT $3
"""
_OPEN_TWICE = """
SELECT request_id, count(*) AS open FROM hold
WHERE region_id = $1 AND state = 'held' AND request_id IS NOT NULL GROUP BY request_id HAVING count(*) > 1
"""
_FIRST = UUID(int=0)
_LATE_AFTER = ({"lapsed"}, {"no-show"})


async def verify_region(pool: Pool, links: RedisLinks | None, region_id: UUID) -> Verification:
    """Compare everything of one region with everything it should follow from."""
    region = await pool.fetchrow(_REGION, region_id)
    if region is None:
        raise LookupError(f"no region {region_id}")
    found = Verification(region["slug"])
    await _check_journal(pool, region_id, found)
    await _check_stamps(pool, region_id, found)
    await _check_holds(pool, region_id, found)
    await recount_units(pool, region_id, ZoneInfo(region["timezone"]), found)
    await compare_shelters(pool, region_id, found)
    if links is not None:
        await compare_redis(pool, links, region_id, found)
    return found


async def _check_journal(pool: Pool, region_id: UUID, found: Verification) -> None:
    """I5: from 1 to the counter without a gap. Entries up to a seq once seen change no more."""
    counter = await pool.fetchrow(_COUNTER, region_id)
    if counter is None:
        return
    found.seq = counter["seq"]
    found.compare("journal last seq", found.region, counter["seq"], counter["last"] or 0)
    if counter["first"] is not None:
        found.compare("journal first seq", found.region, 1, counter["first"])
    end = counter["last"] or 0
    for start in range(1, end + 1, _ENTRIES_AT_ONCE):
        stop = min(end, start + _ENTRIES_AT_ONCE - 1)
        missing = await pool.fetch(_MISSING, region_id, start, stop)
        found.entries += stop - start + 1 - len(missing)
        for row in missing:
            found.differ("journal", row["seq"], "an entry", "none")
        for row in await pool.fetch(_UNLIKELY, region_id, start, stop, LASTING):
            if row["unstamped"]:
                found.differ("subject", row["subject_id"], f"a stamp for journal seq {row['seq']}", "none")
            else:
                found.differ("journal visible_seq", row["seq"], f"0..{row['seq']}", row["visible_seq"])


async def _check_stamps(pool: Pool, region_id: UUID, found: Verification) -> None:
    """I6: the board is the last entry of each subject."""
    after = _FIRST
    while rows := await pool.fetch(_STAMPS, region_id, after, _ROWS_AT_ONCE):
        for row in rows:
            found.compare("subject (seq, visible_seq, gone)", row["id"], row["last"], row["stamp"])
            if row["undefined"]:
                found.differ("subject", row["id"], f"a {row['kind']} of that id", "none")
        after = rows[-1]["id"]


async def _check_holds(pool: Pool, region_id: UUID, found: Verification) -> None:
    """I3: each hold that ended has one end, and at most a late arrival after it. I4: one open per request."""
    after = _FIRST
    while rows := await pool.fetch(_HOLDS, region_id, after, _ROWS_AT_ONCE):
        for row in rows:
            found.holds += 1
            found.compare("hold.region_id", row["id"], region_id, row["region_id"])
            _check_hold(row["id"], row["state"], row["ended_at"] is not None, row["ends"], row["late"], found)
        after = rows[-1]["id"]
    for row in await pool.fetch(_OPEN_TWICE, region_id):
        found.differ("open holds of a request", row["request_id"], "at most 1", row["open"])


def _check_hold(id: UUID, state: str, ended: bool, ends: list[str], late: list[str], found: Verification) -> None:
    if state == "held":
        found.compare("hold_end of an open hold", id, [], ends + late)
        found.compare("hold ended_at of an open hold", id, "none", "an instant" if ended else "none")
        return
    if not ended:
        found.differ("hold ended_at", id, "an instant", "none")
    if len(ends) != 1:
        found.differ("hold_end", id, "exactly one that is not late", ends)
    elif not late:
        found.compare("hold.state", id, ends[0], state)
    elif late != ["arrived"] or set(ends) not in _LATE_AFTER or state != "arrived":
        found.differ("hold_end", id, "one late arrival after a lapse or no-show", f"{state}: {ends}, late {late}")
