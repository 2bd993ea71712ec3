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
from inventory.lane.rows import told_of, unit_of
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
from inventory.model.counting import Stated
from inventory.model.state import Known, Shown, Status
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
_UNITS = """
SELECT u.*, s.*, h.secret, h.closed AS shelter_closed,
       b.seq AS board_seq, b.visible_seq AS board_visible_seq,
       CASE WHEN NOT b.gone THEN j.body END AS board_body
FROM unit u
JOIN unit_state s ON s.unit_id = u.id
JOIN shelter h ON h.id = u.shelter_id
LEFT JOIN subject b ON b.id = u.id
LEFT JOIN journal j ON j.region_id = b.region_id AND j.seq = b.seq
WHERE u.id = ANY($1::uuid[]) AND u.region_id = $2
"""
_GRANTS = """
SELECT p.actor, p.shelter FROM unnest($1::uuid[], $2::uuid[]) AS p(actor, shelter)
WHERE EXISTS (SELECT FROM account a WHERE a.id = p.actor AND a.region_id = $3 AND a.disabled_at IS NULL AND (
        a.role IN ('desk', 'administrator')
        OR EXISTS (SELECT FROM account_shelter g WHERE g.account_id = a.id AND g.shelter_id = p.shelter)))
   OR EXISTS (SELECT FROM machine_key k JOIN machine_key_shelter g ON g.key_id = k.id
        WHERE k.id = p.actor AND k.region_id = $3 AND k.revoked_at IS NULL AND g.shelter_id = p.shelter)
"""
_REPORTS = """
SELECT r.id, r.body_hash, array_agg(u.unit_id ORDER BY u.unit_id) AS units,
       array_agg(u.outcome ORDER BY u.unit_id) AS outcomes
FROM report r JOIN report_unit u ON u.report_id = r.id WHERE r.id = ANY($1::uuid[]) GROUP BY r.id
"""
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


async def load(connection: Connection, touches: Touches, holds: Sequence[asyncpg.Record], working: Working) -> None:
    """Fill the working set; every lock has been taken before."""
    if touches.operators or touches.shelters:
        await load_sites(connection, touches.operators, touches.shelters, touches.units, working)
        await load_last(connection, touches.units, working)
    rows = await connection.fetch(_UNITS, list(touches.units), working.region_id) if touches.units else []
    for row in rows:
        live = working.units[row["id"]] = _live(row)
        working.turn(live, row["night"], row["policy"])
    await load_past(connection, touches.looks, touches.feeds, touches.named, working)
    await _load_grants(connection, touches, working)
    await _load_stored(connection, touches, working)
    for hold in holds:
        stored = _stored_hold(hold)
        working.holds[stored.id] = stored
        if stored.state == "held" and stored.request_id is not None:
            working.open_holds[stored.request_id] = stored.id


async def _load_grants(connection: Connection, touches: Touches, working: Working) -> None:
    asked = touches.grants | {
        (actor, live.unit.shelter_id) for actor in touches.actors for live in working.units.values()
    }
    pairs = [(actor, shelter) for actor, shelter in asked if actor != SYSTEM]
    if pairs:
        actors, shelters = zip(*pairs, strict=True)
        rows = await connection.fetch(_GRANTS, list(actors), list(shelters), working.region_id)
        working.grants = {(row["actor"], row["shelter"]) for row in rows}


async def _load_stored(connection: Connection, touches: Touches, working: Working) -> None:
    for row in await _by_id(connection, _REPORTS, touches.reports):
        outcomes = tuple(zip(row["units"], row["outcomes"], strict=True))
        working.reports[row["id"]] = StoredReport(row["body_hash"], outcomes)
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


def _live(row: asyncpg.Record) -> Live:
    unit = unit_of(row)
    known = Known(
        unit_id=row["id"],
        shelter_id=row["shelter_id"],
        regime=unit.regime,
        turnover=unit.turnover,
        capacity=Stated(row["capacity"], row["capacity_at"], row["capacity_report"]),
        held=row["held"],
        told=told_of(row),
        closed=row["closed"],
        shelter_closed=row["shelter_closed"],
        reopened_at=row["reopened_at"],
        stuck_by=row["stuck_by"],
    )
    return Live(
        unit=unit,
        known=known,
        secret=row["secret"],
        removed=row["removed"],
        seq=row["board_seq"] or 0,
        visible_seq=row["board_visible_seq"] or 0,
        before=row["board_body"].encode() if row["board_body"] else None,
        reports=row["reports"],
        count_prior_seq=row["count_prior_seq"],
        held_before=row["held"],
        shown_before=_shown(row, known),
    )


def _shown(row: asyncpg.Record, known: Known) -> Shown:
    """What the last journalled state showed, before time or this batch changed it."""
    out = known.told.out_of_service.value if known.told.out_of_service else ()
    return Status(row["status"]), row["free"], row["over_by"], row["capacity"], out


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
