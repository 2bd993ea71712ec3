"""The board as GeoJSON: made from projected bodies, so a feature tells no more than the board does (I11)."""

from __future__ import annotations

from typing import Any

import pytest

from inventory.model.features import features

INSTANTS = dict.fromkeys(("confirmed_at", "aging_at", "stale_at", "silent_at"))


def shelter(*units: str, secret: bool = False, location: list[float] | None = None) -> dict[str, Any]:
    about = [{"id": id, "name": id, "audience": ["men"], "allotment": "place", "regime": "night"} for id in units]
    head = {"id": "s", "name": "Linden House", "commune": "21004", "secret": secret, "invented": True, "closed": False}
    return head | {"address": "1 Invented Street", "phone": "1", "location": location, "units": about}


def unit(id: str, free: int, *, held: int = 0, status: str = "open") -> dict[str, Any]:
    numbers = {"free": free, "held": held, "capacity": 20, "over_by": 0}
    return {"id": id, "status": status, "intake": "open", "intake_until": None} | numbers | INSTANTS


def masked(id: str, band: str) -> dict[str, Any]:
    return {"id": id, "masked": True, "band": band, "status": "open", "intake": "open", "intake_until": None} | INSTANTS


def test_a_shelter_is_a_point_with_its_units() -> None:
    (feature,) = features([shelter("a", location=[4.35, 50.85])], [unit("a", 5, held=2)])
    assert (feature["type"], feature["id"]) == ("Feature", "s")
    assert feature["geometry"] == {"type": "Point", "coordinates": [4.35, 50.85]}
    assert feature["properties"] == {
        "id": "s",
        "name": "Linden House",
        "commune": "21004",
        "secret": False,
        "invented": True,
        "closed": False,
        "units": [
            {
                "id": "a",
                "name": "a",
                "audience": ["men"],
                "allotment": "place",
                "regime": "night",
                "status": "open",
                "available": 3,
                "intake": "open",
                "intake_until": None,
            }
            | INSTANTS
        ],
    }


@pytest.mark.parametrize("status", ["unconfirmed", "awaiting-report", "closed"])
def test_only_an_open_unit_has_anything_available(status: str) -> None:
    (feature,) = features([shelter("a")], [unit("a", 5, status=status)])
    assert feature["properties"]["units"][0]["available"] == 0


def test_a_masked_unit_tells_its_band_and_no_number() -> None:
    (feature,) = features([shelter("a", secret=True)], [masked("a", "1-2")])
    told = feature["properties"]["units"][0]
    assert (told["masked"], told["band"]) == (True, "1-2")
    assert "available" not in told
    assert not any(type(value) is int for value in told.values())


@pytest.mark.parametrize("location", [None, [4.35, 50.85]])
def test_i11_a_secret_shelter_is_nowhere_whatever_its_body_says(location: list[float] | None) -> None:
    (feature,) = features([shelter("a", secret=True, location=location)], [unit("a", 5)])
    assert feature["geometry"] is None


def test_a_shelter_without_a_known_place_is_nowhere() -> None:
    (feature,) = features([shelter("a")], [])
    assert feature["geometry"] is None


def test_a_unit_that_was_filtered_away_is_left_out() -> None:
    (feature,) = features([shelter("a", "b")], [unit("b", 1)])
    assert [one["id"] for one in feature["properties"]["units"]] == ["b"]
