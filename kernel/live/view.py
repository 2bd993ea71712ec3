"""A view: the board as one audience sees it (I11), with everything encoded that can be shared.

A subject that the audience sees exactly carries its `seq`; any other is shown through `project` and
carries its `visible_seq`, so that an invisible change is invisible in the numbers too. `shown` is
the head this audience may know: the last visible change, or the last beat.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog

from kernel.journal import Subject
from kernel.live.frames import Parts, stamp
from kernel.live.mirror import Mirror

log = structlog.get_logger(__name__)

# (seq as this audience sees it, encoded subject or None for a tombstone)
Shown = tuple[int, bytes | None]


@dataclass(frozen=True, slots=True)
class Lens:
    """The pure functions of I11, given by whoever knows what the bodies mean."""

    project: Callable[[str, bytes, Any], bytes | None]
    sees_exactly: Callable[[str, bytes, Any], bool]


class Wires:
    """Encoded subjects as they are, shared by all views that see them exactly."""

    def __init__(self) -> None:
        self._known: dict[UUID, tuple[Subject, bytes]] = {}

    def of(self, subject: Subject) -> bytes:
        known = self._known.get(subject.id)
        if known is not None and known[0] is subject:
            return known[1]
        wire = stamp(subject.seq, subject.body)
        self._known[subject.id] = (subject, wire)
        return wire

    def clear(self) -> None:
        self._known.clear()


class View:
    """One audience's board. `generation` moves when deltas cannot express what happened: snapshot then."""

    def __init__(self, audience: Hashable, mirror: Mirror, lens: Lens, wires: Wires) -> None:
        self.audience = audience
        self.generation = 0
        # True once a subject was found that this audience may not see at all. A screen that comes
        # back then gets a snapshot: what has been withdrawn meanwhile could not be told otherwise.
        self.hides = False
        self._mirror = mirror
        self._lens = lens
        self._wires = wires
        self._masked: dict[UUID, Shown] = {}
        self._peak = 0
        self._peak_at = 0
        self._arrays: tuple[int, bytes] | None = None
        self._exceeds: tuple[int, bool] | None = None

    def show(self, subject: Subject) -> Shown | None:
        """Return what this audience sees of a subject; None where it sees nothing.

        A body that cannot be judged is shown to nobody, and keeps nobody from the rest.
        """
        try:
            return self._show(subject)
        except Exception:
            log.exception("live.body_refused", kind=subject.kind, id=str(subject.id), seq=subject.seq)
            self.hides = True
            return None

    def _show(self, subject: Subject) -> Shown | None:
        if self._lens.sees_exactly(subject.kind, subject.body, self.audience):
            return subject.seq, None if subject.gone else self._wires.of(subject)
        known = self._masked.get(subject.id)
        if known is not None and known[0] == subject.visible_seq and (known[1] is None) == subject.gone:
            return known
        body = self._lens.project(subject.kind, subject.body, self.audience)
        if body is None:
            self.hides = True
            return None
        shown = (subject.visible_seq, None if subject.gone else stamp(subject.visible_seq, body))
        self._masked[subject.id] = shown
        return shown

    def peak(self) -> int:
        """Return the seq of the last change that this audience can see."""
        if self._mirror.head is not None and self._peak_at < self._mirror.head.seq:
            for subject in self._mirror.since(self._peak_at):
                shown = self.show(subject)
                if shown is not None:
                    self._peak = max(self._peak, shown[0])
            self._peak_at = self._mirror.head.seq
        return self._peak

    def since(self, seq: int) -> Parts:
        """Return what changed after `seq` for this audience, gone ones included."""
        parts = Parts({}, [])
        for subject in self._mirror.since(seq):
            shown = self.show(subject)
            if shown is None or shown[0] <= seq:
                continue
            _, wire = shown
            if wire is None:
                parts.gone.append(subject.id)
            else:
                parts.kinds.setdefault(subject.kind, []).append(wire)
        return parts

    def everything(self, keep: Callable[[Subject], bool] | None = None) -> Parts:
        """Return all that this audience sees and `keep` wants."""
        parts = Parts({}, [])
        for subject in self._mirror.subjects():
            if subject.gone or not (keep is None or keep(subject)):
                continue
            shown = self.show(subject)
            if shown is not None and shown[1] is not None:
                parts.kinds.setdefault(subject.kind, []).append(shown[1])
        return parts

    def exceeds(self, limit: int) -> bool:
        """Say whether this audience sees more than `limit` subjects; looked up again when their number changes."""
        count = len(self._mirror)
        if count <= limit:
            return False
        if self._exceeds is None or self._exceeds[0] != count:
            self._exceeds = (count, len(self.everything()) > limit)
        return self._exceeds[1]

    def arrays(self, kinds: tuple[str, ...]) -> bytes:
        """Return the arrays of a snapshot; joined once for all who ask before the next change."""
        seq = -1 if self._mirror.head is None else self._mirror.head.seq
        if self._arrays is None or self._arrays[0] != seq:
            self._arrays = (seq, self.everything().arrays(kinds))
        return self._arrays[1]

    def withdrawn(self, before: Mapping[UUID, Sequence[Subject]]) -> bool:
        """Say whether something was visible in a state `before` and is not any more, other than by a tombstone."""
        return any(self._lost(subject_id, states) for subject_id, states in before.items())

    def start_over(self) -> None:
        """Every screen of this view gets a snapshot next."""
        self.generation += 1

    def forget(self) -> None:
        """The epoch ended: nothing that was encoded or counted holds."""
        self._masked.clear()
        self._peak = self._peak_at = 0
        self._arrays = self._exceeds = None
        self.hides = False
        self.start_over()

    def _lost(self, subject_id: UUID, states: Sequence[Subject]) -> bool:
        new = self._mirror.get(subject_id)
        if new is None or self.show(new) is not None:
            return False
        # A tombstone counts too: a screen that is behind may not have been told of it yet.
        return any(map(self._sees, states))

    def _sees(self, subject: Subject) -> bool:
        try:
            return self._lens.project(subject.kind, subject.body, self.audience) is not None
        except Exception:
            log.exception("live.body_refused", kind=subject.kind, id=str(subject.id), seq=subject.seq)
            return False
