"""`halte import FILE`: shows what a CSV file would change, and applies it when told to."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from uuid import UUID
from zoneinfo import ZoneInfo

import click

from inventory.cli import on_regions
from inventory.importing.decoding import BYTES_MAX
from inventory.importing.faults import Unusable
from inventory.importing.mapping import MAPPING_MAX_BYTES
from inventory.importing.previewing import Asked, Preview, apply, preview
from inventory.importing.showing import lines_of, view
from inventory.importing.sketching import sketch
from inventory.importing.telling import sentence
from inventory.lane.writer import InventoryWriter
from kernel.access.model import COMMAND_LINE
from kernel.commanding import settings_of
from kernel.journal import Range
from kernel.lane import Lane
from kernel.postgres import Pool, tie_epoch
from kernel.redis import RedisLinks
from kernel.settings import Settings

_MOMENTS = ("%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M")


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--mapping", "mapping_file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Which column says what (docs/importing.md). Without it: prints one to start from.",
)  # fmt: skip
@click.option("--apply", "applies", is_flag=True, help="After showing what would change, change it.")
@click.option("--skip-bad-rows", is_flag=True, help="Apply although some rows cannot be meant; they are left out.")
@click.option("--region", "slug", help="The region's slug; not needed where there is only one.")
@click.option("--observed-at", type=click.DateTime(_MOMENTS), help="When it was counted, if the file does not say.")
@click.option("--samples", type=click.IntRange(0, 200), default=5, show_default=True, help="Of each kind of change.")
@click.pass_context
def import_file(
    context: click.Context,
    *,
    file: Path,
    mapping_file: Path | None,
    applies: bool,
    skip_bad_rows: bool,
    slug: str | None,
    observed_at: datetime | None,
    samples: int,
) -> None:
    """Show what a CSV file of shelters, units and counts would change; with --apply, change it.

    Any separator, encoding, decimal and date style: what was detected is shown, and the mapping can say otherwise.
    Everything is written in one transaction or nothing is. While rows cannot be meant nothing is applied, unless
    --skip-bad-rows says so. Ends with 1 if there are problems.
    """
    settings = settings_of(context)
    try:
        with file.open("rb") as opened:
            if not opened.seekable():
                raise click.ClickException("FILE is read more than once, which a pipe cannot be: save it first.")
            if mapping_file is None:
                click.echo(sketch(opened, _source_of(file)), nl=False)
                return
            with mapping_file.open("rb") as mapping:
                asked = _Asking(opened, mapping.read(MAPPING_MAX_BYTES + 1), observed_at)
            problems = _import(settings, slug, asked, applies=applies, skip_bad_rows=skip_bad_rows, samples=samples)
    except Unusable as unusable:
        where = f"Line {unusable.fault.line}: " if unusable.fault.line else ""
        raise click.ClickException(where + sentence(unusable.fault)) from None
    if problems:
        context.exit(1)


class _Asking:
    """The file and the mapping; the region's clock is known once the region is."""

    def __init__(self, file: BinaryIO, mapping: bytes, observed_at: datetime | None) -> None:
        self._file, self._mapping, self._observed_at = file, mapping, observed_at

    def on(self, zone: ZoneInfo) -> Asked:
        observed_at = self._observed_at.replace(tzinfo=zone) if self._observed_at else None
        return Asked(self._file, self._mapping, BYTES_MAX, observed_at)


def _source_of(file: Path) -> str:
    return re.sub(r"[^a-z0-9._-]+", "-", file.stem.lower()).strip("-._")[:64] or "list"


def _import(
    settings: Settings, slug: str | None, asking: _Asking, *, applies: bool, skip_bad_rows: bool, samples: int
) -> int:
    """Preview, and apply where it may be; return how many problems there are."""

    async def work(pool: Pool, _links: RedisLinks | None, regions: dict[str, UUID]) -> int:
        if len(regions) != 1:
            known = ", ".join(regions) or "none yet: halte region add"
            raise click.ClickException(f"Name the region with --region. Known: {known}.")
        (region_id,) = regions.values()
        zone = ZoneInfo(await pool.fetchval("SELECT timezone FROM region WHERE id = $1", region_id))
        shown = await preview(pool, region_id, zone, asking.on(zone), COMMAND_LINE)
        for line in lines_of(view(shown, "en"), samples):
            click.echo(line)
        click.echo("")
        if applies and (skip_bad_rows or not shown.fault_count):
            await _apply(settings, pool, region_id, zone, shown)
        elif applies:
            click.echo("Nothing was applied: mend the problems, or leave those rows out with --skip-bad-rows.")
        else:
            click.echo("Nothing was applied. --apply does it.")
        return 0 if applies and skip_bad_rows else shown.fault_count

    return on_regions(settings, slug, work)


async def _apply(settings: Settings, pool: Pool, region_id: UUID, zone: ZoneInfo, shown: Preview) -> None:
    """Write through a lane of our own; running nodes learn of it by their relay."""

    async def publish(_: Range) -> None:
        return None

    async with pool.acquire() as connection:
        await tie_epoch(connection, region_id)
    lane = Lane(pool, region_id, InventoryWriter(region_id, zone), publish, settings)
    lane.start()
    try:
        outcomes = await apply(lane, shown)
    finally:
        await lane.stop()
    if shown.changes_nothing:
        click.echo("Applied: everything is as the file says already.")
        return
    told = ", ".join(f"{number} {outcome}" for outcome, number in sorted(outcomes.items()))
    click.echo(f"Applied.{f' Counts: {told}.' if told else ''}")
