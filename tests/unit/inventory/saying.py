"""Short words for the pure rules of the count: who said what, when, and who came in or left."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from inventory.model.counting import Basis, Count, Direction, HoldSpan, Movement, Spoke, Stated
from inventory.model.policy import Policy
from inventory.model.state import Known, Moment, UnitState, fold
from inventory.model.story import Told
from inventory.model.unit import Regime, Turnover

BRUSSELS = ZoneInfo("Europe/Brussels")
NIGHT = date(2026, 3, 10)
SPRING = date(2026, 3, 28)  # the night in which an hour is left out
AUTUMN = date(2026, 10, 24)  # the night in which an hour comes twice
UNIT, SHELTER = UUID(int=1), UUID(int=2)
PERSON, FEED = UUID(int=10), UUID(int=20)
CAPACITY = 25


def at(clock: str, day: date = NIGHT) -> datetime:
    """Return the instant of a time of day in Brussels, `NIGHT` being a day without surprises."""
    return datetime.combine(day, time.fromisoformat(clock), BRUSSELS).astimezone(UTC)


def person(free: int, clock: str, *, id: int = 100, over_by: int = 0, **changes: Any) -> Count:
    when = at(clock)
    count = Count(
        report_id=UUID(int=id),
        at=when,
        spoke=Spoke.PERSON,
        source_id=PERSON,
        free=free,
        over_by=over_by,
        night=NIGHT,
        basis=Basis.PHYSICAL,
        known_until=when,
    )
    return replace(count, **changes)


def feed(free: int, clock: str, *, id: int = 200, lag_min: int = 0, **changes: Any) -> Count:
    """A machine's count."""
    when = at(clock)
    said: dict[str, Any] = {
        "spoke": Spoke.FEED,
        "source_id": FEED,
        "known_until": when - timedelta(minutes=lag_min),
    }
    return person(free, clock, id=id, **said | changes)


def net(free: int, clock: str, **changes: Any) -> Count:
    """A machine's count that has already taken off the holds it knew of."""
    return feed(free, clock, basis=Basis.NET, **changes)


def _moved(
    direction: Direction, places: int, clock: str, id: int, *,
    counted_in: int | None = None, counted_at: str | None = None, voided: bool = False,
) -> Movement:  # fmt: skip
    report = UUID(int=counted_in) if counted_in is not None else None
    named_at = at(counted_at) if counted_at is not None else None
    return Movement(UUID(int=id), direction, places, at(clock), report, voided, named_at)


def came(places: int, clock: str, *, id: int = 300, **named: Any) -> Movement:
    return _moved(Direction.IN, places, clock, id, **named)


def left(places: int, clock: str, *, id: int = 400, **named: Any) -> Movement:
    return _moved(Direction.OUT, places, clock, id, **named)


def stood(places: int, since: str, until: str | None = None) -> HoldSpan:
    return HoldSpan(places, at(since), at(until) if until else None)


def known(count: Count | None = None, **changes: Any) -> Known:
    """Return what is known of a nightly unit, unless `changes` say otherwise."""
    told = Told(
        count=count, **{name: changes.pop(name) for name in ("coming", "out_of_service", "intake") if name in changes}
    )
    unit = Known(UNIT, SHELTER, Regime.NIGHT, Turnover.NIGHTLY, Stated(CAPACITY, at("00:00"), UNIT), told=told)
    return replace(unit, **changes)


def seen(unit: Known, now: datetime | str, *movements: Movement, policy: Policy | None = None) -> UnitState:
    """Return the unit's state at `now` (a time of day means that of NIGHT)."""
    instant = at(now) if isinstance(now, str) else now
    return fold(unit, movements, (), Moment(instant, BRUSSELS, policy or Policy()))
