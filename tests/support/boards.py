"""Random boards and households for matching, of any size, from the inventory's own bodies.

From a seed and not from strategies: hundreds of boards then cost what a few did, and a bench can have large ones.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from inventory.bodies import OperatorBody, ShelterBody, UnitAbout, UnitBody
from inventory.model.state import Status
from inventory.model.unit import Admits, Regime, Tolerance
from kernel.journal import Subject
from orientation.matching.context import Bar, Context
from orientation.model.household import Age, AwayFrom, Gender, Household, Member, Needs, Relation
from orientation.model.policy import OrientationPolicy, Weights

ZONE = ZoneInfo("Europe/Brussels")
# Half past nine in the evening in Brussels.
NOW = datetime(2026, 11, 26, 20, 30, tzinfo=UTC)
POINTS = {"21004": (4.3517, 50.8466), "21001": (4.3121, 50.8333), "21015": (4.3737, 50.8676)}
COMMUNES = (*POINTS, "23027")
LANGUAGES = ("fr", "nl", "en", "ar")
Estate = tuple[list[ShelterBody], list[UnitBody]]

_OPERATOR = OperatorBody(UUID(int=9), "Operator (invented)")
_MAYBE = (None, True, False)
_TIMES = (None, time(8), time(12), time(17), time(21, 30), time(22), time(0), time(2))
_MOMENTS = (None, *(NOW + timedelta(minutes=minutes) for minutes in (-60, -1, 0, 1, 60)))
_CONFIRMED = (None, *(NOW - timedelta(hours=hours) for hours in (0, 2, 3, 6, 7, 24, 30)))


class Chance(random.Random):
    def one_in(self, many: int) -> bool:
        return self.random() * many < 1

    def some(self, things: Sequence[Any], most: int, least: int = 0) -> tuple[Any, ...]:
        return tuple(self.sample(things, self.randint(least, min(most, len(things)))))

    def id(self) -> UUID:
        return UUID(int=self.getrandbits(128))


def random_unit(chance: Chance, unit_id: UUID) -> UnitAbout:
    room = chance.one_in(2)
    return UnitAbout(
        id=unit_id,
        name="Unit (invented)",
        audience=chance.some(tuple(Admits), 3, 1),
        age_min=chance.choice((None, None, None, 0, 12, 18, 21, 60)),
        age_max=chance.choice((None, None, None, 17, 25, 40, 65, 120)),
        party_min=chance.choice((1, 1, 1, 2, 3)),
        party_max=chance.choice((None, None, 1, 2, 4)),
        allotment="room" if room else "place",
        room_size=chance.choice((None, 1, 2, 4)) if room else None,
        regime=chance.choice((Regime.NIGHT, Regime.NIGHT, Regime.ADMISSION)).value,
        turnover="nightly",
        step_free=chance.choice(_MAYBE),
        pets=chance.choice(_MAYBE),
        tolerance=chance.choice((None, *Tolerance)),
        medical_care=chance.choice(_MAYBE),
        max_stay_nights=None,
        surge=False,
        expires_at=chance.choice((None, None, None, *_MOMENTS)),
    )


def random_shelter(chance: Chance, shelter_id: UUID, unit_ids: Sequence[UUID]) -> ShelterBody:
    secret = chance.one_in(3)
    located = not secret and chance.one_in(2)
    return ShelterBody(
        id=shelter_id,
        operator=_OPERATOR,
        name="House (invented)",
        commune=chance.choice(COMMUNES),
        secret=secret,
        invented=True,
        closed=chance.one_in(10),
        address=None,
        location=(4.3 + chance.random() / 10, 50.8 + chance.random() / 10) if located else None,
        phone=None,
        languages=chance.some(LANGUAGES, 3),
        opens=None,
        closes=None,
        intake_from=chance.choice(_TIMES),
        intake_to=chance.choice(_TIMES),
        units=tuple(random_unit(chance, unit_id) for unit_id in unit_ids),
    )


def random_state(chance: Chance, unit_id: UUID, shelter: ShelterBody) -> UnitBody:
    status, confirmed = chance.choice((*[Status.OPEN] * 6, *Status)), chance.choice(_CONFIRMED)
    ages = [None if confirmed is None else confirmed + timedelta(hours=hours) for hours in (2, 6, 24)]
    return UnitBody(
        id=unit_id,
        shelter=shelter.id,
        secret=shelter.secret,
        status=status.value,
        free=chance.randint(0, 6),
        held=chance.choice((0, 0, 1, 3)),
        over_by=0,
        holdable=status is Status.OPEN or (status is Status.UNCONFIRMED and chance.one_in(2)),
        capacity=6,
        out_of_service=(),
        intake=chance.choice(("open", "open", "open", "paused")),
        intake_until=chance.choice(_MOMENTS),
        night=NOW.date(),
        confirmed_at=confirmed,
        aging_at=ages[0],
        stale_at=ages[1],
        silent_at=ages[2],
        confirmed_by=None,
        count_report=None,
        coming=None,
        flags=(),
    )


def random_estate(chance: Chance, houses: int = 8, units_each: int = 4) -> Estate:
    """Invent houses with their units, most of which have a state."""
    shelters = [
        random_shelter(chance, chance.id(), [chance.id() for _ in range(chance.randint(1, units_each))])
        for _ in range(houses)
    ]
    described = [(unit.id, shelter) for shelter in shelters for unit in shelter.units]
    return shelters, [random_state(chance, *one) for one in described if not chance.one_in(12)]


def random_household(chance: Chance, estate: Estate) -> Household:
    relations = (Relation.SELF, *chance.choices(list(Relation)[1:], k=chance.choice((0, 0, 0, 1, 2, 4))))
    party = tuple(Member(chance.choice(list(Age)), chance.choice(list(Gender)), relation) for relation in relations)
    needs = Needs(
        step_free=chance.one_in(4),
        pets=chance.choice((0, 0, 0, 1)),
        medical_care=chance.one_in(4),
        tolerance=chance.choice((None, None, Tolerance.SUPERVISED, Tolerance.OPEN)),
        languages=chance.some((*LANGUAGES, "ti"), 2),
        together=chance.one_in(2),
        near=chance.choice((None, *COMMUNES, "99999")),
        away_from=AwayFrom(chance.some([one.id for one in estate[0]], 1), chance.some(COMMUNES, 1)),
    )
    return Household(party, needs)


def random_bar(chance: Chance, unit: UnitBody) -> Bar:
    until = NOW + timedelta(days=chance.choice((-1, 1)))
    if unit.id.int % 2:
        return Bar(unit.id, until, "known-conflict", unit.shelter)
    return Bar(unit.id, until, "not-for-us")


def random_context(chance: Chance, estate: Estate) -> Context:
    bars = tuple(random_bar(chance, unit) for unit in chance.some(estate[1], 2))
    continues = chance.choice([None, *(one.id for one in estate[0])])
    return Context(chance.choice((Regime.NIGHT, Regime.NIGHT, Regime.ADMISSION)), ZONE, continues, bars)


def random_policy(chance: Chance) -> OrientationPolicy:
    points = {name: chance.randint(0, 200) for name in Weights.__dataclass_fields__}
    return OrientationPolicy(Weights(**points | {"reach_m": chance.randint(500, 20_000)}))


def subject(body: ShelterBody | UnitBody, seq: int, *, gone: bool = False) -> Subject:
    kind = "unit" if isinstance(body, UnitBody) else "shelter"
    return Subject(kind, body.id, seq, seq, gone, msgspec.json.encode(body))
