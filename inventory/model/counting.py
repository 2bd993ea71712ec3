"""The rules of the count: which report wins, and how many are free.

Pure functions over (winning report, movements, holds). Nothing is ever incremented: free is
recomputed from what is known (I2, I8), so order, delay and repetition cannot make it drift.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
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


class Outcome(StrEnum):
    """What became of one unit's line in a report."""

    APPLIED = "applied"
    SUPERSEDED = "superseded"
    PINNED = "pinned"
    REPEATED = "repeated"


class Direction(StrEnum):
    IN = "in"
    OUT = "out"


@dataclass(frozen=True, slots=True)
class Count:
    """A statement of what is free in one unit.

    `at` is when it was true, on the server's time line; `known_until` is when its source last
    looked (earlier by the settle lag of a feed); `value_since` is since when this source has said
    this very value.
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
    value_since: datetime
    skewed: bool = False

    @property
    def value(self) -> tuple[int, int]:
        return self.free, self.over_by

    @property
    def rank(self) -> tuple[datetime, UUID]:
        return self.at, self.report_id


@dataclass(frozen=True, slots=True)
class Movement:
    id: UUID
    direction: Direction
    places: int
    occurred_at: datetime
    counted_in: UUID | None = None
    voided: bool = False


@dataclass(frozen=True, slots=True)
class HoldSpan:
    """From when to when a hold stood: an arrived one ends when the people came in."""

    places: int
    held_at: datetime
    ended_at: datetime | None

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


def newest(current: Stated[T] | None, stated: Stated[T] | None) -> Stated[T] | None:
    """Return the later of two statements of one fact, whatever order they came in."""
    if current is None or stated is None:
        return stated or current
    return max(current, stated, key=lambda s: s.rank)


@dataclass(frozen=True, slots=True)
class FeedMemory:
    """What a feed said last about a unit: enough to see it repeat itself or change its mind."""

    free: int
    over_by: int
    at: datetime
    value_since: datetime
    as_of: datetime | None
    body_hash: bytes
    repeats: int

    @property
    def value(self) -> tuple[int, int]:
        return self.free, self.over_by


def remember(memory: FeedMemory | None, count: Count, as_of: datetime | None, body_hash: bytes) -> FeedMemory:
    """Return the memory of a feed after it said `count`."""
    if memory is None:
        return FeedMemory(count.free, count.over_by, count.at, count.at, as_of, body_hash, 0)
    if memory.body_hash == body_hash:
        return replace(memory, repeats=memory.repeats + 1)
    if count.at < memory.at:
        return memory
    since = memory.value_since if memory.value == count.value else count.at
    return FeedMemory(count.free, count.over_by, count.at, since, as_of, body_hash, 0)


def place_in_time(count: Count, memory: FeedMemory | None, as_of: datetime | None) -> Count:
    """Give a feed's count its place in that feed's story, before it is judged (I8).

    A second statement of the same as-of is a correction: it may change the number, never the time,
    however long either of them was under way.
    """
    if count.spoke is not Spoke.FEED or memory is None:
        return count
    if as_of is not None and as_of == memory.as_of:
        lag = count.at - count.known_until
        count = replace(count, at=memory.at, known_until=memory.at - lag)
    since = memory.value_since if memory.value == count.value and memory.value_since <= count.at else count.at
    return replace(count, value_since=since)


def judge(current: Count | None, new: Count, pin: timedelta) -> Outcome:
    """Decide whether `new` becomes the winning report of its unit.

    The newest (at, report_id) wins. But a person has seen the place with their own eyes: for `pin`
    after their report, a feed that goes on saying what it said before does not displace it,
    whichever of the two reached us first. And of two words of one feed about one instant the last
    is its correction, whatever their ids.
    """
    if current is None or _corrects(new, current):
        return Outcome.APPLIED
    if new.rank > current.rank:
        return Outcome.PINNED if _pins(current, new, pin) else Outcome.APPLIED
    return Outcome.APPLIED if _pins(new, current, pin) else Outcome.SUPERSEDED


def _corrects(new: Count, current: Count) -> bool:
    return new.spoke is Spoke.FEED and new.source_id == current.source_id and new.at == current.at


def _pins(person: Count, feed: Count, pin: timedelta) -> bool:
    return (
        person.spoke is Spoke.PERSON
        and feed.spoke is Spoke.FEED
        and feed.at <= person.at + pin
        and feed.value_since <= person.at
        and feed.value_since < feed.at
    )


@dataclass(frozen=True, slots=True)
class Balance:
    free: int
    over_by: int


def balance(count: Count, movements: Iterable[Movement], holds: Iterable[HoldSpan] = ()) -> Balance:
    """Return what is free: the winning report, less who came in after it, plus who left after it.

    A net source had already taken off the holds it knew of; they are added back, because `free`
    includes what is held. Fewer than none free is none free, and over by the rest.
    """
    known = sum(h.places for h in holds if h.stood_at(count.known_until)) if count.basis is Basis.NET else 0
    after = [
        m for m in movements if not m.voided and m.occurred_at > count.known_until and m.counted_in != count.report_id
    ]
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
