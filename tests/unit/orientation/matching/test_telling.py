"""What is told of a near miss and of an ask: its facts, and what would change it."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from inventory.bodies import OperatorBody, ShelterBody, UnitAbout
from inventory.model.unit import Regime, Tolerance
from orientation.matching.columns import Columns
from orientation.matching.context import Bar, Context
from orientation.matching.ranking import Ranking, rank
from orientation.matching.seeing import State, see
from orientation.model.household import Age, AwayFrom, Gender, Household, Member, Needs, Relation
from orientation.model.policy import OrientationPolicy
from tests.support.boards import NOW, ZONE

UNIT, SHELTER = UUID(int=1), UUID(int=2)
LATER = NOW + timedelta(hours=2)
ABOUT: dict[str, Any] = {
    "id": UNIT, "name": "Unit (invented)", "audience": ("everyone",), "age_min": None, "age_max": None, "party_min": 1,
    "party_max": None, "allotment": "place", "room_size": None, "regime": "night", "turnover": "nightly",
    "step_free": None, "pets": None, "tolerance": None, "medical_care": None, "max_stay_nights": None, "surge": False,
    "expires_at": None,
}  # fmt: skip
HOUSE: dict[str, Any] = {
    "id": SHELTER, "operator": OperatorBody(UUID(int=9), "Operator (invented)"), "name": "House (invented)",
    "commune": "21004", "secret": False, "invented": True, "closed": False, "address": None, "location": None,
    "phone": None, "languages": (), "opens": None, "closes": None, "intake_from": None, "intake_to": None,
}  # fmt: skip
STATE: dict[str, Any] = {
    "id": UNIT, "shelter": SHELTER, "secret": False, "status": "open", "free": 9, "held": 0, "intake": "open",
    "intake_until": None, "confirmed_at": NOW, "aging_at": None, "stale_at": None, "silent_at": None, "holdable": True,
}  # fmt: skip

MAN = (Age.ADULT, Gender.MAN, Relation.SELF)
WOMAN = (Age.ADULT, Gender.WOMAN, Relation.SELF)
CHILD = (Age.CHILD, Gender.UNSAID, Relation.CHILD)
TEEN = (Age.TEEN, Gender.MAN, Relation.SELF)
FRIEND = (Age.ADULT, Gender.MAN, Relation.FRIEND)
PARTNER = (Age.ADULT, Gender.MAN, Relation.PARTNER)
NEVER = {"code": "intake-agrees", "facts": {}}


def ranked(
    said: dict[str, Any], *members: tuple[Age, Gender, Relation], bars: tuple[Bar, ...] = (), **needs: Any
) -> Ranking:
    """Rank one unit, of which `said` says what is otherwise than above."""
    about = UnitAbout(**ABOUT | {name: said[name] for name in said.keys() & ABOUT.keys()})
    shelter = ShelterBody(**HOUSE | {name: said[name] for name in said.keys() & HOUSE.keys() - {"id"}}, units=(about,))
    state = State(**STATE | {name: said[name] for name in said.keys() & STATE.keys()})
    columns = Columns()
    columns.put(see(shelter, about, state))
    household = Household(tuple(Member(*one) for one in members or (MAN,)), Needs(**needs))
    return rank(columns, household, Context(Regime.NIGHT, ZONE, None, bars), OrientationPolicy(), NOW)


def plain(value: Any) -> Any:
    return msgspec.to_builtins(value, builtin_types=(type(NOW), time))


@pytest.mark.parametrize(
    "said, members, needs, blocker, change",
    [
        (
            {"free": 3, "held": 3},
            (MAN,),
            {},
            ("no-places", {"need": 1, "left": 0}),
            ("places-free", {"need": 1, "more": 1}),
        ),
        # More is promised than there is: that becomes free first.
        (
            {"free": 3, "held": 5},
            (MAN,),
            {},
            ("no-places", {"need": 1, "left": 0}),
            ("places-free", {"need": 1, "more": 3}),
        ),
        (
            {"free": 3, "held": 5, "secret": True},
            (MAN,),
            {},
            ("no-places", {"need": 1, "band": "0"}),
            ("places-free", {"need": 1}),
        ),
        (
            {"free": 1},
            (MAN, FRIEND, FRIEND),
            {},
            ("no-places", {"need": 3, "left": 1}),
            ("places-free", {"need": 3, "more": 2}),
        ),
        (
            {"free": 1},
            (MAN, FRIEND),
            {"together": False},
            ("no-places", {"need": 2, "left": 1}),
            ("split-party", {"places": 1}),
        ),
        (
            {"free": 2, "secret": True},
            (MAN, FRIEND, FRIEND),
            {},
            ("no-places", {"need": 3, "band": "1-2"}),
            ("places-free", {"need": 3}),
        ),
        (
            {"status": "unconfirmed", "holdable": False},
            (MAN,),
            {},
            ("unconfirmed", {"confirmed_at": NOW}),
            ("report", {}),
        ),
        (
            {"status": "awaiting-report", "holdable": False, "free": 0},
            (MAN,),
            {},
            ("awaiting-report", {}),
            ("report", {}),
        ),
        (
            {"intake": "paused", "intake_until": LATER},
            (MAN,),
            {},
            ("intake-paused", {"until": LATER}),
            ("intake-opens", {"until": LATER}),
        ),
        ({"intake": "paused"}, (MAN,), {}, ("intake-paused", {"until": None}), ("intake-opens", {"until": None})),
        (
            {"allotment": "room", "room_size": 1},
            (MAN, FRIEND),
            {},
            ("room-too-small", {"room_size": 1, "party": 2}),
            None,
        ),
        (
            {"party_max": 1},
            (MAN, FRIEND),
            {"together": False},
            ("party-too-large", {"party_max": 1, "party": 2}),
            ("split-party", {"places": 1}),
        ),
        ({"party_min": 2}, (MAN,), {}, ("party-too-small", {"party_min": 2, "party": 1}), None),
        ({"age_max": 25}, (MAN,), {}, ("age", {"age_min": None, "age_max": 25}), None),
        ({"audience": ("women",)}, (MAN,), {}, ("gender", {"audience": ("women",)}), None),
        ({"audience": ("women",)}, (WOMAN, CHILD), {}, ("children", {"audience": ("women",)}), None),
        ({"audience": ("men",)}, (TEEN,), {}, ("minor-alone", {"audience": ("men",)}), None),
        ({"audience": ("families",)}, (MAN, FRIEND), {}, ("families-only", {"audience": ("families",)}), None),
        ({"audience": ("minors",)}, (MAN,), {}, ("minors-only", {"audience": ("minors",)}), None),
        ({"step_free": False}, (MAN,), {"step_free": True}, ("step-free", {}), None),
        ({"pets": False}, (MAN,), {"pets": 2}, ("pets", {}), None),
        ({"medical_care": False}, (MAN,), {"medical_care": True}, ("medical-care", {}), None),
        (
            {"tolerance": "supervised"},
            (MAN,),
            {"tolerance": Tolerance.OPEN},
            ("tolerance", {"tolerance": "supervised"}),
            None,
        ),
        ({}, (MAN,), {"away_from": AwayFrom((SHELTER,))}, ("away-shelter", {}), ("household-agrees", {})),
        (
            {},
            (MAN,),
            {"away_from": AwayFrom((), ("21004",))},
            ("away-commune", {"commune": "21004"}),
            ("household-agrees", {}),
        ),
        (
            {"regime": "admission"},
            (MAN,),
            {},
            ("regime", {"regime": "admission"}),
            ("other-regime", {"regime": "admission"}),
        ),
        ({"expires_at": NOW}, (MAN,), {}, ("expired", {"expires_at": NOW}), ("reopen", {})),
        ({"status": "closed", "holdable": False, "free": 0}, (MAN,), {}, ("closed", {}), ("reopen", {})),
    ],
)
def test_a_near_miss_names_its_facts_and_what_would_change_it(
    said: dict[str, Any], members: Any, needs: dict[str, Any], blocker: tuple[str, Any], change: tuple[str, Any] | None
) -> None:
    ranking = ranked(said, *members, **needs)
    (near,) = plain(ranking.near_misses())
    assert near["blocker"] == {"code": blocker[0], "facts": blocker[1]}
    assert near["change"] == (NEVER if change is None else {"code": change[0], "facts": change[1]})
    assert (ranking.fits, ranking.suggestions) == (0, [])


@pytest.mark.parametrize(
    "said, members, needs, ask",
    [
        ({"free": 2, "secret": True}, (MAN, FRIEND), {}, ("places", {"need": 2, "band": "1-2"})),
        ({"free": 9, "secret": True}, (MAN,) + (FRIEND,) * 3, {}, ("places", {"need": 4, "band": "3+"})),
        ({"allotment": "room"}, (MAN, FRIEND), {}, ("room-size", {"party": 2})),
        ({"age_min": 40}, (MAN,), {}, ("age", {"age_min": 40, "age_max": None})),
        ({"audience": ("women",)}, ((Age.YOUNG, Gender.X, Relation.SELF),), {}, ("gender", {"audience": ("women",)})),
        ({"audience": ("women", "families")}, (MAN, CHILD), {}, ("gender", {"audience": ("women", "families")})),
        ({"audience": ("families",)}, (WOMAN, PARTNER), {}, ("family", {"audience": ("families",)})),
        ({}, (TEEN,), {}, ("minor-alone", {"audience": ("everyone",)})),
        ({}, (MAN,), {"step_free": True}, ("step-free", {})),
        ({}, (MAN,), {"tolerance": Tolerance.SUPERVISED}, ("tolerance", {})),
        ({"intake_from": time(17), "intake_to": time(21)}, (MAN,), {}, ("intake-hours", {"intake_to": time(21)})),
    ],
)
def test_what_nobody_knows_is_asked_and_costs_points(
    said: dict[str, Any], members: Any, needs: dict[str, Any], ask: tuple[str, Any]
) -> None:
    (one,) = plain(ranked(said, *members, **needs).suggestions)
    assert one["asks"] == [{"code": ask[0], "facts": ask[1]}]
    assert {"term": "asks", "points": -15, "facts": {"asks": 1}} in one["terms"]


def test_all_reasons_are_told_and_not_the_first() -> None:
    bars = (Bar(UNIT, LATER, "not-for-us"),)
    ranking = ranked({"free": 0, "audience": ("women",), "pets": False}, MAN, bars=bars, pets=1)
    (blocked,) = ranking.blocked_units()
    assert [one.code for one in blocked.blockers] == ["no-places", "gender", "pets", "barred"]
    assert blocked.blockers[-1].facts == {"until": LATER, "reason": "not-for-us"}
    assert (ranking.near, ranking.near_misses()) == (0, [])


def test_what_lies_with_the_house_bars_each_of_its_units_until_the_last_of_them_ends() -> None:
    elsewhere = UUID(int=77)
    bars = (Bar(UNIT, NOW - timedelta(hours=1), "not-for-us"), Bar(elsewhere, LATER, "known-conflict", SHELTER))
    (missed,) = ranked({}, bars=bars).near_misses()
    assert plain(missed)["blocker"] == {"code": "barred", "facts": plain({"until": LATER, "reason": "known-conflict"})}
    ended = Bar(elsewhere, NOW, "rules-broken", SHELTER)
    assert len(ranked({}, bars=(ended, Bar(elsewhere, LATER, "not-for-us"))).suggestions) == 1


def test_one_who_may_be_taken_elsewhere_is_asked_about_by_no_number_of_a_refuge() -> None:
    (one,) = ranked({"free": 2, "secret": True}).suggestions
    assert (one.available, one.band, one.asks) == (None, "1-2", [])
