"""Who asks, when, and how often again: households drawn from the volumes of calls. No rule can change who they are.

As many ask each evening as there were calls, if nobody had been given a place: those who come again and the new ones.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from halte.backtest.assuming import EVENING_MIN, Assumptions, instant
from halte.backtest.reading import Flow, Month
from orientation.model.counts import group_of
from orientation.model.household import Age, Gender, Household, Member, Relation, Urgency

YOUTH = "youth"


@dataclass(frozen=True, slots=True)
class Asker:
    """A household. `asks` are its calls while it is turned away, one an evening, from the evening `first` on.

    `goes_on`: the month ends before they give up.
    """

    id: UUID
    household: Household
    first: int
    asks: tuple[datetime, ...]
    goes_on: bool

    @property
    def group(self) -> str:
        young = self.household.party[0].age is Age.YOUNG
        return YOUTH if young and self.household.party_size == 1 else str(group_of(self.household))


def draw_askers(month: Month, assumed: Assumptions, seed: int) -> tuple[Asker, ...]:
    rng = random.Random(f"{seed} asking")
    drawn: list[Asker] = []
    coming: dict[tuple[int, bool], int] = {}
    for evening, calls in enumerate(month.calls):
        families = _rounded(calls.asking * calls.family_share, rng)
        for family, volume in ((True, families), (False, calls.asking - families)):
            for _ in range(max(0, volume - coming.get((evening, family), 0))):
                asker = _asker(month, assumed, rng, evening, family=family)
                drawn.append(asker)
                for later in range(evening + 1, evening + len(asker.asks)):
                    coming[later, family] = coming.get((later, family), 0) + 1
    return tuple(drawn)


def _rounded(number: float, rng: random.Random) -> int:
    return int(number) + (rng.random() < number % 1)


def _asker(month: Month, assumed: Assumptions, rng: random.Random, evening: int, *, family: bool) -> Asker:
    id = UUID(int=rng.getrandbits(128), version=4)
    party = _family(month, assumed, rng) if family else _adults(month.flows, assumed, rng)
    household = Household(party, urgency=_urgency(assumed, rng))
    asks, goes_on = [], True
    for day in month.evenings[evening:]:
        asks.append(instant(day, rng.triangular(0, EVENING_MIN, assumed.call_peak_min)))
        goes_on = rng.random() < assumed.again
        if not goes_on:
            break
    return Asker(id, household, evening, tuple(asks), goes_on)


def _urgency(assumed: Assumptions, rng: random.Random) -> tuple[Urgency, ...]:
    chance = rng.random()
    if chance < assumed.first_tier:
        return (Urgency.VIOLENCE,)
    return (Urgency.STREET_TONIGHT,) if chance < assumed.first_tier + assumed.second_tier else ()


def _family(month: Month, assumed: Assumptions, rng: random.Random) -> tuple[Member, ...]:
    """Return two at the least, and on the mean as many as slept in a family's room."""
    most = assumed.family_size_max
    more = min(1.0, max(0.0, (month.family_size - 2) / (most - 2)))
    size = 2 + sum(rng.random() < more for _ in range(most - 2))
    couple = size > 2 and rng.random() < 0.5
    grown = [Member(Age.ADULT, Gender.WOMAN, Relation.SELF), Member(Age.ADULT, Gender.MAN, Relation.PARTNER)]
    child = Member(Age.CHILD, Gender.UNSAID, Relation.CHILD)
    adults = grown[: 1 + couple]
    return (*adults, *[child] * (size - len(adults)))


def _adults(flows: dict[str, Flow], assumed: Assumptions, rng: random.Random) -> tuple[Member, ...]:
    if rng.random() < assumed.couples:
        return (
            Member(Age.ADULT, Gender.WOMAN, Relation.SELF),
            Member(Age.ADULT, Gender.MAN, Relation.PARTNER),
        )
    youth, single = flows["Youth"], flows["Single Adult"]
    young = rng.random() < youth.people / (youth.people + single.people)
    flow = youth if young else single
    (gender,) = rng.choices((Gender.MAN, Gender.WOMAN, Gender.X), (flow.men, flow.women, flow.neither))
    return (Member(Age.YOUNG if young else Age.ADULT, gender, Relation.SELF),)
