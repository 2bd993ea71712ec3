"""Who is told of requests and placements: one table of audiences and kinds (I11)."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest

from inventory.model.audience import Audience
from orientation.model.audience import DESK, LENS, staff_of

HERE, ELSEWHERE, UNIT, ID = (UUID(int=number) for number in range(1, 5))
REQUEST = json.dumps({"id": str(ID), "version": 1}).encode()
PLACEMENT = json.dumps({"id": str(ID), "version": 1, "shelter": str(HERE), "unit": str(UNIT), "request": "x"}).encode()


@pytest.mark.parametrize(
    "audience, told",
    [
        pytest.param(DESK, {"request", "placement"}, id="the desk"),
        pytest.param(staff_of(frozenset({HERE})), {"placement"}, id="the staff it comes to"),
        pytest.param(staff_of(frozenset({HERE, ELSEWHERE})), {"placement"}, id="staff of that house and another"),
        pytest.param(staff_of(frozenset({ELSEWHERE})), set(), id="staff of another house"),
        pytest.param(Audience(), set(), id="a board"),
        pytest.param(Audience(own=frozenset({HERE})), set(), id="its own staff, looking at the board"),
        pytest.param(Audience(own=frozenset({HERE}), only_own=True), set(), id="its own key"),
    ],
)
def test_who_is_told_of_what(audience: Any, told: set[str]) -> None:
    circles, _ = LENS.reserve.insight(audience)
    bodies = {"request": REQUEST, "placement": PLACEMENT}
    assert {kind for kind, body in bodies.items() if not circles.isdisjoint(LENS.reserve.circles(kind, body))} == told


def test_an_insider_sees_the_board_as_before() -> None:
    assert LENS.sight(DESK) == LENS.sight(Audience())
    assert LENS.sight(staff_of(frozenset({HERE}))) == LENS.sight(Audience(frozenset({HERE}), only_own=True))


def test_arrays_are_announced_to_those_alone_who_may_find_something_in_them() -> None:
    audiences = (DESK, staff_of(frozenset({HERE})), Audience(frozenset({HERE}), only_own=True), Audience())
    assert [LENS.reserve.insight(audience)[1] for audience in audiences] == [
        ("request", "placement", "draw", "plan"),
        ("placement",),
        (),
        (),
    ]


def test_a_placement_that_names_no_shelter_is_refused() -> None:
    with pytest.raises(ValueError, match="shelter"):
        LENS.reserve.circles("placement", b'{"id":"x","version":1}')
