"""What the live streams know of requests and placements, written into the journal as orientation's lane does."""

from __future__ import annotations

import json
from uuid import UUID

from kernel.journal import Cause, Entry, write_and_commit
from kernel.postgres import Pool


def request(id: UUID, version: int, *, gone: bool = False) -> Entry:
    body = json.dumps({"id": str(id), "version": version}).encode()
    return Entry("request", id, body, (Cause("ask", id, None),), visible=False, gone=gone)


def placement(id: UUID, version: int, shelter: UUID, unit: UUID, asked: UUID, *, gone: bool = False) -> Entry:
    known = {"id": id, "version": version, "shelter": shelter, "unit": unit, "request": asked}
    body = json.dumps(known, default=str).encode()
    return Entry("placement", id, body, (Cause("place", id, None),), visible=False, gone=gone)


async def write(pool: Pool, region_id: UUID, *entries: Entry) -> None:
    """Commit one batch behind every node's back: the relay brings it."""
    async with pool.acquire() as connection:
        await connection.execute("BEGIN")
        at = await connection.fetchval("SELECT halte_now()")
        await write_and_commit(connection, region_id, entries, at)
