"""The background of the map from this machine: a PMTiles file, read in ranges, where a setting names one.

Whoever can load the page can load its tiles: they are a map of streets, and say nothing of shelters.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import HeaderParameter
from litestar.response import Stream

from inventory.mapping import TILES_PATH
from kernel.access.policies import OPEN
from kernel.problems import InvalidParameter
from kernel.settings import Settings

MEDIA_TYPE = "application/vnd.pmtiles"
# More than any reader of tiles asks for at once; who asks for more gets the beginning of it, as RFC 9110 allows.
RANGE_MAX_BYTES = 4 * 1_048_576
_CHUNK_BYTES = 262_144
_RANGE = re.compile(r"bytes=(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))", re.ASCII)


def tile_routes(settings: Settings) -> list[HTTPRouteHandler]:
    """Return the route of the tiles; none where they come from elsewhere or there are none."""
    file = settings.map_pmtiles_file
    return [] if file is None else [_tiles(file)]


def _tiles(file: Path) -> HTTPRouteHandler:
    @get(TILES_PATH, name="tiles", opt={"policy": OPEN}, include_in_schema=False)
    async def read_tiles(
        wanted: Annotated[str | None, HeaderParameter(name="Range")] = None,
    ) -> Response[bytes] | Stream:
        found = await asyncio.to_thread(file.stat)
        size = found.st_size
        headers = {
            "Accept-Ranges": "bytes",
            "Cache-Control": "no-cache",
            "ETag": f'"{found.st_mtime_ns:x}-{size:x}"',
        }
        span = span_of(wanted, size)
        if span is None:
            headers["Content-Length"] = str(size)
            return Stream(_whole(file), media_type=MEDIA_TYPE, headers=headers)
        first, length = span
        body = await asyncio.to_thread(_part, file, first, length)
        headers["Content-Range"] = f"bytes {first}-{first + len(body) - 1}/{size}"
        return Response(body, status_code=206, media_type=MEDIA_TYPE, headers=headers)

    return read_tiles


def span_of(wanted: str | None, size: int) -> tuple[int, int] | None:
    """Return where to begin and how much to read; None for the whole file, also where a Range makes no sense."""
    match = _RANGE.fullmatch((wanted or "").strip())
    if match is None:
        return None
    begin, end, tail = match.groups()
    first = max(0, size - int(tail)) if tail is not None else int(begin)
    last = size - 1 if tail is not None or not end else min(int(end), size - 1)
    if last < first:
        raise InvalidParameter(
            headers={"Content-Range": f"bytes */{size}"}, where="Range", why=f"the file has {size} bytes"
        )
    return first, min(last - first + 1, RANGE_MAX_BYTES)


def _part(file: Path, first: int, length: int) -> bytes:
    with file.open("rb") as opened:
        opened.seek(first)
        return opened.read(length)


async def _whole(file: Path) -> AsyncIterator[bytes]:
    first = 0
    while chunk := await asyncio.to_thread(_part, file, first, _CHUNK_BYTES):
        yield chunk
        first += len(chunk)
