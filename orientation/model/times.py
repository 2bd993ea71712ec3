"""How long things last in each regime: minutes at night, days where admission is negotiated."""

from __future__ import annotations

from dataclasses import dataclass

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


@dataclass(frozen=True, slots=True)
class Times:
    """`hold_ttl_s`: unanswered, it lapses; `seen_grace_s`: not sooner than that after the shelter saw it.

    `escalate_after_s`: silence that long is told to the desk. `arrive_within_s`: accepted and not there by then is a
    no-show, where the shelter's intake does not end sooner. `refresh_within_s`: a request nobody refreshes expires.
    """

    hold_ttl_s: int
    seen_grace_s: int
    extend_s: int
    escalate_after_s: int
    arrive_within_s: int
    refresh_within_s: int


NIGHT = Times(30 * _MINUTE, 10 * _MINUTE, 30 * _MINUTE, 10 * _MINUTE, 3 * _HOUR, 6 * _HOUR)
ADMISSION = Times(3 * _DAY, _DAY, 3 * _DAY, _DAY, 14 * _DAY, 30 * _DAY)
