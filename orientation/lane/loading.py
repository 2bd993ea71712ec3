"""Loading orientation's part of a batch. The locks have been taken before: a request's is that on its id, a
placement's that on its hold, both in the inventory's one order.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

import asyncpg

from inventory.lane.loading import Touches, note_changes_of_rules
from inventory.lane.working import Working
from kernel.postgres import Connection
from orientation import tables
from orientation.lane.records import Records, StoredEvent
from orientation.lane.sharing import load_sharing
from orientation.model.codes import codes_of
from orientation.model.request import Bar, Outcome
from orientation.model.times import IntakeHours
from orientation.rows import placement_of, request_of

_REQUESTS = "SELECT * FROM request WHERE id = ANY($1::uuid[])"
_PLACEMENTS = "SELECT * FROM placement WHERE id = ANY($1::uuid[]) AND region_id = $2"
_ARRIVALS = "SELECT * FROM placement WHERE request_id = ANY($1::uuid[]) AND ending = 'arrived' AND NOT voided"
# A subject keeps its kind for ever: a request under the id of a unit would take its place on the board. The journal
# knows also those whose stamps are purged.
_OTHERS = "SELECT DISTINCT subject_id AS id FROM journal WHERE subject_id = ANY($1::uuid[]) AND kind <> $2"
_CODES = "SELECT code FROM request WHERE region_id = $1 AND night = $2 AND code = ANY($3::text[])"
_BARS = "SELECT request_id, unit_id, shelter_id, reason, until FROM request_bar WHERE request_id = ANY($1::uuid[])"
_POLICIES = "SELECT id, region_id, version, body_hash FROM orientation_policy WHERE id = ANY($1::uuid[])"
_EVENTS = (
    "SELECT id, region_id, request_id, placement_id, verb, body_hash FROM request_event WHERE id = ANY($1::uuid[])"
)

_INTAKE = """
SELECT id, intake_from, intake_to FROM shelter WHERE id IN (SELECT shelter_id FROM unit WHERE id = ANY($1::uuid[]))
"""


def concerns(touches: Touches) -> bool:
    """Tell whether any work of the batch is about a request, a placement, a draw, a plan, an act, or the rules."""
    return bool(touches.requests or touches.holds or touches.acts or touches.policies or touches.turns)


async def load_records(
    connection: Connection, touches: Touches, holds: Sequence[asyncpg.Record], working: Working, records: Records
) -> None:
    if touches.requests:
        await _load_requests(connection, touches.requests, working, records)
    if touches.holds or holds:
        await _load_placements(connection, touches.holds, holds, working, records)
    if touches.movements:
        await _load_arrivals(connection, records)
    if touches.policies:
        known = await connection.fetch(_POLICIES, list(touches.policies))
        note_changes_of_rules(working, tables.orientation_policy, known)
    if touches.acts:
        await _load_acts(connection, touches.acts, holds, working, records)
    if touches.turns:
        await load_sharing(connection, touches, working, records)


async def _load_placements(
    connection: Connection, named: set[UUID], holds: Sequence[asyncpg.Record], working: Working, records: Records
) -> None:
    found = [hold["id"] for hold in holds]
    for row in await connection.fetch(_PLACEMENTS, found, working.region_id) if found else ():
        placement = placement_of(row)
        records.placements[placement.id] = placement
        records.placements_before[placement.id] = placement.version
    unknown = named.difference(found)
    if unknown:
        records.elsewhere.update(row["id"] for row in await connection.fetch(_OTHERS, list(unknown), "placement"))


async def _load_arrivals(connection: Connection, records: Records) -> None:
    """Where a movement may be voided: whoever arrived elsewhere too is still inside. The request's lock is theirs."""
    arrived = [request.id for request in records.requests.values() if request.outcome is Outcome.ARRIVED]
    for row in await connection.fetch(_ARRIVALS, arrived) if arrived else ():
        placement = placement_of(row)
        records.placements.setdefault(placement.id, placement)
        records.placements_before.setdefault(placement.id, placement.version)


async def _load_acts(
    connection: Connection, acts: Collection[UUID], holds: Sequence[asyncpg.Record], working: Working, records: Records
) -> None:
    for row in await connection.fetch(_EVENTS, list(acts)):
        ours = row["request_id"] if row["region_id"] == working.region_id else None
        records.events[row["id"]] = StoredEvent(ours, row["placement_id"], row["verb"], row["body_hash"])
    if holds:
        for row in await connection.fetch(_INTAKE, [hold["unit_id"] for hold in holds]):
            records.intake[row["id"]] = IntakeHours(row["intake_from"], row["intake_to"])


async def _load_requests(
    connection: Connection, request_ids: Collection[UUID], working: Working, records: Records
) -> None:
    ids = list(request_ids)
    for row in await connection.fetch(_REQUESTS, ids):
        if row["region_id"] != working.region_id:
            records.elsewhere.add(row["id"])
            continue
        request = request_of(row)
        records.requests[request.id] = request
        records.requests_before[request.id] = request.version
    for row in await connection.fetch(_BARS, list(records.requests)) if records.requests else ():
        records.standing_bars.setdefault(row["request_id"], []).append(Bar(**row))
    unknown = [one for one in ids if one not in records.requests]
    if unknown:
        records.elsewhere.update(row["id"] for row in await connection.fetch(_OTHERS, unknown, "request"))
        wanted = [code for one in unknown for code in codes_of(one)]
        taken = await connection.fetch(_CODES, working.region_id, working.night, wanted)
        records.codes.update(row["code"] for row in taken)
