"""The past of a batch's units: movements, holds, feeds, and the lines that late ones are told together with."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from inventory.lane.looking import Look, late_from, looked_since, told_from
from inventory.lane.rows import said_of
from inventory.lane.working import Live, Working
from inventory.model.counting import Direction, HoldSpan, Movement
from inventory.model.feeds import FeedMemory
from inventory.model.night import noon_of
from kernel.postgres import Connection

# All that may still count, movements that name a later report included.
MOVEMENTS = """
SELECT m.id, m.unit_id, m.direction, m.places, m.occurred_at, m.counted_in, c.at AS counted_at
FROM unnest($1::uuid[], $2::timestamptz[]) AS n(unit_id, since)
JOIN movement m ON m.unit_id = n.unit_id AND m.occurred_at >= n.since
LEFT JOIN report_unit c ON c.report_id = m.counted_in AND c.unit_id = m.unit_id AND c.free IS NOT NULL
WHERE m.voided_at IS NULL
"""
# A hold ended when its people came in, unless that arrival never was.
SPANS = """
SELECT h.id, h.unit_id, h.places, h.state, h.held_at, h.ended_at AS closed_at,
       least(h.ended_at, m.occurred_at) AS ended_at
FROM unnest($1::uuid[], $2::timestamptz[]) AS n(unit_id, since)
JOIN hold h ON h.unit_id = n.unit_id AND (h.state = 'held' OR h.ended_at >= n.since)
LEFT JOIN hold_end e ON e.hold_id = h.id AND e.outcome = 'arrived'
LEFT JOIN movement m ON m.id = e.movement_id AND m.voided_at IS NULL
"""
_NAMED = """
SELECT l.report_id, l.unit_id, l.at FROM unnest($1::uuid[], $2::uuid[]) AS n(report_id, unit_id)
JOIN report_unit l ON l.report_id = n.report_id AND l.unit_id = n.unit_id WHERE l.free IS NOT NULL
"""
_FEEDS_OF = "SELECT * FROM feed WHERE unit_id = ANY($1::uuid[])"
# Everything since an instant, and of what is older: the counts that may stand again, and the last word of each fact.
_LINES = """
SELECT l.*, r.spoke, r.actor_id, r.night, r.skewed
FROM unnest($1::uuid[], $2::timestamptz[]) AS n(unit_id, since)
JOIN LATERAL (
  SELECT w.* FROM report_unit w
  WHERE w.unit_id = n.unit_id AND w.at >= n.since AND w.outcome <> 'repeated'
  UNION ALL
  (SELECT o.* FROM report_unit o
   WHERE o.unit_id = n.unit_id AND o.at < n.since AND o.outcome <> 'repeated' AND NOT o.pinned AND o.free IS NOT NULL
   ORDER BY o.at DESC, o.nth DESC LIMIT 20)
  UNION ALL
  (SELECT o.* FROM report_unit o
   WHERE o.unit_id = n.unit_id AND o.at < n.since AND o.outcome <> 'repeated' AND NOT o.pinned
     AND o.out_of_service IS NOT NULL
   ORDER BY o.at DESC, o.report_id DESC LIMIT 1)
  UNION ALL
  (SELECT o.* FROM report_unit o
   WHERE o.unit_id = n.unit_id AND o.at < n.since AND o.outcome <> 'repeated' AND NOT o.pinned AND o.intake IS NOT NULL
   ORDER BY o.at DESC, o.report_id DESC LIMIT 1)
) l ON true
JOIN report r ON r.id = l.report_id
"""
# Of feeds that have spoken since: the last number before. One that had been silent for a week says something new.
_NUMBERS = """
SELECT l.*, 'feed' AS spoke, n.source_id AS actor_id, l.night, l.skewed
FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) AS n(unit_id, source_id, since)
JOIN LATERAL (
  SELECT o.*, p.night, p.skewed FROM report_unit o JOIN report p ON p.id = o.report_id
  WHERE o.unit_id = n.unit_id AND p.actor_id = n.source_id AND o.outcome <> 'repeated' AND NOT o.far
    AND o.free IS NOT NULL AND o.at < n.since AND o.at >= n.since - interval '7 days'
  ORDER BY o.at DESC, o.nth DESC LIMIT 1) l ON true
"""
_EPOCH_START = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


async def load_past(
    connection: Connection,
    looks: Mapping[UUID, Sequence[Look]],
    named: Collection[tuple[UUID, UUID]],
    working: Working,
) -> None:
    """Fill in what the units' counts may depend on; their rows are loaded and locked."""
    units = list(working.units.values())
    if not units:
        return
    if looks:
        await _load_lines(connection, looks, working)
    moved = [live for live in units if live.past or live.lines is not None]
    if moved:
        await _load_moved(connection, moved, looks, working)
    if named:
        reports, of_units = zip(*named, strict=True)
        for row in await connection.fetch(_NAMED, list(reports), list(of_units)):
            if row["unit_id"] in working.units:
                working.units[row["unit_id"]].named[row["report_id"]] = row["at"]


async def _load_moved(
    connection: Connection, units: Sequence[Live], looks: Mapping[UUID, Sequence[Look]], working: Working
) -> None:
    ids = [live.unit.id for live in units]
    since = [_since(live, looks.get(live.unit.id, ()), working) for live in units]
    for row in await connection.fetch(MOVEMENTS, ids, since):
        working.units[row["unit_id"]].movements[row["id"]] = movement_of(row)
    for row in await connection.fetch(SPANS, ids, since):
        working.units[row["unit_id"]].holds[row["id"]] = span_of(row)


async def _load_lines(connection: Connection, looks: Mapping[UUID, Sequence[Look]], working: Working) -> None:
    """Read the lines of the units of which something is said out of order."""
    late: dict[UUID, tuple[datetime, datetime]] = {}
    for unit_id, of_unit in looks.items():
        live = working.units.get(unit_id)
        judged_from = None if live is None else late_from(live.known, live.feeds, of_unit, working.moment)
        if live is not None and judged_from is not None:
            late[unit_id] = judged_from, told_from(judged_from, working.moment)
    if not late:
        return
    for row in await connection.fetch(_FEEDS_OF, list(late)):
        working.units[row["unit_id"]].feeds[row["key_id"]] = msgspec.convert(dict(row), FeedMemory)
    for unit_id, (_, since) in late.items():
        working.units[unit_id].retell_since(since)
    rows = await connection.fetch(_LINES, list(late), [since for _, since in late.values()])
    rows += await _last_numbers(connection, late, working)
    seen: set[tuple[UUID, UUID]] = set()
    for row in rows:
        name = (row["unit_id"], row["report_id"])
        lines = working.units[row["unit_id"]].lines
        if lines is not None and name not in seen:
            seen.add(name)
            lines.append(said_of(row, settled=row["at"] < late[row["unit_id"]][0]))


async def _last_numbers(
    connection: Connection, late: Mapping[UUID, tuple[datetime, datetime]], working: Working
) -> list[asyncpg.Record]:
    """Return the last number, before the lines that are read, of each feed whose memory is of a later one."""
    asked = [
        (unit_id, source_id, since)
        for unit_id, (_, since) in late.items()
        for source_id, memory in working.units[unit_id].feeds.items()
        if memory.at >= since
    ]
    if not asked:
        return []
    units, sources, since = zip(*asked, strict=True)
    return await connection.fetch(_NUMBERS, list(units), list(sources), list(since))


def _since(live: Live, looks: Sequence[Look], working: Working) -> datetime:
    """The oldest movement that may still count: after a report that may come to stand, or noon."""
    told, moment = live.known.told, working.moment
    if told.count is None:
        return _EPOCH_START
    counts = [told.count, told.coming, *(said.count for said in live.lines or ())]
    return min(
        *(count.known_until for count in counts if count is not None),
        noon_of(working.night, moment.zone),
        looked_since(live.known, live.feeds, looks, moment.now),
    )


def movement_of(row: asyncpg.Record) -> Movement:
    return Movement(
        row["id"],
        Direction(row["direction"]),
        row["places"],
        row["occurred_at"],
        row["counted_in"],
        counted_at=row["counted_at"],
    )


def span_of(row: asyncpg.Record) -> HoldSpan:
    return HoldSpan(row["places"], row["held_at"], row["ended_at"], row["closed_at"])
