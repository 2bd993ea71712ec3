"""Freshness as instants: when a confirmed count begins to age, is stale, is silence (I7, I8).

States carry the instants; screens derive the words from server time, so that no event is needed
merely because time passes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from inventory.model.unit import Regime


@dataclass(frozen=True, slots=True)
class Ageing:
    """How long a count stays fresh, in seconds after it was true."""

    aging_after_s: int
    stale_after_s: int
    silent_after_s: int


@dataclass(frozen=True, slots=True)
class Policy:
    """Rules of a region that the count obeys; versioned in the table `policy`."""

    version: int = 0
    night: Ageing = Ageing(2 * 3600, 6 * 3600, 24 * 3600)
    admission: Ageing = Ageing(24 * 3600, 72 * 3600, 7 * 24 * 3600)
    pin_s: int = 1800
    stuck_after: int = 12
    hold_unconfirmed: bool = False

    @property
    def pin(self) -> timedelta:
        return timedelta(seconds=self.pin_s)

    def ageing(self, regime: Regime) -> Ageing:
        return self.night if regime is Regime.NIGHT else self.admission


@dataclass(frozen=True, slots=True)
class Freshness:
    confirmed_at: datetime | None
    aging_at: datetime | None
    stale_at: datetime | None
    silent_at: datetime | None


NEVER = Freshness(None, None, None, None)


def freshness(confirmed_at: datetime | None, ageing: Ageing) -> Freshness:
    if confirmed_at is None:
        return NEVER
    return Freshness(
        confirmed_at,
        confirmed_at + timedelta(seconds=ageing.aging_after_s),
        confirmed_at + timedelta(seconds=ageing.stale_after_s),
        confirmed_at + timedelta(seconds=ageing.silent_after_s),
    )
