"""Draws and plans in a batch: loaded, journalled by id and version alone (I9), and flushed with the rest.

Works name what they are about as turns, and whatever else they take turns for; so two nodes never read the same draw
or plan at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from uuid import UUID

import msgspec

from inventory.lane.loading import Touches
from inventory.lane.working import Working
from inventory.model.night import noon_of
from kernel.journal import Entry
from kernel.postgres import Connection
from orientation.lane.records import Records, StoredSharing
from orientation.model.draw import DrawState, Waiting
from orientation.model.household import Household
from orientation.rows import draw_of, entry_of, plan_of
from orientation.store import TURNED_AWAY

# All of tonight's draws: whether there is one of an audience is asked under the lock too.
_DRAWS = "SELECT * FROM draw WHERE id = ANY($1::uuid[]) OR region_id = $2 AND night = $3"
_PLANS = "SELECT * FROM plan WHERE id = ANY($1::uuid[]) OR region_id = $2 AND state = 'solving'"
_EVENTS = "SELECT id, region_id, subject_id, verb, body_hash FROM sharing_event WHERE id = ANY($1::uuid[])"
_LISTS = "SELECT * FROM draw_entry WHERE draw_id = ANY($1::uuid[]) ORDER BY draw_id, place"
# Whoever is about to expire, or waited for another night, is not looking for a place now.
_QUEUE = f"""
SELECT r.id, r.household, {TURNED_AWAY} AS turned_away FROM request r
WHERE r.region_id = $1 AND r.state = 'waiting' AND r.regime = 'night' AND r.expires_at > $2 AND r.refreshed_at >= $3
ORDER BY r.id
"""  # noqa: S608 -- of constants
# A subject keeps its kind for ever.
_OTHERS = """
SELECT DISTINCT subject_id AS id FROM journal WHERE subject_id = ANY($1::uuid[]) AND kind NOT IN ('draw', 'plan')
"""

_encode = msgspec.json.Encoder().encode
_household = msgspec.json.Decoder(Household).decode


class SharingBody(msgspec.Struct, frozen=True):
    """All that journal, Redis and frames know of a draw or a plan (I9)."""

    id: UUID
    version: int


async def load_sharing(connection: Connection, touches: Touches, working: Working, records: Records) -> None:
    ids = list(touches.turns)
    for row in await connection.fetch(_DRAWS, ids, working.region_id, working.night):
        if row["region_id"] == working.region_id:
            records.draws[row["id"]] = draw_of(row)
            records.draws_before[row["id"]] = row["version"]
        else:
            records.elsewhere.add(row["id"])
    frozen = [id for id in ids if id in records.draws and records.draws[id].state is DrawState.FROZEN]
    for row in await connection.fetch(_LISTS, frozen) if frozen else ():
        records.lists.setdefault(row["draw_id"], []).append(entry_of(row))
    if touches.queues:
        await _load_queue(connection, working, records)
    for row in await connection.fetch(_PLANS, ids, working.region_id):
        if row["region_id"] == working.region_id:
            records.plans[row["id"]] = plan_of(row)
            records.plans_before[row["id"]] = row["version"]
        else:
            records.elsewhere.add(row["id"])
    records.elsewhere.update(row["id"] for row in await connection.fetch(_OTHERS, ids))
    for row in await connection.fetch(_EVENTS, list(touches.acts)) if touches.acts else ():
        ours = row["subject_id"] if row["region_id"] == working.region_id else None
        records.sharings[row["id"]] = StoredSharing(ours, row["verb"], row["body_hash"])


async def _load_queue(connection: Connection, working: Working, records: Records) -> None:
    noon = noon_of(working.night, working.moment.zone)
    for row in await connection.fetch(_QUEUE, working.region_id, working.now, noon):
        records.queue.append(Waiting(row["id"], _household(row["household"]), row["turned_away"]))


def sharing_entries(records: Records) -> Iterable[Entry]:
    for kind, drafts in (("draw", records.draws), ("plan", records.plans)):
        for one in drafts.values():
            causes = records.causes.get(one.id)
            if causes:
                body = _encode(SharingBody(one.id, one.version))
                yield Entry(kind, one.id, body, tuple(causes), visible=False, gone=one.gone)


def entry_rows(records: Records) -> list[dict[str, object]]:
    return [asdict(records.draw_entries[key]) for key in sorted(records.draw_entries)]
