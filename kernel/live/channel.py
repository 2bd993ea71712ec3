"""A channel: the screens of one audience at one pace, served together from one view."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from kernel.journal import Head
from kernel.live.connection import Connection
from kernel.live.frames import RESYNC, Frame, beat, delta, snapshot
from kernel.live.view import View

# More subjects than this are fetched over HTTP, where they come from cached bytes.
LARGE = 5_000


@dataclass(frozen=True, slots=True)
class Stage:
    """What one slice of a tick knows, read once. `beat_to`: what the last beat told everybody to be the head."""

    head: Head
    now: datetime
    live: str
    beat_to: int
    # What the metrics want to know of this slice.
    tally: Counter[str] = field(default_factory=Counter)


class Channel:
    __slots__ = ("_made", "connections", "view")

    def __init__(self, view: View) -> None:
        self.view = view
        self.connections: set[Connection] = set()
        # The frames of this tick, by where a screen stands: made when the first one needs it.
        self._made: dict[object, Frame | None] = {}

    def flush(self, stage: Stage) -> None:
        """Serve every screen that may be served with what it has not been sent yet."""
        to = max(self.view.peak(), stage.beat_to)
        for connection in self.connections:
            if connection.waits:
                stage.tally["waited"] += 1
            elif connection.generation != self.view.generation:
                self._send(connection, self._snapshot(stage, to), stage, to)
            elif connection.greet or connection.at < stage.head.seq:
                self._send(connection, self._delta(connection, stage, to), stage, to)
        self._made.clear()

    def beat(self, stage: Stage) -> None:
        """Tell everybody the time; those who are up to date also learn the head, as far as it is theirs to know."""
        generation, head = self.view.generation, max(self.view.peak(), stage.beat_to)
        # Whoever has all that is not reserved from them is up to date: the rest of the journal may not show (I11).
        whole = max(self.view.reserved_peak(), stage.beat_to)
        for connection in self.connections:
            current = connection.at >= whole and connection.generation == generation
            to = head if current else connection.to
            connection.send_beat(self._beat(stage, to), to)
            stage.tally["beat"] += 1
        self._made.clear()

    def _send(self, connection: Connection, frame: Frame | None, stage: Stage, to: int) -> None:
        if frame is None:
            connection.at = stage.head.seq
            return
        stage.tally[frame.name] += 1
        if frame is RESYNC:
            connection.send_away(frame)
            return
        greeted = connection.greet and frame.name == "delta"
        connection.send(frame, stage.head.seq, to, self.view.generation)
        if greeted:
            # A snapshot says what time it is and where it comes from; a first delta cannot.
            connection.send_beat(self._beat(stage, to), to)

    def _snapshot(self, stage: Stage, to: int) -> Frame:
        frame = self._made.get("snapshot")
        if frame is None:
            large = self.view.exceeds(LARGE)
            frame = RESYNC if large else self._make_snapshot(stage, to)
            self._made["snapshot"] = frame
        return frame

    def _make_snapshot(self, stage: Stage, to: int) -> Frame:
        stage.tally["encoded"] += 1
        arrays = self.view.everything().arrays(self.view.kinds)
        return snapshot(stage.head.epoch, to, stage.now, stage.live, arrays)

    def _delta(self, connection: Connection, stage: Stage, to: int) -> Frame | None:
        key = (connection.at, connection.to, connection.greet, connection.fetched)
        if key not in self._made:
            self._made[key] = self._make_delta(connection, stage, to)
        return self._made[key]

    def _make_delta(self, connection: Connection, stage: Stage, to: int) -> Frame | None:
        parts = self.view.since(connection.at)
        if len(parts) > LARGE:
            return RESYNC
        if self.view.privy:
            parts = parts.joined(self.view.reserved_since(connection.at, whole=connection.fetched))
        if not (connection.greet or len(parts)):
            return None
        stage.tally["encoded"] += 1
        return delta(connection.to, to, parts)

    def _beat(self, stage: Stage, to: int) -> Frame:
        key = ("beat", to)
        frame = self._made.get(key)
        if frame is None:
            frame = self._made[key] = beat(stage.now, to, stage.live)
        return frame
