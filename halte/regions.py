"""Regions: how one comes to be. A region is data: its name, its time zone, its own journal and board.

`halte region add` is for whoever hosts the installation; nothing over HTTP makes a region.
"""

from __future__ import annotations

import re
from pathlib import Path
from uuid import UUID
from zoneinfo import available_timezones

import click
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from inventory.mapping import parse_map, put_map
from inventory.model.region_map import FILE_MAX_BYTES, NotAMap
from kernel.access.model import COMMAND_LINE
from kernel.commanding import run
from kernel.ids import new_id
from kernel.tables import region

# What stands in addresses (`?region=`) must not be mistaken for an id.
_SLUG = re.compile(r"[a-z][a-z0-9-]{0,31}", re.ASCII)


class NotARegion(ValueError):
    """A region cannot be called so, or live in such a time zone; the message says why."""


async def ensure_region(engine: AsyncEngine, slug: str, name: str, timezone: str) -> UUID:
    """Return the region's id, adding it where there is none of that slug; one that is there stays as it is."""
    if _SLUG.fullmatch(slug) is None:
        raise NotARegion(f"{slug!r}: a slug is of small letters, digits and hyphens, at most 32, a letter first.")
    if timezone not in available_timezones():
        raise NotARegion(f"{timezone!r} is not a time zone: write it like Europe/Brussels.")
    values = {"id": new_id(), "slug": slug, "name": name, "timezone": timezone, "epoch": new_id()}
    async with engine.begin() as connection:
        await connection.execute(insert(region).values(values).on_conflict_do_nothing(index_elements=[region.c.slug]))
        found = await connection.execute(select(region.c.id).where(region.c.slug == slug))
        return UUID(str(found.scalar_one()))


@click.group("region")
def main() -> None:
    """Regions of this installation."""


@main.command("add")
@click.argument("slug")
@click.option("--name", required=True, help="As people call it.")
@click.option("--timezone", required=True, help="Like Europe/Brussels: its nights go from noon to noon there.")
@click.pass_context
def add(context: click.Context, slug: str, name: str, timezone: str) -> None:
    """Add a region and print its id; one that is there stays as it is."""
    try:
        click.echo(run(context, lambda engine: ensure_region(engine, slug, name, timezone)))
    except NotARegion as error:
        raise click.ClickException(str(error)) from None


@main.command("list")
@click.pass_context
def list_regions(context: click.Context) -> None:
    """List the regions."""

    async def work(engine: AsyncEngine) -> list[str]:
        async with engine.connect() as connection:
            rows = await connection.execute(select(region).order_by(region.c.slug))
            return [f"{row.id}  {row.slug:16}  {row.timezone:20}  {row.name}" for row in rows]

    for line in run(context, work):
        click.echo(line)


@main.command("map")
@click.argument("slug")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_context
def bring_map(context: click.Context, slug: str, file: Path) -> None:
    """Give a region its map: FILE is GeoJSON with its outline and its communes (docs/map.md)."""

    async def work(engine: AsyncEngine) -> str:
        found = parse_map(_content(file))
        async with engine.connect() as connection:
            row = (await connection.execute(select(region.c.id).where(region.c.slug == slug))).first()
        if row is None:
            raise NotARegion(f"There is no region {slug!r}: `halte region list` names them.")
        await put_map(engine, UUID(str(row.id)), found, COMMAND_LINE)
        outline = "its outline" if found.outline else "no outline"
        return f"{slug}: {len(found.communes)} communes, {outline}. Screens show it when they are loaded again."

    try:
        click.echo(run(context, work))
    except (NotARegion, NotAMap) as error:
        raise click.ClickException(str(error)) from None


def _content(file: Path) -> bytes:
    with file.open("rb") as opened:
        content = opened.read(FILE_MAX_BYTES + 1)
    if len(content) > FILE_MAX_BYTES:
        raise NotAMap(f"{file} is larger than {FILE_MAX_BYTES // 1024} KiB; simplify the outline.")
    return content
