"""Moving on: which promises a unit cannot keep, and in which order they are to be moved elsewhere. Pure.

The newest promise goes first and the oldest last, and no more than must: whoever was promised first, keeps it longest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Why(StrEnum):
    CLOSED = "closed"
    OVERCOMMITTED = "overcommitted"


@dataclass(frozen=True, slots=True)
class Promise:
    """An open placement. `masked`: of a secret shelter, whose numbers the reader must not learn (I11)."""

    id: UUID
    unit_id: UUID
    places: int
    held_at: datetime
    closed: bool
    free: int
    held: int
    masked: bool = False


@dataclass(frozen=True, slots=True)
class MustMove:
    id: UUID
    why: Why


def must_move(promises: Iterable[Promise]) -> list[MustMove]:
    """Return who must move, the newest promise first."""
    units: dict[UUID, list[Promise]] = {}
    for promise in promises:
        units.setdefault(promise.unit_id, []).append(promise)
    found = [one for those in units.values() for one in _of_unit(those)]
    found.sort(key=lambda one: (one.held_at, one.id), reverse=True)
    return [MustMove(one.id, Why.CLOSED if one.closed else Why.OVERCOMMITTED) for one in found]


def _of_unit(promises: Sequence[Promise]) -> list[Promise]:
    """Return the newest, as many as it takes; of a secret unit all, since how many it takes would tell what is free."""
    one = promises[0]
    lacking = one.held if one.closed else one.held - one.free
    if lacking <= 0:
        return []
    newest = sorted(promises, key=lambda promise: (promise.held_at, promise.id), reverse=True)
    if one.closed or one.masked:
        return newest
    chosen: list[Promise] = []
    for promise in newest:
        if lacking > 0:
            chosen.append(promise)
            lacking -= promise.places
    return chosen
