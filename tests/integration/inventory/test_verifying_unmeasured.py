"""Verifying where Postgres has no statistics yet: after a restore, or a night of crashes."""

from __future__ import annotations

import json
from uuid import UUID

from inventory import verifying
from kernel.postgres import Connection, open_pool
from kernel.settings import Settings

_REGION = UUID(int=77)
_SUBJECTS, _ENTRIES_EACH = 4_000, 3
# Of Postgres, for each thing that is looked at. Reading the region for each took 68, and more the larger it is.
_PAGES_MAX = 30
_FILL_JOURNAL = """
INSERT INTO journal (region_id, seq, batch, at, kind, subject_id, visible_seq, gone, causes, body)
SELECT $1, n, gen_random_uuid(), now(), 'request', md5((n % $2)::text)::uuid, n, false, '[]', '{}'
FROM generate_series(1, $3::bigint) n
"""
_FILL_SUBJECTS = """
INSERT INTO subject (id, region_id, kind, seq, visible_seq)
SELECT DISTINCT ON (subject_id) subject_id, region_id, kind, seq, visible_seq
FROM journal WHERE region_id = $1 ORDER BY subject_id, seq DESC
"""


async def test_the_last_entry_of_a_subject_is_found_without_reading_the_region_for_it(settings: Settings) -> None:
    entries = _SUBJECTS * _ENTRIES_EACH
    pool = await open_pool(settings, "test")
    try:
        async with pool.acquire() as connection:
            filled = connection.transaction()
            await filled.start()
            await connection.execute(_FILL_JOURNAL, _REGION, _SUBJECTS, entries)
            await connection.execute(_FILL_SUBJECTS, _REGION)
            await connection.execute(f"PREPARE entries(uuid, bigint, bigint, text[]) AS {verifying._UNLIKELY}")
            await connection.execute(f"PREPARE stamps(uuid, uuid, int) AS {verifying._STAMPS}")
            read = await _pages_read(connection, f"entries('{_REGION}', 1, {entries}, ARRAY['unit'])")
            assert read < _PAGES_MAX * entries
            read = await _pages_read(connection, f"stamps('{_REGION}', '{UUID(int=0)}', {_SUBJECTS})")
            assert read < _PAGES_MAX * _SUBJECTS
            await filled.rollback()
    finally:
        await pool.close()


async def _pages_read(connection: Connection, asked: str) -> int:
    """Return how many pages of tables and indexes were looked at, by a statement that knows no numbers beforehand."""
    told = await connection.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE {asked}", timeout=60)
    plan = json.loads(told)[0]["Plan"]
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])
