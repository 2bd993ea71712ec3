"""Regions come to be by a command, once each, with a name that fits into an address and a real time zone."""

from __future__ import annotations

import asyncio

import pytest
from click.testing import CliRunner, Result

from halte.regions import main
from kernel.postgres import Pool
from kernel.settings import Settings


async def region(settings: Settings, *arguments: str) -> Result:
    """Run the command beside the loop of the tests: it brings its own."""
    return await asyncio.to_thread(CliRunner().invoke, main, list(arguments), obj=settings)


async def test_a_region_is_added_once(settings: Settings, pool: Pool) -> None:
    wanted = ("add", "gent", "--name", "Gent", "--timezone", "Europe/Brussels")
    first = await region(settings, *wanted)
    again = await region(settings, *wanted[:3], "Ghent", *wanted[4:])
    assert first.exit_code == again.exit_code == 0
    assert first.output == again.output
    rows = [tuple(row) for row in await pool.fetch("SELECT id::text, slug, name, timezone, seq FROM region")]
    assert rows == [(first.output.strip(), "gent", "Gent", "Europe/Brussels", 0)]
    assert "Gent" in (await region(settings, "list")).output


@pytest.mark.parametrize(
    "slug, timezone, words",
    [
        ("Gent", "Europe/Brussels", "a slug is of small letters"),
        ("01a20b08-ec8f-7e80-af93-2fbca005cc26", "Europe/Brussels", "a letter first"),
        ("gent", "Europe/Ghent", "'Europe/Ghent' is not a time zone"),
        ("gent", "../../etc/passwd", "is not a time zone"),
    ],
)
async def test_what_cannot_be_a_region_is_refused(
    settings: Settings, pool: Pool, slug: str, timezone: str, words: str
) -> None:
    refused = await region(settings, "add", slug, "--name", "Gent", "--timezone", timezone)
    assert refused.exit_code == 1
    assert words in refused.output
    assert await pool.fetchval("SELECT count(*) FROM region") == 0


async def test_without_a_database_it_says_so() -> None:
    assert "set DATABASE_URL" in (await region(Settings(), "list")).output
