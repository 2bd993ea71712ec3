"""Looking at the live board over HTTP: what is kept of it, by which ETag it goes, and whether the asker has it already.

Shared by every shape that GET gives the board, so that filters, masks (I11) and ETags cannot differ between them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from litestar import Response
from litestar.openapi.datastructures import ResponseSpec

from inventory.directory import Filter, kept
from inventory.model.audience import Audience
from inventory.region import Region
from inventory.routes.answering import ApiRequest, audience_of, region_of
from kernel.live.hub import BoardBytes

UNCHANGED = {304: ResponseSpec(None, description="Nothing changed since the ETag.", generate_examples=False)}


@dataclass(frozen=True, slots=True)
class Look:
    """The board as this asker may see it. `about` maps a unit's id to what it is and where."""

    region: Region
    board: BoardBytes
    about: Mapping[str, Mapping[str, Any]]
    headers: dict[str, str]
    known: bool

    @property
    def now(self) -> datetime:
        return self.region.clock.now().astimezone(UTC)

    def answer(self, body: bytes, media_type: str) -> Response[bytes]:
        return Response(body, media_type=media_type, headers=self.headers)

    def unchanged(self) -> Response[bytes]:
        return Response(b"", status_code=304, headers=self.headers)


async def look(request: ApiRequest, wanted: Filter, shape: str) -> Look:
    """Return what the asker sees of the board through a filter; `shape` is what it will be told in."""
    region = await region_of(request)
    audience = audience_of(request.user)
    about, hub = region.directory.units(), region.live.hub
    head = hub.head(audience)
    board = BoardBytes(head.epoch, head.seq, region.live.mirror.source, {})
    etag = etag_of(audience, board, wanted, shape)
    headers = {"ETag": etag, "Cache-Control": "no-cache", "Vary": "Cookie, Authorization"}
    known = names_it(request.headers.get("if-none-match"), etag)
    if not known:
        ids = None if wanted.empty else kept(about, wanted)
        # It begins before anything else may run, and so is what the ETag names.
        board = await hub.snapshot(audience, None if ids is None else lambda subject: subject.id in ids)
    return Look(region, board, about, headers, known)


def etag_of(audience: Audience, board: BoardBytes, wanted: Filter, shape: str) -> str:
    """Name exactly this answer. It moves with what the audience can see and with nothing else (I11).

    The hash says nothing to whoever sees it, and is the same on every node.
    """
    own = sorted(shelter.hex for shelter in audience.own)
    words = f"{shape}|{own}|{audience.only_own}|{board.epoch}|{board.seq}|{wanted!r}|{board.live}".encode()
    return f'"{blake2b(words, digest_size=12).hexdigest()}"'


def names_it(header: str | None, etag: str) -> bool:
    """Tell whether an If-None-Match header names this ETag; a proxy may have made it a weak one."""
    named = {one.strip().removeprefix("W/") for one in (header or "").split(",")}
    return etag in named or "*" in named
