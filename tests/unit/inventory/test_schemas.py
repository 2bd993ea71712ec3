"""The edge: what is the same body however it is spelled, and what cannot be meant (I10)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
import pytest

from inventory.model.unit import Allotment
from inventory.schemas import LineBody, ReportBody, ShelterBody, UnitBody, hash_of
from kernel.problems import InvalidBody
from tests.unit.inventory.saying import SHELTER, UNIT

REGION = UUID(int=5)


def report(**more: Any) -> ReportBody:
    return msgspec.convert({"shelter": str(SHELTER), "units": [{"unit": str(UNIT), "free": 3}]} | more, ReportBody)


def hashed(body: ReportBody) -> bytes:
    return hash_of((body.shelter, body.units, body.observed_at, body.night))


def test_i10_one_instant_is_the_same_however_it_is_written() -> None:
    assert hashed(report(observed_at="2026-03-10T18:00:00+01:00")) == hashed(report(observed_at="2026-03-10T17:00:00Z"))
    paused = {"unit": str(UNIT), "free": 3, "intake": {"state": "paused", "until": "2026-03-10T20:00:00+01:00"}}
    same = paused | {"intake": {"state": "paused", "until": "2026-03-10T19:00:00Z"}}
    assert hashed(report(units=[paused])) == hashed(report(units=[same]))


def test_a_feed_that_says_the_same_number_of_another_night_says_something_new() -> None:
    first, second = (report(night=night) for night in ("2026-03-10", "2026-03-11"))
    assert first.units[0].line(None, first.night).body_hash != second.units[0].line(None, second.night).body_hash


@pytest.mark.parametrize(
    "line",
    [{}, {"over_by": 2}, {"base_seq": 4}, {"over_by": 1, "capacity": 9}],
    ids=["nothing", "over", "base", "both"],
)
def test_a_line_says_a_number_or_a_fact(line: dict[str, Any]) -> None:
    body = msgspec.convert({"unit": str(UNIT)} | line, LineBody)
    with pytest.raises(InvalidBody) as refused:
        body.line(None, None)
    assert refused.value.facts["where"] == "free"


@pytest.mark.parametrize(
    "fact", [{"intake": {"state": "open"}}, {"out_of_service": []}, {"capacity": 0}], ids=["intake", "out", "capacity"]
)
def test_a_fact_alone_is_a_line(fact: dict[str, Any]) -> None:
    assert msgspec.convert({"unit": str(UNIT)} | fact, LineBody).line(None, None).free is None


@pytest.mark.parametrize(
    "field, value", [("name", "House\n"), ("commune", "21004\n"), ("phone", "02\n"), ("languages", ["fr\n"])]
)
def test_a_line_break_at_the_end_is_no_part_of_a_name(field: str, value: Any) -> None:
    body = {"operator": str(SHELTER), "name": "House", "commune": "21004"} | {field: value}
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(body, ShelterBody)


def test_only_rooms_have_a_size() -> None:
    body = {"shelter": str(SHELTER), "name": "Men", "audience": ["men"], "capacity": 4, "room_size": 2}
    with pytest.raises(InvalidBody):
        msgspec.convert(body, UnitBody).unit(UNIT, REGION)
    assert msgspec.convert(body | {"allotment": "room"}, UnitBody).unit(UNIT, REGION).room_size == 2


@pytest.mark.parametrize(
    "allotment, room_size, party, need",
    [
        (Allotment.PLACE, None, 3, 3),
        (Allotment.ROOM, 4, 3, 1),
        (Allotment.ROOM, 3, 3, 1),
        (Allotment.ROOM, 2, 3, None),
        (Allotment.ROOM, None, 3, 1),
    ],
)
def test_a_party_takes_places_or_one_room_that_is_large_enough(
    allotment: Allotment, room_size: int | None, party: int, need: int | None
) -> None:
    body = {"shelter": str(SHELTER), "name": "Men", "audience": ["men"], "capacity": 4, "allotment": allotment.value}
    unit = msgspec.convert(body | {"room_size": room_size}, UnitBody).unit(UNIT, REGION)
    assert unit.need(party) == need
