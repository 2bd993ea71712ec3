"""What a night comes to in numbers, and what of a household they tell: how many, and of which kind."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from orientation.model.household import Composition, Gender, Household


class PartyGroup(StrEnum):
    """Who looks for a place, as unmet need is told apart."""

    WOMAN = "woman"
    MAN = "man"
    PERSON = "person"
    ADULTS = "adults"
    FAMILY = "family"
    MINORS = "minors"


_ALONE = {Gender.WOMAN: PartyGroup.WOMAN, Gender.MAN: PartyGroup.MAN}
_COMPOSED = {
    Composition.ADULTS: PartyGroup.ADULTS,
    Composition.FAMILY: PartyGroup.FAMILY,
    Composition.MINORS: PartyGroup.MINORS,
}


def group_of(household: Household) -> PartyGroup:
    if household.party_size == 1 and household.adults:
        return _ALONE.get(household.party[0].gender, PartyGroup.PERSON)
    return _COMPOSED[household.composition]


class Kind(NamedTuple):
    """What is counted together. `outcome` is waiting or held while there is none; `reason` may be empty."""

    regime: str
    party: str
    outcome: str
    reason: str
