"""What the clerk keeps: of each unit every word that was said, in a list, and what the whole list comes to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from inventory.holding import Hold
from inventory.model.counting import Spoke
from inventory.moving import Move
from inventory.reporting import Line, Reporter

PIN = timedelta(minutes=30)


@dataclass
class Word:
    """One line of a report that was kept. `again`: its source had said just that before."""

    report: UUID
    nth: int
    by: Reporter
    at: datetime
    night: date
    line: Line
    again: bool = False

    @property
    def feed(self) -> bool:
        return self.by.spoke is Spoke.FEED

    @property
    def value(self) -> tuple[int, int] | None:
        return None if self.line.free is None else (self.line.free, self.line.over_by)

    @property
    def rank(self) -> tuple[datetime, UUID]:
        return self.at, self.report


@dataclass
class Came:
    """A movement."""

    work: Move
    at: datetime
    outcome: str
    void: bool = False


@dataclass
class Kept:
    """A hold, and how it ended: once, and perhaps once more by people who came after all."""

    work: Hold
    since: datetime
    state: str = "held"
    closed_at: datetime | None = None
    by_movement: UUID | None = None


@dataclass
class Book:
    """One unit. `shown_last` and `moved_at` serve whoever reports on the strength of what they saw."""

    id: UUID
    nightly: bool
    surge: bool
    capacity: int
    capacity_rank: tuple[datetime, UUID]
    words: list[Word] = field(default_factory=list)
    last_words: dict[UUID, tuple[datetime, bytes, int]] = field(default_factory=dict)
    stuck_by: UUID | None = None
    closed: bool = False
    reopened: list[datetime] = field(default_factory=list)
    ends: datetime | None = None
    seq: int = 0
    shown_last: Any = None
    moved_at: list[int] = field(default_factory=list)
    # What was found of the present words, so that reading them twice is no more work.
    found: tuple[Any, list[Word]] = (None, [])

    def corrected(self, word: Word) -> bool:
        """A feed's number is corrected by its later word about the same instant."""
        return word.feed and word.value is not None and any(
            other.by.id == word.by.id and other.at == word.at and other.nth > word.nth and other.value is not None
            for other in self.told
        )  # fmt: skip

    @property
    def told(self) -> list[Word]:
        """The words that are no repetitions."""
        return [word for word in self.words if not word.again]

    def pinned(self, word: Word) -> bool:
        """A feed that goes on saying what it said before a person looked is not heard for a while."""
        persons = [w for w in self.told if not w.feed and w.night == word.night and w.rank < word.rank]
        if not word.feed or word.value is None or not persons:
            return False
        person = max(persons, key=lambda w: w.rank).at
        since = word.at
        own = [w for w in self.told if w.by.id == word.by.id and w.at < word.at and not self.corrected(w)]
        for earlier in sorted((w for w in own if w.value is not None), key=lambda w: w.at, reverse=True):
            if earlier.value != word.value:
                break
            since = earlier.at
        opened = any(person < one < word.at for one in self.reopened)
        return since <= person and word.at <= person + PIN and not opened

    def heard(self) -> list[Word]:
        """The words that are neither repetitions nor pinned."""
        state = (len(self.words), self.words[-1].rank if self.words else None, len(self.reopened))
        if self.found[0] != state:
            self.found = (state, [w for w in self.told if not self.pinned(w)])
        return self.found[1]

    def stands(self, tonight: date) -> tuple[Word | None, Word | None]:
        """The count of tonight (or of the last night that was counted), and that of a night to come."""
        counts = [w for w in self.heard() if w.value is not None and not self.corrected(w)]
        now = [w for w in counts if w.night <= tonight]
        later = [w for w in counts if w.night > tonight]
        order: Callable[[Word], Any] = lambda w: (w.night, w.rank)  # noqa: E731
        return max(now, key=order, default=None), max(later, key=order, default=None)

    def fact(self, name: str) -> Word | None:
        """Who last stated a fact."""
        stated = [w for w in self.heard() if getattr(w.line, name) is not None]
        return max(stated, key=lambda w: w.rank, default=None)

    def counted_at(self, report: UUID | None) -> datetime | None:
        return next((w.at for w in self.words if w.report == report and w.value is not None), None)
