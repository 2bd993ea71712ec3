"""Nodes with real servers: a writer that commits like the lane, and as many nodes as a test wants."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest

from kernel.clock import ShownClock
from kernel.journal import Cause, Entry, Head, Range, Subject, read_batch, read_board, read_head, write_and_commit
from kernel.live.region import RegionLive
from kernel.postgres import Pool, open_pool
from kernel.redis import RedisLinks, open_redis
from kernel.settings import Settings
from tests.integration.kernel.live.servers import Gate, OwnValkey
from tests.unit.kernel.live.playing import KINDS, LENS, NOTE, body_of, visible_change

MakeNode = Callable[..., Awaitable[RegionLive]]


class Writer:
    """Commits batches as a lane does, and returns the range that a lane would publish."""

    def __init__(self, pool: Pool, region_id: UUID) -> None:
        self._pool = pool
        self._region_id = region_id
        self._bodies: dict[UUID, tuple[bytes, bool]] = {}

    async def write(self, *changes: tuple[UUID, bytes | None], kind: str = "unit") -> Range:
        entries = [self._entry(kind, subject_id, body) for subject_id, body in changes]
        async with self._pool.acquire() as connection:
            await connection.execute("BEGIN")
            head = await read_head(connection, self._region_id)
            at = await connection.fetchval("SELECT halte_now()")
            batch = await write_and_commit(connection, self._region_id, entries, at)
            numbered = await read_batch(connection, self._region_id, head.seq, batch, entries)
        assert numbered is not None
        return numbered

    async def board(self) -> tuple[Head, dict[UUID, Subject]]:
        async with self._pool.acquire() as connection:
            head, subjects = await read_board(connection, self._region_id)
        return head, {subject.id: subject for subject in subjects}

    def _entry(self, kind: str, subject_id: UUID, body: bytes | None) -> Entry:
        old, old_gone = self._bodies.get(subject_id, (None, False))
        kept = body or old or body_of(subject_id, 0)
        gone = body is None
        self._bodies[subject_id] = (kept, gone)
        visible = kind != NOTE and (gone or old_gone or visible_change(old, kept))
        return Entry(kind, subject_id, kept, (Cause("test", None, None),), visible, gone)


@pytest.fixture
def writer(pool: Pool, region_id: UUID) -> Writer:
    return Writer(pool, region_id)


@pytest.fixture
def fast(settings: Settings) -> Settings:
    """Waits as short as a test likes them; the bounds are those of production."""
    return replace(settings, relay_poll_ms=50, board_tick_ms=20, beat_s=0.5, session_check_s=0.2)


@pytest.fixture
async def links(settings: Settings) -> AsyncIterator[RedisLinks]:
    links = open_redis(settings, "test")
    assert links is not None
    yield links
    await links.close()


@pytest.fixture
async def make_node(region_id: UUID, fast: Settings, pool: Pool) -> AsyncIterator[MakeNode]:
    """Start a node of the region: `make_node(redis_url=…, pool=…, **settings)`."""
    running: list[tuple[RegionLive, RedisLinks | None]] = []

    async def make(*, still_valid: Any = None, through: Pool | None = None, **changes: Any) -> RegionLive:
        settings = replace(fast, **changes)
        links = open_redis(settings, f"node{len(running)}")
        node = RegionLive(
            settings=settings,
            region_id=region_id,
            pool=through or pool,
            redis=links,
            clock=ShownClock(through or pool),
            lens=LENS,
            kinds=KINDS,
            still_valid=still_valid,
        )
        running.append((node, links))
        await node.start()
        return node

    yield make
    for node, links in running:
        await node.stop()
        if links is not None:
            await links.close()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path, because a unix socket's may not be long."""
    path = Path(tempfile.mkdtemp(prefix="halte-live-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
async def own_valkey(folder: Path) -> AsyncIterator[OwnValkey]:
    valkey = OwnValkey(folder)
    valkey.start()
    await valkey.ready()
    yield valkey
    valkey.stop()


@pytest.fixture
async def gate(folder: Path, database_url: str) -> AsyncIterator[Gate]:
    """A gate before the shared Postgres; `gated_pool` goes through it."""
    (host,) = parse_qs(urlsplit(database_url).query)["host"]
    gate = Gate(Path(host) / ".s.PGSQL.5432", folder / ".s.PGSQL.5432")
    await gate.open()
    yield gate
    await gate.shut()


@pytest.fixture
async def gated_pool(gate: Gate, folder: Path, settings: Settings) -> AsyncIterator[Pool]:
    assert settings.database_url is not None
    base, _, _ = settings.database_url.partition("?")
    pool = await open_pool(replace(settings, database_url=f"{base}?host={folder}"), "gated")
    yield pool
    await gate.open()
    pool.terminate()
