"""Runs the migrations over asyncpg, with the tables of all packages as the target."""

from __future__ import annotations

import asyncio
import os

from sqlalchemy import Connection, pool
from sqlalchemy.ext.asyncio import create_async_engine

import inventory.tables  # noqa: F401
import kernel.access.tables
import kernel.tables  # noqa: F401  (imported so that the metadata knows them)
import orientation.tables  # noqa: F401
from alembic import context
from kernel.postgres import UNPREPARED_BY_SQLALCHEMY, metadata, sqlalchemy_url


def _run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=metadata, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()


async def _online(url: str) -> None:
    engine = create_async_engine(sqlalchemy_url(url), poolclass=pool.NullPool, connect_args=UNPREPARED_BY_SQLALCHEMY)
    async with engine.connect() as connection:
        await connection.run_sync(_run)
        await connection.commit()
    await engine.dispose()


url = context.config.attributes.get("database_url") or os.environ.get("DATABASE_URL")
if not url:
    raise SystemExit("Set DATABASE_URL, or use `halte migrate`.")
asyncio.run(_online(url))
