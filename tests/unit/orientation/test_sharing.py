"""Whom the rules of tiers, strata and tickets mean, what they may be, and how a client says them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from inventory.model.policy import Changed, changes
from kernel.ids import new_id
from orientation.model.counts import PartyGroup
from orientation.model.household import Age, Gender, Household, Member, Relation, Urgency
from orientation.model.policy import OrientationPolicy, unsound
from orientation.model.sharing import DrawRules, Match, PlanRules, Tickets, place_among, tickets_of
from orientation.policy_bodies import OrientationPolicyBody, OrientationRulesBody

MAN = Household((Member(Age.ADULT, Gender.MAN, Relation.SELF),))
MOTHER = Household(
    (Member(Age.ADULT, Gender.WOMAN, Relation.SELF), Member(Age.INFANT, Gender.UNSAID, Relation.CHILD)),
    urgency=(Urgency.MINOR, Urgency.STREET_TONIGHT),
)
POLICY = OrientationPolicy()


def placed(policy: OrientationPolicy, **rules: Any) -> OrientationPolicy:
    return replace(policy, plan=replace(policy.plan, **rules))


@pytest.mark.parametrize(
    "match, household, turned_away, meant",
    [
        (Match(), MAN, False, True),
        (Match(urgency=(Urgency.MINOR, Urgency.COLD)), MOTHER, False, True),
        (Match(urgency=(Urgency.COLD,)), MOTHER, False, False),
        (Match(urgency=(Urgency.COLD,)), MAN, False, False),
        (Match(parties=(PartyGroup.WOMAN, PartyGroup.FAMILY)), MOTHER, False, True),
        (Match(parties=(PartyGroup.WOMAN,)), MOTHER, False, False),
        (Match(turned_away=True), MAN, False, False),
        (Match(turned_away=True), MAN, True, True),
        (Match(), MAN, True, True),
        (Match((Urgency.MINOR,), (PartyGroup.FAMILY,), turned_away=True), MOTHER, True, True),
        (Match((Urgency.MINOR,), (PartyGroup.FAMILY,), turned_away=True), MOTHER, False, False),
        (Match((Urgency.COLD,), (PartyGroup.FAMILY,)), MOTHER, False, False),
    ],
)
def test_a_match_means_who_has_one_of_each_list(
    match: Match, household: Household, turned_away: bool, meant: bool
) -> None:
    assert match.means(household, turned_away=turned_away) is meant


def test_the_first_match_decides_and_who_is_in_none_comes_last() -> None:
    tiers = POLICY.plan.tiers
    assert place_among(tiers, MOTHER, turned_away=False) == 0
    assert place_among(tiers, replace(MAN, urgency=(Urgency.STREET_TONIGHT,)), turned_away=False) == 1
    assert place_among(tiers, MAN, turned_away=False) == len(tiers) == 2
    assert place_among((), MOTHER, turned_away=True) == 0


def test_of_tickets_the_most_that_a_rule_gives_count_and_everybody_has_one() -> None:
    assert [tickets_of(POLICY.draw, MAN, turned_away=away) for away in (False, True)] == [1, 2]
    families = Tickets(Match(parties=(PartyGroup.FAMILY,)), 5)
    rules = replace(POLICY.draw, tickets=(families, *POLICY.draw.tickets))
    assert tickets_of(rules, MOTHER, turned_away=True) == 5


@pytest.mark.parametrize(
    "plan, draw, field",
    [
        ({"tiers": (Match(),) * 9}, {}, "plan.tiers"),
        ({}, {"strata": (Match(),) * 9}, "draw.strata"),
        ({}, {"tickets": (Tickets(Match(), 1),) * 9}, "draw.tickets"),
        ({}, {"tickets": (Tickets(Match(), 1), Tickets(Match(), 0))}, "draw.tickets[1].tickets"),
        ({}, {"tickets": (Tickets(Match(), 21),)}, "draw.tickets[0].tickets"),
        ({"stability": 1_001}, {}, "plan.stability"),
        ({"drawn": 1_001}, {}, "plan.drawn"),
        ({"balance": -1}, {}, "plan.balance"),
        ({"floor_points": 1_001}, {}, "plan.floor_points"),
        ({"reserve_percent": 51}, {}, "plan.reserve_percent"),
        ({"floors": {PartyGroup.FAMILY: 101}}, {}, "plan.floors.family"),
    ],
)
def test_what_cannot_be_meant_is_named(plan: dict[str, Any], draw: dict[str, Any], field: str) -> None:
    wrong = unsound(replace(POLICY, plan=replace(POLICY.plan, **plan), draw=replace(POLICY.draw, **draw)))
    assert wrong is not None
    assert wrong.field == field


def test_the_bounds_themselves_may_be_meant() -> None:
    most = PlanRules((Match(),) * 8, 1_000, 1_000, 1_000, 50, dict.fromkeys(PartyGroup, 100), 1_000)
    least = PlanRules((), 0, 0, 0, 0, dict.fromkeys(PartyGroup, 0), 0)
    for plan, tickets in ((most, 20), (least, 1)):
        draw = DrawRules((Match(),) * 8, (Tickets(Match(), tickets),) * 8)
        assert unsound(replace(POLICY, plan=plan, draw=draw)) is None


def said(policy: OrientationPolicy) -> Any:
    return msgspec.json.decode(msgspec.json.encode(policy.rules))


def test_what_a_client_reads_it_may_send_back_and_nothing_is_otherwise() -> None:
    policy = placed(POLICY, tiers=(Match(turned_away=True), *POLICY.plan.tiers), floors={PartyGroup.FAMILY: 40})
    again = msgspec.convert(said(policy), OrientationRulesBody, strict=True).rules()
    assert again == policy
    assert again.hash == policy.hash


def test_a_list_says_the_same_in_any_order_and_the_order_of_tiers_is_a_rule() -> None:
    body = said(POLICY)
    body["plan"]["tiers"][0]["urgency"] = ["violence", "minor", "pregnant", "minor"]
    assert msgspec.convert(body, OrientationRulesBody).rules().hash == POLICY.hash
    body["plan"]["tiers"].reverse()
    assert msgspec.convert(body, OrientationRulesBody).rules().hash != POLICY.hash


@pytest.mark.parametrize(
    "part, value, named",
    [
        ("tiers", [{"urgency": [], "parties": []}], "turned_away"),
        ("tiers", [{"urgency": ["dragons"], "parties": [], "turned_away": False}], "dragons"),
        ("tiers", [{"urgency": [], "parties": ["knights"], "turned_away": False}], "knights"),
        ("tiers", [{"urgency": [], "parties": [], "turned_away": False, "score": 3}], "score"),
        ("floors", {"knights": 3}, "knights"),
        ("floors", {"man": -3}, "0"),
        ("stability", "80", "int"),
    ],
)
def test_what_is_no_rule_is_refused_with_its_path(part: str, value: Any, named: str) -> None:
    body = {"id": str(new_id()), "base_version": 0, "why": "A test", "policy": said(POLICY)}
    body["policy"]["plan"][part] = value
    with pytest.raises(msgspec.ValidationError, match=named) as refused:
        msgspec.convert(body, OrientationPolicyBody)
    assert f"$.policy.plan.{part}" in str(refused.value)


def test_changed_lists_are_told_whole_and_floors_one_by_one() -> None:
    first = Match(parties=(PartyGroup.FAMILY,))
    later = placed(POLICY, tiers=(first, *POLICY.plan.tiers), floors={PartyGroup.FAMILY: 40}, drawn=100)
    was, now = (policy.rules["plan"]["tiers"] for policy in (POLICY, later))
    assert changes(POLICY, later) == [
        Changed("plan.tiers", was, now),
        Changed("plan.drawn", 200, 100),
        Changed("plan.floors.family", None, 40),
    ]
    assert changes(later, replace(later, version=2, id=new_id())) == []


def test_rules_of_before_there_were_plans_have_those_that_hold_by_themselves() -> None:
    old = {name: rule for name, rule in said(POLICY).items() if name not in {"plan", "draw"}}
    assert msgspec.convert(old, OrientationPolicy) == POLICY
