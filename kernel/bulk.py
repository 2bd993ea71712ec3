"""Bulk writes: one unnest INSERT per table, each row a mapping of all its columns; those of a batch in one message."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from sqlalchemy import ARRAY, Table
from sqlalchemy.dialects import postgresql

from kernel.postgres import Connection

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's dialects are untyped


@dataclass(frozen=True, slots=True)
class Write:
    """A statement with its arrays, one for each column. `sql` is asked with the number of the first of them."""

    sql: Callable[[int], str]
    columns: list[list[Any]]


@cache
def unnest_of(table: Table, first: int = 1) -> str:
    """Return `unnest($1::uuid[], …)` with one array per column, in the table's column order.

    unnest flattens arrays of arrays, so no table written this way has an ARRAY column.
    """
    casts = []
    for place, column in enumerate(table.columns, start=first):
        if isinstance(column.type, ARRAY):
            raise TypeError(f"{table.name}.{column.name}: unnest would flatten an array column")
        casts.append(f"${place}::{column.type.compile(dialect=_DIALECT)}[]")
    return f"unnest({', '.join(casts)})"


@cache
def insert_sql(table: Table, conflict: str = "", first: int = 1) -> str:
    names = ", ".join(column.name for column in table.columns)
    return f"INSERT INTO {table.name} ({names}) SELECT * FROM {unnest_of(table, first)} {conflict}".rstrip()


def columns_of(table: Table, rows: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
    """Turn rows into one list per column, in the table's column order."""
    return [[row[column.name] for row in rows] for column in table.columns]


async def insert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], conflict: str = "") -> None:
    """Insert `rows`; nothing is sent for none."""
    if rows:
        await connection.execute(insert_sql(table, conflict), *columns_of(table, rows))


def inserting(table: Table, rows: Sequence[Mapping[str, Any]], conflict: str = "") -> Write:
    return Write(partial(insert_sql, table, conflict), columns_of(table, rows))


async def write_together(connection: Connection, writes: Sequence[Write]) -> list[int]:
    """Run several statements in one message; return how many rows each wrote.

    None of them sees what another one writes; foreign keys are looked at once all are through.
    """
    if not writes:
        return []
    parts, first = [], 1
    for number, write in enumerate(writes):
        parts.append(f"w{number} AS ({write.sql(first)} RETURNING 1)")
        first += len(write.columns)
    counts = ", ".join(f"(SELECT count(*) FROM w{number})" for number in range(len(writes)))
    columns = [column for write in writes for column in write.columns]
    return list(await connection.fetchrow(f"WITH {', '.join(parts)} SELECT {counts}", *columns) or ())
