"""Inventing a region: shelters and units from a seed, in real proportions and with invented names.

Figures (Bruss'help, December 2023): 5,045 places = 3,084 emergency + 937 temporary occupations +
1,024 in reception homes, about 70 organisations, 19 communes. The cold plan's surge units come on top of
these, and stay closed until it is activated. Every name says that it is invented.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import time
from itertools import chain
from uuid import UUID, uuid5

from inventory.model.unit import Admits, Allotment, Operator, Regime, Shelter, Tolerance, Turnover, Unit

NAMESPACE = UUID("0192d6c4-5a5e-7c61-9b1e-3c1d2f7a8e01")

# NIS code of each commune, a point inside it, and about how many of the region's people in a
# hundred live there. Population: Statbel, 1 January 2024, rounded.
COMMUNES = (
    ("21001", 50.834, 4.312, 10), ("21002", 50.818, 4.433, 3), ("21003", 50.868, 4.287, 2),
    ("21004", 50.847, 4.352, 16), ("21005", 50.837, 4.388, 4), ("21006", 50.871, 4.402, 4),
    ("21007", 50.807, 4.318, 5), ("21008", 50.865, 4.309, 2), ("21009", 50.827, 4.372, 7),
    ("21010", 50.878, 4.326, 4), ("21011", 50.862, 4.331, 2), ("21012", 50.855, 4.330, 8),
    ("21013", 50.827, 4.345, 4), ("21014", 50.852, 4.371, 2), ("21015", 50.867, 4.377, 11),
    ("21016", 50.802, 4.340, 7), ("21017", 50.799, 4.414, 2), ("21018", 50.846, 4.428, 5),
    ("21019", 50.834, 4.430, 3),
)  # fmt: skip

_FIRST = ("Alder", "Amber", "Anchor", "Birch", "Bridge", "Candle", "Canal", "Cedar", "Compass", "Copper", "Elder",
          "Ember", "Fern", "Garden", "Hazel", "Heron", "Ivy", "Juniper", "Kettle", "Lantern", "Linden", "Maple",
          "Meadow", "Mill", "Moss", "Oak", "Orchard", "Pebble", "Pine", "Quay", "Robin", "Rowan", "Sparrow",
          "Station", "Stone", "Swift", "Thistle", "Tide", "Willow", "Wren")  # fmt: skip
_SECOND = ("House", "Court", "Stop", "Corner", "Yard", "Lodge")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of site: how many there are, what its units look like, how many places they share."""

    sites: int
    places: int
    units: int
    regime: Regime
    turnover: Turnover
    rooms: bool
    secret_every: int = 0
    # How many of its sites can open a surge unit in the cold.
    surge_sites: int = 0


KINDS = (
    # Emergency places, temporary occupations, reception homes.
    Kind(34, 3_084, 136, Regime.NIGHT, Turnover.NIGHTLY, rooms=False, surge_sites=10),
    Kind(28, 937, 96, Regime.NIGHT, Turnover.CONTINUING, rooms=False),
    Kind(58, 1_024, 168, Regime.ADMISSION, Turnover.CONTINUING, rooms=True, secret_every=8),
)
OPERATORS = 70

# Most places are for men on their own; there are few for families, and fewer for women.
_AUDIENCES = (
    ((Admits.MEN,), "Men", 28),
    ((Admits.MEN,), "Men, upstairs", 16),
    ((Admits.WOMEN,), "Women", 14),
    ((Admits.FAMILIES,), "Families", 16),
    ((Admits.MEN, Admits.WOMEN), "Mixed", 14),
    ((Admits.EVERYONE,), "Everyone", 7),
    ((Admits.MINORS,), "Young people", 5),
)
_AUDIENCE_WEIGHTS = [weight for *_, weight in _AUDIENCES]
_SURGE_AUDIENCES = ((Admits.EVERYONE,), (Admits.MEN,), (Admits.MEN,), (Admits.WOMEN, Admits.FAMILIES))
_ROOM_SIZES = (2, 3, 4)


@dataclass(frozen=True, slots=True)
class InventedUnit:
    unit: Unit
    capacity: int


@dataclass(frozen=True, slots=True)
class InventedRegion:
    """`staffed`: the shelters of the demonstration's own staff log-in."""

    operators: tuple[Operator, ...]
    shelters: tuple[Shelter, ...]
    units: tuple[InventedUnit, ...]
    staffed: frozenset[UUID]


def invent(region_id: UUID, seed: int = 1, size: float = 1) -> InventedRegion:
    """Return the same region for the same seed and size, whatever machine draws it; `size` times DOMAIN's figures."""
    chance = random.Random(seed)
    operators = tuple(
        Operator(id=_id(region_id, "operator", n), region_id=region_id, name=f"Operator {n} (invented)")
        for n in range(1, round(OPERATORS * size) + 1)
    )
    names = _names(chance, sum(round(kind.sites * size) for kind in KINDS))
    shelters: list[Shelter] = []
    units: list[InventedUnit] = []
    for kind in KINDS:
        sites: list[list[InventedUnit]] = []
        for site, sizes in enumerate(_share(chance, kind, size), start=1):
            number = len(shelters) + 1
            secret = kind.secret_every > 0 and site % kind.secret_every == 0
            operator = operators[(number * 7) % len(operators)]
            shelter = _shelter(chance, region_id, number, names[number - 1], operator, secret=secret)
            shelters.append(shelter)
            sites.append(_units(chance, shelter, kind, sizes))
        # Where there are rooms beside places first: such a site has most to show to whoever tries its phone page.
        sites.sort(key=lambda own: len({one.unit.allotment for one in own}), reverse=True)
        for own in sites[: round(kind.surge_sites * size)]:
            own.append(_surge_unit(chance, own[0].unit))
        units += chain.from_iterable(sites)
    return InventedRegion(operators, tuple(shelters), tuple(units), _staffed(shelters, units))


def _id(region_id: UUID, what: str, number: int) -> UUID:
    return uuid5(NAMESPACE, f"{region_id}/{what}/{number}")


def _names(chance: random.Random, count: int) -> list[str]:
    """Return so many different names; past those that there are, with a number."""
    pairs = [f"{first} {second}" for first in _FIRST for second in _SECOND]
    chance.shuffle(pairs)
    return [
        f"{pairs[n % len(pairs)]}{f' {n // len(pairs) + 1}' if n >= len(pairs) else ''} (invented)"
        for n in range(count)
    ]


def _staffed(shelters: list[Shelter], units: list[InventedUnit]) -> frozenset[UUID]:
    """Choose what a phone has most to show of: a site with nightly places, rooms and a surge unit, and one where
    people stay.
    """
    kinds: dict[UUID, set[str]] = {shelter.id: set() for shelter in shelters}
    for one in units:
        what = "surge" if one.unit.surge else one.unit.allotment.value
        kinds[one.unit.shelter_id] |= {what, one.unit.turnover.value}
    richest = max(shelters, key=lambda shelter: len(kinds[shelter.id] & {"nightly", "place", "room", "surge"}))
    lasting = next(
        shelter.id for shelter in shelters if not shelter.secret and kinds[shelter.id] == {"continuing", "place"}
    )
    return frozenset({richest.id, lasting})


def _share(chance: random.Random, kind: Kind, size: float) -> list[list[int]]:
    """Deal a kind's units over its sites and its places over the units, none empty, all placed."""
    site_count, places = round(kind.sites * size), round(kind.places * size)
    owners = [*range(site_count), *(chance.randrange(site_count) for _ in range(round(kind.units * size) - site_count))]
    weights = [chance.uniform(0.4, 1.6) for _ in owners]
    whole = sum(weights)
    sizes = [max(1, int(places * weight / whole)) for weight in weights]
    for spare in range(places - sum(sizes)):
        sizes[spare % len(sizes)] += 1
    sites: list[list[int]] = [[] for _ in range(site_count)]
    for owner, count in zip(owners, sizes, strict=True):
        sites[owner].append(count)
    return sites


def _shelter(
    chance: random.Random, region_id: UUID, number: int, name: str, operator: Operator, *, secret: bool
) -> Shelter:
    (commune, latitude, longitude, _) = chance.choices(COMMUNES, [people for *_, people in COMMUNES])[0]
    return Shelter(
        id=_id(region_id, "shelter", number),
        region_id=region_id,
        operator_id=operator.id,
        name=name,
        commune=commune,
        secret=secret,
        invented=True,
        address=f"Invented street {number}",
        latitude=round(latitude + chance.uniform(-0.006, 0.006), 5),
        longitude=round(longitude + chance.uniform(-0.006, 0.006), 5),
        languages=("fr", "nl") if chance.random() < 0.6 else ("fr", "nl", "en", "ar"),
        intake_from=time(chance.choice((16, 17, 18, 19))),
        intake_to=time(chance.choice((21, 22, 23))),
    )


def _units(chance: random.Random, shelter: Shelter, kind: Kind, sizes: list[int]) -> list[InventedUnit]:
    made = []
    for place, size in enumerate(sizes, start=1):
        audience, name, _ = chance.choices(_AUDIENCES, _AUDIENCE_WEIGHTS)[0]
        if shelter.secret:
            audience, name = (Admits.WOMEN, Admits.FAMILIES), "Women and children"
        room_size = _room_size(chance, kind, audience, size)
        unit = Unit(
            id=uuid5(shelter.id, f"unit/{place}"),
            region_id=shelter.region_id,
            shelter_id=shelter.id,
            name=f"{name} {place}",
            audience=audience,
            allotment=Allotment.ROOM if room_size else Allotment.PLACE,
            room_size=room_size,
            regime=kind.regime,
            turnover=kind.turnover,
            age_min=None if Admits.FAMILIES in audience or Admits.MINORS in audience else 18,
            age_max=25 if audience == (Admits.MINORS,) else None,
            step_free=chance.choice((True, False, None)),
            pets=chance.choice((True, False, False, None)),
            tolerance=chance.choice((Tolerance.NONE, Tolerance.NONE, Tolerance.SUPERVISED, None)),
            medical_care=chance.choice((False, False, None, True)),
            max_stay_nights=chance.choice((None, 1, 28)) if kind.regime is Regime.NIGHT else 270,
        )
        made.append(InventedUnit(unit, size // room_size if room_size else size))
    return made


def _room_size(chance: random.Random, kind: Kind, audience: tuple[Admits, ...], size: int) -> int | None:
    """Say how many people a room is for, where there are rooms: those that choose whom they admit, and families.

    Only rooms that use up the places: what is left over would be missing from the region's total.
    """
    fitting = [each for each in _ROOM_SIZES if size >= 2 * each and size % each == 0]
    wanted = kind.rooms or Admits.FAMILIES in audience
    return chance.choice(fitting) if wanted and fitting and chance.random() < 0.6 else None


def _surge_unit(chance: random.Random, beside: Unit) -> InventedUnit:
    """A hall or a corridor that opens in the cold, for whoever comes."""
    unit = Unit(
        id=uuid5(beside.shelter_id, "surge"),
        region_id=beside.region_id,
        shelter_id=beside.shelter_id,
        name="Cold plan",
        audience=chance.choice(_SURGE_AUDIENCES),
        allotment=Allotment.PLACE,
        regime=Regime.NIGHT,
        turnover=Turnover.NIGHTLY,
        max_stay_nights=1,
        surge=True,
    )
    return InventedUnit(unit, chance.randrange(10, 41, 5))
