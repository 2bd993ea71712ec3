"""Invented nights: a region with its queue, of any size and scarcity, from a seed. What plans are measured on.

The figures are after what regions publish: most who ask come alone, most of those are men, a good fifth are families,
and rooms sleep two to six. Who waits and what is free is drawn; that so many places are free to so many people is not.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from uuid import UUID

import msgspec

from inventory.bodies import OperatorBody, ShelterBody, UnitAbout
from inventory.model.audience import BAND_FLOOR, band
from inventory.model.state import Status
from inventory.model.unit import Admits, Allotment, Regime, Tolerance, Turnover
from orientation.matching.columns import Position
from orientation.matching.seeing import State
from orientation.planning.case import Case
from orientation.planning.inventing_seekers import invent_seekers, links_among

NIGHT = date(2026, 11, 26)
# Six in the evening: registration is over, and no house has closed its door.
NOW = datetime(2026, 11, 26, 17, 0, tzinfo=UTC)
ZONE = "Europe/Brussels"
_COMMUNES = 19
# A region some fifteen kilometres across.
_MIDDLE, _ACROSS = (4.37, 50.84), (0.2, 0.13)
_LANGUAGES = ("fr", "nl", "en", "ar", "es", "ro", "ti", "ps")


@dataclass(frozen=True, slots=True)
class _Kind:
    """A sort of unit. `rooms` are sizes of rooms, none of which means shared places; `holds` how many of either."""

    audience: tuple[Admits, ...]
    holds: tuple[int, int]
    rooms: tuple[int, ...] = ()
    ages: tuple[int | None, int | None] = (18, None)
    party_max: int | None = None
    medical: bool = False


_KINDS = {
    "men": _Kind((Admits.MEN,), (6, 40), party_max=4),
    "women": _Kind((Admits.WOMEN,), (5, 24), party_max=4),
    "adults": _Kind((Admits.MEN, Admits.WOMEN), (6, 40)),
    "anybody": _Kind((Admits.EVERYONE,), (8, 60), ages=(None, None)),
    "family rooms": _Kind((Admits.FAMILIES,), (2, 12), (2, 3, 4, 4, 5, 6), ages=(None, None)),
    "women and families": _Kind((Admits.WOMEN, Admits.FAMILIES), (2, 10), (2, 3, 4, 5), ages=(None, None)),
    "families together": _Kind((Admits.FAMILIES,), (8, 30), ages=(None, None)),
    "hotel": _Kind((Admits.EVERYONE,), (2, 14), (2, 2, 3, 4), ages=(None, None)),
    "double rooms": _Kind((Admits.MEN, Admits.WOMEN), (2, 10), (2, 2, 3)),
    "minors": _Kind((Admits.MINORS,), (3, 12), ages=(None, 17)),
    "young": _Kind((Admits.MEN, Admits.WOMEN), (4, 14), ages=(18, 25), party_max=2),
    "care": _Kind((Admits.MEN, Admits.WOMEN), (3, 10), (1, 2), medical=True),
}
# What stands under one roof, and how many of a hundred roofs are such.
_HOUSES: tuple[tuple[int, tuple[str, ...]], ...] = (
    (34, ("men", "men", "women", "adults", "double rooms")),
    (12, ("adults", "anybody", "care", "double rooms")),
    (24, ("family rooms", "family rooms", "women and families", "families together")),
    (14, ("hotel", "hotel", "family rooms", "double rooms")),
    (8, ("women", "women and families", "women and families")),
    (4, ("minors",)),
    (4, ("young", "young", "minors")),
)
# The fifth of these kinds of houses keeps its address secret.
_REFUGE = 4
# For each place: many are drawn in vain once the busiest units are all free.
_TRIES = 200


def invent(
    seed: int, *, shelters: int = 120, units: int = 400, households: int = 1_000, scarcity: float = 0.85
) -> Case:
    """Return a night on which there are `scarcity` free places for everybody who waits."""
    chance = random.Random(f"a night of {shelters}, {units}, {households}: {seed}")
    points = _points(chance)
    houses = tuple(_houses(chance, shelters, units, points))
    seekers = invent_seekers(chance, households, houses, tuple(points), NOW)
    waiting = sum(seeker.household.party_size for seeker in seekers)
    states = tuple(_states(chance, houses, round(waiting * scarcity)))
    links = links_among(chance, seekers)
    return Case(NIGHT, NOW, ZONE, seed, _id(chance), houses, states, points, seekers, links)


def free_places(case: Case) -> int:
    """Return how many could sleep in what may be held, as far as the desk is told."""
    sizes = {about.id: about.room_size or 1 for shelter in case.shelters for about in shelter.units}
    return sum(_told(state, state.free - state.held) * sizes[state.id] for state in case.states if state.holdable)


def _points(chance: random.Random) -> dict[str, Position]:
    return {str(90_001 + nth): _somewhere(chance) for nth in range(_COMMUNES)}


def _somewhere(chance: random.Random) -> Position:
    east, north = (middle + across * (chance.random() - 0.5) for middle, across in zip(_MIDDLE, _ACROSS, strict=True))
    return round(east, 5), round(north, 5)


def _houses(chance: random.Random, shelters: int, units: int, points: dict[str, Position]) -> Sequence[ShelterBody]:
    """Give every shelter a unit, and the others to whichever; a roof has its kind."""
    having = [1] * shelters
    for _ in range(units - shelters):
        having[chance.randrange(shelters)] += 1
    return [_house(chance, nth, count, points) for nth, count in enumerate(having)]


def _house(chance: random.Random, nth: int, units: int, points: dict[str, Position]) -> ShelterBody:
    shares = list(accumulate(share for share, _ in _HOUSES))
    house = chance.choices(range(len(_HOUSES)), cum_weights=shares)[0]
    secret = house == _REFUGE
    step_free, pets = chance.random() < 0.35, chance.random() < 0.15
    tolerance = chance.choices([Tolerance.NONE, Tolerance.SUPERVISED, Tolerance.OPEN, None], (60, 15, 5, 20))[0]
    return ShelterBody(
        id=_id(chance),
        operator=OperatorBody(UUID(int=nth // 2 + 1), f"Operator {nth // 2 + 1} (invented)"),
        name=f"House {nth + 1} (invented)",
        commune=chance.choice(list(points)),
        secret=secret,
        invented=True,
        closed=False,
        address=None,
        location=None if secret else _somewhere(chance),
        phone=None,
        languages=tuple(sorted(chance.sample(_LANGUAGES, chance.choice((1, 2, 2, 3, 4))))),
        opens=time(17),
        closes=time(9),
        intake_from=time(17),
        intake_to=chance.choice((time(21), time(22), time(23), time(0))),
        units=tuple(
            _unit(chance, number, _KINDS[chance.choice(_HOUSES[house][1])], step_free, pets, tolerance)
            for number in range(units)
        ),
    )


def _unit(
    chance: random.Random, number: int, kind: _Kind, step_free: bool, pets: bool, tolerance: Tolerance | None
) -> UnitAbout:
    return UnitAbout(
        id=_id(chance),
        name=f"Unit {number + 1} (invented)",
        audience=kind.audience,
        age_min=kind.ages[0],
        age_max=kind.ages[1],
        party_min=1,
        party_max=kind.party_max,
        allotment=(Allotment.ROOM if kind.rooms else Allotment.PLACE).value,
        room_size=chance.choice(kind.rooms) if kind.rooms else None,
        regime=Regime.NIGHT.value,
        turnover=Turnover.NIGHTLY.value,
        # Some do not say.
        step_free=None if chance.random() < 0.08 else kind.medical or step_free,
        pets=None if chance.random() < 0.08 else pets,
        tolerance=None if tolerance is None else tolerance.value,
        medical_care=kind.medical or (None if chance.random() < 0.05 else chance.random() < 0.05),
        max_stay_nights=None,
        surge=False,
        expires_at=None,
    )


def _states(chance: random.Random, houses: Sequence[ShelterBody], places: int) -> Sequence[State]:
    """Let so many places be free, a room at a time, in units that are more or less busy."""
    states = [_state(chance, house, about.id) for house in houses for about in house.units]
    abouts = {about.id: about for house in houses for about in house.units}
    open_ones = [at for at, state in enumerate(states) if state.holdable]
    most = {at: _holds(chance, abouts[states[at].id]) for at in open_ones}
    weights = list(accumulate(most[at] * chance.lognormvariate(0, 0.9) for at in open_ones))
    for _ in range(_TRIES * places):
        if places <= 0:
            return states
        at = chance.choices(open_ones, cum_weights=weights)[0]
        before, after = states[at], msgspec.structs.replace(states[at], free=states[at].free + 1)
        if after.free <= most[at]:
            states[at] = after
            more = _told(after, after.free) - _told(before, before.free)
            places -= more * (abouts[after.id].room_size or 1)
    raise ValueError(f"These units cannot hold {places} places more: ask for more units, or for less to be free.")


def _holds(chance: random.Random, about: UnitAbout) -> int:
    rooms = about.room_size is not None
    kinds = (one for one in _KINDS.values() if one.audience == about.audience and bool(one.rooms) == rooms)
    return chance.randint(*next(kinds).holds)


def _told(state: State, free: int) -> int:
    """Return how many of the free ones the desk may count on: of a secret shelter, the least that its band can mean."""
    return BAND_FLOOR[band(free)] if state.secret else free


def _state(chance: random.Random, house: ShelterBody, unit_id: UUID) -> State:
    status = chance.choices((Status.OPEN, Status.UNCONFIRMED, Status.CLOSED), (93, 4, 3))[0]
    confirmed = NOW - timedelta(minutes=chance.choice((5, 20, 45, 90, 180, 400)))
    return State(
        id=unit_id,
        shelter=house.id,
        secret=house.secret,
        status=status.value,
        free=0,
        held=0,
        intake="open",
        intake_until=None,
        confirmed_at=confirmed,
        aging_at=confirmed + timedelta(hours=2),
        stale_at=confirmed + timedelta(hours=6),
        silent_at=confirmed + timedelta(hours=24),
        holdable=status is Status.OPEN,
    )


def _id(chance: random.Random) -> UUID:
    return UUID(int=chance.getrandbits(128), version=4)
