"""What /metrics tells about placements. Numbers only; regions are the only thing named (I9)."""

from __future__ import annotations

from prometheus_client import Counter

from inventory.holding import Ending

ENDED_BY_CLOCK = Counter(
    "halte_placements_ended_by_clock_total", "Placements that nobody answered in time", ["region", "ending"]
)


def announce(region: str) -> None:
    """They are there from the start, so that an alarm on one that never moved can be written."""
    for ending in (Ending.LAPSED, Ending.NO_SHOW):
        ENDED_BY_CLOCK.labels(region, ending.value)
