"""Housing: the shelters of an invented region with what stays the same about them, whatever the night."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from halte.demo.inventing import InventedRegion, InventedUnit
from inventory.model.unit import Regime, Shelter, Turnover


class Habit(StrEnum):
    """How a shelter tells: every movement, a count now and then, or by its software."""

    KEEN = "keen"
    PLAIN = "plain"
    FEED = "feed"


# Of a hundred shelters so many have software that reports, by operator; of the others so many note who comes.
_WITH_SOFTWARE = 22
_KEEN = 45


@dataclass(frozen=True, slots=True)
class Room:
    """A unit with its number in the region: by that its chance is drawn, so that it is the same in every region."""

    number: int
    unit: InventedUnit

    @property
    def id(self) -> UUID:
        return self.unit.unit.id

    @property
    def capacity(self) -> int:
        return self.unit.capacity

    @property
    def nightly(self) -> bool:
        return self.unit.unit.turnover is Turnover.NIGHTLY

    @property
    def surge(self) -> bool:
        return self.unit.unit.surge


@dataclass(frozen=True, slots=True)
class House:
    """A shelter. `staffed`: somebody of the demonstration may sign in for it."""

    number: int
    shelter: Shelter
    rooms: tuple[Room, ...]
    habit: Habit
    staffed: bool

    @property
    def id(self) -> UUID:
        return self.shelter.id

    @property
    def regime(self) -> Regime:
        return self.rooms[0].unit.unit.regime

    @property
    def nightly(self) -> bool:
        return self.rooms[0].nightly


@dataclass(frozen=True, slots=True)
class World:
    """The region as the simulation knows it: it invented it."""

    id: UUID
    seed: int
    houses: tuple[House, ...]

    def chance(self, *parts: object) -> random.Random:
        """Return the chance of one thing, independent of all others; it does not depend on the region's id."""
        return random.Random("/".join(map(str, (self.seed, *parts))))


def furnish(region_id: UUID, region: InventedRegion, seed: int) -> World:
    """Put units into their shelters, and give each shelter its habit."""
    by_shelter: defaultdict[UUID, list[InventedUnit]] = defaultdict(list)
    for one in region.units:
        by_shelter[one.unit.shelter_id].append(one)
    programmed = _with_software(region, seed)
    houses: list[House] = []
    number = 0
    for shelter in region.shelters:
        rooms = tuple(Room(number + nth, one) for nth, one in enumerate(by_shelter[shelter.id]))
        number += len(rooms)
        staffed = shelter.id in region.staffed
        chance = random.Random(f"{seed}/habit/{len(houses)}")
        keen = staffed or chance.randrange(100) < _KEEN
        feeds = shelter.operator_id in programmed and not staffed
        habit = Habit.FEED if feeds else Habit.KEEN if keen else Habit.PLAIN
        houses.append(House(len(houses), shelter, rooms, habit, staffed))
    return World(region_id, seed, tuple(houses))


def _with_software(region: InventedRegion, seed: int) -> set[UUID]:
    """Choose operators by chance until enough shelters are theirs."""
    counts = Counter(shelter.operator_id for shelter in region.shelters)
    operators = [operator.id for operator in region.operators]
    random.Random(f"{seed}/software").shuffle(operators)
    programmed: set[UUID] = set()
    while sum(counts[id] for id in programmed) * 100 < len(region.shelters) * _WITH_SOFTWARE:
        programmed.add(operators.pop())
    return programmed
