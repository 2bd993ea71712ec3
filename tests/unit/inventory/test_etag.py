"""The ETag of a board: audience, epoch, seq and filter, and the shape in which it is told."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from inventory.directory import Filter
from inventory.model.audience import Audience
from inventory.routes.looking import etag_of, names_it
from kernel.live.hub import BoardBytes

BOARD = BoardBytes(epoch=UUID(int=1), seq=7, live="redis", kinds={})
OWN = frozenset({UUID(int=3), UUID(int=4)})
ONE = etag_of(Audience(), BOARD, Filter(), "board")


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(etag_of(Audience(own=OWN), BOARD, Filter(), "board"), id="audience"),
        pytest.param(etag_of(Audience(only_own=True), BOARD, Filter(), "board"), id="nothing but one's own"),
        pytest.param(etag_of(Audience(), replace(BOARD, epoch=UUID(int=2)), Filter(), "board"), id="epoch"),
        pytest.param(etag_of(Audience(), replace(BOARD, seq=8), Filter(), "board"), id="seq"),
        pytest.param(etag_of(Audience(), replace(BOARD, live="lost"), Filter(), "board"), id="live"),
        pytest.param(etag_of(Audience(), BOARD, Filter(commune="21004"), "board"), id="commune"),
        pytest.param(etag_of(Audience(), BOARD, Filter(audience="men"), "board"), id="whom it admits"),
        pytest.param(etag_of(Audience(), BOARD, Filter(regime="night"), "board"), id="regime"),
        pytest.param(etag_of(Audience(), BOARD, Filter(shelter=UUID(int=3)), "board"), id="shelter"),
        pytest.param(etag_of(Audience(), BOARD, Filter(), "geojson"), id="shape"),
    ],
)
def test_whatever_makes_another_answer_makes_another_etag(other: str) -> None:
    assert other != ONE


def test_two_nodes_name_the_same_answer_alike() -> None:
    one, other = (Audience(own=frozenset(order)) for order in (sorted(OWN), sorted(OWN, reverse=True)))
    assert etag_of(one, BOARD, Filter(), "board") == etag_of(other, BOARD, Filter(), "board")
    assert etag_of(Audience(), replace(BOARD, kinds={"unit": []}), Filter(), "board") == ONE


@pytest.mark.parametrize("header", [ONE, f"W/{ONE}", f'"other", {ONE}', f'"other",W/{ONE}', "*", " * "])
def test_it_is_known_to_whoever_names_it(header: str) -> None:
    assert names_it(header, ONE)


@pytest.mark.parametrize("header", [None, "", '"other"', ONE.strip('"'), ONE[:-2] + '"', "W/", ","])
def test_it_is_unknown_to_whoever_does_not(header: str | None) -> None:
    assert not names_it(header, ONE)
