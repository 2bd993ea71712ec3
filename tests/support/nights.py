"""Small nights with all that makes a plan difficult: holds, links, draws, plans before, reserves and floors."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import product
from uuid import UUID

import msgspec

from orientation.matching.ranking import rank
from orientation.model.counts import PartyGroup, group_of
from orientation.model.household import Urgency
from orientation.model.policy import OrientationPolicy
from orientation.model.sharing import Match, PlanRules, place_among
from orientation.planning.case import Case, Seeker, columns_of, context_of
from orientation.planning.inventing import invent

Choice = dict[UUID, UUID | None]
STEPS = 4
_TIERS = (
    (),
    (Match(urgency=(Urgency.MINOR,)),),
    (Match(urgency=(Urgency.MINOR, Urgency.VIOLENCE)), Match(turned_away=True), Match(parties=(PartyGroup.WOMAN,))),
)


def difficult_night(seed: int, *, households: int = 30, units: int = 12) -> tuple[Case, OrientationPolicy]:
    chance = random.Random(seed)
    case = invent(
        seed, shelters=max(1, units // 3), units=units, households=households, scarcity=chance.uniform(0.5, 1.3)
    )
    rules = PlanRules(
        tiers=chance.choice(_TIERS),
        stability=chance.choice((0, 80)),
        drawn=chance.choice((0, 200)),
        balance=chance.choice((0, 10)),
        reserve_percent=chance.choice((0, 0, 25)),
        floors=chance.choice(({}, {PartyGroup.MAN: 60, PartyGroup.FAMILY: 40})),
    )
    case = _held(chance, case)
    seekers = tuple(_seeker(chance, case, seeker) for seeker in case.seekers)
    requests = [seeker.request for seeker in seekers]
    links = tuple(tuple(chance.sample(requests, chance.choice((2, 2, 3)))) for _ in range(chance.choice((0, 1, 2))))
    return replace(case, seekers=seekers, links=links), OrientationPolicy(plan=rules)


def _held(chance: random.Random, case: Case) -> Case:
    """Hold places for a few, where they fit, as the desk would have."""
    states, seekers, policy = {one.id: one for one in case.states}, [], OrientationPolicy()
    for seeker in case.seekers:
        now = replace(case, states=tuple(states.values()))
        found = points_of(now, seeker, policy) if chance.random() < 0.15 else {}
        if found:
            unit = chance.choice(sorted(found))
            need = needs(now, seeker, unit)
            states[unit] = msgspec.structs.replace(states[unit], held=states[unit].held + need)
            seeker = replace(seeker, unit=unit, places=need, confirmed=chance.random() < 0.5)  # noqa: PLW2901
        seekers.append(seeker)
    return replace(case, states=tuple(states.values()), seekers=tuple(seekers))


def _seeker(chance: random.Random, case: Case, seeker: Seeker) -> Seeker:
    drawn = chance.randrange(40) if chance.random() < 0.3 else None
    proposed = chance.choice(case.states).id if chance.random() < 0.5 else None
    return replace(seeker, drawn=drawn, proposed=proposed)


def points_of(case: Case, seeker: Seeker, policy: OrientationPolicy) -> dict[UUID, int]:
    """Return what matching itself says of every unit that fits."""
    columns = columns_of(case)
    ranking = rank(columns, seeker.household, context_of(case, seeker), policy, case.now, limit=len(columns))
    return {one.unit: one.score for one in ranking.suggestions}


def needs(case: Case, seeker: Seeker, unit: UUID) -> int:
    abouts = {about.id: about for shelter in case.shelters for about in shelter.units}
    return 1 if abouts[unit].allotment == "room" else seeker.household.party_size


class Judge:
    """Says what a choice is worth, one household at a time: nothing of it is planning's own."""

    def __init__(self, case: Case, policy: OrientationPolicy) -> None:
        self.case, self.rules = case, policy.plan
        self.points = {seeker.request: points_of(case, seeker, policy) for seeker in case.seekers}
        columns = columns_of(case)
        self.free = {
            seen.about.id: (seen.least or 0) * (100 - self.rules.reserve_percent) // 100 if seen.holdable else 0
            for seen in columns.seen
        }
        self.worth = {seen.about.id: seen.about.room_size or 1 for seen in columns.seen}
        self.shelter = {seen.about.id: seen.shelter.id for seen in columns.seen}

    @property
    def waiting(self) -> list[Seeker]:
        return [seeker for seeker in self.case.seekers if seeker.unit is None]

    def faults(self, choice: Choice) -> list[str]:
        found, taken = [], dict.fromkeys(self.free, 0)
        for seeker in self.case.seekers:
            unit = choice[seeker.request]
            if seeker.unit is not None:
                found += [] if unit == seeker.unit else [f"{seeker.code} was moved"]
            elif unit is not None:
                found += [] if unit in self.points[seeker.request] else [f"{seeker.code} does not fit"]
                taken[unit] += needs(self.case, seeker, unit)
        found += [f"{taken[unit]} of {free}" for unit, free in self.free.items() if taken[unit] > free]
        return found + [f"{link} is parted" for link in self._links() if self._parted(link, choice)]

    def _links(self) -> list[set[UUID]]:
        links: list[set[UUID]] = []
        for link in map(set, self.case.links):
            touched = [one for one in links if one & link]
            links = [one for one in links if one not in touched] + [link.union(*touched)]
        return links

    def _parted(self, link: set[UUID], choice: Choice) -> bool:
        held = {self.shelter[one.unit] for one in self.case.seekers if one.request in link and one.unit is not None}
        units = [choice[one.request] for one in self.waiting if one.request in link]
        houses = {None if unit is None else self.shelter[unit] for unit in units}
        return len(houses) > 1 or bool(held and not houses <= {None, *held})

    def people(self, choice: Choice) -> tuple[int, ...]:
        placed = [0] * (len(self.rules.tiers) + 1)
        for seeker in self.case.seekers:
            if choice[seeker.request] is not None:
                tier = place_among(self.rules.tiers, seeker.household, turned_away=seeker.turned_away)
                placed[tier] += seeker.household.party_size
        return tuple(placed)

    def fit(self, choice: Choice) -> float:
        there = [(one, unit) for one in self.waiting if (unit := choice[one.request]) is not None]
        size = 1 + max((one.drawn for one in self.waiting if one.drawn is not None), default=0)
        total = 0.0
        for seeker, unit in there:
            total += self.points[seeker.request][unit] + self.rules.stability * (seeker.proposed == unit)
            total += 0 if seeker.drawn is None else self.rules.drawn * (size - seeker.drawn) // size
        return total - self._floors(choice) - self._balance(there)

    def _floors(self, choice: Choice) -> float:
        lost = 0.0
        for group, percent in self.rules.floors.items():
            they = [one for one in self.case.seekers if group_of(one.household) is group]
            people = sum(one.household.party_size for one in they)
            placed = sum(one.household.party_size for one in they if choice[one.request] is not None)
            lost += self.rules.floor_points * max(0.0, people * percent / 100 - placed)
        return lost

    def _balance(self, there: list[tuple[Seeker, UUID]]) -> float:
        lost = 0.0
        for shelter in set(self.shelter.values()):
            inside = [unit for unit, of in self.shelter.items() if of == shelter]
            places = sum(self.free[unit] * self.worth[unit] for unit in inside)
            used = sum(needs(self.case, one, unit) * self.worth[unit] for one, unit in there if unit in inside)
            ends = [places * step // STEPS for step in range(STEPS + 1)]
            lost += sum(
                self.rules.balance * (step + 1) / STEPS * min(max(used - ends[step], 0), ends[step + 1] - ends[step])
                for step in range(STEPS)
            )
        return lost

    def best(self) -> tuple[tuple[int, ...], float]:
        """Try everything; return the most people by tier, and the best fit with as many."""
        held: Choice = {one.request: one.unit for one in self.case.seekers if one.unit is not None}
        names = [one.request for one in self.waiting]
        ways: list[list[UUID | None]] = [
            [None, *(unit for unit in self.points[name] if self.free[unit])] for name in names
        ]
        choices = (held | dict(zip(names, way, strict=True)) for way in product(*ways))
        return max((self.people(choice), self.fit(choice)) for choice in choices if not self.faults(choice))
