"""Casting: who plays which part tonight. Every night has all parts; who plays them changes from night to night."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from halte.simulate.housing import Habit, House, World
from inventory.model.unit import Regime


@dataclass(frozen=True, slots=True)
class Cast:
    """Numbers of houses by part, of units by part, and the commune whose power fails."""

    silent: frozenset[int]
    closing: frozenset[int]
    reopening: frozenset[int]
    pausing: frozenset[int]
    overfull: frozenset[int]
    slipping: frozenset[int]
    tapping_wrong: frozenset[int]
    stuck: frozenset[int]
    late_feeds: frozenset[int]
    dark: str | None


def cast(world: World, night: date) -> Cast:
    """Deal the parts. No house has two that contradict each other, and none that somebody may sign in for has any."""
    chance = world.chance("cast", night)
    ours = [house for house in world.houses if not house.staffed]
    phones = [house for house in ours if house.nightly and house.habit is not Habit.FEED and not house.shelter.secret]
    feeds = [house for house in ours if house.regime is Regime.NIGHT and house.habit is Habit.FEED]
    keen = {house.number for house in phones if house.habit is Habit.KEEN}
    chance.shuffle(phones)
    chance.shuffle(feeds)
    dealt = _Deck([house.number for house in phones if not any(room.surge for room in house.rooms)])
    fed = _Deck([house.number for house in feeds])
    parts = {
        "silent": dealt.deal(5),
        "closing": dealt.deal(2),
        "reopening": dealt.deal(2),
        "pausing": dealt.deal(5),
        "stuck": fed.deal(5),
        "late_feeds": fed.deal(12),
    }
    left = [house for house in phones if house.number in set(dealt.rest)]
    rooms = [room.number for house in left for room in house.rooms if not room.surge and room.capacity > 3]
    keen_rooms = [
        room.number for house in phones if house.number in keen & {one.number for one in left} for room in house.rooms
    ]
    return Cast(
        **{part: frozenset(numbers) for part, numbers in parts.items()},
        overfull=_some(chance, rooms, 4),
        slipping=_some(chance, rooms, 4),
        tapping_wrong=_some(chance, keen_rooms, 20),
        dark=_dark(chance, world.houses),
    )


class _Deck:
    """Deals what nobody else has been dealt: so many in a hundred, and one at least while there are any."""

    def __init__(self, numbers: Sequence[int]) -> None:
        self.rest = list(numbers)
        self._whole = len(self.rest)

    def deal(self, percent: int) -> list[int]:
        count = max(1, self._whole * percent // 100)
        dealt, self.rest = self.rest[:count], self.rest[count:]
        return dealt


def _some(chance: random.Random, numbers: Sequence[int], percent: int) -> frozenset[int]:
    return frozenset(chance.sample(numbers, min(len(numbers), max(1, len(numbers) * percent // 100))))


def _dark(chance: random.Random, houses: Sequence[House]) -> str | None:
    """Choose a commune whose power fails: of the three with most to say, without those where somebody signs in."""
    kept = {house.shelter.commune for house in houses if house.staffed}
    nightly = Counter(house.shelter.commune for house in houses if house.nightly and house.shelter.commune not in kept)
    fitting = sorted(nightly, key=lambda commune: (-nightly[commune], commune))[:3]
    return chance.choice(fitting) if fitting else None
