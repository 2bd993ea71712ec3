"""The mirror: one region's board in the memory of this node, fed from Redis or from the journal.

It only moves forward within an epoch, and changes epoch as Postgres says (or as Redis says, while
Postgres cannot be asked). Nothing here waits: whoever feeds it reads first, then calls.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Literal
from uuid import UUID

import structlog

from kernel.journal import Head, Range, Subject

log = structlog.get_logger(__name__)

Source = Literal["redis", "journal", "lost"]

# What Postgres said about the epoch counts for this long after it stopped answering.
_AUTHORITY_S = 3.0


class Fold(Enum):
    """What came of a range."""

    APPLIED = "applied"
    KNOWN = "known"
    GAP = "gap"
    OTHER = "other epoch"


@dataclass(frozen=True, slots=True)
class Change:
    """What a listener is told: the changed subjects as they were before (None: they are new).

    `renewed`: another epoch, all that was known is void. `dropped`: what is not known any more, as it last was.
    None of them: only the source has changed.
    """

    before: Mapping[UUID, Subject | None]
    renewed: bool = False
    dropped: Collection[Subject] = ()


Listener = Callable[[Change], None]


class Mirror:
    """The fold of one region up to `head`. Of `passing` kinds a tombstone and nothing mean the same (`purging`)."""

    def __init__(self, region_id: UUID, passing: Collection[str] = ()) -> None:
        self.region_id = region_id
        self._passing = frozenset(passing)
        self.head: Head | None = None
        self.loaded = asyncio.Event()
        # In the order of their seq, so that what changed last stands at the end.
        self._subjects: dict[UUID, Subject] = {}
        self._listeners: list[Listener] = []
        self._following = False
        self._redis_behind = False
        self._journal = False
        self._epoch: UUID | None = None
        self._epoch_until = 0.0

    def listen(self, listener: Listener) -> None:
        self._listeners.append(listener)

    def __len__(self) -> int:
        return len(self._subjects)

    def get(self, subject_id: UUID) -> Subject | None:
        return self._subjects.get(subject_id)

    def subjects(self) -> Iterable[Subject]:
        """All subjects, tombstones included, oldest change first."""
        return self._subjects.values()

    def since(self, seq: int) -> Iterator[Subject]:
        """Yield the subjects that changed after `seq`, newest first; costs what it yields."""
        for subject in reversed(self._subjects.values()):
            if subject.seq <= seq:
                return
            yield subject

    def apply(self, change: Range) -> Fold:
        """Fold a range in, if it continues what is known."""
        head = self.head
        if head is None or change.epoch != head.epoch:
            return Fold.OTHER
        if change.to <= head.seq:
            return Fold.KNOWN
        if change.after > head.seq:
            return Fold.GAP
        self._fold(Head(head.epoch, change.to), (s for s in change.subjects if s.seq > head.seq))
        return Fold.APPLIED

    def replace(self, head: Head, subjects: Iterable[Subject]) -> bool:
        """Take over a whole board, if it is newer, or of an epoch that is the right one now."""
        if not self.trusts(head.epoch):
            return False
        known = self.head
        if known is not None and known.epoch == head.epoch:
            if head.seq <= known.seq:
                return False
            board = {s.id: s for s in subjects}
            # Whoever has slept for long has missed tombstones that are purged by now: what is not there is gone.
            purged = tuple(s for s in self._subjects.values() if s.kind in self._passing and s.id not in board)
            news = sorted((s for s in board.values() if s.seq > known.seq), key=lambda s: s.seq)
            self._fold(head, news, purged)
            return True
        self._subjects = {s.id: s for s in sorted(subjects, key=lambda s: s.seq)}
        self.head = head
        self.loaded.set()
        self._tell(Change({}, renewed=True))
        return True

    def correct(self, head: Head, subjects: Collection[Subject]) -> None:
        """Take over a board that was put in place by force: what we have under the same numbers may be damaged."""
        known = self.head
        if known is None or known.epoch != head.epoch:
            self.replace(head, subjects)
            return
        ours = self._subjects
        board = {s.id: s for s in subjects} | {s.id: s for s in ours.values() if s.seq > head.seq}
        lost = (s for s in ours.values() if s.id not in board and not self._is_passed(s))
        if not any(lost) and all(
            s.seq > known.seq or ours.get(s.id) == s or self._is_dropped(s) for s in board.values()
        ):
            self.replace(head, subjects)
            return
        log.warning("live.mirror_corrected", region=str(self.region_id), seq=head.seq)
        self._subjects = {s.id: s for s in sorted(board.values(), key=lambda s: s.seq)}
        self.head = Head(head.epoch, max(head.seq, known.seq))
        self._tell(Change({}, renewed=True))

    def tombstones(self) -> list[Subject]:
        """Return what is gone of the passing kinds."""
        return [subject for subject in self._subjects.values() if self._is_passed(subject)]

    def drop(self, tombstones: Iterable[Subject]) -> None:
        """Forget these where they still stand so."""
        dropped = tuple(s for s in tombstones if self._subjects.get(s.id) == s)
        for subject in dropped:
            del self._subjects[subject.id]
        if dropped:
            self._tell(Change({}, dropped=dropped))

    def _is_passed(self, subject: Subject) -> bool:
        return subject.gone and subject.kind in self._passing

    def _is_dropped(self, subject: Subject) -> bool:
        return self._is_passed(subject) and subject.id not in self._subjects

    def authorise(self, epoch: UUID) -> None:
        """Postgres has just said which epoch is the right one."""
        self._epoch = epoch
        self._epoch_until = time.monotonic() + _AUTHORITY_S

    def trusts(self, epoch: UUID) -> bool:
        """Say whether a board of this epoch may be taken over.

        While Postgres is silent, only one newer than what it said last: epochs are UUIDs of version 7.
        """
        if epoch == self._epoch or self._epoch is None:
            return True
        return time.monotonic() > self._epoch_until and epoch.int > self._epoch.int

    @property
    def source(self) -> Source:
        """Where news comes from just now; `lost` when it can come from nowhere."""
        if self._following and not self._redis_behind:
            return "redis"
        return "journal" if self._journal else "redis" if self._following else "lost"

    def feed(
        self, *, following: bool | None = None, redis_behind: bool | None = None, journal: bool | None = None
    ) -> None:
        """Note which ways are open: the follower, whether Redis keeps up with Postgres, the journal."""
        before = self.source
        self._following = self._following if following is None else following
        self._redis_behind = self._redis_behind if redis_behind is None else redis_behind
        self._journal = self._journal if journal is None else journal
        if self.source != before:
            log.info("live.source_changed", region=str(self.region_id), before=before, now=self.source)
            self._tell(Change({}))

    def _fold(self, head: Head, subjects: Iterable[Subject], dropped: Collection[Subject] = ()) -> None:
        before: dict[UUID, Subject | None] = {}
        for subject in dropped:
            del self._subjects[subject.id]
        for subject in subjects:
            old = self._subjects.pop(subject.id, None)
            before.setdefault(subject.id, old)
            self._subjects[subject.id] = subject
        self.head = head
        self._tell(Change(before, dropped=dropped))

    def _tell(self, change: Change) -> None:
        for listener in self._listeners:
            listener(change)
