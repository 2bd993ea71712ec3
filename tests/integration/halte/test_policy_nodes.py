"""Rules that change on two nodes under a stream of reports, and on one that is killed in the midst of it."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import signal
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
import pytest

from inventory.model.audience import Audience
from inventory.store import count_behind
from inventory.verifying import verify_region
from kernel.ids import new_id
from kernel.postgres import Pool, open_pool
from tests.support.agreeing import agreed_within, assert_truth
from tests.support.estate import NO_TLS
from tests.support.installation import Installation, installed
from tests.support.reporters import Ledger, reporting, staff_reporters
from tests.support.running import Server
from tests.support.watching import LiveScreen, watched

# Each version says its own number by the age at which a count begins to age.
_FIRST_S = 600
_UNITS = 400
# The other node sweeps every five seconds.
_FOLDED_S = 20.0


@pytest.fixture(scope="module")
async def pair() -> AsyncIterator[Installation]:
    async with installed(nodes=2) as installation:
        yield installation


@pytest.fixture
async def truth(pair: Installation) -> AsyncIterator[Pool]:
    pool = await open_pool(pair.settings, "test")
    yield pool
    await pool.close()


def admin(pair: Installation, node: Server) -> httpx.AsyncClient:
    headers = pair.estate.headers(node.address, "admin")
    return httpx.AsyncClient(base_url=f"{node.address}/api/v1", headers=headers, timeout=20, verify=NO_TLS)


async def change(pair: Installation, node: Server) -> int:
    """Put a next version in force, unless somebody is quicker; return the status."""
    async with admin(pair, node) as client:
        now = (await client.get("/policies?limit=1")).json()["policies"][0]
        aging_s = _FIRST_S + now["version"] + 1
        night = {"aging_after_s": aging_s, "stale_after_s": 7_200, "silent_after_s": 14_400}
        body = {"id": str(new_id()), "base_version": now["version"], "why": "A test of two nodes"}
        answer = await client.put("/policies", json=body | {"policy": now["policy"] | {"night": night}})
    assert answer.status_code in {200, 409}, answer.text
    return answer.status_code


async def behind_at_most(truth: Pool, region_id: UUID, version: int, units: int) -> None:
    """Return when no more units than that have still to be folded by this version."""
    async with asyncio.timeout(_FOLDED_S):
        while True:
            if await count_behind(truth, region_id, version) <= units:
                return
            await asyncio.sleep(0.005)


def version_of(body: dict[str, Any]) -> int | None:
    """Return by which version a state was folded; none where nothing was counted."""
    if body["confirmed_at"] is None:
        return None
    aging = datetime.fromisoformat(body["aging_at"]) - datetime.fromisoformat(body["confirmed_at"])
    return 0 if aging.total_seconds() == 7_200 else round(aging.total_seconds()) - _FIRST_S


async def assert_versions_rise(truth: Pool, region_id: UUID) -> int:
    """No unit was ever folded by older rules than before; return how often one was folded anew."""
    told = "SELECT subject_id, body FROM journal WHERE region_id = $1 AND kind = 'unit' ORDER BY seq"
    rows = await truth.fetch(told, region_id)
    last: dict[UUID, int] = {}
    rose = 0
    for row in rows:
        version = version_of(json.loads(row["body"]))
        if version is None:
            continue
        before = last.get(row["subject_id"], 0)
        assert version >= before, f"{row['subject_id']} went back from {before} to {version}"
        rose += version > before
        last[row["subject_id"]] = version
    return rose


async def test_i7_every_screen_ends_at_the_rules_of_the_last_change(pair: Installation, truth: Pool) -> None:
    estate, ledger, chance = pair.estate, Ledger(), random.Random(7)
    watchers = [
        (LiveScreen(node.address, estate.headers(node.address, login)), audience)
        for node in pair.nodes
        for login, audience in (("staff", Audience(own=frozenset(estate.shelters))), ("desk", Audience()))
    ]
    reporters = [
        reporter
        for number, node in enumerate(pair.nodes)
        for reporter in staff_reporters(estate, node.address, ledger, seed=number, count=8)
    ]
    statuses: list[int] = []

    async def rule(node: Server) -> None:
        for _ in range(6):
            statuses.append(await change(pair, node))
            await asyncio.sleep(chance.uniform(0.1, 0.5))

    async def look(done: asyncio.Event) -> int:
        for looks in itertools.count():
            if done.is_set():
                return looks
            found = await verify_region(truth, None, estate.region_id)
            assert found.clean, [str(one) for one in found.differences[:5]]
        return 0

    done = asyncio.Event()
    async with watched(*(screen for screen, _ in watchers)):
        async with reporting(reporters):
            looking = asyncio.create_task(look(done))
            await asyncio.gather(*(rule(node) for node in pair.nodes))
        done.set()
        assert await looking > 2
        version = statuses.count(200)
        await behind_at_most(truth, estate.region_id, version, 0)
        await agreed_within(pair.settings, estate.region_id, watchers, 5.0)
        counted = [unit for unit in watchers[0][0].screen.board.values() if unit.get("confirmed_at")]
        assert {version_of(unit) for unit in counted} == {version}
    assert version >= 6
    assert not ledger.wrong, ledger.wrong[:5]
    assert await assert_versions_rise(truth, estate.region_id) > 40
    await assert_truth(pair.settings, estate.region_id, ledger)


async def test_a_node_that_is_killed_in_the_midst_leaves_the_rest_to_another(pair: Installation, truth: Pool) -> None:
    estate, (dying, other) = pair.estate, pair.nodes
    await _add_units(pair, other)
    cut_off = 0
    for _ in range(5):
        assert await change(pair, dying) == 200
        version = await truth.fetchval("SELECT max(version) FROM policy WHERE region_id = $1", estate.region_id)
        await behind_at_most(truth, estate.region_id, version, _UNITS)
        await dying.stop(signal.SIGKILL)
        cut_off = await count_behind(truth, estate.region_id, version)
        found = await verify_region(truth, None, estate.region_id)
        assert found.clean, [str(one) for one in found.differences[:5]]
        await behind_at_most(truth, estate.region_id, version, 0)
        await dying.start()
        if cut_off:
            break
    assert cut_off > 0, "it was always done before it was killed"
    screen = LiveScreen(other.address, estate.headers(other.address, "desk"))
    async with watched(screen):
        await agreed_within(pair.settings, estate.region_id, [(screen, Audience())], 5.0)
    await assert_versions_rise(truth, estate.region_id)
    found = await verify_region(truth, None, estate.region_id)
    assert found.clean, [str(one) for one in found.differences[:5]]


async def _add_units(pair: Installation, node: Server) -> None:
    shelter = pair.estate.shelters[0]
    async with admin(pair, node) as client:

        async def add(number: int) -> None:
            body = {"shelter": str(shelter), "name": f"Unit {number}", "audience": ["everyone"], "capacity": 9}
            answer = await client.put(f"/units/{new_id()}", json=body | {"turnover": "continuing"})
            assert answer.status_code == 200, answer.text

        for start in range(0, _UNITS, 20):
            await asyncio.gather(*(add(number) for number in range(start, start + 20)))
