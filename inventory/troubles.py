"""Troubles: how many units of a board are silent, stuck or overcommitted, for whoever watches over the region.

Counted on the mirror, so that it costs Postgres nothing; bodies are read once per change and never per count.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from inventory.model.state import Flag, Status
from kernel.journal import Subject
from kernel.live.mirror import Mirror


class _UnitBody(msgspec.Struct, frozen=True):
    """Of a unit's body, what this is about."""

    status: str
    silent_at: datetime | None
    flags: tuple[str, ...]


_decode = msgspec.json.Decoder(_UnitBody).decode


@dataclass(slots=True)
class Counts:
    """Of the units that are not closed; one unit may be of several kinds."""

    units: int = 0
    silent: int = 0
    stuck: int = 0
    overcommitted: int = 0

    def add(self, body: _UnitBody, now: datetime) -> None:
        self.units += 1
        self.silent += body.silent_at is None or body.silent_at <= now
        self.stuck += Flag.STUCK in body.flags
        self.overcommitted += Flag.OVERCOMMITTED in body.flags


class Troubles:
    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror
        self._known: dict[UUID, tuple[Subject, _UnitBody]] = {}

    def count(self, now: datetime) -> Counts:
        """A unit that nobody has ever counted is silent too."""
        counts, known = Counts(), self._known
        self._known = {}
        for subject in self._mirror.subjects():
            if subject.kind != "unit" or subject.gone:
                continue
            before = known.get(subject.id)
            entry = before if before is not None and before[0] is subject else (subject, _decode(subject.body))
            self._known[subject.id] = entry
            if entry[1].status != Status.CLOSED:
                counts.add(entry[1], now)
        return counts
