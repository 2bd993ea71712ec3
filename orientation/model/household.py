"""Who asks, as coded facts: members, needs, urgency, and what follows from them. No fact here identifies anybody."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from inventory.model.unit import Tolerance

PARTY_MAX = 12
PETS_MAX = 9


class Age(StrEnum):
    """Bands of years. They are all that is asked, so an age limit inside a band is a question, not an answer."""

    INFANT = "0-2"
    CHILD = "3-11"
    TEEN = "12-17"
    YOUNG = "18-25"
    ADULT = "26-59"
    SENIOR = "60+"

    @property
    def years(self) -> tuple[int, int]:
        """Return the youngest and the oldest that somebody of this band may be."""
        return _YEARS[self]

    @property
    def minor(self) -> bool:
        return self in _MINORS


_YEARS = {
    Age.INFANT: (0, 2),
    Age.CHILD: (3, 11),
    Age.TEEN: (12, 17),
    Age.YOUNG: (18, 25),
    Age.ADULT: (26, 59),
    Age.SENIOR: (60, 120),
}
_MINORS = frozenset({Age.INFANT, Age.CHILD, Age.TEEN})


class Gender(StrEnum):
    """As far as the shelters' rules need it, and only as it was said."""

    WOMAN = "woman"
    MAN = "man"
    X = "x"
    UNSAID = "unsaid"


class Relation(StrEnum):
    """To the first member, who is `self`."""

    SELF = "self"
    PARTNER = "partner"
    CHILD = "child"
    PARENT = "parent"
    SIBLING = "sibling"
    FRIEND = "friend"
    OTHER = "other"


_KIN = frozenset({Relation.PARTNER, Relation.CHILD, Relation.PARENT, Relation.SIBLING})


class Urgency(StrEnum):
    STREET_TONIGHT = "street-tonight"
    MINOR = "minor"
    PREGNANT = "pregnant"
    COLD = "cold"
    LEAVING_HOSPITAL = "leaving-hospital"
    LEAVING_INSTITUTION = "leaving-institution"
    VIOLENCE = "violence"
    EVICTED = "evicted"


@dataclass(frozen=True, slots=True)
class Member:
    age: Age
    gender: Gender
    relation: Relation


@dataclass(frozen=True, slots=True)
class AwayFrom:
    """Where the household must not be sent. `communes` are NIS codes."""

    shelters: tuple[UUID, ...] = ()
    communes: tuple[str, ...] = ()


_NOWHERE = AwayFrom()


@dataclass(frozen=True, slots=True)
class Needs:
    """What a place must have. `tolerance` is supervised or open, and None where nothing of the kind is needed.

    `languages`, `near` (a NIS code) and `together` are wishes: no place is ruled out by them.
    """

    step_free: bool = False
    pets: int = 0
    medical_care: bool = False
    tolerance: Tolerance | None = None
    languages: tuple[str, ...] = ()
    together: bool = True
    near: str | None = None
    away_from: AwayFrom = _NOWHERE


_NO_NEEDS = Needs()


class Composition(StrEnum):
    """What the shelters' rules make of a party."""

    ADULTS = "adults"
    # Adults with minors: a family, whoever they are to each other.
    FAMILY = "family"
    MINORS = "minors"


@dataclass(frozen=True, slots=True)
class Household:
    """People who stay together; the first of `party` is the one who asks."""

    party: tuple[Member, ...]
    needs: Needs = _NO_NEEDS
    urgency: tuple[Urgency, ...] = ()

    @property
    def party_size(self) -> int:
        return len(self.party)

    @property
    def adults(self) -> tuple[Member, ...]:
        return tuple(member for member in self.party if not member.age.minor)

    @property
    def minors(self) -> tuple[Member, ...]:
        return tuple(member for member in self.party if member.age.minor)

    @property
    def composition(self) -> Composition:
        if not self.adults:
            return Composition.MINORS
        return Composition.FAMILY if self.minors else Composition.ADULTS

    @property
    def answering(self) -> tuple[Member, ...]:
        """Whom the rules of age ask about: the adults, whom their children follow, and minors where they are alone."""
        return self.adults or self.party

    @property
    def kin(self) -> bool:
        """Whether they are relatives: those without children may pass for a family, if the house says so."""
        return any(member.relation in _KIN for member in self.party[1:])
