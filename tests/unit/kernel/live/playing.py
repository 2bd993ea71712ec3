"""A small world for the tests of the live board: bodies, audiences, a journal in memory, and a screen.

Bodies are {"id", "free", "secret", "owner"}. The audience "desk" sees everything exactly; "public" sees
only a band of what is secret; ("own", x) sees exactly what x owns, and nothing else at all. Notes are
reserved, with bodies {"id", "text", "circles"}: "insiders" see the board as "public", and the notes of circle
"in"; ("phone", x) sees what ("own", x) sees, and the notes of circle x.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from kernel.access.model import Principal, public_principal
from kernel.ids import new_id
from kernel.journal import Head, Range, Subject
from kernel.live.connection import Connection
from kernel.live.frames import Frame
from kernel.live.hub import BoardBytes, Hub
from kernel.live.owing import Owing
from kernel.live.pens import Pen
from kernel.live.shelves import Lens, Reserve

KINDS = ("unit", "shelter")
NOTE = "note"
# Reserved kinds that a screen may come across, here and in the product.
MARKS = (NOTE, "request", "placement")
# Two frames of one unit each go into it, and no third one.
ROOM_BYTES = 320


def still() -> float:
    """A clock that stands: no acknowledgement is late, however busy the machine is."""
    return 0.0


def body_of(subject_id: UUID, free: int, *, secret: bool = False, owner: str = "a") -> bytes:
    return json.dumps({"id": str(subject_id), "free": free, "secret": secret, "owner": owner}).encode()


def note_of(subject_id: UUID, text: int, *circles: str) -> bytes:
    return json.dumps({"id": str(subject_id), "text": text, "circles": circles}).encode()


def band(free: int) -> str:
    return "0" if free <= 0 else "1-2" if free < 3 else "3+"


def sees_exactly(kind: str, body: bytes, audience: Hashable) -> bool:
    known = json.loads(body)
    if kind == NOTE:
        return not insight(audience)[0].isdisjoint(known["circles"])
    if isinstance(audience, tuple):
        return bool(known["owner"] == audience[1])
    return audience == "desk" or not known["secret"]


def project(kind: str, body: bytes, audience: Hashable) -> bytes | None:
    if sees_exactly(kind, body, audience):
        return body
    return None if isinstance(audience, tuple) or kind == NOTE else mask(json.loads(body))


def mask(known: dict[str, Any]) -> bytes:
    return json.dumps({"id": known["id"], "band": band(known["free"]), "masked": True}).encode()


def judge(_kind: str, body: bytes) -> tuple[str, bytes | None]:
    known = json.loads(body)
    return known["owner"], mask(known) if known["secret"] else None


def sight(audience: Hashable) -> tuple[frozenset[str], bool]:
    if isinstance(audience, tuple):
        return frozenset(audience[1]), True
    return frozenset("abc" if audience == "desk" else ""), False


def insight(audience: Hashable) -> tuple[frozenset[str], tuple[str, ...]]:
    if audience == "insiders":
        return frozenset({"in"}), (NOTE,)
    phone = isinstance(audience, tuple) and audience[0] == "phone"
    return (frozenset({audience[1]}), (NOTE,)) if phone and isinstance(audience, tuple) else (frozenset(), ())


LENS = Lens(judge, sight, Reserve(frozenset({NOTE}), lambda _kind, body: json.loads(body)["circles"], insight))


def visible_change(old: bytes | None, new: bytes) -> bool:
    """What a writer must say about an entry (I11): does a masked audience see a difference?"""
    return old is None or project("unit", old, "public") != project("unit", new, "public")


@dataclass(slots=True)
class History:
    """A region's journal in memory: the truth that screens are compared with."""

    region_id: UUID = field(default_factory=new_id)
    epoch: UUID = field(default_factory=new_id)
    seq: int = 0
    entries: list[Subject] = field(default_factory=list)
    # The tombstones that Postgres has forgotten.
    purged: set[Subject] = field(default_factory=set)

    def board(self) -> dict[UUID, Subject]:
        board = {subject.id: subject for subject in self.entries}
        return {id: subject for id, subject in board.items() if subject not in self.purged}

    def purge(self) -> None:
        """Forget every note that is gone, but for the newest entry's."""
        self.purged |= {s for s in self.board().values() if s.kind == NOTE and s.gone and s.seq < self.seq}

    def write(self, changes: Iterable[tuple[UUID, bytes | None]], kind: str = "unit") -> Range:
        """Commit one batch; a body of None removes the subject."""
        after, board = self.seq, self.board()
        for subject_id, body in changes:
            self.seq += 1
            old = board.get(subject_id)
            gone = body is None
            kept = body if body is not None else old.body if old else body_of(subject_id, 0)
            visible = kind != NOTE and (gone or old is None or old.gone or visible_change(old.body, kept))
            stamp = self.seq if visible or old is None else old.visible_seq
            self.entries.append(Subject(kind, subject_id, self.seq, stamp, gone, kept))
        return Range(self.region_id, self.epoch, after, self.seq, tuple(self.entries[after:]))

    def put(self, subject_id: UUID, body: bytes, *, gone: bool = False, kind: str = "unit") -> Range:
        """Commit a body as it is, whatever it says."""
        self.seq += 1
        self.entries.append(Subject(kind, subject_id, self.seq, self.seq, gone, body))
        return self.range(self.seq - 1, self.seq)

    def range(self, after: int, to: int) -> Range:
        return Range(self.region_id, self.epoch, after, to, tuple(self.entries[after:to]))

    def head(self) -> Head:
        return Head(self.epoch, self.seq)

    def restore(self, seq: int) -> None:
        """Postgres was restored: what came after `seq` never happened, and the epoch is another."""
        self.epoch, self.seq = new_id(), seq
        del self.entries[seq:]

    def shown_to(self, audience: Hashable) -> dict[str, dict[str, Any]]:
        """The fresh snapshot of an audience, made without any of the code under test."""
        shown = {}
        for subject in self.board().values():
            body = None if subject.gone else project(subject.kind, subject.body, audience)
            if body is not None:
                exact = sees_exactly(subject.kind, subject.body, audience)
                seq = subject.seq if exact else subject.visible_seq
                shown[str(subject.id)] = {"seq": seq} | json.loads(body)
        return shown


class Gap(Exception):
    """The screen found that it missed something."""


@dataclass(slots=True)
class Screen:
    """A client that follows docs/protocol.md and nothing else."""

    epoch: str | None = None
    to: int | None = None
    board: dict[str, dict[str, Any]] = field(default_factory=dict)
    live: str | None = None
    heard: list[dict[str, Any]] = field(default_factory=list)
    wants_board: bool = False

    def hear(self, frame: dict[str, Any]) -> int | None:
        """Take a frame; return what to acknowledge, if it is to be acknowledged."""
        self.heard.append(frame)
        self.live = frame.get("live", self.live)
        match frame["t"]:
            case "snapshot":
                self.epoch, self.to = frame["epoch"], frame["seq"]
                assert all(f"{kind}s" in frame for kind in KINDS)
                self.board = {item["id"]: item for kind in (*KINDS, *MARKS) for item in frame.get(f"{kind}s", ())}
                return self.to
            case "delta":
                return self._change(frame)
            case "beat":
                self.to = max(self.to or 0, frame["to"]) if self.epoch else self.to
            case "resync":
                self.wants_board = True
        return None

    def fetch(self, board: BoardBytes) -> None:
        """Take a board over HTTP."""
        self.board = {item["id"]: item for parts in board.kinds.values() for item in map(json.loads, parts)}
        self.to, self.epoch = board.seq, str(board.epoch)

    def _change(self, frame: dict[str, Any]) -> int:
        if self.to is None or frame["from"] > self.to:
            raise Gap(frame)
        for kind in (*KINDS, *MARKS):
            for item in frame.get(f"{kind}s", ()):
                if item["id"] not in self.board or item["seq"] > self.board[item["id"]]["seq"]:
                    self.board[item["id"]] = item
        for gone in frame.get("gone", ()):
            self.board.pop(gone, None)
        self.to = int(frame["to"])
        return self.to


class Cable(Pen):
    """A pen that keeps what was written until somebody takes it out at the other end."""

    __slots__ = ("aborted", "closing", "frames", "settled", "written")

    def __init__(self) -> None:
        self.aborted = self.closing = False
        # For how many of the frames an acknowledgement has stood.
        self.settled = 0
        self.frames: list[dict[str, Any]] = []
        self.written: list[Frame] = []

    def write(self, frame: Frame) -> None:
        self.written.append(frame)
        self.frames.append(json.loads(frame.payload))

    def settle(self, to: int) -> None:
        """Reckon what an acknowledgement stands for: all up to the last frame that told this number."""
        told = [json.loads(frame.payload) for frame in self.written]
        numbers = [one.get("to", one.get("seq")) if one["t"] in {"snapshot", "delta"} else None for one in told]
        self.settled = max((place for place, number in enumerate(numbers, 1) if number == to), default=self.settled)

    def owed(self) -> list[Frame]:
        """Return what was written and is neither taken nor stood for, oldest first."""
        waiting = self.written[max(len(self.written) - len(self.frames), self.settled) :]
        return [frame for frame in waiting if frame.name in {"snapshot", "delta"}]

    @property
    def crowded(self) -> bool:
        return len(self.frames) > 4

    @property
    def taken(self) -> int:
        return len(self.written) - len(self.frames)

    @property
    def ending(self) -> bool:
        return self.closing

    def abort(self) -> None:
        self.aborted = True

    def take(self) -> dict[str, Any] | None:
        return self.frames.pop(0) if self.frames else None


def somebody(region_id: UUID | None = None) -> Principal:
    return public_principal(region_id or new_id())


def connect() -> tuple[Connection, Cable]:
    cable = Cable()
    return Connection(cable, somebody(), owing=Owing(ROOM_BYTES, ROOM_BYTES)), cable


def board_of(hub: Hub, audience: Hashable, keep: Callable[[Subject], bool] | None = None) -> BoardBytes:
    """Ask for the board as routes do, and let nothing else run in between."""
    asked = hub.snapshot(audience, keep)
    while True:
        try:
            asked.send(None)
        except StopIteration as ended:
            board: BoardBytes = ended.value
            return board
