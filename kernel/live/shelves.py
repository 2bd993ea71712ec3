"""Shelves: every subject of the mirror, judged once for all views: whose it is, and what others are shown of it (I11).

Who may see a subject stands in its body. The body is read here when it changes, and never again for
an audience, a tick or a request: to decide is then to look into a set. Subjects stand in the order of
their last change, all together and by owner, so that who sees only their own pay for no others. What
is reserved stands apart, by circle: who is in none of its circles never comes across it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog

from kernel.journal import Subject
from kernel.live.frames import Wire, stamp

log = structlog.get_logger(__name__)

# (seq as an audience sees it, encoded subject or None for a tombstone)
Shown = tuple[int, Wire | None]


@dataclass(frozen=True, slots=True)
class Reserve:
    """Kinds of which nobody outside their circles may know, not even that something of them has changed.

    `circles`: who may know of a subject. `insight`: to which circles an audience belongs, and of which kinds
    these tell it.
    """

    kinds: frozenset[str]
    circles: Callable[[str, bytes], Iterable[Hashable]]
    insight: Callable[[Any], tuple[frozenset[Any], tuple[str, ...]]]


def _no_insight(_audience: Any) -> tuple[frozenset[Any], tuple[str, ...]]:
    return frozenset(), ()


NOTHING_RESERVED = Reserve(frozenset(), lambda _kind, _body: (), _no_insight)


@dataclass(frozen=True, slots=True)
class Lens:
    """The pure functions of I11, given by whoever knows what bodies and audiences mean.

    `judge`: whose a subject is, and its body for everybody else where that is another one; never asked of what
    is reserved. `sight`: whose subjects an audience sees as they are, and whether it may not see any other.
    """

    judge: Callable[[str, bytes], tuple[Hashable, bytes | None]]
    sight: Callable[[Any], tuple[frozenset[Any], bool]]
    reserve: Reserve = NOTHING_RESERVED


class Entry:
    """One state of one subject, encoded at most twice: as it is, and as others than its owner see it.

    `circles` is None for what is not reserved; what is has neither owner nor mask.
    """

    __slots__ = ("_exact", "_masked", "circles", "hidden", "mask", "owner", "subject")

    def __init__(
        self,
        subject: Subject,
        owner: Hashable = None,
        mask: bytes | None = None,
        *,
        circles: frozenset[Hashable] | None = None,
        hidden: bool = False,
    ) -> None:
        self.subject = subject
        self.owner = owner
        self.mask = mask
        self.circles = circles
        # Its body cannot be judged: shown to nobody, so that it keeps nobody from the rest.
        self.hidden = hidden
        self._exact: Shown | None = None
        self._masked: Shown | None = None

    @property
    def alive(self) -> bool:
        return not (self.hidden or self.subject.gone)

    @property
    def standing(self) -> tuple[Hashable, ...]:
        """What decides who sees it."""
        return self.owner, self.circles, self.hidden

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
    """`all` of a region that is not reserved, and the same by owner; `reserved`, and the same by circle."""

    def __init__(self, lens: Lens) -> None:
        self.lens = lens
        self.fill(())

    def fill(self, subjects: Iterable[Subject]) -> None:
        """Begin anew with a whole board, oldest change first."""
        self.all, self.reserved = Shelf(), Shelf()
        # How many of `all` are shown to nobody.
        self.hidden = 0
        self._owned: dict[Hashable, Shelf] = {}
        self._circles: dict[Hashable, Shelf] = {}
        for subject in subjects:
            self.place(subject)

    def place(self, subject: Subject) -> tuple[Entry | None, Entry]:
        """Put a newer state of a subject in; return the entry before, if there was one, and the new one."""
        reserved = subject.kind in self.lens.reserve.kinds
        old = (self.reserved if reserved else self.all).entries.get(subject.id)
        new = self._admitted(subject, old) if reserved else self._judged(subject, old)
        if old is not None:
            self._take(old)
        for shelf in self._places(new):
            shelf.put(new)
        self.hidden += new.hidden and not reserved
        return old, new

    def drop(self, subject: Subject) -> Collection[Hashable]:
        """Take something reserved away for good; return the circles that knew of it."""
        entry = self.reserved.entries.get(subject.id)
        if entry is None:
            return ()
        self._take(entry)
        return entry.circles or ()

    def of(self, owners: Iterable[Hashable]) -> list[Shelf]:
        return [shelf for owner in owners if (shelf := self._owned.get(owner)) is not None]

    def within(self, circles: Iterable[Hashable]) -> list[Shelf]:
        return [shelf for circle in circles if (shelf := self._circles.get(circle)) is not None]

    def _take(self, entry: Entry) -> None:
        for shelf in self._places(entry):
            shelf.take(entry)
        self.hidden -= entry.hidden and entry.circles is None

    def _places(self, entry: Entry) -> Collection[Shelf]:
        if entry.circles is None:
            return self.all, self._owned.setdefault(entry.owner, Shelf())
        return self.reserved, *(self._circles.setdefault(circle, Shelf()) for circle in entry.circles)

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

    def _admitted(self, subject: Subject, old: Entry | None) -> Entry:
        """As `_judged`; what cannot be read stays within the circles it had, which may be none."""
        try:
            return Entry(subject, circles=frozenset(self.lens.reserve.circles(subject.kind, subject.body)))
        except Exception:
            circles = frozenset() if old is None else old.circles
            if not subject.gone:
                log.exception("live.body_refused", kind=subject.kind, id=str(subject.id), seq=subject.seq)
            return Entry(subject, circles=circles, hidden=not subject.gone)
