"""Comparing Redis: its board must be the fold of the journal at its own seq (I6); lag is no difference.

Nor is it one that a request or placement is gone here and not known any more there (kernel/live/purging.py).
"""

from __future__ import annotations

import asyncio
import time
from uuid import UUID

import asyncpg

from inventory.differences import Verification
from kernel.journal import Head, Subject, read_head
from kernel.live.board import LiveBoard, Reading
from kernel.postgres import Pool
from kernel.redis import REDIS_AWAY, RedisLinks

_ANSWER_S = 5.0
# The relay looks every 200 ms: what it has not mended by now, it will not.
_CATCH_UP_S = 2.0
_PAUSE_S = 0.05
_SUBJECTS_AT_ONCE = 500
# The kinds of which it is never forgotten that something is gone.
LASTING = ("unit", "shelter")

# A subject that is younger than the seq in question has no state then; what is older than it may be
# older entries of the journal, which change no more: no snapshot is needed.
_STATES_AT = """
SELECT s.kind, s.id, j.seq, j.visible_seq, j.gone, j.body FROM subject s
LEFT JOIN LATERAL (
  SELECT * FROM journal j WHERE j.subject_id = s.id AND j.region_id = s.region_id AND j.seq <= $4
  ORDER BY j.seq DESC LIMIT 1) j ON true
WHERE s.region_id = $1 AND s.id > $2 ORDER BY s.id LIMIT $3
"""
# What has lost its stamp stands in the journal all the same.
_UNSTAMPED_AT = """
SELECT DISTINCT ON (subject_id) kind, subject_id AS id, seq, visible_seq, gone, body FROM journal
WHERE region_id = $1 AND subject_id = ANY($2) AND kind <> ALL($3) AND seq <= $4
ORDER BY subject_id, seq DESC
"""


async def compare_redis(pool: Pool, links: RedisLinks, region_id: UUID, found: Verification) -> None:
    board = LiveBoard(links, region_id, _ANSWER_S)
    try:
        reading = await _read_when_caught_up(pool, board, region_id)
    except REDIS_AWAY as error:
        found.redis = f"does not answer ({type(error).__name__}), not compared"
        return
    # Asked after Redis was read: whatever Redis has, Postgres must have had before.
    head = await _head(pool, region_id)
    if reading is None:
        found.redis = "no board"
        if head.seq:
            found.differ("redis board", found.region, f"seq {head.seq}", "none")
        return
    found.redis = f"{max(0, head.seq - reading.head.seq)} behind at {reading.head.seq}"
    if reading.head.epoch != head.epoch:
        found.differ("redis epoch", found.region, head.epoch, reading.head.epoch)
        return
    if reading.head.seq > head.seq:
        found.differ("redis seq", found.region, f"at most {head.seq}", reading.head.seq)
    await _compare_states(pool, region_id, reading, found)


async def _read_when_caught_up(pool: Pool, board: LiveBoard, region_id: UUID) -> Reading | None:
    """Wait until Redis is where Postgres was when first asked, at most two seconds, then read it."""
    wanted = await _head(pool, region_id)
    deadline = time.monotonic() + _CATCH_UP_S
    while time.monotonic() < deadline:
        there = await board.head()
        truth = await _head(pool, region_id)
        if there is not None and there.epoch == truth.epoch and wanted.seq <= there.seq <= truth.seq:
            break
        await asyncio.sleep(_PAUSE_S)
    return await board.read()


async def _head(pool: Pool, region_id: UUID) -> Head:
    async with pool.acquire() as connection:
        return await read_head(connection, region_id)


async def _compare_states(pool: Pool, region_id: UUID, reading: Reading, found: Verification) -> None:
    """Compare every subject of Redis with the last entry of the journal up to Redis' seq."""
    there = {(subject.kind, subject.id): subject for subject in reading.subjects}
    after = UUID(int=0)
    while rows := await pool.fetch(_STATES_AT, region_id, after, _SUBJECTS_AT_ONCE, reading.head.seq):
        for row in rows:
            _compare(row, there.pop((row["kind"], row["id"]), None), found)
        after = rows[-1]["id"]
    left = [id for _, id in there]
    for row in await pool.fetch(_UNSTAMPED_AT, region_id, left, LASTING, reading.head.seq):
        _compare(row, there.pop((row["kind"], row["id"]), None), found)
    for subject in there.values():
        found.differ(f"redis {subject.kind}", subject.id, "none", _shown(subject))


def _compare(row: asyncpg.Record, state: Subject | None, found: Verification) -> None:
    expected = None
    if row["seq"] is not None:
        stamp = row["seq"], row["visible_seq"], row["gone"]
        expected = Subject(row["kind"], row["id"], *stamp, row["body"].encode())
    forgotten = row["kind"] not in LASTING and state is None and row["gone"]
    if state != expected and not forgotten:
        found.differ(f"redis {row['kind']}", row["id"], _shown(expected), _shown(state))


def _shown(subject: Subject | None) -> str:
    if subject is None:
        return "none"
    gone = " gone" if subject.gone else ""
    return f"{subject.seq}|{subject.visible_seq}{gone} {subject.body.decode(errors='replace')}"
