"""Locking and loading: what a batch needs to know, in a fixed order and a fixed number of reads."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg
from sqlalchemy import Table

from inventory import tables
from inventory.lane.looking import Look
from inventory.lane.past import load_past
from inventory.lane.reading import GRANTS, Found, FoundUnit
from inventory.lane.rows import known_of
from inventory.lane.sites import load_sites, lock_sites
from inventory.lane.surges import load_last, load_surges, lock_surges, units_of
from inventory.lane.working import (
    SYSTEM,
    Live,
    StoredEnd,
    StoredHold,
    StoredMovement,
    StoredPolicy,
    StoredReport,
    Working,
)
from kernel.postgres import Connection


@dataclass(slots=True)
class Touches:
    """What one or many works name: filled by each work, united for the batch."""

    operators: set[UUID] = field(default_factory=set)
    shelters: set[UUID] = field(default_factory=set)
    units: set[UUID] = field(default_factory=set)
    # Units whose shelter's body changes with them.
    shelters_of: set[UUID] = field(default_factory=set)
    reports: set[UUID] = field(default_factory=set)
    movements: set[UUID] = field(default_factory=set)
    holds: set[UUID] = field(default_factory=set)
    ends: set[UUID] = field(default_factory=set)
    requests: set[UUID] = field(default_factory=set)
    # What else takes turns, by an id of its own: the package above says what.
    turns: set[UUID] = field(default_factory=set)
    # Those of them that are made of all who wait, whom the package above then loads.
    queues: set[UUID] = field(default_factory=set)
    # Changes of the region's rules.
    policies: set[UUID] = field(default_factory=set)
    # Acts on requests and placements, which the package above keeps.
    acts: set[UUID] = field(default_factory=set)
    grants: set[tuple[UUID, UUID]] = field(default_factory=set)
    # Whoever acts on a thing whose shelter only the thing itself tells.
    actors: set[UUID] = field(default_factory=set)
    feeds: set[UUID] = field(default_factory=set)
    # Reports that movements name, with the unit.
    named: set[tuple[UUID, UUID]] = field(default_factory=set)
    # Surges that are changed, and the ids under which clients change one or begin it.
    surges: set[UUID] = field(default_factory=set)
    surge_changes: set[UUID] = field(default_factory=set)
    # Who says something of a unit, in the order of the batch.
    looks: dict[UUID, list[Look]] = field(default_factory=dict)


_UNIT_OF_MOVEMENTS = "SELECT id, unit_id, hold_id FROM movement WHERE id = ANY($1::uuid[])"
_UNIT_OF_HOLDS = "SELECT id, unit_id, request_id FROM hold WHERE id = ANY($1::uuid[])"
_SHELTER_OF_UNITS = "SELECT shelter_id FROM unit WHERE id = ANY($1::uuid[])"
# Before anything of a request is read: two nodes that meet only in rows which the other one has yet to
# write would miss each other (I4). A key, because the inventory has no row of a request.
_LOCK_KEYS = """
SELECT pg_advisory_xact_lock(key)
FROM (SELECT DISTINCT hashtextextended(id::text, 0) AS key FROM unnest($1::uuid[]) AS r(id) ORDER BY key) AS keys
"""
# Two nodes that change the rules take turns, so that the second one sees what it would have overwritten.
_LOCK_POLICY = "SELECT pg_advisory_xact_lock(hashtextextended('policy ' || $1::text, 0))"
_LOCK_HOLDS = """
SELECT * FROM hold WHERE id = ANY($1::uuid[]) OR (state = 'held' AND request_id = ANY($2::uuid[]))
ORDER BY id FOR UPDATE
"""
_LOCK_UNITS = "SELECT unit_id FROM unit_state WHERE unit_id = ANY($1::uuid[]) ORDER BY unit_id FOR UPDATE"
_MOVED = """
SELECT m.id, m.unit_id, u.shelter_id, m.body_hash, m.outcome, m.voided_at IS NOT NULL AS voided,
       CASE WHEN m.direction = 'in' THEN m.hold_id END AS hold_id
FROM movement m JOIN unit u ON u.id = m.unit_id WHERE m.id = ANY($1::uuid[])
"""
_POLICIES = "SELECT id, region_id, version, body_hash FROM policy WHERE id = ANY($1::uuid[])"
_ENDS = "SELECT id, hold_id, outcome, body_hash FROM hold_end WHERE id = ANY($1::uuid[])"


async def lock(connection: Connection, touches: Touches, region_id: UUID) -> list[asyncpg.Record]:
    """Take the batch's locks in the one order; return the locked holds."""
    await _find_units(connection, touches)
    holds: list[asyncpg.Record] = []
    if touches.policies:
        await connection.execute(_LOCK_POLICY, str(region_id))
    if touches.requests or touches.turns:
        await connection.execute(_LOCK_KEYS, list(touches.requests | touches.turns))
    if touches.holds or touches.requests:
        holds = await connection.fetch(_LOCK_HOLDS, list(touches.holds), list(touches.requests))
        touches.units.update(hold["unit_id"] for hold in holds)
    if touches.surges:
        await lock_surges(connection, touches.surges)
    if touches.operators or touches.shelters:
        await lock_sites(connection, touches.operators, touches.shelters, touches.units)
    if touches.units:
        await connection.execute(_LOCK_UNITS, sorted(touches.units))
    return holds


async def _find_units(connection: Connection, touches: Touches) -> None:
    """Learn what movements and holds named by id alone belong to; a row never changes that."""
    if touches.movements:
        rows = await connection.fetch(_UNIT_OF_MOVEMENTS, list(touches.movements))
        touches.units.update(row["unit_id"] for row in rows)
        # Whose arrival is voided is without a place again: that request changes too.
        touches.holds.update(row["hold_id"] for row in rows if row["hold_id"] is not None)
    if touches.holds:
        rows = await connection.fetch(_UNIT_OF_HOLDS, list(touches.holds))
        touches.units.update(row["unit_id"] for row in rows)
        touches.requests.update(row["request_id"] for row in rows if row["request_id"] is not None)
    if touches.surges:
        units = await units_of(connection, touches.surges)
        touches.units.update(units)
        touches.shelters_of.update(units)
    if touches.shelters_of:
        rows = await connection.fetch(_SHELTER_OF_UNITS, list(touches.shelters_of))
        touches.shelters.update(row["shelter_id"] for row in rows)


async def load(
    connection: Connection, touches: Touches, holds: Sequence[asyncpg.Record], found: Found, working: Working
) -> None:
    """Fill the working set; every lock has been taken before."""
    if touches.operators or touches.shelters:
        await load_sites(connection, touches.operators, touches.shelters, touches.units, working)
        await load_last(connection, touches.units, working)
    for one in found.units:
        live = working.units[one.state.unit_id] = _live(one)
        working.turn(live, one.state.night, one.state.policy)
    for feed in found.feeds:
        working.units[feed.unit].feeds[feed.key] = feed.memory
    await load_past(connection, touches.looks, touches.named, working)
    working.grants = found.grants
    if touches.actors:
        await _load_grants_of(connection, touches.actors, working)
    for report in found.reports:
        working.reports[report.id] = StoredReport(report.body_hash, report.outcomes)
    await _load_stored(connection, touches, working)
    for hold in holds:
        stored = _stored_hold(hold)
        working.holds[stored.id] = stored
        if stored.state == "held" and stored.request_id is not None:
            working.open_holds[stored.request_id] = stored.id


async def _load_grants_of(connection: Connection, actors: Collection[UUID], working: Working) -> None:
    """Learn which of the shelters that turned out to be concerned these may act for."""
    shelters = {live.unit.shelter_id for live in working.units.values()}
    pairs = [(actor, shelter) for actor in actors for shelter in shelters if actor != SYSTEM]
    if pairs:
        named, of_shelters = zip(*pairs, strict=True)
        rows = await connection.fetch(GRANTS, list(named), list(of_shelters), working.region_id)
        working.grants |= {(row["actor"], row["shelter"]) for row in rows}


async def _load_stored(connection: Connection, touches: Touches, working: Working) -> None:
    for row in await _by_id(connection, _MOVED, touches.movements):
        working.movements[row["id"]] = StoredMovement(
            row["unit_id"], row["shelter_id"], row["body_hash"], row["outcome"], row["voided"], row["hold_id"]
        )
    note_changes_of_rules(working, tables.policy, await _by_id(connection, _POLICIES, touches.policies))
    if touches.surges or touches.surge_changes:
        await load_surges(connection, touches.surges, touches.surge_changes, working)
    for row in await _by_id(connection, _ENDS, touches.ends):
        working.ends[row["id"]] = StoredEnd(row["hold_id"], row["outcome"], row["body_hash"])


def note_changes_of_rules(working: Working, table: Table, rows: Iterable[asyncpg.Record]) -> None:
    """Note which ids are known as changes of the rules in this table."""
    for row in rows:
        version = row["version"] if row["region_id"] == working.region_id else None
        working.policies[row["id"]] = StoredPolicy(table.name, version, row["body_hash"])


async def _by_id(connection: Connection, query: str, ids: Collection[UUID]) -> Iterable[asyncpg.Record]:
    return await connection.fetch(query, list(ids)) if ids else ()


def _live(found: FoundUnit) -> Live:
    unit, row = found.unit, found.state
    return Live(
        unit=unit,
        known=known_of(row, unit, shelter_closed=found.shelter_closed),
        secret=found.secret,
        removed=found.removed,
        seq=found.seq or 0,
        visible_seq=found.visible_seq or 0,
        before=found.journalled,
        reports=row.reports,
        count_prior_seq=row.count_prior_seq,
        held_before=row.held,
        shown_before=row.shown,
        past=found.past,
    )


def _stored_hold(row: asyncpg.Record) -> StoredHold:
    return StoredHold(
        row["id"],
        row["unit_id"],
        row["request_id"],
        row["places"],
        row["state"],
        row["held_at"],
        row["expires_at"],
        row["body_hash"],
    )
