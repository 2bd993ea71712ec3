"""Totals add up what the audience sees: no band tells more here than on the board, and the public gets fives (I11)."""

from __future__ import annotations

from typing import Any

import pytest

from inventory.model.totals import rounded, totals


def unit(id: str, free: int = 0, *, held: int = 0, capacity: int = 10, status: str = "open") -> dict[str, Any]:
    return {"id": id, "status": status, "free": free, "held": held, "capacity": capacity}


def masked(id: str, band: str, status: str = "open") -> dict[str, Any]:
    return {"id": id, "masked": True, "status": status, "band": band}


def about(*audience: str, allotment: str = "place", commune: str = "21004") -> dict[str, Any]:
    return {"alike": (allotment, audience or ("men",), commune)}


def test_what_is_available_is_what_is_free_and_not_held() -> None:
    told = totals([unit("a", 5, held=2), unit("b", 1, held=4)], {"a": about(), "b": about()})
    assert told["all"]["place"] == {
        "units": 2, "available": 3, "at_least": False, "free": 6, "held": 6, "capacity": 20
    }  # fmt: skip


def test_places_and_rooms_are_never_added_up() -> None:
    told = totals([unit("a", 5), unit("b", 3)], {"a": about(), "b": about(allotment="room")})
    for groups in (told["all"], told["audience"]["men"], told["commune"]["21004"]):
        assert {kind: group["available"] for kind, group in groups.items()} == {"place": 5, "room": 3}
    assert {kind: group["available"] for kind, group in rounded(told)["all"].items()} == {"place": 5, "room": 0}


def test_a_unit_for_several_audiences_counts_in_each_and_once_in_all() -> None:
    told = totals([unit("a", 5), unit("b", 2)], {"a": about("men", "women"), "b": about("women")})
    assert {name: groups["place"]["available"] for name, groups in told["audience"].items()} == {"men": 5, "women": 7}
    assert told["all"]["place"]["available"] == 7


def test_communes_are_kept_apart() -> None:
    told = totals([unit("a", 5), unit("b", 2)], {"a": about(), "b": about(commune="21013")})
    assert {name: groups["place"]["available"] for name, groups in told["commune"].items()} == {"21004": 5, "21013": 2}


def test_a_closed_unit_counts_nowhere() -> None:
    closed = [unit("a", 5, status="closed"), masked("b", "0", "closed")]
    assert totals(closed, {"a": about(), "b": about()}) == {"all": {}, "audience": {}, "commune": {}}


@pytest.mark.parametrize("status", ["unconfirmed", "awaiting-report"])
def test_what_nobody_vouches_for_is_not_available(status: str) -> None:
    told = totals([unit("a", 5, status=status)], {"a": about()})["all"]["place"]
    assert (told["units"], told["available"], told["capacity"]) == (1, 0, 10)


@pytest.mark.parametrize("band, least, uncertain", [("0", 0, False), ("1-2", 1, True), ("3+", 3, True)])
def test_a_band_counts_as_the_least_it_can_mean(band: str, least: int, uncertain: bool) -> None:
    told = totals([masked("a", band)], {"a": about()})["all"]["place"]
    assert (told["available"], told["at_least"]) == (least, uncertain)
    assert (told["free"], told["held"], told["capacity"]) == (0, 0, 0)


def test_subtracting_the_others_leaves_the_band_and_nothing_more() -> None:
    known = [unit("a", 5), unit("b", 8, held=1)]
    names = {name: about() for name in "abc"}
    for band, least in (("0", 0), ("1-2", 1), ("3+", 3)):
        whole, rest = (totals(units, names)["all"]["place"] for units in ([*known, masked("c", band)], known))
        left = {name: whole[name] - rest[name] for name in ("available", "free", "held", "capacity", "units")}
        assert left == {"available": least, "free": 0, "held": 0, "capacity": 0, "units": 1}


def test_a_unit_of_which_nothing_is_known_yet_waits_for_its_shelter() -> None:
    assert totals([unit("a", 5)], {}) == {"all": {}, "audience": {}, "commune": {}}


@pytest.mark.parametrize("free, told", [(0, 0), (4, 0), (5, 5), (9, 5), (10, 10), (104, 100)])
def test_the_public_is_told_fives_rounded_down(free: int, told: int) -> None:
    public = rounded(totals([unit("a", free, capacity=200)], {"a": about()}))
    assert public["all"] == {"place": {"available": told, "rounded_to": 5}}
    assert public["audience"] == {"men": {"place": {"available": told, "rounded_to": 5}}}


def test_the_public_is_told_neither_communes_nor_what_is_held() -> None:
    public = rounded(totals([unit("a", 7, held=1)], {"a": about()}))
    assert set(public) == {"all", "audience"}
    assert set(public["all"]["place"]) == {"available", "rounded_to"}
