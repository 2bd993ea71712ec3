"""Staying: the truth of a unit in one night, which nobody knows who has not counted. Who came when, who left when.

A night's beginning follows from its date alone, and its end leads to the next one's: any night can be drawn by itself.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import accumulate
from zoneinfo import ZoneInfo

from halte.simulate.housing import House, Room, World
from inventory.model.facts import OutOfService, OutReason
from inventory.model.night import noon_of
from inventory.model.unit import Admits, Regime

DAY = timedelta(days=1)
_REASONS = (OutReason.CLEANING, OutReason.REPAIR, OutReason.REPAIR, OutReason.STAFF, OutReason.QUARANTINE,
            OutReason.KEPT_FOR_PARTNER, OutReason.OTHER)  # fmt: skip
# Where people stay, what is out of service is so for several nights.
_OUT_NIGHTS = 5
# Half of those who come in the evening have come this long after the doors opened.
_HALF_CAME_MIN = 55.0


@dataclass(frozen=True, slots=True)
class Step:
    """At an instant so many allotments are taken, or given up. `walk_in`: nobody had announced them."""

    at: datetime
    taken: int
    walk_in: bool = False


@dataclass(frozen=True)
class Stay:
    """One unit's night. `mended_at`: when what was out of service was back, where it was within the night."""

    capacity: int
    taken_at_noon: int
    steps: tuple[Step, ...]
    out: OutOfService | None = None
    mended_at: datetime | None = None

    @cached_property
    def _instants(self) -> list[datetime]:
        return [step.at for step in self.steps]

    @cached_property
    def _taken(self) -> list[int]:
        return list(accumulate((step.taken for step in self.steps), initial=self.taken_at_noon))

    def taken(self, at: datetime) -> int:
        return self._taken[bisect_right(self._instants, at)]

    def out_at(self, at: datetime) -> tuple[OutOfService, ...]:
        back = self.mended_at is not None and at >= self.mended_at
        return () if self.out is None or back else (self.out,)

    def rest(self, at: datetime) -> int:
        """Return how many are free; below nothing, how many people are there beyond the places."""
        return self.capacity - sum(out.places for out in self.out_at(at)) - self.taken(at)


def moment(night: date, clock: time, zone: ZoneInfo, *, morning: bool = False) -> datetime:
    """Return the instant of a time of day; in UTC, where hours can be added in any night of the year."""
    return datetime.combine(night + DAY if morning else night, clock, zone).astimezone(UTC)


def noon(night: date, zone: ZoneInfo) -> datetime:
    return noon_of(night, zone).astimezone(UTC)


def between(chance: random.Random, first: datetime, last: datetime) -> datetime:
    """Return some instant, on a whole second."""
    return first + timedelta(seconds=chance.randint(0, max(1, int((last - first).total_seconds()))))


def stay(world: World, house: House, room: Room, night: date, zone: ZoneInfo, *, overfull: bool = False) -> Stay:
    """Draw the truth of a unit in a night."""
    chance = world.chance("stay", night, room.number)
    if not room.nightly:
        return _lasting(world, chance, room, night, zone)
    if room.surge:
        return Stay(room.capacity, 0, _sorted(_evening(chance, house, room, night, zone, room.capacity * 4 // 5)))
    return _nightly(world, chance, house, room, night, zone, overfull=overfull)


def _nightly(
    world: World, chance: random.Random, house: House, room: Room, night: date, zone: ZoneInfo, *, overfull: bool
) -> Stay:
    begins = noon(night, zone)
    out = _out(
        chance, room.capacity, 12, until=between(chance, begins + timedelta(hours=7), begins + timedelta(hours=10))
    )
    usable = room.capacity - (out.places if out else 0)
    late = min(_late(world, room, night), usable)
    full = chance.random() < (0.9 if _scarce(room) else 0.66)
    target = usable if full else max(late, usable - chance.randint(1, max(1, usable // 7)))
    if overfull:
        target = usable + chance.randint(1, 2)
    steps = [
        Step(between(chance, begins + timedelta(minutes=20), begins + timedelta(minutes=110)), -1) for _ in range(late)
    ]
    steps += _evening(chance, house, room, night, zone, target)
    if target >= 4 and chance.random() < 0.25:
        steps.append(Step(between(chance, begins + timedelta(hours=9), begins + timedelta(hours=11.5)), -1))
    left = late + sum(step.taken for step in steps)
    steps += _morning(chance, night, zone, left - min(left, _late(world, room, night + DAY)))
    mended = out.until + timedelta(minutes=chance.randint(4, 20)) if out and out.until else None
    return Stay(room.capacity, late, _sorted(steps), out, mended)


def _evening(chance: random.Random, house: House, room: Room, night: date, zone: ZoneInfo, target: int) -> list[Step]:
    """Let people come from when the doors open: a queue first, then fewer and fewer, until they close."""
    opens = moment(night, house.shelter.intake_from or time(18), zone)
    closes = moment(night, house.shelter.intake_to or time(22), zone) + timedelta(minutes=40)
    if room.surge:
        opens = moment(night, time(19, 30), zone)
    steps: list[Step] = []
    while target > 0:
        party = min(target, chance.choice((1, 1, 1, 2, 2, 3) if room.capacity > 6 else (1,)))
        after = timedelta(minutes=chance.expovariate(0.693 / _HALF_CAME_MIN))
        at = opens + timedelta(seconds=int(after.total_seconds()))
        if at > closes:
            at = between(chance, opens, closes)
        steps.append(Step(at, party, walk_in=chance.random() < 0.2))
        target -= party
    return steps


def _morning(chance: random.Random, night: date, zone: ZoneInfo, leaving: int) -> list[Step]:
    first, last = moment(night, time(6, 30), zone, morning=True), moment(night, time(11, 20), zone, morning=True)
    steps = []
    while leaving > 0:
        party = min(leaving, chance.randint(1, max(1, leaving // 2)))
        steps.append(Step(between(chance, first, last), -party))
        leaving -= party
    return steps


def _late(world: World, room: Room, night: date) -> int:
    """Say how many people of the night before are still there at this night's noon."""
    chance = world.chance("late", night, room.number)
    return chance.randint(1, 3) if chance.random() < 0.3 else 0


def _lasting(world: World, chance: random.Random, room: Room, night: date, zone: ZoneInfo) -> Stay:
    """Where people stay, a night brings little: one moves out, another moves in."""
    begins = noon(night, zone)
    start, end = _anchor(world, room, night), _anchor(world, room, night + DAY)
    latest = begins + timedelta(hours=9 if room.unit.unit.regime is Regime.NIGHT else 5)
    change = 1 if end > start else -1
    steps = [Step(between(chance, begins + timedelta(hours=1), latest), change) for _ in range(abs(end - start))]
    if start >= 3 and chance.random() < 0.3:
        leaves = between(chance, begins + timedelta(hours=1), latest)
        steps += [Step(leaves, -1), Step(leaves + timedelta(minutes=chance.randint(30, 240)), 1)]
    return Stay(room.capacity, start, _sorted(steps), _lasting_out(world, room, night))


def _anchor(world: World, room: Room, night: date) -> int:
    """Say how many are taken at a night's noon where people stay: most of what both nights around it have."""
    outs = (_lasting_out(world, room, night - DAY), _lasting_out(world, room, night))
    usable = room.capacity - max(out.places if out else 0 for out in outs)
    usual = world.chance("usual", room.number)
    free = 0 if usual.random() < 0.6 else usual.randint(1, max(1, room.capacity // 6))
    free += world.chance("anchor", night, room.number).choice((-1, 0, 0, 0, 0, 1))
    return max(0, usable - max(0, free))


def _lasting_out(world: World, room: Room, night: date) -> OutOfService | None:
    return _out(world.chance("out", night.toordinal() // _OUT_NIGHTS, room.number), room.capacity, 10)


def _out(chance: random.Random, capacity: int, percent: int, until: datetime | None = None) -> OutOfService | None:
    if chance.randrange(100) >= percent or capacity < 4:
        return None
    places = chance.randint(1, max(1, capacity // 8))
    return OutOfService(chance.choice(_REASONS), places, until if chance.random() < 0.5 else None)


def _scarce(room: Room) -> bool:
    return bool({Admits.WOMEN, Admits.FAMILIES} & set(room.unit.unit.audience))


def _sorted(steps: list[Step]) -> tuple[Step, ...]:
    return tuple(sorted(steps, key=lambda step: step.at))
