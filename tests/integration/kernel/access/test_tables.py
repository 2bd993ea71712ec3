"""The migration makes what the tables say."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

import kernel.access.tables
from kernel.postgres import metadata, open_engine
from kernel.settings import Settings

OURS = {"account", "account_shelter", "session", "machine_key", "machine_key_secret", "machine_key_shelter"}


def _differences(connection: Connection) -> list[object]:
    def ours(_thing: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
        return kind != "table" or name in OURS

    options = {"include_object": ours, "compare_type": True, "compare_server_default": True}
    context = MigrationContext.configure(connection, opts=options)
    return list(compare_metadata(context, metadata))


async def test_the_migrated_database_has_our_tables_as_declared(settings: Settings) -> None:
    assert kernel.access.tables.account.name in OURS
    engine = open_engine(settings, "test")
    async with engine.connect() as connection:
        assert await connection.run_sync(_differences) == []
    await engine.dispose()
