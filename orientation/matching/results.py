"""What matching answers: suggestions with their sum, near misses with what would change them, all that is blocked.

None of these can be part of a circle: the collector need not look at the hundreds that an answer has (gc=False).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from orientation.matching.reasons import Ask, Blocker, Change, Term


class Asked(msgspec.Struct, frozen=True, gc=False):
    code: Ask
    facts: dict[str, Any]


class Blocking(msgspec.Struct, frozen=True, gc=False):
    code: Blocker
    facts: dict[str, Any]


class Changing(msgspec.Struct, frozen=True, gc=False):
    code: Change
    facts: dict[str, Any]


class Points(msgspec.Struct, frozen=True, gc=False):
    """A part of the sum; one of no points is left out."""

    term: Term
    points: int
    facts: dict[str, Any]


class Suggestion(msgspec.Struct, frozen=True, gc=False):
    """`available` is null for a secret shelter, of which `band` says how many there may be; else `band` is null."""

    unit: UUID
    shelter: UUID
    need: int
    allotment: str
    available: int | None
    band: str | None
    score: int
    terms: list[Points]
    asks: list[Asked]
    confirmed_at: datetime | None
    aging_at: datetime | None
    stale_at: datetime | None
    silent_at: datetime | None
    distance_km: float | None


class NearMiss(msgspec.Struct, frozen=True, gc=False):
    unit: UUID
    shelter: UUID
    blocker: Blocking
    change: Changing


class Blocked(msgspec.Struct, frozen=True, gc=False):
    unit: UUID
    shelter: UUID
    blockers: list[Blocking]
