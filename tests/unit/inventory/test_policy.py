"""What rules may be, what changed between two of them, and what a reason may hold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from inventory.model.freshness import Ageing
from inventory.model.policy import PIN_MAX_S, Changed, Policy, SurgeRules, Unsound, changes, unsound
from inventory.model.reason import reaches_somebody, unreadable
from inventory.schemas import PolicyBody
from kernel.ids import new_id
from kernel.problems import InvalidBody, Problem


def test_the_rules_that_hold_by_themselves_are_sound() -> None:
    assert unsound(Policy()) is None


@pytest.mark.parametrize(
    "rules, field",
    [
        ({"night": Ageing(59, 120, 180)}, "night.aging_after_s"),
        ({"night": Ageing(120, 120, 180)}, "night.stale_after_s"),
        ({"night": Ageing(180, 120, 60)}, "night.stale_after_s"),
        ({"admission": Ageing(60, 120, 120)}, "admission.silent_after_s"),
        ({"admission": Ageing(60, 120, 367 * 86_400)}, "admission.silent_after_s"),
        ({"night": Ageing(2**31 - 1, 2**31 - 1, 2**31 - 1)}, "night.aging_after_s"),
        ({"pin_s": PIN_MAX_S + 1}, "pin_s"),
        ({"stuck_after": 1}, "stuck_after"),
        ({"surge": SurgeRules(3_600, 3_599, 7_200)}, "surge.longest_s"),
        ({"surge": SurgeRules(7_201, 7_200, 7_200)}, "surge.lasts_s"),
        ({"surge": SurgeRules(3_600, 7_200, 0)}, "surge.report_within_s"),
    ],
)
def test_what_cannot_be_meant_is_named(rules: dict[str, Any], field: str) -> None:
    wrong = unsound(replace(Policy(), **rules))
    assert wrong is not None
    assert wrong.field == field
    assert wrong.least <= wrong.most


@pytest.mark.parametrize("rules", [{"night": Ageing(60, 61, 62)}, {"pin_s": 0}, {"pin_s": PIN_MAX_S}])
def test_the_bounds_themselves_may_be_meant(rules: dict[str, Any]) -> None:
    assert unsound(replace(Policy(), **rules)) is None


def test_changes_name_each_rule_by_its_path() -> None:
    later = replace(Policy(), night=replace(Policy().night, aging_after_s=60), hold_unconfirmed=True, version=1)
    assert changes(Policy(), later) == [
        Changed("night.aging_after_s", 7_200, 60),
        Changed("hold_unconfirmed", False, True),
    ]
    assert changes(later, replace(later, version=2, id=new_id())) == []


def test_a_rule_that_is_added_later_has_a_value_in_older_rows() -> None:
    old = {name: rule for name, rule in Policy().rules.items() if name != "surge"}
    assert msgspec.json.decode(msgspec.json.encode(old), type=Policy).surge == Policy().surge


def test_a_body_is_the_whole_policy() -> None:
    body = {"id": str(new_id()), "base_version": 0, "why": "colder nights", "policy": Policy().rules}
    change = msgspec.convert(body, PolicyBody).change(new_id())
    assert change.policy == Policy()
    del body["policy"]["pin_s"]  # type: ignore[attr-defined]
    with pytest.raises(msgspec.ValidationError, match="pin_s"):
        msgspec.convert(body, PolicyBody)


@pytest.mark.parametrize(
    "why",
    [
        "Cold plan from 2026-11-26 to 2026-12-01",
        "Froid : du 26.11.2026 au 01.12.2026, 18:00-08:00",
        "winter 2025-2026, 19 communes, 5,045 places",
        "Plan grand froid, phase 2: -7°C, 18h30",
        "1 2 3",
    ],
)
def test_reasons_are_full_of_numbers_of_nobody(why: str) -> None:
    assert not reaches_somebody(why)
    assert not unreadable(why)


@pytest.mark.parametrize(
    "why",
    [
        "ring 0470 12 34 56",
        "+32 2 123 45 67 at night",
        "tel. 02/123.45.67",
        "for 85.07.30-033.28",
        "850730 033 28",
        "for ８５.０７.３０-０３３.２８",
        "mail nadia@example.org",
    ],
)
def test_a_reason_reaches_nobody(why: str) -> None:
    assert reaches_somebody(why)
    with pytest.raises(Problem) as refused:
        msgspec.convert(
            {"id": str(new_id()), "base_version": 0, "why": why, "policy": Policy().rules}, PolicyBody
        ).change(new_id())
    assert refused.value.slug == "reason-refused"
    assert why not in str(refused.value)


@pytest.mark.parametrize("why", ["   ", "two\nlines", "a\x00b", "a\u202eb", "line\u2028two"])
def test_a_reason_can_be_read(why: str) -> None:
    assert unreadable(why)
    with pytest.raises((InvalidBody, msgspec.ValidationError)):
        msgspec.convert(
            {"id": str(new_id()), "base_version": 0, "why": why, "policy": Policy().rules}, PolicyBody
        ).change(new_id())


def test_the_refusal_says_what_may_be() -> None:
    assert unsound(replace(Policy(), pin_s=9_999)) == Unsound("pin_s", 0, PIN_MAX_S)
