"""What is asked of a board: a household's needs in one regime, and what this house remembers about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from inventory.model.unit import Regime


@dataclass(frozen=True, slots=True)
class Bar:
    """A unit that has declined this household, and is not offered again before `until`."""

    unit_id: UUID
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Context:
    """`continues` is the shelter that they were in the night before. `zone` says what time of night it is there."""

    regime: Regime
    zone: ZoneInfo
    continues: UUID | None = None
    bars: tuple[Bar, ...] = ()
