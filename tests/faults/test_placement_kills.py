"""SIGKILL of app, Postgres and Valkey while a desk places and shelters answer: nothing lost, nothing done twice."""

from __future__ import annotations

import os
import random

import httpx
import pytest

from inventory.verifying import verify_region
from kernel.ids import new_id
from kernel.postgres import open_pool
from kernel.redis import open_redis
from orientation.verifying import verify_orientation
from tests.faults.harness import Killer
from tests.support.estate import CAPACITY, NO_TLS, Estate
from tests.support.installation import installed
from tests.support.placers import Placer, Promises, assert_promises_kept, placing

_PAUSE_S = (0.2, 1.5)
_PLACERS = 20
_KILLS = 15


async def count_all(estate: Estate, address: str) -> None:
    for shelter, units in estate.units.items():
        body = {"shelter": str(shelter), "units": [{"unit": str(unit), "free": CAPACITY} for unit in units]}
        async with httpx.AsyncClient(headers=estate.key_headers(shelter), verify=NO_TLS, timeout=20) as client:
            answer = await client.put(f"{address}/api/v1/reports/{new_id()}", json=body)
        assert answer.status_code == 200, answer.text


@pytest.mark.faults
@pytest.mark.timeout(400)
async def test_no_placement_is_lost_or_ended_twice_by_kills() -> None:
    seed = int(os.environ.get("HALTE_FAULT_SEED") or random.randrange(1_000_000))
    print(f"HALTE_FAULT_SEED={seed}")
    async with installed() as installation:
        estate, (node,), promises = installation.estate, installation.nodes, Promises()
        await count_all(estate, node.address)
        placers = [
            Placer(node.address, estate, promises, random.Random(seed * 1_000 + number)) for number in range(_PLACERS)
        ]
        killer = Killer(installation, promises.ledger, random.Random(seed))
        async with placing(placers):
            await killer.run(_KILLS, _PAUSE_S)
        print(f"{len(killer.kills)} kills, {len(promises.acts)} placements, {promises.taken} taken, ", end="")
        print(f"{promises.ledger.attempts}, longest silence {promises.ledger.longest_gap():.1f} s")
        assert not promises.ledger.wrong, promises.ledger.wrong[:10]
        pool, links = await open_pool(installation.settings, "test"), open_redis(installation.settings, "test")
        assert links is not None
        try:
            await assert_promises_kept(pool, promises)
            found = await verify_region(pool, links, estate.region_id)
            await verify_orientation(pool, estate.region_id, found)
            assert found.clean, [str(difference) for difference in found.differences[:10]]
        finally:
            await links.close()
            await pool.close()
