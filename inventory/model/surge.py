"""A surge: units that are kept for hard nights are asked to open, until an end that closes them again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

# A region has some dozens of surge units. What is named at once is opened at once, in one transaction.
UNITS_MAX = 500


class Reason(StrEnum):
    COLD = "cold"
    HEAT = "heat"
    FIRE = "fire"
    FLOOD = "flood"
    ARRIVALS = "arrivals"
    OTHER = "other"


class Standing(StrEnum):
    """What has become of a surge: it runs, its end has come, or somebody ended it before."""

    RUNNING = "running"
    EXPIRED = "expired"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Surge:
    id: UUID
    region_id: UUID
    until: datetime
    ended_at: datetime | None = None
    unit_ids: tuple[UUID, ...] = ()

    def standing(self, now: datetime) -> Standing:
        if self.ended_at is not None:
            return Standing.ENDED
        return Standing.RUNNING if self.until > now else Standing.EXPIRED
