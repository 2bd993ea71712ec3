"""The sweep ends, whatever the clock does meanwhile (I12)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from inventory import region as regions
from inventory.lane.writer import InventoryWriter
from inventory.model.audience import judge, sight
from inventory.model.unit import Turnover
from inventory.region import Region
from kernel.clock import ClockWatch, Reading, ShownClock
from kernel.live.region import RegionLive
from kernel.live.shelves import Lens
from kernel.settings import Settings
from tests.integration.inventory.acting import BRUSSELS, NIGHT, at, set_clock
from tests.integration.inventory.conftest import Place

TOMORROW = NIGHT + timedelta(days=1)


def _observe(watch: ClockWatch, jump_s: float = 0.0) -> None:
    """Let the watch see the database's clock, ahead of what it should be by so much."""
    watch.observe(Reading(datetime(2026, 3, 10, tzinfo=UTC) + timedelta(seconds=jump_s), 100.0, 100.0))


@pytest.fixture
def watch() -> ClockWatch:
    watch = ClockWatch()
    _observe(watch)
    return watch


@pytest.fixture
async def region(place: Place, settings: Settings, watch: ClockWatch) -> AsyncIterator[Region]:
    """The region of the place, run whole, without Redis; its own sweep is too rare to be met."""
    clock = ShownClock(place.pool)
    live = RegionLive(
        settings=settings, region_id=place.region_id, pool=place.pool, redis=None, clock=clock,
        lens=Lens(judge, sight), kinds=("unit", "shelter"),
    )  # fmt: skip
    region = Region(
        settings, place.pool, place.region_id, BRUSSELS, live=live, clock=clock, watch=watch,
        make_writer=InventoryWriter, attend=lambda _: nullcontext(),
    )  # fmt: skip
    await region.start()
    yield region
    await region.stop()


async def _nightly(place: Place, count: int) -> list[UUID]:
    """Units that were counted at six in the evening, and it is noon of the next day."""
    await set_clock(place.pool, at("18:00"))
    units = [await place.unit(turnover=Turnover.NIGHTLY) for _ in range(count)]
    for unit in units:
        await place.report(unit, 5)
    await set_clock(place.pool, at("12:00", TOMORROW), speed=0)
    return units


def _before_each_portion(region: Region, act: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    submit = region.lane.submit

    async def act_and_submit(work: Any, *, bulk: bool = False) -> Any:
        await act()
        return await submit(work, bulk=bulk)

    monkeypatch.setattr(region.lane, "submit", act_and_submit)


async def test_it_turns_every_unit_in_portions(place: Place, region: Region, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regions, "_SWEEP_MAX", 2)
    units = await _nightly(place, 5)
    assert await region.turn() == 5
    assert {(await place.state(unit))["night"] for unit in units} == {TOMORROW}
    assert await region.turn() == 0


async def test_a_clock_that_steps_back_across_noon_does_not_keep_it(
    place: Place, region: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    (unit,) = await _nightly(place, 1)
    _before_each_portion(region, lambda: set_clock(place.pool, at("11:59", TOMORROW), speed=0), monkeypatch)
    assert await asyncio.wait_for(region.turn(), 5) == 1
    assert (await place.state(unit))["night"] == NIGHT
    assert await asyncio.wait_for(region.turn(), 5) == 0
    monkeypatch.undo()
    await set_clock(place.pool, at("12:00", TOMORROW), speed=0)
    assert await region.turn() == 1
    assert (await place.state(unit))["night"] == TOMORROW


async def test_a_clock_that_jumps_ends_it_at_the_next_portion(
    place: Place, region: Region, watch: ClockWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(regions, "_SWEEP_MAX", 2)
    await _nightly(place, 5)

    async def jump() -> None:
        _observe(watch, 60.0)

    _before_each_portion(region, jump, monkeypatch)
    assert await region.turn() == 2
    assert not watch.sweeps_allowed
    assert await region.turn() == 0


async def test_a_clock_that_jumped_since_it_was_last_read_turns_nothing(place: Place, region: Region) -> None:
    """Once a second it is read, and a sweep may come in between."""
    behind_s = 0.0
    watch = ClockWatch()
    region.clock = ShownClock(place.pool, watch, lambda: time.monotonic() - behind_s)
    region.watch = watch
    await region.clock.refresh()
    await _nightly(place, 2)
    behind_s = 7_200.0
    assert watch.sweeps_allowed, "nobody has seen it yet"
    assert await region.turn() == 0
    assert not watch.sweeps_allowed
