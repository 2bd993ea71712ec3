"""Does everybody say the same: Postgres, Redis, the fresh board of every node, and the screens that followed."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from inventory.model.audience import Audience, project, sees_exactly
from inventory.verifying import verify_region
from kernel.journal import Head, Subject, read_board
from kernel.live.board import LiveBoard
from kernel.postgres import Pool, open_pool
from kernel.redis import REDIS_AWAY, RedisLinks, open_redis
from kernel.settings import Settings
from orientation.model.audience import DESK, Insider
from tests.support.reporters import Ledger
from tests.support.watching import LiveScreen, by_id

Watcher = tuple[LiveScreen, Audience | Insider]


def shown_to(subjects: Sequence[Subject], audience: Audience | Insider) -> dict[str, dict[str, Any]]:
    """Return the board of an audience straight from Postgres' subjects."""
    board = audience.board if isinstance(audience, Insider) else audience
    shown = {}
    for subject in subjects:
        if subject.gone:
            continue
        if subject.kind in {"request", "placement"}:
            body, seq = _reserved(subject, audience), subject.seq
        else:
            body = project(subject.kind, subject.body, board)
            seq = subject.seq if sees_exactly(subject.kind, subject.body, board) else subject.visible_seq
        if body is not None:
            shown[str(subject.id)] = {"seq": seq} | json.loads(body)
    return shown


def _reserved(subject: Subject, audience: Audience | Insider) -> bytes | None:
    """The desk is told of both; staff, on their own shelter's page, of the placements that come there."""
    if audience == DESK:
        return subject.body
    if subject.kind != "placement" or not isinstance(audience, Insider):
        return None
    return subject.body if UUID(json.loads(subject.body)["shelter"]) in audience.board.own else None


async def agreed_within(
    settings: Settings, region_id: UUID, watchers: Sequence[Watcher], within_s: float, *, redis: bool = True
) -> float:
    """Return how long it took until all agreed; fail with who did not."""
    started = time.monotonic()
    pool = await open_pool(settings, "test")
    links = open_redis(settings, "test")
    assert links is not None
    try:
        while True:
            asked = time.monotonic()
            differ = await _who_differs(pool, links if redis else None, region_id, watchers)
            if not differ:
                return asked - started
            assert asked - started < within_s, f"after {within_s} s still different: {differ}"
            await asyncio.sleep(0.02)
    finally:
        await links.close()
        await pool.close()


async def _who_differs(pool: Pool, links: RedisLinks | None, region_id: UUID, watchers: Sequence[Watcher]) -> list[str]:
    async with pool.acquire() as connection:
        head, subjects = await read_board(connection, region_id)
    differ = [] if links is None else await _redis_differs(links, region_id, head, subjects)
    for number, (watcher, audience) in enumerate(watchers):
        truth = shown_to(subjects, audience)
        # Over HTTP nobody is told what an insider's stream tells.
        if isinstance(audience, Audience) and by_id(await watcher.fetch_board()) != truth:
            differ.append(f"fresh board {number}")
        if watcher.screen.board != truth:
            differ.append(f"screen {number} (at {watcher.screen.to} of {head.seq}, {watcher.screen.live})")
    return differ


async def _redis_differs(links: RedisLinks, region_id: UUID, head: Head, subjects: Sequence[Subject]) -> list[str]:
    try:
        reading = await LiveBoard(links, region_id, 1.0).read()
    except REDIS_AWAY as error:
        return [f"redis {error!r}"]
    if reading is None or reading.head != head:
        return [f"redis at {reading.head if reading else None} of {head}"]
    return [] if set(reading.subjects) == set(subjects) else ["redis board"]


_LOST = """
SELECT a.id FROM unnest($1::uuid[]) AS a(id)
WHERE (SELECT count(*) FROM report r WHERE r.id = a.id) <> 1
"""
_JOURNAL = """
SELECT r.seq AS counter, count(*) AS entries, min(j.seq) AS first, max(j.seq) AS last,
       count(DISTINCT j.seq) AS different
FROM region r JOIN journal j ON j.region_id = r.id WHERE r.id = $1 GROUP BY r.seq
"""


async def assert_truth(settings: Settings, region_id: UUID, ledger: Ledger) -> None:
    """I1: what was acknowledged is there once, and says what it said. I5: no gap. Then all of `verify`."""
    pool = await open_pool(settings, "test")
    links = open_redis(settings, "test")
    assert links is not None
    try:
        lost = await pool.fetch(_LOST, [one.report for one in ledger.acknowledged])
        assert not lost, f"{len(lost)} acknowledged reports are not there once: {lost[:3]}"
        await _assert_lines(pool, ledger)
        journal = await pool.fetchrow(_JOURNAL, region_id)
        assert journal is not None
        counter = journal["counter"]
        assert tuple(journal) == (counter, counter, 1, counter, counter), dict(journal)
        found = await verify_region(pool, links, region_id)
        assert found.clean, [str(difference) for difference in found.differences[:10]]
    finally:
        await links.close()
        await pool.close()


async def _assert_lines(pool: Pool, ledger: Ledger) -> None:
    ids = [one.report for one in ledger.acknowledged]
    rows = await pool.fetch("SELECT report_id, unit_id, free FROM report_unit WHERE report_id = ANY($1)", ids)
    kept = {(row["report_id"], row["unit_id"]): row["free"] for row in rows}
    said = {(one.report, unit): free for one in ledger.acknowledged for unit, free in one.free.items()}
    assert len(rows) == len(kept)
    assert kept == said
