"""One screen's connection: what it was told, what it owes, and so what it has not been sent yet.

The set of subjects not sent yet is not kept but derived: it is what changed after `at`. A screen
that falls behind costs a few numbers, and gets the latest state, not every one in between.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from kernel.access.model import Principal
from kernel.live.frames import Frame
from kernel.live.owing import Owing, Sent
from kernel.live.pens import Pen
from kernel.live.problems import BadAck

# Beats in a row that may find a screen taking nothing of what was written to it.
_STUCK_BEATS_MAX = 2
NO_GENERATION = -1


@dataclass(slots=True, eq=False)
class Connection:
    """`at`: the seq of the mirror up to which it was served; `to`: the seq that it was told (I11)."""

    pen: Pen
    principal: Principal
    language: str = "en"
    at: int = 0
    to: int = 0
    # The view's generation that its board belongs to; another one, and it gets a snapshot.
    generation: int = NO_GENERATION
    # It has just said hello: it gets an answer even when nothing changed.
    greet: bool = False
    # It was sent `resync` and says hello again when it has fetched the board.
    away: bool = False
    # It has done so just now: over HTTP nothing reserved is told, so the next delta brings all of that.
    fetched: bool = False
    closing: bool = False
    owing: Owing = field(default_factory=Owing)
    _highest: int = 0
    _stuck_beats: int = 0
    _taken: int = 0

    def waits(self, now_s: float) -> bool:
        """Say whether it may not be sent another snapshot or delta now."""
        return self.away or self.owing.is_full(now_s)

    def resume(self, after: int, generation: int) -> None:
        """It has a board at `after` and wants what came since."""
        self.at = self.to = after
        self.generation = generation
        self.greet, self.fetched, self.away = True, self.away, False
        self._highest = max(self._highest, after)

    def start_anew(self) -> None:
        """It has no board that could be continued."""
        self.outdate()
        self.away = False

    def outdate(self) -> None:
        """Something that it has not been told of can be told no more: a snapshot next."""
        self.generation = NO_GENERATION

    def send(self, frame: Frame, sent: Sent, at: int, generation: int) -> None:
        """Send a snapshot or delta that brings it to `at`."""
        self.at, self.generation, self.greet, self.fetched = at, generation, False, False
        self.to = to = sent[0]
        self._highest = max(self._highest, to)
        self.owing.add(sent)
        self.pen.write(frame)

    def go_on(self, frame: Frame, sent: Sent, at: int) -> None:
        """Send a delta to one that has said hello long ago and has the view's board: `send`, with nothing to reset."""
        self.at = at
        self.to = to = sent[0]
        self._highest = max(self._highest, to)
        self.owing.add(sent)
        self.pen.write(frame)

    def send_away(self, frame: Frame) -> None:
        """Send it to fetch the board over HTTP."""
        self.away = True
        self.owing.forget()
        self.pen.write(frame)

    def send_beat(self, frame: Frame, to: int) -> None:
        if not self.pen.crowded:
            self.to, self._highest = to, max(self._highest, to)
            self.pen.write(frame)

    def is_stuck(self) -> bool:
        """Say, asked once a beat, whether the other side has long taken nothing of what lies before it.

        Acknowledgements do not show that: their numbers can be had from another connection.
        """
        taken, before = self.pen.taken, self._taken
        self._taken = taken
        if self.pen.drowned:
            return True
        stands = self.pen.ending or (self.pen.crowded and taken == before)
        self._stuck_beats = self._stuck_beats + 1 if stands else 0
        return self._stuck_beats > _STUCK_BEATS_MAX

    def acknowledge(self, to: int, now_s: float) -> bool:
        """Take an acknowledgement; say whether it waited for one. BadAck where it was never told that number."""
        if to > self._highest:
            raise BadAck
        # Also where one more could have gone by now: nothing has gone since, so that nobody else wakes the tick.
        waited = self.away or now_s > self.owing.full_from_s
        self.owing.settle(to, now_s)
        return waited
