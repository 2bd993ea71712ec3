"""Bulk writes: one unnest INSERT per table, each row a mapping of all its columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, Table
from sqlalchemy.dialects import postgresql

from kernel.postgres import Connection

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's dialects are untyped


@cache
def unnest_of(table: Table) -> str:
    """Return `unnest($1::uuid[], …)` with one array per column, in the table's column order.

    unnest flattens arrays of arrays, so no table written this way has an ARRAY column.
    """
    casts = []
    for place, column in enumerate(table.columns, start=1):
        if isinstance(column.type, ARRAY):
            raise TypeError(f"{table.name}.{column.name}: unnest would flatten an array column")
        casts.append(f"${place}::{column.type.compile(dialect=_DIALECT)}[]")
    return f"unnest({', '.join(casts)})"


@cache
def insert_sql(table: Table, conflict: str = "") -> str:
    names = ", ".join(column.name for column in table.columns)
    return f"INSERT INTO {table.name} ({names}) SELECT * FROM {unnest_of(table)} {conflict}".rstrip()


def columns_of(table: Table, rows: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
    """Turn rows into one list per column, in the table's column order."""
    return [[row[column.name] for row in rows] for column in table.columns]


async def insert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], conflict: str = "") -> None:
    """Insert `rows`; nothing is sent for none."""
    if rows:
        await connection.execute(insert_sql(table, conflict), *columns_of(table, rows))
