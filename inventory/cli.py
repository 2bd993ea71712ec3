"""`halte verify` and `halte rebuild`: is everything as it should be, and Redis anew from Postgres."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

import click

from inventory.differences import Verification
from inventory.rebuilding import RedisEmptiedError, RedisLeadsError, rebuild_region, renew_epoch
from inventory.verifying import verify_region
from kernel.commanding import as_sentences, settings_of
from kernel.postgres import Pool, open_pool
from kernel.redis import RedisLinks, open_redis
from kernel.settings import Settings

T = TypeVar("T")
# What a package above compares in a region, beside what is compared here.
Further = Callable[[Pool, UUID, Verification], Awaitable[None]]
Work = Callable[[Pool, "RedisLinks | None", dict[str, UUID]], Awaitable[T]]

_region_option = click.option("--region", "slug", help="The region's slug; without it, all regions.")


def verify_command(further: Further) -> click.Command:
    """Return `halte verify`, which goes further in each region."""

    @click.command()
    @_region_option
    @click.pass_context
    def verify(context: click.Context, slug: str | None) -> None:
        """Prove that journal, tables and Redis say the same.

        Recounts every unit from its history, looks whether requests and placements follow their holds, and prints one
        line per difference: region, what, id, expected, found. Changes nothing, and may run beside a working system.
        Ends with 1 if anything differs.
        """

        async def work(pool: Pool, links: RedisLinks | None, regions: dict[str, UUID]) -> bool:
            clean = True
            for region_id in regions.values():
                found = await verify_region(pool, links, region_id)
                await further(pool, region_id, found)
                _show(found)
                clean = clean and found.clean
            return clean

        if not on_regions(settings_of(context), slug, work):
            context.exit(1)

    return verify


def _show(found: Verification) -> None:
    for difference in found.differences:
        click.echo(str(difference))
    if found.omitted:
        click.echo(f"{found.region}  and {found.omitted} more")
    result = "clean" if found.clean else f"{len(found.differences) + found.omitted} differences"
    click.echo(
        f"{found.region}: {result} at seq {found.seq}; {found.entries} journal entries, {found.units} units, "
        f"{found.shelters} shelters, {found.reports} report lines, {found.holds} holds; Redis: {found.redis}"
    )


@click.command()
@_region_option
@click.option("--new-epoch", is_flag=True, help="First give the region a new epoch; see above for when.")
@click.pass_context
def rebuild(context: click.Context, slug: str | None, new_epoch: bool) -> None:
    """Rebuild the live board in Redis from Postgres.

    Costs nobody anything: a working system does the same by itself when Redis was emptied.

    With --new-epoch every node, every screen and Redis forget the sequence numbers they know and
    load the board anew. This is needed after a dump was restored into the same database, where
    nothing else shows that the numbers of the journal mean something else now. (In another
    database, on another server or after a failover Halte notices by itself.)
    """
    settings = settings_of(context)
    if settings.redis_url is None and not new_epoch:
        raise click.ClickException("No Redis: set REDIS_URL.")

    async def work(pool: Pool, links: RedisLinks | None, regions: dict[str, UUID]) -> None:
        for name, region_id in regions.items():
            if new_epoch:
                click.echo(f"{name}: new epoch {await renew_epoch(pool, region_id)}")
            if links is not None:
                done = await rebuild_region(pool, links, region_id, settings.redis_timeout_s)
                click.echo(f"{name}: rebuilt at seq {done.seq}, {done.subjects} subjects, epoch {done.epoch}")

    on_regions(settings, slug, work)


def on_regions(settings: Settings, slug: str | None, work: Work[T]) -> T:
    """Do the work on the servers of the settings; what goes wrong becomes a sentence."""
    if settings.database_url is None:
        raise click.ClickException("No database: set DATABASE_URL.")
    with as_sentences():
        try:
            return asyncio.run(_connected(settings, slug, work))
        except RedisLeadsError as error:
            raise click.ClickException(f"{error}: numbers were lost. Use --new-epoch.") from None
        except RedisEmptiedError as error:
            raise click.ClickException(f"The board was {error}.") from None


async def _connected(settings: Settings, slug: str | None, work: Work[T]) -> T:
    pool = await open_pool(settings, "command line")
    links = open_redis(settings, "command-line")
    try:
        rows = await pool.fetch("SELECT id, slug FROM region ORDER BY slug")
        regions = {row["slug"]: row["id"] for row in rows if slug in {None, row["slug"]}}
        if slug is not None and not regions:
            known = ", ".join(row["slug"] for row in rows) or "none yet"
            raise click.ClickException(f"No region {slug!r}. Known: {known}.")
        return await work(pool, links, regions)
    finally:
        if links is not None:
            await links.close()
        await pool.close()
