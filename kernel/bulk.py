"""Bulk writes: one unnest INSERT per table, each row a mapping of all its columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, Table
from sqlalchemy.dialects import postgresql

from kernel.postgres import Connection

_DIALECT = postgresql.dialect()


@cache
def insert_sql(table: Table, conflict: str = "") -> str:
    """Return the INSERT of a whole table from one array per column, in the table's column order.

    asyncpg cannot send arrays of arrays through unnest, so no table written here has an ARRAY column.
    """
    casts = []
    for place, column in enumerate(table.columns, start=1):
        if isinstance(column.type, ARRAY):
            raise TypeError(f"{table.name}.{column.name}: unnest would flatten an array column")
        casts.append(f"${place}::{column.type.compile(dialect=_DIALECT)}[]")
    names = ", ".join(column.name for column in table.columns)
    return f"INSERT INTO {table.name} ({names}) SELECT * FROM unnest({', '.join(casts)}) {conflict}".rstrip()


async def insert(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], conflict: str = ""
) -> None:
    """Insert `rows`; nothing is sent for none."""
    if rows:
        columns = [[row[column.name] for row in rows] for column in table.columns]
        await connection.execute(insert_sql(table, conflict), *columns)
