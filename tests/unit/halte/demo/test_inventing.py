"""The invented region: its figures at size 1, the same for the same seed, and as many times as large as asked for."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from halte.demo.inventing import COMMUNES, KINDS, InventedRegion, invent
from inventory.model.unit import Allotment, Regime, Turnover

REGION = UUID(int=7)


def places(region: InventedRegion, regime: Regime | None = None, turnover: Turnover | None = None) -> int:
    return sum(
        one.capacity * (one.unit.room_size or 1)
        for one in region.units
        if not one.unit.surge and regime in {None, one.unit.regime} and turnover in {None, one.unit.turnover}
    )


def test_it_has_the_figures_of_the_region_it_is_made_after() -> None:
    region = invent(REGION)
    assert (len(region.operators), len(region.shelters)) == (70, 120)
    assert len([one for one in region.units if not one.unit.surge]) == 400
    assert places(region) == 5_045
    assert places(region, Regime.NIGHT, Turnover.NIGHTLY) == 3_084
    assert places(region, Regime.NIGHT, Turnover.CONTINUING) == 937
    assert places(region, Regime.ADMISSION) == 1_024
    assert {shelter.commune for shelter in region.shelters} <= {code for code, *_ in COMMUNES}


def test_the_cold_plan_comes_on_top_of_the_figures() -> None:
    surge = [one for one in invent(REGION).units if one.unit.surge]
    assert len(surge) == sum(kind.surge_sites for kind in KINDS) == 10
    assert all(one.unit.turnover is Turnover.NIGHTLY and one.capacity >= 10 for one in surge)
    assert len({one.unit.shelter_id for one in surge}) == 10


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32))
def test_every_seed_makes_a_whole_region_that_says_it_is_invented(seed: int) -> None:
    region = invent(REGION, seed)
    assert places(region) == 5_045
    assert all(one.capacity >= 1 for one in region.units)
    names = [*(one.name for one in region.operators), *(one.name for one in region.shelters)]
    assert all(name.endswith("(invented)") for name in names)
    assert all(shelter.invented for shelter in region.shelters)
    assert any(shelter.secret for shelter in region.shelters)
    assert {one.unit.id for one in region.units} == {one.unit.id for one in invent(REGION, seed).units}


@pytest.mark.parametrize("seed", range(8))
def test_the_staff_log_in_has_a_site_with_places_rooms_and_a_surge_unit(seed: int) -> None:
    region = invent(REGION, seed)
    assert len(region.staffed) == 2
    sites = [[one.unit for one in region.units if one.unit.shelter_id == id] for id in region.staffed]
    richest = max(sites, key=lambda units: any(unit.surge for unit in units))
    assert any(unit.surge for unit in richest)
    assert {Allotment.PLACE, Allotment.ROOM} <= {unit.allotment for unit in richest}
    assert not any(shelter.secret for shelter in region.shelters if shelter.id in region.staffed)


@pytest.mark.parametrize("size", [0.2, 3])
def test_it_can_be_of_another_size(size: float) -> None:
    region = invent(REGION, size=size)
    assert len(region.shelters) == sum(round(kind.sites * size) for kind in KINDS)
    assert places(region) == sum(round(kind.places * size) for kind in KINDS)
    assert max(Counter(shelter.name for shelter in region.shelters).values()) == 1
    assert len({one.unit.id for one in region.units}) == len(region.units)
