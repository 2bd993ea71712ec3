"""Verifying where Postgres has no statistics yet: after a restore, or a night of crashes."""

from __future__ import annotations

from uuid import UUID

from inventory import verifying
from kernel.postgres import Connection, open_pool
from kernel.settings import Settings

_REGION = UUID(int=77)
_SUBJECTS = 2_000
_FILL_JOURNAL = """
INSERT INTO journal (region_id, seq, batch, at, kind, subject_id, visible_seq, gone, causes, body)
SELECT $1, n, gen_random_uuid(), now(), 'request', md5((n % $2)::text)::uuid, n, false, '[]', '{}'
FROM generate_series(1, $2::bigint * 3) n
"""
_FILL_SUBJECTS = """
INSERT INTO subject (id, region_id, kind, seq, visible_seq)
SELECT DISTINCT ON (subject_id) subject_id, region_id, kind, seq, visible_seq
FROM journal WHERE region_id = $1 ORDER BY subject_id, seq DESC
"""


async def test_a_page_is_read_by_the_ids_in_it_and_not_by_reading_the_region_for_each(settings: Settings) -> None:
    pool = await open_pool(settings, "test")
    try:
        async with pool.acquire() as connection, connection.transaction():
            # Planned while next to nothing is there: every index of a region looks as good as the one on ids.
            await connection.execute(f"PREPARE pages(uuid, bigint, bigint, text[]) AS {verifying._UNLIKELY}")
            await connection.execute(f"PREPARE stamps(uuid, uuid, int) AS {verifying._STAMPS}")
            pages = f"EXECUTE pages('{_REGION}', 1, {3 * _SUBJECTS}, ARRAY['unit'])"
            stamps = f"EXECUTE stamps('{_REGION}', '{UUID(int=0)}', {_SUBJECTS})"
            for asked in (pages, stamps):
                await connection.execute(asked)
            await connection.execute(_FILL_JOURNAL, _REGION, _SUBJECTS)
            await connection.execute(_FILL_SUBJECTS, _REGION)
            for asked in (pages, stamps):
                assert await _read_in_vain(connection, asked) < 10 * _SUBJECTS
            raise _Undone
    except _Undone:
        pass
    finally:
        await pool.close()


class _Undone(Exception):
    """Nothing of it stays."""


async def _read_in_vain(connection: Connection, asked: str) -> int:
    """Return how many rows were looked at and thrown away."""
    loops, thrown = 1, 0
    for (line,) in await connection.fetch(f"EXPLAIN (ANALYZE) {asked}"):
        if "loops=" in line:
            loops = int(line.rpartition("loops=")[2].rstrip(")"))
        if "Rows Removed by" in line:
            thrown += loops * int(float(line.rpartition(":")[2]))
    return thrown
