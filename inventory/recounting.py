"""Recounting: reads units, shelters and holds in short snapshots and compares each with its history.

A chunk's snapshot is consistent in itself, so writers are never waited for nor mistaken for damage.
Report lines are never changed once written: they are streamed after the snapshot, up to the number
the snapshot saw.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import msgspec

from inventory.bodies import shelter_body
from inventory.differences import Verification
from inventory.lane.past import MOVEMENTS, SPANS, movement_of, span_of
from inventory.lane.rows import said_of, unit_of
from inventory.lane.sites import shelter_of
from inventory.model.counting import HoldSpan, Movement, Stated
from inventory.model.feeds import FeedMemory
from inventory.model.policy import Policy
from inventory.model.story import Story, Told
from inventory.model.unit import Operator
from inventory.refolding import Arrived, Closings, Evidence, Retelling, compare, compare_bodies
from inventory.store import read_policies
from kernel.postgres import Connection, Pool

UNITS_AT_ONCE = 200
LINES_AT_ONCE = 2_000

_UNITS = """
SELECT u.*, s.*, h.secret, h.closed AS shelter_closed, b.seq AS board_seq, b.gone, j.body,
       coalesce(l.nth, 0) AS lines, least(s.count_known_until, (s.night + time '12:00') AT TIME ZONE $4) AS since
FROM unit u
JOIN shelter h ON h.id = u.shelter_id
LEFT JOIN unit_state s ON s.unit_id = u.id
LEFT JOIN subject b ON b.id = u.id AND b.region_id = u.region_id AND b.kind = 'unit'
LEFT JOIN journal j ON j.region_id = b.region_id AND j.seq = b.seq AND j.subject_id = u.id
LEFT JOIN LATERAL (SELECT nth FROM report_unit r WHERE r.unit_id = u.id ORDER BY nth DESC LIMIT 1) l ON true
WHERE u.region_id = $1 AND u.id > $2 ORDER BY u.id LIMIT $3
"""
# As it was defined; what reports stated of it stands in their lines.
_CAPACITIES = """
SELECT DISTINCT ON (unit_id) * FROM capacity_change WHERE unit_id = ANY($1::uuid[]) AND id = report_id
ORDER BY unit_id, at DESC, report_id DESC
"""
# Ids are of the moment they were made: unlike `at`, they do not go back with a demo's clock.
_CLOSINGS = """
SELECT unit_id, count(*) AS number,
       coalesce(array_agg(at ORDER BY id DESC) FILTER (WHERE NOT closed), '{}') AS reopened
FROM closing WHERE unit_id = ANY($1::uuid[]) GROUP BY unit_id
"""
_FEEDS = "SELECT * FROM feed WHERE unit_id = ANY($1::uuid[])"
_LINES = """
SELECT l.*, r.spoke, r.actor_id, r.at AS said_at, r.observed_at, r.night, r.skewed
FROM report_unit l JOIN report r ON r.id = l.report_id
WHERE l.unit_id = $1 AND l.nth > $2 AND l.nth <= $3 ORDER BY l.nth LIMIT $4
"""
_LAST_LINE = "SELECT coalesce(max(nth), 0) FROM report_unit WHERE unit_id = $1"
_STORY = """
SELECT l.*, r.spoke, r.actor_id, r.night, r.skewed
FROM report_unit l JOIN report r ON r.id = l.report_id
WHERE l.unit_id = $1 AND l.nth <= $2 AND l.outcome <> 'repeated' AND (l.at, l.report_id) > ($3, $4)
ORDER BY l.at, l.report_id LIMIT $5
"""
_DEFINED_THEN = """
SELECT EXISTS (SELECT FROM journal j, json_array_elements(j.causes) c
  WHERE j.subject_id = ANY($1::uuid[]) AND j.at = $2 AND c->>'verb' = 'define' AND c->>'ref' = $3::text)
"""
_SHELTERS = """
SELECT h.*, o.name AS operator_name, b.gone, j.body
FROM shelter h JOIN operator o ON o.id = h.operator_id
LEFT JOIN subject b ON b.id = h.id AND b.region_id = h.region_id AND b.kind = 'shelter'
LEFT JOIN journal j ON j.region_id = b.region_id AND j.seq = b.seq AND j.subject_id = h.id
WHERE h.region_id = $1 AND h.id > $2 ORDER BY h.id LIMIT $3
"""
_UNITS_OF = "SELECT * FROM unit WHERE shelter_id = ANY($1::uuid[]) AND NOT removed"

_FIRST = UUID(int=0)
_EPOCH_START = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


@dataclass(slots=True)
class _Gathered:
    """What one snapshot says of one unit, beside its row."""

    movements: list[Movement] = field(default_factory=list)
    holds: list[HoldSpan] = field(default_factory=list)
    held: int = 0
    feeds: dict[UUID, FeedMemory] = field(default_factory=dict)
    closings: Closings = field(default_factory=Closings)
    capacity: Stated[int] | None = None


async def recount_units(pool: Pool, region_id: UUID, zone: ZoneInfo, found: Verification) -> None:
    """Compare every unit of a region with its history, a chunk at a time, by the rules that it was folded by."""
    after = _FIRST
    while True:
        async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
            rows = await connection.fetch(_UNITS, region_id, after, UNITS_AT_ONCE, zone.key)
            gathered = await _gather(connection, rows)
            policies = await read_policies(connection, region_id)
        for row in rows:
            await _recount(pool, row, gathered[row["id"]], zone, policies, found)
        if len(rows) < UNITS_AT_ONCE:
            return
        after = rows[-1]["id"]


async def _gather(connection: Connection, rows: list[asyncpg.Record]) -> dict[UUID, _Gathered]:
    gathered = {row["id"]: _Gathered() for row in rows}
    ids, since = [row["id"] for row in rows], [row["since"] for row in rows]
    for row in await connection.fetch(MOVEMENTS, ids, since):
        gathered[row["unit_id"]].movements.append(movement_of(row))
    for row in await connection.fetch(SPANS, ids, since):
        one = gathered[row["unit_id"]]
        one.holds.append(span_of(row))
        one.held += row["places"] if row["state"] == "held" else 0
    for row in await connection.fetch(_CAPACITIES, ids):
        gathered[row["unit_id"]].capacity = Stated(row["capacity"], row["at"], row["report_id"])
    for row in await connection.fetch(_CLOSINGS, ids):
        gathered[row["unit_id"]].closings = Closings(row["number"], row["reopened"])
    for row in await connection.fetch(_FEEDS, ids):
        gathered[row["unit_id"]].feeds[row["key_id"]] = msgspec.convert(dict(row), FeedMemory)
    return gathered


async def _recount(
    pool: Pool, row: asyncpg.Record, one: _Gathered, zone: ZoneInfo, policies: Mapping[int, Policy], found: Verification
) -> None:
    found.units += 1
    if row["board_seq"] is None:
        found.differ("subject", row["id"], "one for the unit", "none")
    else:
        found.compare("subject.gone", row["id"], row["removed"], row["gone"])
    if row["status"] is None:
        found.differ("unit_state", row["id"], "a row", "none")
        return
    by_shelter = await _reopened_by_shelter(pool, row, one.closings)
    reopened = [*one.closings.reopened, *([row["reopened_at"]] if by_shelter else [])]
    rules = sorted({policy.stuck_after for policy in policies.values()})
    retelling = Retelling(Story(Told(), {}, reopened), rules, one.capacity)
    await _hear(pool, row["id"], row["lines"], retelling)
    found.reports += row["lines"]
    found.compare("report_unit last nth", row["id"], row["lines"], retelling.heard)
    if not 0 <= row["count_prior_seq"] <= (row["board_seq"] or 0):
        found.differ("unit_state.count_prior_seq", row["id"], f"0..{row['board_seq']}", row["count_prior_seq"])
    evidence = _evidence(row, one, retelling, reopened_by_shelter=by_shelter)
    for what, expected, there in compare(evidence, zone, policies):
        found.differ(what, row["id"], expected, there)


async def _reopened_by_shelter(pool: Pool, row: asyncpg.Record, closings: Closings) -> bool:
    """A shelter that opens again takes its units with it, without a row of closing."""
    reopened_at, shelter_id = row["reopened_at"], row["shelter_id"]
    if reopened_at is None or reopened_at == closings.reopened_at:
        return False
    defined: bool = await pool.fetchval(_DEFINED_THEN, [row["id"], shelter_id], reopened_at, str(shelter_id))
    return defined


def _evidence(row: asyncpg.Record, one: _Gathered, retelling: Retelling, *, reopened_by_shelter: bool) -> Evidence:
    return Evidence(
        unit=unit_of(row),
        row=dict(row),
        body=None if row["body"] is None else row["body"].encode(),
        secret=row["secret"],
        shelter_closed=row["shelter_closed"],
        removed=row["removed"],
        retelling=retelling,
        held=one.held,
        closings=one.closings,
        reopened_by_shelter=reopened_by_shelter,
        movements=one.movements,
        holds=one.holds,
        feeds=one.feeds,
    )


async def _hear(pool: Pool, unit_id: UUID, lines: int, retelling: Retelling) -> None:
    """Let it hear every line as it came, then every line that tells something by its time."""
    after = 0
    while after < lines and (rows := await pool.fetch(_LINES, unit_id, after, lines, LINES_AT_ONCE)):
        for row in rows:
            retelling.hear_as_it_came(_arrived(row))
        after = rows[-1]["nth"]
    last = (_EPOCH_START, _FIRST)
    while rows := await pool.fetch(_STORY, unit_id, lines, *last, LINES_AT_ONCE):
        for row in rows:
            retelling.story.hear(said_of(row))
        last = (rows[-1]["at"], rows[-1]["report_id"])
    retelling.story.end()
    if await pool.fetchval(_LAST_LINE, unit_id) != lines:
        # Whether a line is pinned is judged anew by those that came since.
        retelling.story.changed.clear()


def _arrived(row: asyncpg.Record) -> Arrived:
    return Arrived(
        said=said_of(row),
        outcome=row["outcome"],
        said_at=row["said_at"],
        as_of=row["observed_at"],
        body_hash=row["body_hash"],
        capacity=row["capacity"],
    )


async def compare_shelters(pool: Pool, region_id: UUID, found: Verification) -> None:
    """Compare what the journal says of every shelter with how it and its units are defined."""
    after = _FIRST
    while True:
        async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
            rows = await connection.fetch(_SHELTERS, region_id, after, UNITS_AT_ONCE)
            units = await connection.fetch(_UNITS_OF, [row["id"] for row in rows])
        for row in rows:
            found.shelters += 1
            operator = Operator(id=row["operator_id"], region_id=region_id, name=row["operator_name"])
            defined = [unit_of(unit) for unit in units if unit["shelter_id"] == row["id"]]
            body = None if row["body"] is None or row["gone"] else row["body"].encode()
            for what, expected, there in compare_bodies(
                "shelter", shelter_body(shelter_of(row), operator, defined), body
            ):
                found.differ(what, row["id"], expected, there)
        if len(rows) < UNITS_AT_ONCE:
            return
        after = rows[-1]["id"]
