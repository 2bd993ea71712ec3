"""A region many times over: 400 units written by the lane once, then copied row by row under other ids.

40,000 units through the lane take minutes; copies are as good, because journal, stamps and bodies are copied with them.
`halte verify` finds them sound.
"""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import asyncpg

from halte.demo.inventing import invent
from halte.demo.seeding import _write as write_region
from kernel.journal import read_head
from kernel.postgres import Pool, open_pool
from kernel.settings import Settings

# In the order in which they refer to each other.
_TABLES = (
    "operator", "shelter", "unit", "unit_state", "capacity_change", "closing", "report", "report_unit", "subject",
    "journal",
)  # fmt: skip
_OWNED = {
    "unit_state": "unit_id IN (SELECT id FROM unit WHERE region_id = $1)",
    "capacity_change": "unit_id IN (SELECT id FROM unit WHERE region_id = $1)",
    "closing": "unit_id IN (SELECT id FROM unit WHERE region_id = $1)",
    "report_unit": "unit_id IN (SELECT id FROM unit WHERE region_id = $1)",
}
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_SEQS = ("seq", "visible_seq", "count_prior_seq")


async def multiply(settings: Settings, region_id: UUID, times: int) -> int:
    """Fill an empty region with the invented one, `times` over; return how many units it has."""
    pool = await open_pool(settings, "multiplying")
    try:
        await write_region(settings, pool, region_id, invent(region_id), 1)
        await _copy(pool, region_id, times)
        await pool.execute("ANALYZE", timeout=120)
        units: int = await pool.fetchval("SELECT count(*) FROM unit WHERE region_id = $1", region_id)
        return units
    finally:
        await pool.close()


async def _copy(pool: Pool, region_id: UUID, times: int) -> None:
    async with pool.acquire() as connection:
        seq = (await read_head(connection, region_id)).seq
        rows = {name: await _read(connection, name, region_id) for name in _TABLES}
        ours = {row["id"] for name in ("operator", "shelter", "unit", "report", "capacity_change", "closing")
                for row in rows[name]} | {row["batch"] for row in rows["journal"]}  # fmt: skip
        for copy in range(1, times):
            names = {str(one): str(_other(one, copy)) for one in ours}
            for name in _TABLES:
                records = [tuple(_value(key, row[key], names, copy * seq) for key in row.keys()) for row in rows[name]]  # noqa: SIM118
                columns = list(rows[name][0].keys()) if rows[name] else []
                if records:
                    await connection.copy_records_to_table(name, records=records, columns=columns, timeout=60)
        await connection.execute("UPDATE region SET seq = seq * $2 WHERE id = $1", region_id, times)


async def _read(connection: Any, name: str, region_id: UUID) -> list[asyncpg.Record]:
    rows: list[asyncpg.Record] = await connection.fetch(
        f"SELECT * FROM {name} WHERE {_OWNED.get(name, 'region_id = $1')}",  # noqa: S608  our own names
        region_id,
    )
    return rows


def _other(one: UUID, copy: int) -> UUID:
    return UUID(int=one.int ^ copy << 24)


def _value(key: str, value: Any, names: dict[str, str], further: int) -> Any:
    """One column of a copy: other ids, also within bodies, and later numbers."""
    if key in _SEQS:
        return value + further if value else value
    if isinstance(value, UUID):
        return UUID(names.get(str(value), str(value)))
    if isinstance(value, str) and "-" in value:
        return _UUID.sub(lambda found: names.get(found[0], found[0]), value)
    return value
