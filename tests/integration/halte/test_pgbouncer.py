"""Two nodes behind a PgBouncer in transaction mode, as `hosting/pgbouncer.ini` has it, with few servers for many."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from click import ClickException

from inventory.model.audience import Audience
from kernel.commanding import as_sentences
from kernel.migrating import migrate
from kernel.postgres import BOUNDS, open_engine, open_pool
from kernel.settings import Settings
from orientation.model.audience import DESK
from tests.faults.test_placement_kills import count_all
from tests.support.agreeing import agreed_within, assert_truth
from tests.support.installation import Installation, installed
from tests.support.placers import Placer, Promises, assert_promises_kept, placing
from tests.support.pooling import PGBOUNCER, SERVERS, Pooler, pooled, sessions
from tests.support.reporters import Ledger, reporting, staff_reporters
from tests.support.watching import LiveScreen, watched

pytestmark = pytest.mark.skipif(PGBOUNCER is None, reason="no pgbouncer on this machine (apt-get install pgbouncer)")

_SHIPPED = Path(__file__).resolve().parents[3] / "hosting" / "pgbouncer.ini"
_BEFORE_S, _AFTER_S = 2.0, 3.0


@pytest.fixture(scope="module")
async def behind() -> AsyncIterator[tuple[Installation, Pooler]]:
    poolers: list[Pooler] = []

    @asynccontextmanager
    async def through(settings: Settings, home: Path) -> AsyncIterator[Settings]:
        async with pooled(str(settings.database_url), home, _SHIPPED) as pooler:
            poolers.append(pooler)
            await asyncio.gather(migrate(pooler.url), migrate(pooler.url))
            # Now, before a pool of ours has cleaned up after them: a lock would be handed on to a stranger.
            assert [row["query"] for row in await sessions(str(settings.database_url)) if row["locks"]] == []
            yield replace(settings, database_url=pooler.url, pooler=True)

    async with installed(nodes=2, through=through) as installation:
        yield installation, poolers[0]


async def test_counts_requests_and_places_stay_whole_through_a_pooler_that_is_killed(
    behind: tuple[Installation, Pooler],
) -> None:
    installation, pooler = behind
    estate, nodes = installation.estate, installation.nodes
    reported, promises = Ledger(), Promises()
    await count_all(estate, nodes[0].address)
    everything = Audience(own=frozenset(estate.shelters))
    watchers = [
        (LiveScreen(node.address, estate.headers(node.address, login), path), audience)
        for node in nodes
        for login, path, audience in (("staff", "/live/board", everything), ("desk", "/live/desk", DESK))
    ]
    # On the first node people are placed, on the second the shelters' software counts.
    placers = [Placer(nodes[0].address, estate, promises, random.Random(number)) for number in range(6)]
    reporters = staff_reporters(estate, nodes[1].address, reported, seed=1, count=6)
    async with watched(*(screen for screen, _ in watchers)):
        async with placing(placers), reporting(reporters):
            await asyncio.sleep(_BEFORE_S)
            before = len(promises.ledger.acknowledged), len(reported.acknowledged)
            await pooler.kill()
            await pooler.start()
            await asyncio.sleep(_AFTER_S)
        await agreed_within(installation.settings, estate.region_id, watchers, 5.0)
    print(f"{before} acknowledged before, then {promises.ledger.attempts} and {reported.attempts}")
    assert min(before) > 0
    assert len(reported.acknowledged) > before[1]
    assert not promises.ledger.wrong, promises.ledger.wrong[:5]
    assert not reported.wrong, reported.wrong[:5]
    assert len(await sessions(str(installation.settings.database_url))) <= SERVERS
    await assert_truth(installation.settings, estate.region_id, reported)
    pool = await open_pool(installation.settings, "test")
    try:
        await assert_promises_kept(pool, promises)
    finally:
        await pool.close()


async def test_every_transaction_is_bounded_although_no_session_can_be(behind: tuple[Installation, Pooler]) -> None:
    installation, pooler = behind
    settings = replace(installation.settings, database_url=pooler.url, pooler=True)
    pool, engine = await open_pool(settings, "test"), open_engine(settings, "test")
    try:
        async with pool.acquire() as connection, connection.transaction():
            assert {name: await connection.fetchval(f"SHOW {name}") for name in BOUNDS} == BOUNDS
        async with engine.begin() as begun:
            shown = {name: (await begun.exec_driver_sql(f"SHOW {name}")).scalar_one() for name in BOUNDS}
            assert shown == BOUNDS
    finally:
        await engine.dispose()
        await pool.close()


async def test_a_node_that_was_not_told_of_the_pooler_says_what_to_set(behind: tuple[Installation, Pooler]) -> None:
    installation, pooler = behind
    with pytest.raises(ClickException, match="HALTE_POOLER=1"), as_sentences():
        (await open_pool(replace(installation.settings, database_url=pooler.url), "test")).terminate()
