"""What is asked of a board: a household's needs in one regime, and what this house remembers about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from inventory.model.unit import Regime


@dataclass(frozen=True, slots=True)
class Bar:
    """A unit that has declined this household, and is not offered again before `until`.

    With `shelter_id` no unit of that shelter is: there is somebody there whom they must not meet, or rules they broke.
    """

    unit_id: UUID
    until: datetime
    reason: str
    shelter_id: UUID | None = None

    def concerns(self, unit_id: UUID, shelter_id: UUID) -> bool:
        return self.unit_id == unit_id or self.shelter_id == shelter_id


@dataclass(frozen=True, slots=True)
class Context:
    """`continues` is the shelter that they were in the night before. `zone` says what time of night it is there."""

    regime: Regime
    zone: ZoneInfo
    continues: UUID | None = None
    bars: tuple[Bar, ...] = ()
