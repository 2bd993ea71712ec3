"""I3, I4: people who come late on an old hold, while another node gives their request a new one."""

from __future__ import annotations

import asyncio
from uuid import UUID

from inventory.holding import Ending
from kernel.ids import new_id
from kernel.problems import Problem
from kernel.settings import Settings
from tests.integration.inventory.acting import end_of, held, hold_of, move_of, node, recount, tell
from tests.integration.inventory.conftest import Place

ROUNDS = 25


async def _lapsed(place: Place, unit: UUID, request: UUID) -> UUID:
    hold_id = await held(place, unit, minutes=-1, request_id=request)
    await place.lane.submit(end_of(hold_id, Ending.LAPSED))
    return hold_id


async def test_i4_a_late_arrival_sees_the_hold_that_another_node_has_just_given(
    place: Place, settings: Settings
) -> None:
    """They share no row before both are written: only the lock on the request lets one see the other."""
    here, there = await place.unit(200), await place.unit(200)
    for unit in (here, there):
        await place.report(unit, 150)
    async with node(settings, place.region_id) as other:
        for _ in range(ROUNDS):
            request = new_id()
            first = await _lapsed(place, here, request)
            second = hold_of(there, request_id=request)
            arrived, granted = await asyncio.gather(tell(place.lane, move_of(here, hold_id=first)), tell(other, second))
            assert not isinstance(arrived, Problem), arrived
            assert not isinstance(granted, Problem), granted
            await _nobody_has_two(place, request)
    for unit in (here, there):
        await recount(place.pool, unit)


async def test_i4_a_late_arrival_finds_the_hold_that_is_being_moved(place: Place, settings: Settings) -> None:
    units = [await place.unit(200) for _ in range(3)]
    for unit in units:
        await place.report(unit, 150)
    async with node(settings, place.region_id) as other:
        for _ in range(ROUNDS):
            request = new_id()
            first = await _lapsed(place, units[0], request)
            second = await held(place, units[1], request_id=request)
            third = hold_of(units[2], request_id=request, replaces=second)
            await asyncio.gather(tell(place.lane, move_of(units[0], hold_id=first)), tell(other, third))
            await _nobody_has_two(place, request)
    for unit in units:
        await recount(place.pool, unit)


async def _nobody_has_two(place: Place, request: UUID) -> None:
    """Whatever was held before they came is ended; what was held after it was held for somebody who had come."""
    rows = await place.pool.fetch(
        """
        SELECT h.id FROM hold h WHERE h.request_id = $1 AND h.state = 'held' AND EXISTS (
          SELECT FROM hold a JOIN hold_end e ON e.hold_id = a.id
          WHERE a.request_id = $1 AND e.outcome = 'arrived' AND e.at >= h.held_at)
        """,
        request,
    )
    assert not rows, "people are inside on one hold, and another is still open"
