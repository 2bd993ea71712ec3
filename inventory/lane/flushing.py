"""Flushing: writes what the batch decided, one statement per table, inserts by ascending id, most in one message."""

from __future__ import annotations

from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from sqlalchemy import Table

from inventory import tables
from inventory.lane.rows import state_row
from inventory.lane.working import Live, Working
from kernel.bulk import Write, columns_of, insert, inserting, unnest_of, write_together
from kernel.lane import Contradiction
from kernel.postgres import Connection

_ORDER: tuple[Table, ...] = (
    tables.report,
    tables.report_unit,
    tables.movement,
    tables.hold,
    tables.hold_end,
    tables.capacity_change,
    tables.closing,
    tables.policy,
    tables.surge,
    tables.surge_change,
    tables.surge_unit,
)
# A capacity that stands again behind a late one may have its row already.
_CONFLICTS = {tables.capacity_change: "ON CONFLICT (unit_id, report_id) DO NOTHING"}
_VOID = """
UPDATE movement m SET voided_at = $3, voided_by = v.actor
FROM unnest($1::uuid[], $2::uuid[]) AS v(id, actor) WHERE m.id = v.id AND m.voided_at IS NULL
"""
_PIN = """
UPDATE report_unit l SET pinned = v.pinned
FROM unnest($1::uuid[], $2::uuid[], $3::boolean[]) AS v(report_id, unit_id, pinned)
WHERE l.report_id = v.report_id AND l.unit_id = v.unit_id
"""
# A late arrival finds a hold that the clock has ended: it stays ended at the time it was (I3).
_END = """
UPDATE hold h SET state = v.state, ended_at = coalesce(h.ended_at, $4)
FROM unnest($1::uuid[], $2::text[], $3::text[]) AS v(id, found, state) WHERE h.id = v.id AND h.state = v.found
"""
_EXTEND = """
UPDATE hold h SET expires_at = v.until
FROM unnest($1::uuid[], $2::timestamptz[]) AS v(id, until) WHERE h.id = v.id AND h.state = 'held'
"""
_SURGES = """
UPDATE surge s SET until = v.until, ended_at = v.ended_at
FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) AS v(id, until, ended_at) WHERE s.id = v.id
"""
_EXPIRIES = """
UPDATE unit u SET expires_at = v.until FROM unnest($1::uuid[], $2::timestamptz[]) AS v(id, until) WHERE u.id = v.id
"""


async def flush(connection: Connection, working: Working) -> None:
    """Write rows, ends, voids and unit states. The journal comes after, in the kernel."""
    for table, rows_of in groupby(working.upserts, key=itemgetter(0)):
        values = [tuple(row[column.name] for column in table.columns) for _, row in rows_of]
        await connection.executemany(_put(table), values)
    await insert(connection, tables.unit_state, sorted(working.births, key=lambda row: row["unit_id"]))
    await _end_holds(connection, working)
    await _write_rows(connection, working)
    await _move_ends(connection, working)
    if working.pinned:
        reports, units = zip(*working.pinned, strict=True)
        await connection.execute(_PIN, list(reports), list(units), list(working.pinned.values()))
    if working.voided:
        ids, actors = zip(*sorted(working.voided), strict=True)
        await connection.execute(_VOID, list(ids), list(actors), working.now)


async def _write_rows(connection: Connection, working: Working) -> None:
    """Write new rows and the hot ones. `held` is set only from the value the decision was made on (I2)."""
    writes = []
    for table in _ORDER:
        rows = working.inserts.get(table)
        if rows:
            rows.sort(key=_id_of)
            writes.append(inserting(table, rows, _CONFLICTS.get(table, "")))
    feeds = feed_rows(working)
    if feeds:
        writes.append(inserting(tables.feed, feeds, _upsert(tables.feed)))
    dirty = sorted((live for live in working.units.values() if live.dirty), key=lambda live: live.unit.id)
    if dirty:
        columns = columns_of(tables.unit_state, [hot_row(working, live) for live in dirty])
        writes.append(Write(_update_sql, [*columns, [live.held_before for live in dirty]]))
    written = await write_together(connection, writes)
    if dirty and written[-1] != len(dirty):
        raise Contradiction(f"{written[-1]} rows of unit_state: expected {len(dirty)}")


def _id_of(row: dict[str, Any]) -> tuple[UUID, UUID | int]:
    return row.get("id") or row.get("report_id") or row["surge_id"], row.get("unit_id") or 0


async def _end_holds(connection: Connection, working: Working) -> None:
    """End holds before new ones are inserted: of one request there is never more than one open (I4).

    A hold that began and ended within this batch is inserted as it ended.
    """
    begun = {row["id"]: row for row in working.inserts.get(tables.hold, [])}
    for hold_id, until in working.extended.items():
        if hold_id in begun:
            begun[hold_id]["expires_at"] = until
    extended = sorted((hold_id, until) for hold_id, until in working.extended.items() if hold_id not in begun)
    if extended:
        _expect(await connection.execute(_EXTEND, *map(list, zip(*extended, strict=True))), len(extended))
    ends = []
    for hold_id, (found, state) in sorted(working.ended.items()):
        if hold_id in begun:
            begun[hold_id] |= {"state": state, "ended_at": working.now}
        else:
            ends.append((hold_id, found, state))
    if ends:
        done = await connection.execute(_END, *map(list, zip(*ends, strict=True)), working.now)
        _expect(done, len(ends))


async def _move_ends(connection: Connection, working: Working) -> None:
    """Move the ends of surges, and of the units in them."""
    if working.moved_surges:
        moved = [working.moved_surges[surge_id] for surge_id in sorted(working.moved_surges)]
        columns = zip(*((surge.id, surge.until, surge.ended_at) for surge in moved), strict=True)
        await connection.execute(_SURGES, *map(list, columns))
    if working.expiries:
        ids, untils = zip(*sorted(working.expiries.items()), strict=True)
        await connection.execute(_EXPIRIES, list(ids), list(untils))


def hot_row(working: Working, live: Live) -> dict[str, Any]:
    state = live.settled or live.fold(working.moment)
    return state_row(live.unit.id, live.known, state, live.reports, live.count_prior_seq)


@cache
def _update_sql(first: int) -> str:
    names = [column.name for column in tables.unit_state.columns]
    sets = ", ".join(f"{name} = v.{name}" for name in names[1:])
    before = f", ${len(names) + first}::int[])"
    return (
        f"UPDATE unit_state s SET {sets} "
        f"FROM {unnest_of(tables.unit_state, first)[:-1]}{before} AS v({', '.join(names)}, held_before) "
        "WHERE s.unit_id = v.unit_id AND s.held = v.held_before"
    )


def feed_rows(working: Working) -> list[dict[str, Any]]:
    return [
        {
            "key_id": key_id,
            "unit_id": live.unit.id,
            "free": memory.free,
            "over_by": memory.over_by,
            "at": memory.at,
            "value_since": memory.value_since,
            "as_of": memory.as_of,
            "body_hash": memory.body_hash,
            "repeats": memory.repeats,
        }
        for live in sorted(working.units.values(), key=lambda live: live.unit.id)
        for key_id, memory in sorted(live.feeds.items())
        if live.dirty
    ]


@cache
def _upsert(table: Table) -> str:
    keys = ", ".join(column.name for column in table.primary_key)
    sets = ", ".join(f"{c.name} = excluded.{c.name}" for c in table.columns if not c.primary_key)
    return f"ON CONFLICT ({keys}) DO UPDATE SET {sets}"


@cache
def _put(table: Table) -> str:
    """Return the upsert of one row, for the rare tables that definitions write."""
    names = [column.name for column in table.columns]
    marks = ", ".join(f"${place}" for place in range(1, len(names) + 1))
    return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks}) {_upsert(table)}"


def _expect(status: str, rows: int) -> None:
    """Refuse to go on when a conditional update did not find what was decided on."""
    if int(status.rpartition(" ")[2]) != rows:
        raise Contradiction(f"{status}: expected {rows} rows")
