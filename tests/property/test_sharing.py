"""Whatever the rules and whoever asks: one place among the matches, the first that means them (tiers and strata)."""

from __future__ import annotations

from dataclasses import replace

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from inventory.model.policy import changes
from orientation.model.counts import PartyGroup, group_of
from orientation.model.household import Age, Gender, Household, Member, Relation, Urgency
from orientation.model.policy import OrientationPolicy, unsound
from orientation.model.sharing import DrawRules, Match, PlanRules, Tickets, place_among, tickets_of
from orientation.policy_bodies import OrientationRulesBody


def some(words: type[Urgency | PartyGroup]) -> st.SearchStrategy[tuple[Urgency | PartyGroup, ...]]:
    """Any of the words, in their own order."""
    return st.sets(st.sampled_from(list(words)), max_size=3).map(lambda they: tuple(w for w in words if w in they))


matches = st.builds(Match, some(Urgency), some(PartyGroup), st.booleans())
lists = st.lists(matches, max_size=8).map(tuple)
members = st.builds(Member, st.sampled_from(list(Age)), st.sampled_from(list(Gender)), st.sampled_from(list(Relation)))
households = st.builds(
    Household, st.lists(members, min_size=1, max_size=4).map(tuple), urgency=some(Urgency).map(tuple)
)
points = st.integers(0, 1_000)
plans = st.builds(
    PlanRules, lists, points, points, points, st.integers(0, 50),
    st.dictionaries(st.sampled_from(list(PartyGroup)), st.integers(0, 100)), points,
)  # fmt: skip
draws = st.builds(DrawRules, lists, st.lists(st.builds(Tickets, matches, st.integers(1, 20)), max_size=8).map(tuple))
policies = st.builds(lambda plan, draw: replace(OrientationPolicy(), plan=plan, draw=draw), plans, draws)


@given(lists, households, st.booleans())
def test_everybody_has_one_place_and_the_first_match_wins(
    tiers: tuple[Match, ...], household: Household, turned_away: bool
) -> None:
    place = place_among(tiers, household, turned_away=turned_away)
    meant = [
        (not one.urgency or any(word in household.urgency for word in one.urgency))
        and (not one.parties or group_of(household) in one.parties)
        and (turned_away or not one.turned_away)
        for one in tiers
    ]
    assert [*meant, True].index(True) == place
    # What comes after the first that means them changes nothing, nor does a match before it that does not.
    assert place_among(tiers[: place + 1], household, turned_away=turned_away) == place


@given(lists, households)
def test_who_was_turned_away_is_never_put_further_back_for_it(tiers: tuple[Match, ...], household: Household) -> None:
    places = [place_among(tiers, household, turned_away=away) for away in (True, False)]
    assert places[0] <= places[1]


@given(draws, households, st.booleans())
def test_everybody_has_a_ticket_and_no_rule_takes_one_away(
    rules: DrawRules, household: Household, turned_away: bool
) -> None:
    fewer = replace(rules, tickets=rules.tickets[1:])
    assert (
        1
        <= tickets_of(fewer, household, turned_away=turned_away)
        <= tickets_of(rules, household, turned_away=turned_away)
    )


@given(policies, policies)
def test_rules_come_back_as_they_were_sent_and_a_change_is_listed_where_there_is_one(
    one: OrientationPolicy, other: OrientationPolicy
) -> None:
    assert unsound(one) is None
    said = msgspec.json.encode(one.rules)
    assert msgspec.json.decode(said, type=OrientationRulesBody).rules() == one
    assert (changes(one, other) == []) is (one == other) is (one.hash == other.hash)
