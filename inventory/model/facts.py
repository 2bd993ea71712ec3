"""Facts that a report may state beside the count: what is out of service, and whether people are let in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class OutReason(StrEnum):
    CLEANING = "cleaning"
    REPAIR = "repair"
    STAFF = "staff"
    QUARANTINE = "quarantine"
    KEPT_FOR_PARTNER = "kept-for-partner"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class OutOfService:
    """Places that nobody can be given. At `until` the unit asks; nothing frees itself."""

    reason: OutReason
    places: int
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Intake:
    """Whether people are let in, apart from the count. Paused without an end: until said otherwise."""

    paused: bool = False
    until: datetime | None = None

    def open_at(self, now: datetime) -> bool:
        return not self.paused or (self.until is not None and self.until <= now)
