"""Flushing orientation's part of a batch: one statement per table, each row only from the version that was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Table

from kernel.bulk import columns_of, insert, unnest_of
from kernel.lane import Contradiction
from kernel.postgres import Connection
from orientation import tables
from orientation.lane.records import Records
from orientation.lane.sharing import entry_rows
from orientation.rows import draw_row, placement_row, plan_row, request_row


async def flush(connection: Connection, records: Records) -> None:
    """Write what the batch decided. A request or placement under other hands in the same moment is a contradiction."""
    requests = [request_row(one) for one in records.requests.values() if one.id in records.causes]
    placements = [placement_row(one) for one in records.placements.values() if one.id in records.causes]
    await _put(connection, tables.request, requests, records.requests_before)
    await _put(connection, tables.placement, placements, records.placements_before)
    await insert(connection, tables.request_event, sorted(records.event_rows, key=lambda row: row["id"]))
    await insert(connection, tables.orientation_policy, records.policy_rows)
    # Two declines of one batch may bar the same unit: one row, the later one.
    bars = {(bar.request_id, bar.unit_id): asdict(bar) for bar in records.bars}
    await insert(connection, tables.request_bar, [bars[key] for key in sorted(bars)], _upsert(tables.request_bar))
    await _flush_contacts(connection, records)
    steps = [asdict(records.steps[key]) for key in sorted(records.steps)]
    await insert(connection, tables.request_step, steps, _upsert(tables.request_step))
    if records.draws or records.plans or records.sharing_rows:
        await _flush_sharing(connection, records)


async def _flush_sharing(connection: Connection, records: Records) -> None:
    draws = [draw_row(one) for one in records.draws.values() if one.id in records.causes]
    plans = [plan_row(one) for one in records.plans.values() if one.id in records.causes]
    await _put(connection, tables.draw, draws, records.draws_before)
    await _put(connection, tables.plan, plans, records.plans_before)
    await insert(connection, tables.draw_entry, entry_rows(records), _upsert(tables.draw_entry))
    await insert(connection, tables.sharing_event, sorted(records.sharing_rows, key=lambda row: row["id"]))


async def _flush_contacts(connection: Connection, records: Records) -> None:
    erased = [one for one, sealed in records.contacts.items() if sealed is None]
    if erased:
        await connection.execute("DELETE FROM contact WHERE request_id = ANY($1::uuid[])", erased)
    rows = [
        asdict(sealed) | {"request_id": one, "region_id": records.requests[one].region_id}
        for one, sealed in sorted(records.contacts.items())
        if sealed is not None
    ]
    await insert(connection, tables.contact, rows, _upsert(tables.contact))


async def _put(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], before: Mapping[UUID, int]
) -> None:
    rows = sorted(rows, key=lambda row: row["id"])
    await insert(connection, table, [row for row in rows if row["id"] not in before])
    changed = [row for row in rows if row["id"] in before]
    if changed:
        columns = columns_of(table, changed)
        done = await connection.execute(_update_sql(table), *columns, [before[row["id"]] for row in changed])
        if int(done.rpartition(" ")[2]) != len(changed):
            raise Contradiction(f"{done}: expected {len(changed)} rows of {table.name}")


@cache
def _upsert(table: Table) -> str:
    keys = ", ".join(column.name for column in table.primary_key)
    sets = ", ".join(f"{one.name} = excluded.{one.name}" for one in table.columns if not one.primary_key)
    return f"ON CONFLICT ({keys}) DO UPDATE SET {sets}"


@cache
def _update_sql(table: Table) -> str:
    names = [column.name for column in table.columns]
    sets = ", ".join(f"{name} = v.{name}" for name in names[1:])
    before = f", ${len(names) + 1}::int[])"
    return (
        f"UPDATE {table.name} s SET {sets} "
        f"FROM {unnest_of(table)[:-1]}{before} AS v({', '.join(names)}, version_before) "
        "WHERE s.id = v.id AND s.version = v.version_before"
    )
