"""The migrations make what the tables say, all of them and nothing else."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

import inventory.tables
import kernel.access.tables
import kernel.tables
import orientation.tables
from kernel.postgres import metadata, open_engine
from kernel.settings import Settings

DECLARED = (kernel.tables.region, kernel.access.tables.account, inventory.tables.unit, orientation.tables.request)


def _differences(connection: Connection) -> list[object]:
    def ours(_thing: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
        return kind != "table" or name != "alembic_version"

    options = {"include_object": ours, "compare_type": True, "compare_server_default": True}
    context = MigrationContext.configure(connection, opts=options)
    return list(compare_metadata(context, metadata))


async def test_the_migrated_database_has_our_tables_as_declared(settings: Settings) -> None:
    assert all(table.metadata is metadata for table in DECLARED)
    engine = open_engine(settings, "test")
    async with engine.connect() as connection:
        assert await connection.run_sync(_differences) == []
    await engine.dispose()


# Rows that say who wrote them somewhere else, or that nobody writes but the command line or the system itself.
WITHOUT_ACTOR = {
    "contact": "its request's events",
    "demo_clock": "a demonstration's, set by its administrator",
    "demonstration": "the command line",
    "draw_entry": "the freeze of its draw, among its events",
    "feed": "folded from reports",
    "journal": "the causes of an entry",
    "night_case": "kept by the system once a night",
    "night_count": "left over from requests that were erased",
    "night_key": "made by whichever request needs it first",
    "region": "the command line",
    "placement": "its request's events",
    "report_unit": "its report",
    "request_bar": "the decline among its request's events",
    "subject": "its journal entry",
    "surge_unit": "the activation of its surge",
    "unit_state": "folded from everything else",
}


def test_every_written_row_says_who_wrote_it() -> None:
    without = {table.name for table in metadata.sorted_tables if "actor_id" not in table.columns}
    assert without == WITHOUT_ACTOR.keys()
