"""Mapping: gives a region its map, and tells screens what a region is.

Screens open while Postgres is away, so a node keeps the last map that it read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from inventory.model.region_map import NotAMap, RegionMap, read_map
from inventory.problems import NotReady
from inventory.tables import region_map
from kernel.live.truth import POSTGRES_AWAY
from kernel.postgres import Pool
from kernel.settings import Settings

# Where a PMTiles file of this machine is served, if the settings name one.
TILES_PATH = "/map/tiles.pmtiles"
_READ = """
SELECT r.slug, r.name, r.timezone, m.body FROM region r LEFT JOIN region_map m ON m.region_id = r.id WHERE r.id = $1
"""


def background(settings: Settings) -> dict[str, str] | None:
    """Say what lies below the region's outline; None where nothing does, and no tile server is needed."""
    if settings.map_style_url is not None:
        return {"style": settings.map_style_url}
    if settings.map_pmtiles is None:
        return None
    return {"pmtiles": TILES_PATH if settings.map_pmtiles_file else settings.map_pmtiles}


@dataclass(frozen=True, slots=True)
class RegionCard:
    """What a screen is told of its region, and nothing that changes by the minute."""

    slug: str
    name: str
    timezone: str
    map: RegionMap | None


class Card:
    """One region's card: read anew for everybody who asks, and remembered for when that fails."""

    def __init__(self, pool: Pool, region_id: UUID) -> None:
        self._pool = pool
        self._region_id = region_id
        self._known: RegionCard | None = None

    async def read(self) -> RegionCard:
        try:
            row = await self._pool.fetchrow(_READ, self._region_id)
        except POSTGRES_AWAY:
            if self._known is None:
                raise
            return self._known
        if row is None:
            raise NotReady(region=str(self._region_id))
        found = None if row["body"] is None else msgspec.json.decode(row["body"], type=RegionMap)
        self._known = RegionCard(row["slug"], row["name"], row["timezone"], found)
        return self._known


async def put_map(engine: AsyncEngine, region_id: UUID, found: RegionMap, actor_id: UUID) -> None:
    """Replace the region's map as a whole."""
    values = {"body": msgspec.to_builtins(found), "actor_id": actor_id, "set_at": func.halte_now()}
    statement = insert(region_map).values(region_id=region_id, **values)
    async with engine.begin() as connection:
        await connection.execute(statement.on_conflict_do_update(index_elements=[region_map.c.region_id], set_=values))


async def has_map(engine: AsyncEngine, region_id: UUID) -> bool:
    async with engine.connect() as connection:
        found = await connection.execute(select(region_map.c.region_id).where(region_map.c.region_id == region_id))
        return found.first() is not None


def parse_map(content: bytes) -> RegionMap:
    """Read a map from the bytes of a GeoJSON file."""
    try:
        raw: Any = msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError) as error:
        raise NotAMap(f"This is not JSON: {error}.") from None
    return read_map(raw)
