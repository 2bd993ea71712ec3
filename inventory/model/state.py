"""The live state of a unit, folded from what is known about it (I2, I7, I8).

`Known` is the durable part: registers and the column `held`. `fold` derives the rest. `available`
is not here: whoever shows a state derives it with `available()`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

from inventory.model.counting import Balance, Count, HoldSpan, Movement, Stated, balance, expected
from inventory.model.freshness import Freshness, Policy, freshness
from inventory.model.night import night_of, noon_of
from inventory.model.unit import Regime, Turnover


class Status(StrEnum):
    OPEN = "open"
    UNCONFIRMED = "unconfirmed"
    AWAITING_REPORT = "awaiting-report"
    CLOSED = "closed"


class OutReason(StrEnum):
    CLEANING = "cleaning"
    REPAIR = "repair"
    STAFF = "staff"
    QUARANTINE = "quarantine"
    KEPT_FOR_PARTNER = "kept-for-partner"
    OTHER = "other"


class Flag(StrEnum):
    ABOVE_CAPACITY = "above-capacity"
    OVER_CAPACITY = "over-capacity"
    OVERCOMMITTED = "overcommitted"
    CLOCK_SKEW = "clock-skew"
    STUCK = "stuck"


@dataclass(frozen=True, slots=True)
class OutOfService:
    """Places that nobody can be given. At `until` the unit asks; nothing frees itself."""

    reason: OutReason
    places: int
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Intake:
    """Whether people are let in, apart from the count. Paused without an end: until said otherwise."""

    paused: bool = False
    until: datetime | None = None

    def open_at(self, now: datetime) -> bool:
        return not self.paused or (self.until is not None and self.until <= now)


@dataclass(frozen=True, slots=True)
class Known:
    """What is durably known of a unit's count, before movements are reckoned in."""

    unit_id: UUID
    shelter_id: UUID
    regime: Regime
    turnover: Turnover
    capacity: Stated[int]
    held: int = 0
    count: Count | None = None
    out_of_service: Stated[tuple[OutOfService, ...]] | None = None
    intake: Stated[Intake] | None = None
    closed: bool = False
    shelter_closed: bool = False
    reopened_at: datetime | None = None
    stuck: bool = False


# What a person bases the next report on: holds and freshness are not part of it.
Shown: TypeAlias = tuple[Status, int, int, int, tuple[OutOfService, ...]]


@dataclass(frozen=True, slots=True)
class UnitState:
    unit_id: UUID
    shelter_id: UUID
    status: Status
    free: int
    held: int
    over_by: int
    capacity: int
    out_of_service: tuple[OutOfService, ...]
    intake: Intake
    night: date
    fresh: Freshness
    confirmed_by: str | None
    flags: tuple[Flag, ...] = field(default=())

    @property
    def shown(self) -> Shown:
        return self.status, self.free, self.over_by, self.capacity, self.out_of_service


def available(status: Status, free: int, held: int) -> int:
    """Return how many may still be held: none unless the unit is open."""
    return max(0, free - held) if status is Status.OPEN else 0


@dataclass(frozen=True, slots=True)
class Moment:
    """When and under which rules a state is folded."""

    now: datetime
    zone: ZoneInfo
    policy: Policy


def fold(known: Known, movements: Sequence[Movement], holds: Sequence[HoldSpan], moment: Moment) -> UnitState:
    """Return the state of a unit from everything that is known of it at one moment."""
    night = night_of(moment.now, moment.zone)
    status = _status(known, night)
    out = known.out_of_service.value if known.out_of_service else ()
    rest = _rest(known, status, movements, holds, noon_of(night, moment.zone))
    return UnitState(
        unit_id=known.unit_id,
        shelter_id=known.shelter_id,
        status=status,
        free=rest.free,
        held=known.held,
        over_by=rest.over_by,
        capacity=known.capacity.value,
        out_of_service=out,
        intake=known.intake.value if known.intake else Intake(),
        night=night,
        fresh=freshness(known.count.at if known.count else None, moment.policy.ageing(known.regime)),
        confirmed_by=known.count.spoke.value if known.count else None,
        flags=_flags(known, rest),
    )


def _status(known: Known, night: date) -> Status:
    if known.closed or known.shelter_closed:
        return Status.CLOSED
    count = known.count
    if count is None or (known.reopened_at is not None and count.at < known.reopened_at):
        return Status.AWAITING_REPORT
    if known.turnover is Turnover.NIGHTLY and count.night < night:
        return Status.UNCONFIRMED
    return Status.OPEN


def _rest(
    known: Known, status: Status, movements: Sequence[Movement], holds: Sequence[HoldSpan], noon: datetime
) -> Balance:
    if status is Status.UNCONFIRMED:
        out = sum(o.places for o in known.out_of_service.value) if known.out_of_service else 0
        return expected(known.capacity.value, out, noon, movements)
    if known.count is None:
        return Balance(0, 0)
    return balance(known.count, movements, holds)


def _flags(known: Known, rest: Balance) -> tuple[Flag, ...]:
    told = (
        (Flag.ABOVE_CAPACITY, rest.free > known.capacity.value),
        (Flag.OVER_CAPACITY, rest.over_by > 0),
        (Flag.OVERCOMMITTED, known.held > rest.free),
        (Flag.CLOCK_SKEW, known.count is not None and known.count.skewed),
        (Flag.STUCK, known.stuck),
    )
    return tuple(flag for flag, raised in told if raised)
