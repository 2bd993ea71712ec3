"""Shelves: every subject of the mirror, judged once for all views: whose it is, and what others are shown of it (I11).

Who may see a subject stands in its body. The body is read here when it changes, and never again for
an audience, a tick or a request: to decide is then to look into a set. Subjects stand in the order of
their last change, all together and by owner, so that who sees only their own pay for no others.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog

from kernel.journal import Subject
from kernel.live.frames import stamp

log = structlog.get_logger(__name__)

# (seq as an audience sees it, encoded subject or None for a tombstone)
Shown = tuple[int, bytes | None]


@dataclass(frozen=True, slots=True)
class Lens:
    """The pure functions of I11, given by whoever knows what bodies and audiences mean.

    `judge`: whose a subject is, and its body for everybody else where that is another one.
    `sight`: whose subjects an audience sees as they are, and whether it may not see any other.
    """

    judge: Callable[[str, bytes], tuple[Hashable, bytes | None]]
    sight: Callable[[Any], tuple[frozenset[Any], bool]]


class Entry:
    """One state of one subject, encoded at most twice: as it is, and as others than its owner see it."""

    __slots__ = ("_exact", "_masked", "hidden", "mask", "owner", "subject")

    def __init__(self, subject: Subject, owner: Hashable, mask: bytes | None, *, hidden: bool = False) -> None:
        self.subject = subject
        self.owner = owner
        self.mask = mask
        # Its body cannot be judged: shown to nobody, so that it keeps nobody from the rest.
        self.hidden = hidden
        self._exact: Shown | None = None
        self._masked: Shown | None = None

    @property
    def alive(self) -> bool:
        return not (self.hidden or self.subject.gone)

    def exact(self) -> Shown:
        shown = self._exact
        if shown is None:
            seq, subject = self.subject.seq, self.subject
            shown = self._exact = (seq, None if subject.gone else stamp(seq, subject.body))
        return shown

    def masked(self) -> Shown:
        """As others see it: an invisible change is invisible in the number too."""
        shown = self._masked
        if shown is None:
            seq, gone = self.subject.visible_seq, self.subject.gone
            shown = self._masked = (seq, None if gone or self.mask is None else stamp(seq, self.mask))
        return shown


class Shelf:
    """Entries in the order of their last change. `top` is the newest seq that ever stood here."""

    __slots__ = ("alive", "entries", "top")

    def __init__(self) -> None:
        self.entries: dict[UUID, Entry] = {}
        self.alive = 0
        self.top = 0

    def put(self, entry: Entry) -> None:
        self.entries[entry.subject.id] = entry
        self.alive += entry.alive
        self.top = max(self.top, entry.subject.seq)

    def take(self, entry: Entry) -> None:
        del self.entries[entry.subject.id]
        self.alive -= entry.alive

    def since(self, seq: int) -> Iterator[Entry]:
        """Yield what changed after `seq`, newest first; costs what it yields."""
        for entry in reversed(self.entries.values()):
            if entry.subject.seq <= seq:
                return
            yield entry


class Shelves:
    """`all` of a region, and the same by owner."""

    def __init__(self, lens: Lens) -> None:
        self.lens = lens
        self.all = Shelf()
        # How many are shown to nobody.
        self.hidden = 0
        self._owned: dict[Hashable, Shelf] = {}

    def fill(self, subjects: Iterable[Subject]) -> None:
        """Begin anew with a whole board, oldest change first."""
        self.all, self.hidden, self._owned = Shelf(), 0, {}
        for subject in subjects:
            self.place(subject)

    def place(self, subject: Subject) -> tuple[Entry | None, Entry]:
        """Put a newer state of a subject in; return the entry before, if there was one, and the new one."""
        old = self.all.entries.get(subject.id)
        new = self._judged(subject, old)
        if old is not None:
            self.all.take(old)
            self._owned[old.owner].take(old)
            self.hidden -= old.hidden
        self.all.put(new)
        self._owned.setdefault(new.owner, Shelf()).put(new)
        self.hidden += new.hidden
        return old, new

    def of(self, owners: Iterable[Hashable]) -> list[Shelf]:
        return [shelf for owner in owners if (shelf := self._owned.get(owner)) is not None]

    def _judged(self, subject: Subject, old: Entry | None) -> Entry:
        try:
            return Entry(subject, *self.lens.judge(subject.kind, subject.body))
        except Exception:
            owner, mask = (None, None) if old is None else (old.owner, old.mask)
            if subject.gone:
                # A tombstone needs no body: whoever could see the subject is told that it is gone.
                return Entry(subject, owner, mask)
            log.exception("live.body_refused", kind=subject.kind, id=str(subject.id), seq=subject.seq)
            return Entry(subject, owner, mask, hidden=True)
