"""The journal: every change of a region's board, gapless and in commit order (I5).

Writing it is the last act of a transaction: counter, stamps, rows and COMMIT leave in one message,
so that the counter's row is locked for one flush and no longer. The board at a seq is `subject`
joined with the journal rows it points to (I6). Carries no facts about people (I9).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from kernel.ids import new_id
from kernel.postgres import Connection


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a subject changed: a verb, the record that did it, and who acted (opaque)."""

    verb: str
    ref: UUID | None
    actor: UUID | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One subject's new state, not yet numbered. At most one per subject in a batch.

    `body` is a JSON object without seq. `visible` says whether a masked audience sees a change (I11).
    """

    kind: str
    id: UUID
    body: bytes
    causes: tuple[Cause, ...]
    visible: bool = True
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    """What a board is made of: the last state of a unit or a shelter, and the seq that brought it."""

    kind: str
    id: UUID
    seq: int
    visible_seq: int
    gone: bool
    body: bytes


@dataclass(frozen=True, slots=True)
class Range:
    """The changes in (after, to], in order."""

    region_id: UUID
    epoch: UUID
    after: int
    to: int
    subjects: tuple[Subject, ...]


@dataclass(frozen=True, slots=True)
class Head:
    epoch: UUID
    seq: int


class _Row(msgspec.Struct):
    ord: int
    kind: str
    id: UUID
    visible: bool
    gone: bool
    causes: tuple[Cause, ...]
    body: msgspec.Raw


_WRITE = """
WITH counter AS (UPDATE region SET seq = seq + {count} WHERE id = '{region}' RETURNING seq - {count} AS base),
entry AS (
  SELECT * FROM json_to_recordset('{rows}')
    AS e(ord int, kind text, id uuid, visible boolean, gone boolean, causes json, body json)
), stamp AS (
  INSERT INTO subject AS old (region_id, kind, id, seq, visible_seq, gone)
  SELECT '{region}', kind, id, base + ord, CASE WHEN visible THEN base + ord ELSE 0 END, gone FROM counter, entry
  ON CONFLICT (id) DO UPDATE
    SET seq = excluded.seq, visible_seq = greatest(old.visible_seq, excluded.visible_seq), gone = excluded.gone
  RETURNING id, visible_seq
)
INSERT INTO journal (region_id, seq, batch, at, kind, subject_id, visible_seq, gone, causes, body)
SELECT '{region}', base + ord, '{batch}', '{at}', kind, id, visible_seq, gone, causes, body
FROM counter, entry JOIN stamp USING (id);
COMMIT"""

_COLUMNS = "kind, subject_id AS id, seq, visible_seq, gone, body"
# Numbers only: the bodies are at hand.
_READ_BATCH = """
SELECT r.epoch, min(j.seq) AS first, array_agg(j.visible_seq ORDER BY j.seq) AS visible
FROM region r JOIN journal j ON j.region_id = r.id
WHERE r.id = $1 AND j.seq > $2 AND j.batch = $3 GROUP BY r.epoch
"""
_READ_RANGE = f"SELECT {_COLUMNS} FROM journal WHERE region_id = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4"
_READ_HEAD = "SELECT epoch, seq FROM region WHERE id = $1"
_READ_BOARD = """
SELECT s.kind, s.id, s.seq, s.visible_seq, s.gone, j.body
FROM subject s JOIN journal j ON j.region_id = s.region_id AND j.seq = s.seq
WHERE s.region_id = $1 ORDER BY s.seq
"""


async def write_and_commit(
    connection: Connection, region_id: UUID, entries: Sequence[Entry], at: datetime
) -> UUID | None:
    """Number the entries, journal them and COMMIT the open transaction; return what `read_batch` finds them by."""
    if not entries:
        await connection.execute("COMMIT")
        return None
    batch = new_id()
    rows = [
        _Row(place, e.kind, e.id, e.visible, e.gone, e.causes, msgspec.Raw(e.body))
        for place, e in enumerate(entries, start=1)
    ]
    # A literal, because only the simple protocol carries several statements in one message. The
    # text is JSON made here from ids, numbers and enumerated words; quotes are doubled all the same.
    literal = msgspec.json.encode(rows).decode().replace("'", "''")
    await connection.execute(
        _WRITE.format(count=len(rows), region=region_id, rows=literal, batch=batch, at=at.isoformat())
    )
    return batch


async def read_batch(
    connection: Connection, region_id: UUID, after: int, batch: UUID | None, entries: Sequence[Entry]
) -> Range | None:
    """Return `entries` as a commit has numbered them. It stands whether or not this succeeds, its locks are free again.

    `after` is any seq known to be older than the batch: it bounds the search.
    """
    if batch is None:
        return None
    row = await connection.fetchrow(_READ_BATCH, region_id, after, batch)
    if row is None:
        raise LookupError(f"no batch {batch} after {after}")
    first = row["first"]
    subjects = tuple(
        Subject(e.kind, e.id, seq, visible_seq, e.gone, e.body)
        for seq, (e, visible_seq) in enumerate(zip(entries, row["visible"], strict=True), start=first)
    )
    return Range(region_id, row["epoch"], first - 1, subjects[-1].seq, subjects)


async def read_range(
    connection: Connection, region_id: UUID, after: int, to: int, limit: int = 5_000
) -> tuple[Subject, ...]:
    """Return the changes in (after, to], oldest first, at most `limit`."""
    return tuple(map(_subject, await connection.fetch(_READ_RANGE, region_id, after, to, limit)))


async def read_head(connection: Connection, region_id: UUID) -> Head:
    row = await connection.fetchrow(_READ_HEAD, region_id)
    if row is None:
        raise LookupError(f"no region {region_id}")
    return Head(row["epoch"], row["seq"])


async def read_board(connection: Connection, region_id: UUID) -> tuple[Head, tuple[Subject, ...]]:
    """Return the whole board, tombstones included, at one seq. A short snapshot: one read."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        head = await read_head(connection, region_id)
        rows = await connection.fetch(_READ_BOARD, region_id)
    return head, tuple(map(_subject, rows))


def _subject(row: asyncpg.Record) -> Subject:
    return Subject(row["kind"], row["id"], row["seq"], row["visible_seq"], row["gone"], row["body"].encode())
