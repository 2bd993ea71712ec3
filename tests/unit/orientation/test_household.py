from __future__ import annotations

import pytest

from orientation.model.household import Age, Composition, Gender, Household, Member, Relation


def party(*members: tuple[Age, Gender, Relation]) -> Household:
    return Household(tuple(Member(*member) for member in members))


WOMAN = (Age.ADULT, Gender.WOMAN, Relation.SELF)
BOY = (Age.TEEN, Gender.MAN, Relation.SELF)
BABY = (Age.INFANT, Gender.UNSAID, Relation.CHILD)


@pytest.mark.parametrize(
    "household, composition, adults",
    [
        (party(WOMAN), Composition.ADULTS, 1),
        (party(WOMAN, BABY), Composition.FAMILY, 1),
        (party((Age.TEEN, Gender.WOMAN, Relation.SELF), BABY), Composition.MINORS, 0),
        (
            party((Age.TEEN, Gender.MAN, Relation.SELF), (Age.YOUNG, Gender.MAN, Relation.SIBLING)),
            Composition.FAMILY,
            1,
        ),
    ],
)
def test_adults_with_minors_are_a_family_and_minors_alone_are_not(
    household: Household, composition: Composition, adults: int
) -> None:
    assert (household.composition, len(household.adults)) == (composition, adults)
    assert len(household.adults) + len(household.minors) == household.party_size


def test_the_rules_of_age_ask_about_adults_and_about_minors_only_where_they_are_alone() -> None:
    assert [one.age for one in party(WOMAN, BABY).answering] == [Age.ADULT]
    assert [one.age for one in party(BOY).answering] == [Age.TEEN]


def test_friends_are_no_kin_and_whoever_asks_is_nobody_elses() -> None:
    assert not party(WOMAN, (Age.YOUNG, Gender.MAN, Relation.FRIEND)).kin
    assert party(WOMAN, (Age.SENIOR, Gender.MAN, Relation.PARENT)).kin


def test_bands_leave_no_year_out_and_share_none() -> None:
    years = [year for age in Age for year in range(age.years[0], age.years[1] + 1)]
    assert years == list(range(121))
    assert [age for age in Age if age.minor] == [age for age in Age if age.years[1] < 18]
