"""Owing: what a screen was sent and has not acknowledged yet, and how much of that may be under way. Pure.

What lies on the way to a screen is old when it arrives: so no more may lie there than it takes in about
PROMPT_S. How much that is, its acknowledgements tell: a late one halves the window, a prompt one widens it a little.
The next frame is thought to be as long as the last one: a second board on the heels of a first is not let through.
"""

from __future__ import annotations

from math import inf
from typing import TypeAlias

# What a frame tells as `to`, how long it is, and when it was sent. Made once, and shared by all who were sent it.
Sent: TypeAlias = tuple[int, int, float]

# An acknowledgement within this is prompt; a screen that owes an older one gets nothing more for a while. A page puts
# one off for up to 0.12 s: only what is later than both tells of a slow line.
PROMPT_S, LATE_S = 0.3, 0.42
# So long after the newest, one more may go while less than a window is owed: a lost frame is noticed by the next.
AGAIN_S = 1.0
# Below so much it is only looked at whether it is older than LITTLE_S, and late acknowledgements narrow nothing: whom
# little is told may acknowledge once in a while.
LEAST_BYTES, LITTLE_S = 8_192, 0.6
FIRST_BYTES, MOST_BYTES, STEP_BYTES = 32_768, 131_072, 1_024


class Owing:
    """One screen's frames under way, oldest first. A frame of any size may go where nothing is owed.

    Up to `full_from_s` there is room: that is asked for every screen in every tick, so it is kept and not derived.
    """

    __slots__ = ("_bytes", "_frames", "_in_the_way", "_least", "_most", "_window", "full_from_s")

    def __init__(self, first: int = FIRST_BYTES, most: int = MOST_BYTES) -> None:
        self._frames: list[Sent] = []
        self._bytes = 0
        self._window = first
        self._least = min(LEAST_BYTES, most)
        self._most = most
        self._in_the_way = False
        self.full_from_s = inf

    def __len__(self) -> int:
        return len(self._frames)

    def is_full(self, now_s: float) -> bool:
        """Say whether nothing more may be sent now."""
        if now_s <= self.full_from_s:
            return False
        return self._bytes >= self._window or now_s < self._frames[-1][2] + AGAIN_S

    def refuses(self, now_s: float) -> bool:
        """As `is_full`, for who has something to send. Only a window that was in the way is widened: one that has
        grown unused would let much on to a line that becomes slow.
        """
        full = self.is_full(now_s)
        self._in_the_way = self._in_the_way or full
        return full

    def add(self, sent: Sent) -> None:
        size = sent[1]
        self._frames.append(sent)
        self._bytes = owed = self._bytes + size
        if owed + size > self._window:
            self.full_from_s = -inf
        elif owed >= self._least:
            self.full_from_s = self._frames[0][2] + PROMPT_S
        elif self.full_from_s == inf:
            self.full_from_s = sent[2] + LITTLE_S

    def settle(self, to: int, now_s: float) -> None:
        """Take an acknowledgement: it stands for every frame up to the last one that told this `to`.

        Another epoch may have brought the same numbers again, or lower ones; so order counts, not size. Of a
        number that stands with no frame any more, it stands for those below it.
        """
        frames = self._frames
        if frames and frames[-1][0] == to:
            self._judge(now_s - frames[-1][2])
            self.forget()
            return
        count = next((at for at in range(len(frames), 0, -1) if frames[at - 1][0] == to), 0)
        left = frames[count:] if count else [one for one in frames if one[0] > to]
        if count:
            self._judge(now_s - frames[count - 1][2])
        self.forget()
        for sent in left:
            self.add(sent)

    def forget(self) -> None:
        self._frames.clear()
        self._bytes = 0
        self.full_from_s = inf

    def _judge(self, took_s: float) -> None:
        if took_s > LATE_S:
            if self._bytes >= self._least:
                self._window = max(self._least, self._window // 2)
        elif took_s <= PROMPT_S and self._in_the_way and self._window < self._most:
            self._window = min(self._most, self._window + STEP_BYTES)
        self._in_the_way = False
