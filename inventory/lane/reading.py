"""Reading: all that a batch needs to know of its units, its reports and who may send them, in one statement.

It comes as one JSON document, which is read straight into structs: a driver's values, column by column and row by
row, cost the processor that everybody waits for ten times as much.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from functools import lru_cache
from uuid import UUID

import msgspec

from inventory.lane.rows import StateRow
from inventory.model.feeds import FeedMemory
from inventory.model.unit import Unit
from kernel.postgres import Connection

GRANTS = """
SELECT p.actor, p.shelter FROM unnest($1::uuid[], $2::uuid[]) AS p(actor, shelter)
WHERE EXISTS (SELECT FROM account a WHERE a.id = p.actor AND a.region_id = $3 AND a.disabled_at IS NULL AND (
        a.role IN ('desk', 'administrator')
        OR EXISTS (SELECT FROM account_shelter g WHERE g.account_id = a.id AND g.shelter_id = p.shelter)))
   OR EXISTS (SELECT FROM machine_key k JOIN machine_key_shelter g ON g.key_id = k.id
        WHERE k.id = p.actor AND k.region_id = $3 AND k.revoked_at IS NULL AND g.shelter_id = p.shelter)
"""
# After the locks, in a statement of its own: a batch that waited for them must not date its work before what it waited
# for, nor fold by older rules. Whoever folded one of these units by newer ones found them committed; so does this read.
# `past`: whether anything moved, or is held, since the earliest instant that a line in order may make it ask for
# (past.py): what its counts know, the noon before, and what looking.py allows.
READ = f"""
WITH moment AS MATERIALIZED (SELECT halte_now() AS now),
known AS MATERIALIZED (
  SELECT s.*, CASE WHEN s.count_report IS NULL THEN '-infinity' ELSE least(
    s.count_known_until, (s.coming->>'known_until')::timestamptz, s.count_at - interval '2 days',
    moment.now - interval '26 hours') END AS since
  FROM unit_state s, moment WHERE s.unit_id = ANY($4::uuid[]))
SELECT json_build_object(
  'now', (SELECT now FROM moment),
  'policy', (SELECT id FROM policy WHERE region_id = $3 ORDER BY version DESC LIMIT 1),
  'units', ARRAY(
    SELECT json_build_object(
      'about', to_json(u), 'removed', u.removed, 'secret', h.secret, 'shelter_closed', h.closed, 'state', to_json(s),
      'past', EXISTS (SELECT FROM movement m WHERE m.unit_id = u.id AND m.occurred_at >= s.since) OR EXISTS (
        SELECT FROM hold o WHERE o.unit_id = u.id AND (o.state = 'held' OR o.ended_at >= s.since)),
      'seq', b.seq, 'visible_seq', b.visible_seq, 'body', CASE WHEN NOT b.gone THEN j.body END)
    FROM unit u
    JOIN known s ON s.unit_id = u.id
    JOIN shelter h ON h.id = u.shelter_id
    LEFT JOIN subject b ON b.id = u.id
    LEFT JOIN journal j ON j.region_id = b.region_id AND j.seq = b.seq
    WHERE u.id = ANY($4::uuid[]) AND u.region_id = $3),
  'feeds', ARRAY(
    SELECT json_build_object('unit', unit_id, 'key', key_id, 'memory', json_build_object(
      'free', free, 'over_by', over_by, 'at', at, 'value_since', value_since, 'as_of', as_of,
      'body_hash', translate(encode(body_hash, 'base64'), chr(10), ''), 'repeats', repeats))
    FROM feed WHERE unit_id = ANY($4::uuid[]) AND key_id = ANY($5::uuid[])),
  'grants', ARRAY(SELECT json_build_array(actor, shelter) FROM ({GRANTS}) AS g),
  'reports', ARRAY(
    SELECT json_build_object(
      'id', r.id, 'body_hash', translate(encode(r.body_hash, 'base64'), chr(10), ''), 'outcomes', ARRAY(
        SELECT json_build_array(l.unit_id, l.outcome) FROM report_unit l WHERE l.report_id = r.id ORDER BY l.unit_id))
    FROM report r WHERE r.id = ANY($6::uuid[])))::text
"""  # noqa: S608 -- a constant of ours in it


class FoundUnit(msgspec.Struct, frozen=True):
    """A unit as it is defined and known; `seq` and `body` are those of its last journalled state."""

    about: msgspec.Raw
    removed: bool
    secret: bool
    shelter_closed: bool
    state: StateRow
    past: bool
    seq: int | None
    visible_seq: int | None
    body: msgspec.Raw

    @property
    def unit(self) -> Unit:
        return _unit(bytes(self.about))

    @property
    def journalled(self) -> bytes | None:
        body = bytes(self.body)
        return None if body == b"null" else body


class FoundFeed(msgspec.Struct, frozen=True):
    unit: UUID
    key: UUID
    memory: FeedMemory


class FoundReport(msgspec.Struct, frozen=True):
    id: UUID
    body_hash: bytes
    outcomes: tuple[tuple[UUID, str], ...]


class Found(msgspec.Struct, frozen=True):
    now: datetime
    policy: UUID | None
    units: list[FoundUnit]
    feeds: list[FoundFeed]
    grants: set[tuple[UUID, UUID]]
    reports: list[FoundReport]


decode = msgspec.json.Decoder(Found).decode


async def read(
    connection: Connection,
    region_id: UUID,
    units: Collection[UUID],
    feeds: Collection[UUID],
    grants: Iterable[tuple[UUID, UUID]],
    reports: Collection[UUID],
) -> Found:
    """Read what these ids name; all locks have been taken before."""
    pairs = list(grants)
    document = await connection.fetchval(
        READ,
        [one for one, _ in pairs],
        [one for _, one in pairs],
        region_id,
        list(units),
        list(feeds),
        list(reports),
    )
    return decode(document)


@lru_cache(8_192)
def _unit(row: bytes) -> Unit:
    """Return the unit that a row defines. The row is its own name here, so that nothing stale can be remembered."""
    return msgspec.json.decode(row, type=Unit)
