"""Ten split brains: two masters at once, a node on each, and both take what their node has to say.

A Redis that was the truth would lose what was written on the wrong side. Here it is a fold of Postgres (I6): each side
is brought to the truth by its own node, and what the old master knew is thrown away without a loss.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from inventory.model.audience import Audience
from kernel.settings import Settings
from tests.integration.kernel.live.waiting import eventually
from tests.support.agreeing import Watcher, agreed_within, assert_truth
from tests.support.installation import Installation, installed
from tests.support.reporters import Ledger, reporting, staff_reporters
from tests.support.sentinels import Sentinels, client_name, sentinels_in
from tests.support.watching import LiveScreen, watched

_ROUNDS = 10
_REPORTERS = 25
_SPLIT_S, _CALM_S = 2.0, 1.0
_BACK_S = 5.0
# Who is asked, and not how quickly they answer, is what this is about.
_PATIENT = {"HALTE_REDIS_TIMEOUT_S": "1.0"}


@pytest.mark.faults
@pytest.mark.timeout(900)
async def test_no_split_brain_loses_a_report_or_leaves_a_screen_behind() -> None:
    made: list[tuple[Sentinels, Settings]] = []

    @asynccontextmanager
    async def through(settings: Settings, home: Path) -> AsyncIterator[Settings]:
        with sentinels_in(home / "sentinels") as sentinels:
            await sentinels.start()
            served = replace(settings, redis_url=sentinels.url)
            made.append((sentinels, served))
            yield served

    async with installed(nodes=2, through=through) as installation:
        ((sentinels, served),) = made
        installation.settings = served
        for node, url in zip(installation.nodes, (sentinels.lonely_url, sentinels.url), strict=True):
            node.variables = _PATIENT | {"HALTE_REDIS_URL": url}
            await node.stop()
            await node.start()
        await _split_again_and_again(installation, sentinels)


async def _split_again_and_again(installation: Installation, sentinels: Sentinels) -> None:
    estate, nodes = installation.estate, installation.nodes
    lonely = LiveScreen(nodes[0].address, estate.headers(nodes[0].address, "staff"))
    other = LiveScreen(nodes[1].address, estate.headers(nodes[1].address, "desk"))
    watchers: list[Watcher] = [(lonely, Audience(own=frozenset(estate.shelters))), (other, Audience())]
    async with watched(lonely, other):
        for number in range(_ROUNDS):
            ledger = Ledger()
            reporters = [
                one
                for place, node in enumerate(nodes)
                for one in staff_reporters(estate, node.address, ledger, 2 * number + place, _REPORTERS)
            ]
            async with reporting(reporters):
                told = await _split_once(installation, sentinels)
                await asyncio.sleep(_CALM_S)
            agreed_s = await agreed_within(installation.settings, estate.region_id, watchers, 2.0)
            await assert_truth(installation.settings, estate.region_id, ledger)
            assert not ledger.wrong, ledger.wrong[:10]
            assert ledger.longest_gap() < _BACK_S
            print(f"{number + 1}: {told}; {len(ledger.acknowledged)} acknowledged, {ledger.attempts}, ", end="")
            print(f"longest silence {ledger.longest_gap():.2f} s, all agreed {agreed_s:.2f} s after the last")


async def _split_once(installation: Installation, sentinels: Sentinels) -> str:
    """Have two masters, each taking what its node says, for a while; then one again."""
    region_id, node = installation.estate.region_id, installation.nodes[1]
    assert node.process is not None
    began = time.monotonic()
    old, new = await sentinels.split()
    promoted_s = time.monotonic() - began
    await sentinels.turn_away(old, client_name(node.process.pid))
    at = await sentinels.seq(old, region_id), await sentinels.seq(new, region_id)

    async def both_go_on() -> bool:
        return await sentinels.seq(old, region_id) > at[0] and await sentinels.seq(new, region_id) > at[1]

    await eventually(both_go_on, _BACK_S)
    await asyncio.sleep(_SPLIT_S)
    assert await sentinels.role(old) == await sentinels.role(new) == "master"
    wrong = await sentinels.seq(old, region_id) - at[0]
    began = time.monotonic()
    await sentinels.heal(old)
    joined_s = time.monotonic() - began
    return f"two masters after {promoted_s:.1f} s, {wrong} changes on the wrong one, one again {joined_s:.1f} s later"
