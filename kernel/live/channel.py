"""A channel: the screens of one audience at one pace, served together from one view."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from kernel.journal import Head
from kernel.live.connection import Connection
from kernel.live.frames import RESYNC, Frame, beat, delta, snapshot
from kernel.live.owing import Sent
from kernel.live.view import View

# More subjects than this are fetched over HTTP, where they come from cached bytes.
LARGE = 5_000
_NOWHERE = -1

_Made: TypeAlias = tuple[Frame, Sent]


@dataclass(frozen=True, slots=True)
class Stage:
    """What one slice of a tick knows, read once. `beat_to`: what the last beat told everybody to be the head.

    `now` is for screens; `now_s`, by a clock that nobody sets, for what they owe.
    """

    head: Head
    now: datetime
    now_s: float
    live: str
    beat_to: int
    # What the metrics want to know of this slice.
    tally: Counter[str] = field(default_factory=Counter)


class Channel:
    __slots__ = ("_beats", "_made", "connections", "view", "waited")

    def __init__(self, view: View) -> None:
        self.view = view
        self.connections: set[Connection] = set()
        # How many could not be served in the last tick.
        self.waited = 0
        # The frames of this tick, by where a screen stands: made when the first one needs it.
        self._made: dict[object, _Made | None] = {}
        self._beats: dict[int, Frame] = {}

    def flush(self, stage: Stage) -> None:
        """Serve every screen that may be served with what it has not been sent yet.

        Nearly all stand where the one before them stood, and finding that out would be most of what each costs.
        """
        seq, generation, now_s = stage.head.seq, self.view.generation, stage.now_s
        to, waited, alike = max(self.view.peak(), stage.beat_to), 0, 0
        same_at, same_to, same = _NOWHERE, _NOWHERE, None
        for connection in self.connections:
            at, current = connection.at, connection.generation == generation
            if current and at >= seq and not connection.greet:
                continue
            if connection.away or (connection.owing.full_from_s < now_s and connection.owing.refuses(now_s)):
                waited += 1
            elif not current or connection.greet:
                self._send(connection, self._find(connection, stage, to, current=current), stage)
            elif at == same_at and connection.to == same_to and same is not None:
                connection.go_on(same[0], same[1], seq)
                alike += 1
            else:
                same_at, same_to = at, connection.to
                same = self._find(connection, stage, to, current=True)
                self._send(connection, same, stage)
                if same is not None and same[0] is RESYNC:
                    same = None
        self.waited = waited
        stage.tally["waited"] += waited
        stage.tally["delta"] += alike
        self._made.clear()
        self._beats.clear()

    def _find(self, connection: Connection, stage: Stage, to: int, *, current: bool) -> _Made | None:
        """Return the frame of all who stand where this one does."""
        key = (connection.at, connection.to, connection.greet, connection.fetched) if current else None
        if key not in self._made:
            self._made[key] = self._make(connection, stage, to)
        return self._made[key]

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
        self._beats.clear()

    def _send(self, connection: Connection, made: _Made | None, stage: Stage) -> None:
        if made is None:
            connection.at = stage.head.seq
            return
        frame, sent = made
        stage.tally[frame.name] += 1
        if frame is RESYNC:
            connection.send_away(frame)
            return
        greets = connection.greet and frame.name == "delta"
        connection.send(frame, sent, stage.head.seq, self.view.generation)
        if greets:
            # A snapshot says what time it is and where it comes from; a first delta cannot.
            connection.send_beat(self._beat(stage, sent[0]), sent[0])

    def _make(self, connection: Connection, stage: Stage, to: int) -> _Made | None:
        if connection.generation == self.view.generation:
            frame = self._make_delta(connection, stage, to)
        else:
            frame = RESYNC if self.view.exceeds(LARGE) else self._make_snapshot(stage, to)
        return None if frame is None else (frame, (to, len(frame.payload), stage.now_s))

    def _make_snapshot(self, stage: Stage, to: int) -> Frame:
        stage.tally["encoded"] += 1
        arrays = self.view.everything().arrays(self.view.kinds)
        return snapshot(stage.head.epoch, to, stage.now, stage.live, arrays)

    def _make_delta(self, connection: Connection, stage: Stage, to: int) -> Frame | None:
        parts = self.view.since(connection.at)
        if len(parts) > LARGE:
            return RESYNC
        if self.view.privy:
            parts.extend(self.view.reserved_since(connection.at, whole=connection.fetched))
        if not (connection.greet or len(parts)):
            return None
        stage.tally["encoded"] += 1
        return delta(connection.to, to, parts)

    def _beat(self, stage: Stage, to: int) -> Frame:
        frame = self._beats.get(to)
        if frame is None:
            frame = self._beats[to] = beat(stage.now, to, stage.live)
        return frame
