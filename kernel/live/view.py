"""A view: the board as one audience sees it (I11), joined from what the shelves encode once for all.

A subject that the audience sees exactly carries its `seq`; a masked one carries its `visible_seq`, so
that an invisible change is invisible in the numbers too. Who sees only their own is served from the
shelves of their own, and what others own costs nothing; so it is with what is reserved.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from enum import Enum
from itertools import chain

from kernel.journal import Subject
from kernel.live.frames import Parts
from kernel.live.shelves import Entry, Shelf, Shelves, Shown

# Subjects that are shown in one go: a fraction of a millisecond.
_PORTION = 500


class _Way(Enum):
    """How an audience sees a subject."""

    NOT = "not at all"
    MASKED = "masked"
    EXACT = "as it is"


class View:
    """One audience's board. `generation` moves when deltas cannot express what happened: snapshot then.

    `kinds` are those of which it is told even when there are none.
    """

    def __init__(self, audience: Hashable, shelves: Shelves, kinds: tuple[str, ...]) -> None:
        self.audience = audience
        self.generation = 0
        self._shelves = shelves
        self._own, self._only_own = shelves.lens.sight(audience)
        self._circles, reserved_kinds = shelves.lens.reserve.insight(audience)
        self.kinds = kinds + reserved_kinds
        self._peak = 0
        self._peak_at = 0

    @property
    def privy(self) -> bool:
        """True where it may know of what is reserved. Whoever comes back gets that anew: tombstones are soon purged."""
        return bool(self._circles)

    @property
    def hides(self) -> bool:
        """True while something is there that this audience may not see at all.

        A screen that comes back then gets a snapshot: what has been withdrawn meanwhile could not be
        told otherwise.
        """
        if self._shelves.hidden:
            return True
        return self._only_own and sum(len(shelf.entries) for shelf in self._mine()) < len(self._shelves.all.entries)

    def peak(self) -> int:
        """Return the seq of the last change that this audience can see."""
        return max(self.reserved_peak(), self._ordinary_peak())

    def reserved_peak(self) -> int:
        """Return the seq of the last change of something reserved that this audience may know of."""
        return max((shelf.top for shelf in self._shelves.within(self._circles)), default=0)

    def _ordinary_peak(self) -> int:
        if self._only_own:
            return max((shelf.top for shelf in self._mine()), default=0)
        everything = self._shelves.all
        for entry in everything.since(self._peak_at):
            if entry.subject.seq <= self._peak:
                break
            if not entry.hidden:
                self._peak = max(self._peak, self._show(entry)[0])
        self._peak_at = everything.top
        return self._peak

    def since(self, seq: int) -> Parts:
        """Return what changed after `seq` for this audience, gone ones included, but for what is reserved."""
        return self._collect(chain.from_iterable(shelf.since(seq) for shelf in self._mine()), seq)

    def reserved_since(self, seq: int, *, whole: bool) -> Parts:
        """Return what reserved things changed after `seq`; `whole`: and all the others that there are."""
        shelves = self._shelves.within(self._circles)
        # By id: a subject may stand in several of this audience's circles.
        found = {entry.subject.id: entry for shelf in shelves for entry in shelf.since(seq)}
        if whole:
            found |= {entry.subject.id: entry for shelf in shelves for entry in shelf.entries.values() if entry.alive}
        return self._collect(found.values(), 0)

    def everything(self) -> Parts:
        """Return all that this audience sees."""
        parts = Parts({}, [])
        for portion in self.in_portions():
            parts.extend(portion)
        return parts

    def in_portions(self, keep: Callable[[Subject], bool] | None = None) -> Iterator[Parts]:
        """Yield all that this audience sees and `keep` wants, all of the moment at which the first is asked for.

        Entries never change, so that a list of them is a board at one seq, whatever happens to the shelves meanwhile.
        """
        standing = [entry for shelf in self._mine() for entry in shelf.entries.values()]
        reserved = self.reserved_since(self._shelves.reserved.top, whole=True) if self.privy else Parts({}, [])
        for start in range(0, len(standing), _PORTION):
            yield self._collect(_wanted(standing[start : start + _PORTION], keep), 0)
        yield reserved

    def _collect(self, entries: Iterable[Entry], after: int) -> Parts:
        parts, own = Parts({}, []), self._own
        for entry in entries:
            if entry.hidden:
                continue
            # As `_show`, which is told of each of a large region here.
            number, wire = entry.exact() if entry.mask is None or entry.owner in own else entry.masked()
            if number <= after:
                continue
            if wire is None:
                parts.gone.append(entry.subject.id)
                continue
            kind = entry.subject.kind
            if kind in parts.kinds:
                parts.kinds[kind].append(wire)
            else:
                parts.kinds[kind] = [wire]
        return parts

    def exceeds(self, limit: int) -> bool:
        """Say whether this audience sees more than `limit` subjects, apart from what is reserved."""
        return sum(shelf.alive for shelf in self._mine()) > limit

    def follow(self, old: Entry, new: Entry) -> None:
        """Start over where a subject has gone to where a delta cannot follow it.

        Out of sight, it could not be named. Behind a mask, it has a number that may be an old one.
        """
        now = self._way(new)
        if now is not _Way.EXACT and now is not self._way(old):
            self.start_over()

    def last_of(self, ended: Mapping[Hashable, int]) -> int:
        """Return the newest of these seqs by circle that concerns this audience; 0 where none does."""
        return max((ended.get(circle, 0) for circle in self._circles), default=0)

    def start_over(self) -> None:
        """Every screen of this view gets a snapshot next."""
        self.generation += 1

    def forget(self) -> None:
        """What stood on the shelves is void, its numbers too."""
        self._peak = self._peak_at = 0
        self.start_over()

    def _mine(self) -> Iterable[Shelf]:
        return self._shelves.of(self._own) if self._only_own else (self._shelves.all,)

    def _show(self, entry: Entry) -> Shown:
        """Show an entry of `_mine` that is not hidden."""
        return entry.exact() if entry.mask is None or entry.owner in self._own else entry.masked()

    def _way(self, entry: Entry) -> _Way:
        if entry.hidden:
            return _Way.NOT
        if entry.circles is not None:
            return _Way.NOT if self._circles.isdisjoint(entry.circles) else _Way.EXACT
        if entry.owner in self._own:
            return _Way.EXACT
        if self._only_own:
            return _Way.NOT
        return _Way.EXACT if entry.mask is None else _Way.MASKED


def _wanted(entries: Iterable[Entry], keep: Callable[[Subject], bool] | None) -> Iterable[Entry]:
    if keep is None:
        return [entry for entry in entries if not (entry.hidden or entry.subject.gone)]
    return [entry for entry in entries if entry.alive and keep(entry.subject)]
