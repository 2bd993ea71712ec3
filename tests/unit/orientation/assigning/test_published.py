"""Optima that others published are found again, and proven: a few wherever tests run, all in `make long`."""

from __future__ import annotations

from pathlib import Path

import pytest

from orientation.assigning.assignment import Found, faults
from orientation.assigning.solving import solve
from tests.support.published import Published, published

_LIMIT_S = 30.0
# A class of instances, and how far from the best that is known an answer may be.
_EXACT = ("assign", "a05", "a10", "a20", "c05", "c10")
_NEAR = ("d05", "d10", "d20")


def _found(one: Published) -> Found:
    instance = one.read()
    found = solve(instance, _LIMIT_S)
    assert faults(instance, found.pair) == [], one.name
    sign = -1.0 if one.most else 1.0
    low, high = sorted((sign * one.low, sign * one.high))
    # Nobody can be better than the bound, whoever found it.
    assert found.bound <= high, one.name
    assert found.value >= low, one.name
    return found


@pytest.mark.parametrize(
    "name", ["assign100", "assign400", "a05100_Min", "a20200_Min", "c0515_1_Max", "c1060_1_Max", "c05100_Min"]
)
def test_some_published_optima(shared_data: Path, name: str) -> None:
    one = published(shared_data)[name]
    found = _found(one)
    assert (found.status, abs(found.value)) == ("optimal", one.known)


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_all_published_optima(shared_data: Path) -> None:
    here = published(shared_data).values()
    exact = [one for one in here if one.name.startswith(_EXACT) and one.low == one.high]
    missed = [one.name for one in exact if abs(_found(one).value) != one.known]
    assert not missed
    for one in here:
        if one.name.startswith(_NEAR):
            assert abs(_found(one).value) == pytest.approx(one.known, rel=0.02), one.name
