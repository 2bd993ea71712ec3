"""Whatever goes away under three screens, they say so, and end at the true state without being loaded anew."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

import pytest
from playwright.async_api import expect

from kernel.redis import open_redis
from tests.support.agreeing import assert_truth
from tests.support.freezing import frozen
from tests.support.installation import Founded, founded
from tests.support.region import SmallRegion, furnish
from tests.support.reporters import Ledger, Reporter, reporting
from tests.support.screens import Screens
from tests.support.three import Three, open_three

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

LIVE = "Live"
JOURNAL = "Going on from the journal"
LOST = "The server has lost sight of the inventory"


@dataclass(slots=True)
class Ground:
    """Servers of our own, since what is stopped here would be missed elsewhere; two nodes, and a small region."""

    servers: Founded
    region: SmallRegion

    async def three(self, screens: Screens, *nodes: int) -> Three:
        """Open phone, board and desk, each at one of these nodes, all at the first unless said otherwise."""
        addresses = [self.servers.nodes[node].address for node in nodes or (0, 0, 0)]
        return await open_three(screens, self.servers.settings, self.region, addresses=addresses)

    def reports(self, ledger: Ledger, node: int = 0) -> AbstractAsyncContextManager[None]:
        """Others report all the while: a neighbour in person, and the shelter's software for the women."""
        region, address = self.region, self.servers.nodes[node].address
        person = {"Cookie": region.cookies["other"], "Origin": address}
        software = {"Authorization": f"Bearer {region.key}"}
        return reporting(
            [
                Reporter(address, person, region.canal, (region.canal_unit,), ledger, random.Random(1)),
                Reporter(address, software, region.linden, (region.women,), ledger, random.Random(2)),
            ]
        )

    async def keeps(self, ledger: Ledger) -> None:
        """What was acknowledged is there once."""
        assert not ledger.wrong, ledger.wrong[:5]
        assert ledger.acknowledged
        await assert_truth(self.servers.settings, self.region.id, ledger)


@pytest.fixture(scope="module")
async def ground() -> AsyncIterator[Ground]:
    async with founded(nodes=2) as servers:
        region = SmallRegion(servers.nodes[0].address, servers.region_id)
        await furnish(region)
        yield Ground(servers, region)


async def _count(three: Three, free: int) -> None:
    """Report the men on the phone, and see it on both boards."""
    await three.men.send(free)
    await three.men.told(f"{free} free.")
    await three.show("Men", free)


async def test_redis_is_killed_and_returns(ground: Ground, screens: Screens) -> None:
    three, ledger, valkey = await ground.three(screens), Ledger(), ground.servers.embedded.valkey
    async with ground.reports(ledger):
        await _count(three, 7)
        await asyncio.to_thread(valkey.kill)
        try:
            await three.say(JOURNAL)
            await _count(three, 4)
            await three.say(JOURNAL)
        finally:
            await asyncio.to_thread(valkey.start)
        await three.say(LIVE)
        await _count(three, 9)
    await three.end_true()
    await ground.keeps(ledger)


async def test_redis_is_emptied(ground: Ground, screens: Screens) -> None:
    three, ledger = await ground.three(screens), Ledger()
    async with ground.reports(ledger):
        for free in (3, 8):
            await _empty_redis(ground)
            await _count(three, free)
    await three.say(LIVE)
    await three.end_true()
    await ground.keeps(ledger)


async def _empty_redis(ground: Ground) -> None:
    links = open_redis(ground.servers.settings, "test")
    assert links is not None
    try:
        await links.quick.flushall()
    finally:
        await links.close()


async def test_hearing_nothing_is_said_too(ground: Ground, screens: Screens) -> None:
    """Redis is gone and Postgres answers nobody: what is on the screen is no longer what is known."""
    three, embedded = await ground.three(screens), ground.servers.embedded
    await asyncio.to_thread(embedded.valkey.stop)
    try:
        with frozen(embedded.postgres):
            await three.say(LOST)
            for page in three.pages:
                await expect(page.get_by_role("banner").get_by_text("last data")).to_be_visible()
    finally:
        await asyncio.to_thread(embedded.valkey.start)
    await three.say(LIVE)
    await three.end_true()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["politely", "killed"])
async def test_the_server_restarts_under_all_of_them(ground: Ground, screens: Screens, how: signal.Signals) -> None:
    three, ledger, node = await ground.three(screens), Ledger(), ground.servers.nodes[0]
    async with ground.reports(ledger):
        await _count(three, 6)
        await node.stop(how)
        try:
            await three.say("Reconnecting")
            await three.men.send(2)
            await three.men.told("No answer.")
        finally:
            await node.start()
        await three.men.told("2 free.", 45_000)
        await three.say(LIVE)
    await three.show("Men", 2)
    await three.end_true()
    await ground.keeps(ledger)


async def test_one_node_after_the_other_restarts(ground: Ground, screens: Screens) -> None:
    """Phone and desk are at the first node, the board at the second: each goes on while the other is away."""
    three, ledger, nodes = await ground.three(screens, 0, 1, 0), Ledger(), ground.servers.nodes
    async with ground.reports(ledger, node=0), ground.reports(ledger, node=1):
        await nodes[1].stop()
        await _count_while(three, 5)
        await nodes[1].start()
        await three.say(LIVE)
        await three.show("Men", 5)
        await nodes[0].stop()
        await three.men.send(3)
        await three.men.told("No answer.")
        await nodes[0].start()
        await three.men.told("3 free.", 45_000)
        await three.say(LIVE)
    await three.show("Men", 3)
    await three.end_true()
    await ground.keeps(ledger)


async def _count_while(three: Three, free: int) -> None:
    await three.men.send(free)
    await three.men.told(f"{free} free.")
