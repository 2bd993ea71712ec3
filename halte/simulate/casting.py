"""Casting: who plays which part tonight. Every night has all parts; who plays them changes from night to night."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from halte.simulate.housing import Habit, House, World
from inventory.model.unit import Regime

_MANY = 8


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
    ours = [house for house in world.houses if not house.staffed and house.regime is Regime.NIGHT]
    told = [one for one in ours if one.habit is not Habit.FEED and not any(room.surge for room in one.rooms)]
    nightly = _Deck(chance, [house for house in told if house.nightly])
    lasting = _Deck(chance, [house for house in told if not house.nightly])
    fed = _Deck(chance, [house for house in ours if house.habit is Habit.FEED])
    silent = nightly.deal(5)
    # In a small region there are too few of either kind for everything.
    others = nightly if len(nightly.rest) >= _MANY else lasting
    parts = {
        "silent": silent,
        "closing": others.deal(2),
        "reopening": others.deal(2),
        "pausing": others.deal(5),
        "stuck": fed.deal(5),
        "late_feeds": fed.deal(12),
    }
    rooms = [room.number for house in nightly.rest for room in house.rooms if room.capacity > 3]
    keen = [house for house in (*nightly.rest, *lasting.rest) if house.habit is Habit.KEEN]
    return Cast(
        **{part: frozenset(house.number for house in houses) for part, houses in parts.items()},
        overfull=_some(chance, rooms, 8),
        slipping=_some(chance, rooms, 4),
        tapping_wrong=_some(chance, [room.number for house in keen for room in house.rooms], 20),
        dark=_dark(chance, world.houses),
    )


class _Deck:
    """Deals what nobody else has been dealt: so many in a hundred, and one at least while there are any."""

    def __init__(self, chance: random.Random, houses: Sequence[House]) -> None:
        self.rest = chance.sample(houses, len(houses))
        self._whole = len(houses)

    def deal(self, percent: int) -> list[House]:
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
