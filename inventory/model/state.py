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
from inventory.model.facts import Intake, OutOfService
from inventory.model.freshness import Freshness, freshness
from inventory.model.night import night_of, noon_of
from inventory.model.policy import Policy
from inventory.model.story import Told
from inventory.model.unit import Regime, Turnover


class Status(StrEnum):
    OPEN = "open"
    UNCONFIRMED = "unconfirmed"
    AWAITING_REPORT = "awaiting-report"
    CLOSED = "closed"


class Flag(StrEnum):
    ABOVE_CAPACITY = "above-capacity"
    OVER_CAPACITY = "over-capacity"
    OVERCOMMITTED = "overcommitted"
    CLOCK_SKEW = "clock-skew"
    STUCK = "stuck"


@dataclass(frozen=True, slots=True)
class Known:
    """What is durably known of a unit's count, before movements are reckoned in."""

    unit_id: UUID
    shelter_id: UUID
    regime: Regime
    turnover: Turnover
    capacity: Stated[int]
    held: int = 0
    told: Told = field(default_factory=Told)
    closed: bool = False
    shelter_closed: bool = False
    reopened_at: datetime | None = None
    # The feed that says the same body again and again.
    stuck_by: UUID | None = None


# What a person bases the next report on: holds and freshness are not part of it.
Shown: TypeAlias = tuple[Status, int, int, int, tuple[OutOfService, ...]]


@dataclass(frozen=True, slots=True)
class UnitState:
    unit_id: UUID
    shelter_id: UUID
    status: Status
    # Whether what is free may be held: where it is confirmed, or where the rules do not ask for that.
    holdable: bool
    free: int
    held: int
    over_by: int
    capacity: int
    out_of_service: tuple[OutOfService, ...]
    intake: Intake
    night: date
    fresh: Freshness
    confirmed_by: str | None
    # The report that stands: whoever records a movement can say that it is in there already.
    count_report: UUID | None = None
    # The count of a night that has not begun.
    coming: Count | None = None
    flags: tuple[Flag, ...] = field(default=())
    # The version of the rules it was folded by.
    policy: int = 0

    @property
    def shown(self) -> Shown:
        return self.status, self.free, self.over_by, self.capacity, self.out_of_service


def available(holdable: bool, free: int, held: int) -> int:
    """Return how many may still be held."""
    return max(0, free - held) if holdable else 0


@dataclass(frozen=True, slots=True)
class Moment:
    """When and under which rules a state is folded."""

    now: datetime
    zone: ZoneInfo
    policy: Policy
    # The night that it is.
    night: date = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "night", night_of(self.now, self.zone))


def fold(known: Known, movements: Sequence[Movement], holds: Sequence[HoldSpan], moment: Moment) -> UnitState:
    """Return the state of a unit from everything that is known of it at one moment."""
    night = moment.night
    told = known.told.turned(night)
    status = _status(known, told.count, night)
    rest = _rest(known, told, status, movements, holds, moment)
    return UnitState(
        unit_id=known.unit_id,
        shelter_id=known.shelter_id,
        status=status,
        holdable=status is Status.OPEN or (status is Status.UNCONFIRMED and moment.policy.hold_unconfirmed),
        free=rest.free,
        held=known.held,
        over_by=rest.over_by,
        capacity=known.capacity.value,
        out_of_service=told.out_of_service.value if told.out_of_service else (),
        intake=told.intake.value if told.intake else Intake(),
        night=night,
        fresh=freshness(told.count.at if told.count else None, moment.policy.ageing(known.regime)),
        confirmed_by=told.count.spoke.value if told.count else None,
        count_report=told.count.report_id if told.count else None,
        coming=told.coming,
        flags=_flags(known, told.count, rest),
        policy=moment.policy.version,
    )


def _status(known: Known, count: Count | None, night: date) -> Status:
    if known.closed or known.shelter_closed:
        return Status.CLOSED
    if count is None or (known.reopened_at is not None and count.at < known.reopened_at):
        return Status.AWAITING_REPORT
    if known.turnover is Turnover.NIGHTLY and count.night < night:
        return Status.UNCONFIRMED
    return Status.OPEN


def noon_for(known: Known, count: Count, zone: ZoneInfo) -> datetime | None:
    """Return from when on movements belong to the night that was counted; None where people stay over noon."""
    return noon_of(count.night, zone) if known.turnover is Turnover.NIGHTLY else None


def _rest(
    known: Known, told: Told, status: Status, movements: Sequence[Movement], holds: Sequence[HoldSpan], moment: Moment
) -> Balance:
    if status is Status.UNCONFIRMED:
        out = sum(o.places for o in told.out_of_service.value) if told.out_of_service else 0
        return expected(known.capacity.value, out, noon_of(moment.night, moment.zone), movements)
    if told.count is None:
        return Balance(0, 0)
    return balance(told.count, movements, holds, noon_for(known, told.count, moment.zone))


def _flags(known: Known, count: Count | None, rest: Balance) -> tuple[Flag, ...]:
    told = (
        (Flag.ABOVE_CAPACITY, rest.free > known.capacity.value),
        (Flag.OVER_CAPACITY, rest.over_by > 0),
        (Flag.OVERCOMMITTED, known.held > rest.free),
        (Flag.CLOCK_SKEW, count is not None and count.skewed),
        (Flag.STUCK, known.stuck_by is not None),
    )
    return tuple(flag for flag, raised in told if raised)
