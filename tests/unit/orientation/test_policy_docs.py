"""The table of the rules of distribution (docs/distribution.md) names each, what holds by itself, and its bounds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from inventory.model.policy import Unsound
from orientation.model.policy import OrientationPolicy, unsound
from orientation.model.sharing import Match, Tickets

PAGE = (Path(__file__).parents[3] / "docs" / "distribution.md").read_text("utf-8")
_ROW = r"^\| `((?:weights|plan|draw)\.\w+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \| [^|]+ \|$"
ROWS = {name: (default, least, most) for name, default, least, most in re.findall(_ROW, PAGE, re.MULTILINE)}
POLICY = OrientationPolicy()
PARTS = {part: getattr(POLICY, part) for part in ("weights", "plan", "draw")}
_WORDS = {"tiers": "tiers", "strata": "strata", "tickets": "rule"}


def test_every_rule_has_a_row() -> None:
    assert list(ROWS) == [f"{part}.{field.name}" for part, rules in PARTS.items() for field in fields(rules)]


@pytest.mark.parametrize("name", list(ROWS))
def test_what_holds_by_itself_is_what_the_table_says(name: str) -> None:
    value = _value(name)
    if isinstance(value, int):
        assert ROWS[name][0] == f"{value:,}"
    else:
        assert ROWS[name][0] == (f"{len(value)} {_WORDS[name.partition('.')[2]]}" if value else "none")


@pytest.mark.parametrize("name", list(ROWS))
def test_one_less_than_the_least_and_one_more_than_the_most_are_refused(name: str) -> None:
    _, least, most = ROWS[name]
    bounds = [_value(one.strip("`")) if one.startswith("`") else int(one.replace(",", "")) for one in (least, most)]
    floors = name == "plan.floors"
    if not isinstance(_value(name), tuple):
        assert unsound(_set(name, bounds[0] - 1)) == Unsound(f"{name}.family" if floors else name, *bounds)
    assert unsound(_set(name, bounds[1] + 1)) == Unsound(f"{name}.family" if floors else name, *bounds)


def _value(name: str) -> Any:
    part, _, rule = name.partition(".")
    return getattr(PARTS[part], rule)


def _set(name: str, to: int) -> OrientationPolicy:
    """Return the rules with one otherwise: a number, so many entries of a list, or a floor."""
    part, _, rule = name.partition(".")
    value = _value(name)
    said: Any = to
    if isinstance(value, tuple):
        said = (Tickets(Match(), 1) if rule == "tickets" else Match(),) * to
    elif isinstance(value, Mapping):
        said = {"family": to}
    return replace(POLICY, **{part: replace(PARTS[part], **{rule: said})})
