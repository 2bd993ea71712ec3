"""One screen's connection: what it was told, what it owes, and so what it has not been sent yet.

The set of subjects not sent yet is not kept but derived: it is what changed after `at`. A screen
that falls behind costs a few numbers, and gets the latest state, not every one in between.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from kernel.access.model import Principal
from kernel.live.frames import Frame
from kernel.live.pens import Pen
from kernel.live.problems import BadAck

# Frames that may be under way to one screen. More would only queue up old states.
UNACKNOWLEDGED_MAX = 2
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
    _owed: tuple[int, ...] = field(default=())
    _highest: int = 0
    _stuck_beats: int = 0
    _taken: int = 0

    @property
    def waits(self) -> bool:
        """True while it may not be sent another snapshot or delta."""
        return self.away or len(self._owed) >= UNACKNOWLEDGED_MAX

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

    def send(self, frame: Frame, at: int, to: int, generation: int) -> None:
        """Send a snapshot or delta that brings it to `at`, told as `to`."""
        self.at, self.generation, self.greet, self.fetched = at, generation, False, False
        self._owed += (to,)
        self._tell(to)
        self.pen.write(frame)

    def send_away(self, frame: Frame) -> None:
        """Send it to fetch the board over HTTP."""
        self.away, self._owed = True, ()
        self.pen.write(frame)

    def send_beat(self, frame: Frame, to: int) -> None:
        if not self.pen.crowded:
            self._tell(to)
            self.pen.write(frame)

    def is_stuck(self) -> bool:
        """Say, asked once a beat, whether the other side has long taken nothing of what lies before it.

        Acknowledgements do not show that: their numbers can be had from another connection.
        """
        taken, before = self.pen.taken, self._taken
        self._taken = taken
        stands = self.pen.ending or (self.pen.crowded and taken == before)
        self._stuck_beats = self._stuck_beats + 1 if stands else 0
        return self._stuck_beats > _STUCK_BEATS_MAX

    def acknowledge(self, to: int) -> None:
        """Take an acknowledgement; BadAck where it names what this connection was never told.

        It stands for every frame up to the first one with that `to`: another epoch may have
        brought the same numbers again, or lower ones.
        """
        if to > self._highest:
            raise BadAck
        owed = self._owed
        if to in owed:
            self._owed = owed[owed.index(to) + 1 :]
        else:
            self._owed = tuple(one for one in owed if one > to)

    def _tell(self, to: int) -> None:
        self.to = to
        self._highest = max(self._highest, to)
