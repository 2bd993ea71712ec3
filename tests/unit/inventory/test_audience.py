"""Who sees what (I11): a secret shelter's counts are bucketed for everybody but its own staff."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import msgspec
import pytest

from inventory.bodies import shelter_body, unit_body
from inventory.model.audience import Audience, band, judge, masked_view_changed, project, sees_exactly
from inventory.model.unit import Operator, Shelter
from tests.unit.inventory.saying import SHELTER, known, person, seen

STAFF = Audience(own=frozenset({SHELTER}))
OTHERS = Audience(own=frozenset({UUID(int=99)}))
PUBLIC = Audience()
ONLY_OWN = Audience(own=frozenset({SHELTER}), only_own=True)
STRANGERS_PHONE = Audience(own=frozenset({UUID(int=99)}), only_own=True)

REGION, OPERATOR = UUID(int=5), UUID(int=6)
HOUSE = Shelter(
    id=SHELTER,
    region_id=REGION,
    operator_id=OPERATOR,
    name="Invented House",
    commune="21004",
    address="Invented Street 1",
    latitude=50.85,
    longitude=4.35,
    phone="+32 2 000 00 00",
)


def unit(free: int = 5, *, secret: bool = True, held: int = 0, **changes: Any) -> bytes:
    return unit_body(seen(known(person(free, "18:00"), held=held, **changes), "18:30"), secret)


def shelter(*, secret: bool) -> bytes:
    return shelter_body(replace(HOUSE, secret=secret), Operator(id=OPERATOR, region_id=REGION, name="Invented"), ())


@pytest.mark.parametrize(
    "available, bucket", [(-2, "0"), (0, "0"), (1, "1-2"), (2, "1-2"), (3, "3+"), (4, "3+"), (10_000, "3+")]
)
def test_buckets(available: int, bucket: str) -> None:
    assert band(available) == bucket


def test_an_ordinary_unit_is_seen_by_all_as_it_is() -> None:
    body = unit(secret=False)
    for audience in (STAFF, OTHERS, PUBLIC, ONLY_OWN):
        assert project("unit", body, audience) == body
        assert sees_exactly("unit", body, audience)


def test_its_own_staff_see_a_secret_unit_as_it_is() -> None:
    body = unit()
    for audience in (STAFF, ONLY_OWN):
        assert project("unit", body, audience) == body
        assert sees_exactly("unit", body, audience)


def test_others_see_a_bucket_and_no_number() -> None:
    shown = project("unit", unit(5, held=1), OTHERS)
    assert shown is not None
    content = msgspec.json.decode(shown)
    assert (content["band"], content["masked"], content["status"]) == ("3+", True, "open")
    exact = "free", "held", "over_by", "capacity", "out_of_service", "flags", "confirmed_by", "count_report", "secret"
    for name in exact:
        assert name not in content
    assert not sees_exactly("unit", unit(), OTHERS)


@pytest.mark.parametrize(
    "one, other",
    [
        pytest.param(unit(5), unit(7), id="five or seven free"),
        pytest.param(unit(5), unit(5, held=2), id="held or not"),
        pytest.param(unit(1), unit(2), id="one or two"),
        pytest.param(unit(0), unit(0, held=3), id="none, or none and overcommitted"),
        pytest.param(unit(25), unit(26), id="a flag is a number too"),
        pytest.param(unit(2, held=0), unit(4, held=2), id="the same rest of different counts"),
    ],
)
def test_the_same_bucket_is_the_same_bytes(one: bytes, other: bytes) -> None:
    assert one != other
    assert project("unit", one, OTHERS) == project("unit", other, OTHERS)
    assert not masked_view_changed(one, other)


@pytest.mark.parametrize(
    "one, other",
    [
        pytest.param(unit(2), unit(3), id="another bucket"),
        pytest.param(unit(2), unit(2, held=2), id="the last places held"),
        pytest.param(unit(5), unit(5, closed=True), id="closed"),
        pytest.param(None, unit(5), id="a new unit"),
        pytest.param(unit(5, secret=False), unit(5), id="become secret"),
        pytest.param(unit(5), unit(5, secret=False), id="secret no more"),
    ],
)
def test_what_a_masked_audience_may_learn(one: bytes | None, other: bytes) -> None:
    assert masked_view_changed(one, other)


def test_a_closed_secret_unit_has_nothing_to_offer() -> None:
    shown = project("unit", unit(5, closed=True), OTHERS)
    assert shown is not None
    assert msgspec.json.decode(shown)["band"] == "0"


def test_only_own_shows_nothing_else() -> None:
    for kind, body in (("unit", unit()), ("unit", unit(secret=False)), ("shelter", shelter(secret=False))):
        assert project(kind, body, STRANGERS_PHONE) is None
        assert not sees_exactly(kind, body, STRANGERS_PHONE)
        assert project(kind, body, ONLY_OWN) == body


def test_no_body_ever_tells_where_a_secret_shelter_is() -> None:
    told, hidden = msgspec.json.decode(shelter(secret=False)), msgspec.json.decode(shelter(secret=True))
    assert (told["address"], told["location"], told["phone"]) == ("Invented Street 1", [4.35, 50.85], "+32 2 000 00 00")
    assert (hidden["address"], hidden["location"], hidden["phone"]) == (None, None, None)
    assert project("shelter", shelter(secret=True), OTHERS) == shelter(secret=True)


def test_a_place_at_the_crossing_of_both_zero_lines_is_a_place() -> None:
    body = shelter_body(
        replace(HOUSE, latitude=0.0, longitude=0.0), Operator(id=OPERATOR, region_id=REGION, name="x"), ()
    )
    assert msgspec.json.decode(body)["location"] == [0.0, 0.0]


def test_both_kinds_name_their_shelter() -> None:
    assert judge("unit", unit())[0] == SHELTER
    assert judge("shelter", shelter(secret=True)) == (SHELTER, None)
