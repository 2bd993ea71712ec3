"""Two nodes are replaced one after the other while people work: nobody loses anything, and every screen stays.

Between the two, the next version's migration is applied: a column more in the tables that every write reads whole,
which is what a migration may do while older nodes serve. Each node comes back with other settings, as a new release
would. People come through one door, as through a balancer, and send again what was not answered.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from contextlib import AsyncExitStack

import pytest

from inventory.model.audience import Audience
from inventory.verifying import verify_region
from kernel.postgres import open_pool
from kernel.redis import open_redis
from orientation.verifying import verify_orientation
from tests.support.agreeing import agreed_within, assert_truth
from tests.support.fronting import fronted
from tests.support.installation import Installation, installed
from tests.support.placers import Placer, Promises, assert_promises_kept, placing
from tests.support.reporters import Ledger, reporting, staff_reporters
from tests.support.watching import LiveScreen, watched

_REPORTERS, _PLACERS, _SCREENS = 30, 6, 12
_CALM_S = 3.0
# Whoever is cut off comes again after at most 0.6 s, and finds the other node.
_SILENCE_S = 5.0
# Additive, as the rules for migrations ask: these two are what the lane reads with `SELECT *`.
_NEXT = "ALTER TABLE unit_state ADD COLUMN next_version TEXT; ALTER TABLE hold ADD COLUMN next_version TEXT"


@pytest.mark.faults
@pytest.mark.timeout(240)
async def test_nodes_are_replaced_under_load_and_nobody_notices() -> None:
    seed = int(os.environ.get("HALTE_FAULT_SEED") or random.randrange(1_000_000))
    print(f"HALTE_FAULT_SEED={seed}")
    async with installed(nodes=2) as installation, fronted(installation.nodes) as door:
        await _replace_both(installation, door, seed)


async def _replace_both(installation: Installation, door: str, seed: int) -> None:
    estate, ledger, promises = installation.estate, Ledger(), Promises()
    chance = random.Random(seed)
    staff = [LiveScreen(door, estate.headers(door, "staff")) for _ in range(_SCREENS // 2)]
    desks = [LiveScreen(door, estate.headers(door, "desk")) for _ in range(_SCREENS // 2)]
    placers = [Placer(door, estate, promises, random.Random(seed * 1_000 + n)) for n in range(_PLACERS)]
    async with watched(*staff, *desks):
        async with AsyncExitStack() as working:
            await working.enter_async_context(placing(placers))
            await working.enter_async_context(reporting(staff_reporters(estate, door, ledger, seed, _REPORTERS)))
            await asyncio.sleep(_CALM_S)
            order = chance.sample(range(2), 2)
            for step, which in enumerate(order):
                node, began = installation.nodes[which], time.monotonic()
                await node.stop()
                ended = time.monotonic()
                if step == 0:
                    await _migrate(installation)
                # Anything that a release might do otherwise, and that lets old and new be told apart.
                node.variables = {"HALTE_BOARD_TICK_MS": "50", "HALTE_LANE_BATCH_MAX": "256"}
                await node.start()
                print(f"node {which}: ended in {ended - began:.2f} s, back {time.monotonic() - ended:.2f} s later")
                await asyncio.sleep(_CALM_S)
        watchers = [(one, Audience(own=frozenset(estate.shelters))) for one in staff]
        watchers += [(one, Audience()) for one in desks]
        agreed_s = await agreed_within(installation.settings, estate.region_id, watchers, 5.0)
    _tell(ledger, promises, [*staff, *desks], agreed_s)
    assert not ledger.wrong, ledger.wrong[:10]
    assert not promises.ledger.wrong, promises.ledger.wrong[:10]
    assert max(ledger.longest_gap(), promises.ledger.longest_gap()) < _SILENCE_S
    assert all(screen.connects > 1 for screen in (*staff, *desks)), "each was on a node that ended"
    await assert_truth(installation.settings, estate.region_id, ledger)
    await _assert_placements(installation, promises)


async def _migrate(installation: Installation) -> None:
    pool = await open_pool(installation.settings, "migration")
    try:
        await pool.execute(f"SET lock_timeout = '3s'; {_NEXT}")
    finally:
        await pool.close()


async def _assert_placements(installation: Installation, promises: Promises) -> None:
    pool, links = await open_pool(installation.settings, "test"), open_redis(installation.settings, "test")
    assert links is not None
    try:
        await assert_promises_kept(pool, promises)
        found = await verify_region(pool, links, installation.estate.region_id)
        await verify_orientation(pool, installation.estate.region_id, found)
        assert found.clean, [str(difference) for difference in found.differences[:10]]
    finally:
        await links.close()
        await pool.close()


def _tell(ledger: Ledger, promises: Promises, screens: list[LiveScreen], agreed_s: float) -> None:
    print(f"{len(ledger.acknowledged)} reports, longest silence {ledger.longest_gap():.2f} s, {dict(ledger.attempts)}")
    told = promises.ledger
    print(f"{len(promises.acts)} placements, longest silence {told.longest_gap():.2f} s, {dict(told.attempts)}")
    connects = sorted(screen.connects for screen in screens)
    snapshots = sum(screen.snapshots for screen in screens)
    print(f"{len(screens)} screens: {connects[0]} to {connects[-1]} connections each, {snapshots} snapshots in all")
    print(f"all agreed {agreed_s:.2f} s after the last acknowledgement")
