"""The rules of the count: how many are free, given the report that stands.

Pure functions over (winning report, movements, holds). Nothing is ever incremented: free is
recomputed from what is known (I2, I8), so order, delay and repetition cannot make it drift. Which
report stands is told in story.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Generic, TypeVar
from uuid import UUID

T = TypeVar("T")


class Basis(StrEnum):
    """Whether a source counts bodies (physical) or has already taken off the holds it knew of (net)."""

    PHYSICAL = "physical"
    NET = "net"


class Spoke(StrEnum):
    PERSON = "person"
    FEED = "feed"


class Direction(StrEnum):
    IN = "in"
    OUT = "out"


@dataclass(frozen=True, slots=True)
class Count:
    """A statement of what is free in one unit, for one service night.

    `at` is when it was true, on the server's time line; `known_until` is when its source last
    looked (earlier by the settle lag of a feed).
    """

    report_id: UUID
    at: datetime
    spoke: Spoke
    source_id: UUID
    free: int
    over_by: int
    night: date
    basis: Basis
    known_until: datetime
    skewed: bool = False

    @property
    def value(self) -> tuple[int, int]:
        return self.free, self.over_by

    @property
    def rank(self) -> tuple[datetime, UUID]:
        return self.at, self.report_id


@dataclass(frozen=True, slots=True)
class Movement:
    """`counted_in` is the report that already includes it, `counted_at` when that one was true, if it is known."""

    id: UUID
    direction: Direction
    places: int
    occurred_at: datetime
    counted_in: UUID | None = None
    voided: bool = False
    counted_at: datetime | None = None

    @property
    def known_at(self) -> datetime:
        """When somebody who counted must have seen it: as it happened, or in the count that names it."""
        return self.occurred_at if self.counted_at is None else min(self.occurred_at, self.counted_at)


@dataclass(frozen=True, slots=True)
class HoldSpan:
    """From when to when a hold stood: an arrived one ends when the people came in.

    `closed_at` is when its end was written, which is what remains if that arrival never was.
    """

    places: int
    held_at: datetime
    ended_at: datetime | None
    closed_at: datetime | None = None

    def stood_at(self, instant: datetime) -> bool:
        return self.held_at <= instant and (self.ended_at is None or self.ended_at > instant)


@dataclass(frozen=True, slots=True)
class Stated(Generic[T]):
    """A fact that reports may state apart from the count; the newest statement wins."""

    value: T
    at: datetime
    report_id: UUID

    @property
    def rank(self) -> tuple[datetime, UUID]:
        return self.at, self.report_id


def newest(current: Stated[T] | None, stated: Stated[T], *, corrects: bool = False) -> Stated[T]:
    """Return the later of two statements of one fact, whatever order they came in.

    `corrects`: the source said it of the same instant as its last word; then it takes that one's place.
    """
    if current is None or (corrects and current.at == stated.at):
        return stated
    return max(current, stated, key=lambda s: s.rank)


@dataclass(frozen=True, slots=True)
class Balance:
    free: int
    over_by: int


def counts_after(movement: Movement, count: Count, noon: datetime | None) -> bool:
    """Tell whether a movement changes what `count` says.

    `noon` is where the count's night begins in a unit that empties: who moved before it belonged to
    the night before, and makes no room in this one.
    """
    return not (
        movement.voided
        or movement.counted_in == count.report_id
        or movement.known_at <= count.known_until
        or (noon is not None and movement.occurred_at < noon)
    )


def balance(
    count: Count, movements: Iterable[Movement], holds: Iterable[HoldSpan] = (), noon: datetime | None = None
) -> Balance:
    """Return what is free: the winning report, less who came in after it, plus who left after it.

    A net source had already taken off the holds it knew of; they are added back, because `free`
    includes what is held. Fewer than none free is none free, and over by the rest.
    """
    known = sum(h.places for h in holds if h.stood_at(count.known_until)) if count.basis is Basis.NET else 0
    after = [m for m in movements if counts_after(m, count, noon)]
    rest = count.free - count.over_by + known - _came(after) + _left(after)
    return Balance(max(0, rest), max(0, -rest))


def expected(capacity: int, out_of_service: int, noon: datetime, movements: Iterable[Movement]) -> Balance:
    """Return what a nightly unit should have after noon, before anybody has confirmed it.

    Who came in since noon is taken off. Who left since noon is not added: the emptying is what
    "expected" already assumes, and last night's departures make no room beside tonight's arrivals.
    """
    since = [m for m in movements if not m.voided and m.occurred_at >= noon]
    rest = max(0, capacity - out_of_service) - _came(since)
    return Balance(max(0, rest), max(0, -rest))


def _came(movements: Iterable[Movement]) -> int:
    return sum(m.places for m in movements if m.direction is Direction.IN)


def _left(movements: Iterable[Movement]) -> int:
    return sum(m.places for m in movements if m.direction is Direction.OUT)


@dataclass(frozen=True, slots=True)
class Timing:
    """A client's time put on the server's time line."""

    at: datetime
    skewed: bool


SKEW_MAX = timedelta(minutes=2)


def place(received: datetime, client_at: datetime | None, sent_at: datetime | None) -> Timing:
    """Correct a client's clock by what its own `sent_at` shows, never into the future.

    Without `sent_at` the client's clock is taken at its word, as far as it does not show the future;
    the caller refuses client_at > sent_at.
    """
    if client_at is None:
        skewed = sent_at is not None and abs(received - sent_at) > SKEW_MAX
        return Timing(received, skewed)
    sent = sent_at or max(received, client_at)
    return Timing(min(received, received - (sent - client_at)), abs(received - sent) > SKEW_MAX)
