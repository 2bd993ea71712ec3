"""An evening: all that is said in one night of a region, in order of time, and the truth it is said of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from halte.simulate.casting import Cast, cast
from halte.simulate.feeding import feed
from halte.simulate.happening import Activated, Event, Scene, Turned, name
from halte.simulate.housing import Habit, House, Room, World
from halte.simulate.staying import DAY, Stay, moment, noon, stay
from halte.simulate.telling import Teller
from inventory.model.surge import UNITS_MAX

_COLD = time(17, 30)
_SURGE_ENDS = time(10)
_CLOSES = time(19, 40)
_OPENS_AGAIN = time(10, 30)
_SHUT_BY_DAY, _SHUT_UNTIL, _COUNTED_AGAIN = time(14, 5), time(17, 40), time(18, 25)
_POWER_FAILS, _POWER_RETURNS = time(20, 10), time(21, 5)


@dataclass(frozen=True, slots=True)
class Evening:
    """One night, noon to noon. `stays` is the truth of every unit: what would be on the board if everybody told it."""

    night: date
    begins: datetime
    ends: datetime
    events: tuple[Event, ...]
    stays: Mapping[UUID, Stay]


def draw(world: World, night: date, zone: ZoneInfo) -> Evening:
    """Draw a night. It depends on the region, its seed and the date, and on no other night."""
    parts = cast(world, night)
    stays: dict[UUID, Stay] = {}
    events: list[Event] = list(_cold_plan(world, night, zone))
    for house in world.houses:
        own = [
            (room, stay(world, house, room, night, zone, overfull=room.number in parts.overfull))
            for room in house.rooms
        ]
        stays |= {room.id: truth for room, truth in own}
        events += _of_house(world, house, own, parts, night, zone)
    begins, ends = noon(night, zone), noon(night + DAY, zone)
    kept = sorted((one for one in events if begins <= one.at < ends), key=lambda one: one.at)
    return Evening(night, begins, ends, tuple(kept), stays)


def _cold_plan(world: World, night: date, zone: ZoneInfo) -> Iterator[Event]:
    """Ask every surge unit to open; no more of them at once than one activation takes."""
    units = [room.id for house in world.houses for room in house.rooms if room.surge]
    for nth, start in enumerate(range(0, len(units), UNITS_MAX)):
        yield Activated(
            at=moment(night, _COLD, zone),
            scene=Scene.COLD_PLAN,
            id=name(world.id, night, "cold plan", nth),
            units=tuple(units[start : start + UNITS_MAX]),
            expires_at=moment(night, _SURGE_ENDS, zone, morning=True),
        )


def _of_house(
    world: World, house: House, own: list[tuple[Room, Stay]], parts: Cast, night: date, zone: ZoneInfo
) -> Iterable[Event]:
    events = list(_said(world, house, own, parts, night, zone))
    if house.number in parts.closing:
        closes = moment(night, _CLOSES, zone)
        opens = moment(night, _OPENS_AGAIN, zone, morning=True)
        events = [one for one in events if one.at < closes]
        events += _turned(house, closes, opens)
    if house.number in parts.reopening:
        events += _turned(house, moment(night, _SHUT_BY_DAY, zone), moment(night, _SHUT_UNTIL, zone))
    if house.shelter.commune == parts.dark:
        events = [_delayed(one, night, zone) for one in events]
    return events


def _said(
    world: World, house: House, own: list[tuple[Room, Stay]], parts: Cast, night: date, zone: ZoneInfo
) -> Iterator[Event]:
    """Yield what a house says, by phone or by its software; a surge unit is opened by people."""
    by_phone = [one for one in own if one[0].surge or house.habit is not Habit.FEED]
    again = moment(night, _COUNTED_AGAIN, zone) if house.number in parts.reopening else None
    for room, truth in by_phone:
        teller = Teller(house, room, truth, night, zone, world.chance("tell", night, room.number))
        told = list(
            teller.tell(slips=room.number in parts.slipping, taps_wrong=room.number in parts.tapping_wrong, again=again)
        )
        # They counted once, and then nothing more was heard of them.
        yield from told[:1] if house.number in parts.silent else told
        if house.number in parts.pausing:
            yield from teller.pause()
    if house.habit is Habit.FEED:
        rest = [one for one in own if not one[0].surge]
        late, stuck = house.number in parts.late_feeds, house.number in parts.stuck
        yield from feed(house, rest, night, zone, world.chance("feed", night, house.number), late=late, stuck=stuck)


def _turned(house: House, closes: datetime, opens: datetime) -> Iterator[Event]:
    for room in house.rooms:
        yield Turned(at=closes, scene=Scene.CLOSING, shelter=house.id, unit=room.id, closed=True)
        yield Turned(at=opens, scene=Scene.REOPENING, shelter=house.id, unit=room.id, closed=False)


def _delayed(event: Event, night: date, zone: ZoneInfo) -> Event:
    """Without power nothing leaves the house; what was counted meanwhile is sent afterwards, in its order."""
    fails, returns = moment(night, _POWER_FAILS, zone), moment(night, _POWER_RETURNS, zone)
    if isinstance(event, Turned | Activated) or not fails <= event.at < returns:
        return event
    return replace(event, at=returns + (event.at - fails) / 20 + timedelta(seconds=5))
