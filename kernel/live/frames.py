"""Frames: the JSON that goes over the wire, both ways (subprotocol halte.v1). Pure.

Bodies arrive here as JSON already; a frame is joined from their bytes, never decoded and encoded
again. A frame is made once and shared by every screen that needs the same one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Annotated, Any
from uuid import UUID

import msgspec

from kernel.live.problems import BadMessage

SUBPROTOCOL = "halte.v1"

# What a JavaScript number holds exactly.
_Seq = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]


class Hello(msgspec.Struct, tag_field="t", tag="hello", frozen=True):
    """The first message: where the screen stands, and its ticket where it has no cookie."""

    after: _Seq | None = None
    epoch: UUID | None = None
    ticket: Annotated[str, msgspec.Meta(max_length=512)] | None = None


class Ack(msgspec.Struct, tag_field="t", tag="ack", frozen=True):
    to: _Seq


_decoder = msgspec.json.Decoder(Hello | Ack)
_encode = msgspec.json.Encoder().encode


def parse(text: str) -> Hello | Ack:
    """Read what a screen sent; BadMessage where it is neither of the two."""
    try:
        message: Hello | Ack = _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise BadMessage from error
    return message


class Frame:
    """One encoded frame. `name` is its kind, for the metrics."""

    def __init__(self, name: str, payload: bytes) -> None:
        self.name = name
        self.payload = payload

    @cached_property
    def text(self) -> str:
        return self.payload.decode()

    @cached_property
    def websocket(self) -> bytes:
        """The same as an unmasked, final text frame of RFC 6455, ready for a transport."""
        size = len(self.payload)
        if size < 126:
            return bytes((0x81, size)) + self.payload
        if size < 65_536:
            return b"\x81\x7e" + size.to_bytes(2, "big") + self.payload
        return b"\x81\x7f" + size.to_bytes(8, "big") + self.payload


class Wire(bytes):
    """An encoded subject. It never changes: what somebody has read in it may be kept with it, and goes when it goes."""

    noted: Any = None


@dataclass(slots=True)
class Parts:
    """Encoded subjects by kind, and the ids of those that are gone."""

    kinds: dict[str, list[Wire]]
    gone: list[UUID]

    def __len__(self) -> int:
        return sum(map(len, self.kinds.values())) + len(self.gone)

    def extend(self, other: Parts) -> None:
        for kind, encoded in other.kinds.items():
            self.kinds.setdefault(kind, []).extend(encoded)
        self.gone += other.gone

    def arrays(self, always: Iterable[str] = ()) -> bytes:
        """Join to `"units":[…],"shelters":[…]`; kinds of `always` appear even when empty."""
        kinds: dict[str, list[Wire]] = {kind: [] for kind in always} | self.kinds
        members = [b'"%ss":[%s]' % (kind.encode(), b",".join(parts)) for kind, parts in kinds.items()]
        if self.gone:
            members.append(b'"gone":' + _encode(self.gone))
        return b",".join(members)


def stamp(seq: int, body: bytes) -> Wire:
    """Put the seq into a body, as its first member."""
    rest = body.lstrip()[1:].lstrip()
    return Wire(b'{"seq":%d%s%s' % (seq, b"" if rest.startswith(b"}") else b",", rest))


def instant(moment: datetime) -> str:
    """RFC 3339, UTC, milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def snapshot(epoch: UUID, seq: int, now: datetime, live: str, arrays: bytes) -> Frame:
    head = b'{"t":"snapshot","epoch":"%s","seq":%d,"now":"%s","live":"%s",'
    return Frame("snapshot", head % (str(epoch).encode(), seq, instant(now).encode(), live.encode()) + arrays + b"}")


def delta(after: int, to: int, parts: Parts) -> Frame:
    arrays = parts.arrays()
    comma = b"," if arrays else b""
    return Frame("delta", b'{"t":"delta","from":%d,"to":%d%s%s}' % (after, to, comma, arrays))


def beat(now: datetime, to: int, live: str) -> Frame:
    return Frame("beat", b'{"t":"beat","now":"%s","to":%d,"live":"%s"}' % (instant(now).encode(), to, live.encode()))


RESYNC = Frame("resync", b'{"t":"resync"}')


def bye(slug: str, why: str) -> Frame:
    return Frame("bye", _encode({"t": "bye", "slug": slug, "why": why}))
