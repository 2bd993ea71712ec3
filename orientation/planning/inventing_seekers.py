"""Invented queues: who asks in an invented night, with needs, wishes, and what this house remembers of them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from inventory.bodies import ShelterBody, UnitAbout
from inventory.model.unit import Admits, Tolerance
from orientation.matching.admitting import admission, party_of
from orientation.matching.context import Bar
from orientation.model.codes import codes_of
from orientation.model.household import Age, AwayFrom, Gender, Household, Member, Needs, Relation, Urgency
from orientation.planning.case import Seeker

# Of a thousand households. Seven in ten come alone.
_PARTIES = {
    "man": 500,
    "woman": 150,
    "couple": 70,
    "mother": 115,
    "family": 75,
    "father": 15,
    "friends": 30,
    "minor": 35,
    "siblings": 10,
}
_CHILDREN = (1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 6)
_LANGUAGES = ("fr", "fr", "fr", "nl", "en", "ar", "ar", "es", "ro", "ti", "ps")
_ADULTS = (Age.YOUNG, Age.ADULT, Age.SENIOR)
_MINORS = (Age.INFANT, Age.CHILD, Age.TEEN)
_OTHERS = (
    (Urgency.STREET_TONIGHT, 0.4),
    (Urgency.COLD, 0.08),
    (Urgency.LEAVING_HOSPITAL, 0.04),
    (Urgency.LEAVING_INSTITUTION, 0.03),
    (Urgency.EVICTED, 0.08),
)
# Of a thousand households so many are linked to another.
_LINKED = 8
_TRIES = 100
# They have asked since ten in the morning.
_ASKED_FOR = timedelta(hours=8)


def invent_seekers(
    chance: random.Random, count: int, houses: Sequence[ShelterBody], communes: Sequence[str], now: datetime
) -> tuple[Seeker, ...]:
    """Return the queue in the order of asking."""
    units = [(house, about) for house in houses for about in house.units]
    asked = sorted(now - _ASKED_FOR * chance.random() for _ in range(count))
    return tuple(_seeker(chance, at.replace(microsecond=0), units, communes, now) for at in asked)


def links_among(chance: random.Random, seekers: Sequence[Seeker]) -> tuple[tuple[UUID, ...], ...]:
    """Return pairs of households that would not be parted: grown-up children, grandparents, friends of the road."""
    linked = chance.sample([seeker.request for seeker in seekers], len(seekers) * _LINKED // 2_000 * 2)
    return tuple(zip(linked[::2], linked[1::2], strict=True))


def _seeker(
    chance: random.Random,
    asked_at: datetime,
    units: Sequence[tuple[ShelterBody, UnitAbout]],
    communes: Sequence[str],
    now: datetime,
) -> Seeker:
    request = UUID(int=chance.getrandbits(128), version=4)
    party = tuple(_party(chance))
    household = Household(party, _needs(chance, communes, units), tuple(_urgency(chance, party)))
    admitted = _admitting(chance, household, units)
    return Seeker(
        request=request,
        code=codes_of(request)[0],
        household=household,
        asked_at=asked_at,
        continues=admitted[0].id if chance.random() < 0.2 else None,
        bars=tuple(_bars(chance, *_admitting(chance, household, units), now)),
        turned_away=chance.random() < 0.3,
    )


def _admitting(
    chance: random.Random, household: Household, units: Sequence[tuple[ShelterBody, UnitAbout]]
) -> tuple[ShelterBody, UnitAbout]:
    """Return a unit that is for such as them, if there is one: where they were, or were turned away."""
    party = party_of(household)
    for _ in range(_TRIES):
        house, about = chance.choice(units)
        if not admission(party, frozenset(Admits(one) for one in about.audience)).blockers:
            break
    return house, about


def _bars(chance: random.Random, house: ShelterBody, about: UnitAbout, now: datetime) -> Iterator[Bar]:
    if chance.random() < 0.06:
        all_of_it = chance.random() < 0.4
        reason = "known-conflict" if all_of_it else "not-for-us"
        yield Bar(about.id, now + timedelta(days=3), reason, house.id if all_of_it else None)


def _party(chance: random.Random) -> Iterator[Member]:
    kind = chance.choices(list(_PARTIES), list(_PARTIES.values()))[0]
    age = chance.choices(_ADULTS, (18, 70, 12))[0]
    if kind in {"minor", "siblings"}:
        yield Member(Age.TEEN, chance.choices((Gender.MAN, Gender.WOMAN), (8, 2))[0], Relation.SELF)
        for _ in range(chance.choice((1, 1, 2)) if kind == "siblings" else 0):
            yield Member(chance.choice(_MINORS[1:]), chance.choice((Gender.MAN, Gender.WOMAN)), Relation.SIBLING)
        return
    yield Member(age, _gender(chance, woman=kind in {"woman", "mother"}), Relation.SELF)
    if kind in {"couple", "family"}:
        yield Member(age, Gender.WOMAN if chance.random() < 0.95 else Gender.MAN, Relation.PARTNER)
    if kind == "friends":
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            yield Member(chance.choices(_ADULTS, (30, 66, 4))[0], Gender.MAN, Relation.FRIEND)
    if kind in {"mother", "family", "father"}:
        for _ in range(chance.choice(_CHILDREN)):
            yield Member(chance.choice(_MINORS), chance.choice((Gender.MAN, Gender.WOMAN)), Relation.CHILD)


def _gender(chance: random.Random, *, woman: bool) -> Gender:
    if chance.random() < 0.02:
        return chance.choice((Gender.X, Gender.UNSAID))
    return Gender.WOMAN if woman else Gender.MAN


def _needs(chance: random.Random, communes: Sequence[str], units: Sequence[tuple[ShelterBody, UnitAbout]]) -> Needs:
    tolerance = chance.choices((None, Tolerance.SUPERVISED, Tolerance.OPEN), (92, 6, 2))[0]
    away = AwayFrom(
        (chance.choice(units)[0].id,) if chance.random() < 0.03 else (),
        (chance.choice(communes),) if chance.random() < 0.03 else (),
    )
    return Needs(
        step_free=chance.random() < 0.06,
        pets=1 if chance.random() < 0.04 else 0,
        medical_care=chance.random() < 0.03,
        tolerance=tolerance,
        languages=tuple(sorted({chance.choice(_LANGUAGES) for _ in range(chance.choice((0, 1, 1, 2)))})),
        near=chance.choice(communes) if chance.random() < 0.3 else None,
        away_from=away,
    )


def _urgency(chance: random.Random, party: Sequence[Member]) -> Iterator[Urgency]:
    women = any(member.gender is Gender.WOMAN and not member.age.minor for member in party)
    if any(member.age.minor for member in party):
        yield Urgency.MINOR
    if women and chance.random() < 0.06:
        yield Urgency.PREGNANT
    if women and chance.random() < 0.08:
        yield Urgency.VIOLENCE
    for urgency, share in _OTHERS:
        if chance.random() < share:
            yield urgency
