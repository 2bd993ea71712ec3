"""Freshness as instants: when a confirmed count begins to age, is stale, is silence (I7, I8).

States carry the instants; screens derive the words from server time, so that no event is needed
merely because time passes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Ageing:
    """How long a count stays fresh, in seconds after it was true."""

    aging_after_s: int
    stale_after_s: int
    silent_after_s: int


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
