"""Migrating: brings a database to the newest schema, once, whoever starts first."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
from alembic.config import Config

from alembic import command

_ROOT = Path(__file__).resolve().parent.parent
_LOCK = 0x48414C54  # "HALT": one node migrates, the others wait for it.


async def migrate(database_url: str) -> None:
    """Upgrade to head; two nodes that start together take turns."""
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
        await asyncio.to_thread(upgrade, database_url)
    finally:
        await connection.close()


def upgrade(database_url: str, revision: str = "head") -> None:
    config = Config(toml_file=str(_ROOT / "pyproject.toml"))
    config.attributes["database_url"] = database_url
    command.upgrade(config, revision)
