"""Migrating: brings a database to the newest schema, once, whoever starts first."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
import structlog
from alembic.config import Config

from alembic import command
from kernel.postgres import UNPREPARED, Connection

log = structlog.get_logger(__name__)

_ROOT = Path(__file__).resolve().parent.parent
_LOCK = 0x48414C54  # "HALT": one node migrates, the others wait for it.
_CONNECT_S = 5.0
_PAUSE_S = 0.2
# Refused, no socket yet, starting up, shutting down, or killed while it said hello.
_NOT_YET = (OSError, TimeoutError, asyncpg.CannotConnectNowError, asyncpg.ConnectionDoesNotExistError)


Look = Callable[[Connection], Awaitable[None]]


async def migrate(database_url: str, patience_s: float = 0.0, look: Look | None = None) -> None:
    """Upgrade to head; two nodes that start together take turns. A Postgres that is still starting is waited for.

    `look` sees the database as it was found, and may refuse it before anything is changed.
    """
    connection = await _connect(database_url, patience_s)
    try:
        async with connection.transaction():
            # For as long as the transaction: behind a pooler, a lock of the session would outlive us.
            await connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
            if look is not None:
                await _look(connection, look)
            await asyncio.to_thread(upgrade, database_url)
    finally:
        await connection.close()


async def _look(connection: Connection, look: Look) -> None:
    """Look, and let go of the tables that were looked at: the migrations change them from another connection."""
    looking = connection.transaction()
    await looking.start()
    try:
        await look(connection)
    finally:
        await looking.rollback()


async def _connect(database_url: str, patience_s: float) -> asyncpg.Connection[asyncpg.Record]:
    """Connect, again and again while nobody answers; ConnectionError (or what the system said) when patience ends."""
    until = time.monotonic() + patience_s
    told = False
    while True:
        try:
            return await asyncpg.connect(database_url, timeout=_CONNECT_S, **UNPREPARED)
        except _NOT_YET as error:
            if time.monotonic() > until:
                raise ConnectionError(f"Postgres does not answer: {str(error) or type(error).__name__}") from error
            if not told:
                log.warning("migrating.waiting_for_postgres", error=type(error).__name__)
                told = True
        await asyncio.sleep(_PAUSE_S)


def upgrade(database_url: str, revision: str = "head") -> None:
    config = Config(toml_file=str(_ROOT / "pyproject.toml"))
    config.attributes["database_url"] = database_url
    command.upgrade(config, revision)
