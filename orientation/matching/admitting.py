"""Whom a unit is for, against who asks: which audiences block a household, and where somebody must be asked.

All that counts of a household for this is a handful of facts, and there are 32 audiences: so they are decided once, as
a table, and a whole board is looked up in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from inventory.model.unit import Admits
from orientation.matching.columns import ADMITS, Ints
from orientation.matching.reasons import ASK, BLOCKER, Ask, Blocker
from orientation.model.household import Composition, Gender, Household

# Who is neither, or did not say, may be asked about at either door.
_DOORS = {Gender.MAN: Admits.MEN, Gender.WOMAN: Admits.WOMEN}
_BY_GENDER = frozenset(_DOORS.values())


@dataclass(frozen=True, slots=True)
class Party:
    """What the audience of a unit asks of a household."""

    composition: Composition
    genders: frozenset[Gender]
    kin: bool


@dataclass(frozen=True, slots=True)
class Admission:
    blockers: tuple[Blocker, ...] = ()
    asks: tuple[Ask, ...] = ()


def party_of(household: Household) -> Party:
    return Party(household.composition, frozenset(one.gender for one in household.adults), household.kin)


def admission(party: Party, audience: frozenset[Admits]) -> Admission:
    """Return what keeps a party from units with this audience, and what must be asked there."""
    if party.composition is Composition.MINORS:
        return _minors(party, audience)
    if Admits.EVERYONE in audience:
        return Admission()
    if party.composition is Composition.FAMILY:
        return _family(party, audience)
    return _adults(party, audience)


def _minors(party: Party, audience: frozenset[Admits]) -> Admission:
    if Admits.MINORS in audience:
        return Admission()
    if Admits.EVERYONE in audience:
        return Admission(asks=(Ask.MINOR_ALONE,))
    if Admits.FAMILIES in audience and party.kin:
        return Admission(asks=(Ask.FAMILY,))
    return Admission(blockers=(Blocker.MINOR_ALONE,))


def _family(party: Party, audience: frozenset[Admits]) -> Admission:
    blocked, asked = _at_the_door(party, audience)
    if Admits.FAMILIES in audience:
        # "Women and families" is often said for women with their children: a father is asked about, not turned away.
        return Admission(asks=(Ask.GENDER,) if blocked or asked else ())
    if not audience & _BY_GENDER:
        return Admission(blockers=(Blocker.MINORS_ONLY,))
    blockers = () if Admits.MINORS in audience else (Blocker.CHILDREN,)
    return Admission((*blockers, Blocker.GENDER) if blocked else blockers, (Ask.GENDER,) if asked else ())


def _adults(party: Party, audience: frozenset[Admits]) -> Admission:
    blocked, asked = _at_the_door(party, audience)
    if audience & _BY_GENDER and not blocked:
        return Admission(asks=(Ask.GENDER,) if asked else ())
    if Admits.FAMILIES in audience and party.kin:
        return Admission(asks=(Ask.FAMILY,))
    if blocked:
        return Admission(blockers=(Blocker.GENDER,))
    return Admission(blockers=(Blocker.FAMILIES_ONLY if Admits.FAMILIES in audience else Blocker.MINORS_ONLY,))


def _at_the_door(party: Party, audience: frozenset[Admits]) -> tuple[bool, bool]:
    """Return whether somebody is of a gender that a unit for the other is not for, and else whether to ask."""
    doors = audience & _BY_GENDER
    if len(doors) != 1:
        return False, False
    blocked = any(_DOORS.get(gender) not in {None, *doors} for gender in party.genders)
    return blocked, not blocked and any(gender not in _DOORS for gender in party.genders)


@lru_cache(maxsize=256)
def tables(party: Party) -> tuple[Ints, Ints]:
    """Return the masks of blockers and of questions, by the bits of an audience."""
    blockers, asks = np.zeros(1 << len(ADMITS), np.int32), np.zeros(1 << len(ADMITS), np.int32)
    for bits in range(1, 1 << len(ADMITS)):
        found = admission(party, frozenset(kind for kind, bit in ADMITS.items() if bits & bit))
        blockers[bits] = sum(BLOCKER[code] for code in found.blockers)
        asks[bits] = sum(ASK[code] for code in found.asks)
    return blockers, asks
