"""Redis gone, empty, emptied, or back with an old memory: reports go on, and the board finds its way by itself (I6)."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from halte.embedded.processes import Server as EmbeddedServer
from inventory.model.audience import Audience
from kernel.redis import open_redis
from tests.support.agreeing import agreed_within, assert_truth
from tests.support.installation import Installation, installed
from tests.support.reporters import Ledger, reporting, staff_reporters
from tests.support.watching import LiveScreen, watched

# Without Redis nobody may wait for it: one bound at first, then none.
_ANSWER_S = 2.0
_SEEN_S = 5.0
_CONVERGED_S = 5.0


@pytest.fixture(scope="module")
async def alone() -> AsyncIterator[Installation]:
    async with installed() as installation:
        yield installation


@asynccontextmanager
async def _busy(installation: Installation, screen: LiveScreen) -> AsyncIterator[None]:
    """Have people report throughout; afterwards all must agree, and every answer must have been a quick 200."""
    estate, ledger = installation.estate, Ledger()
    address = installation.nodes[0].address
    reporters = staff_reporters(estate, address, ledger, seed=7, count=10)
    async with watched(screen):
        async with reporting(reporters):
            yield
        watchers = [(screen, Audience(own=frozenset(estate.shelters)))]
        agreed_s = await agreed_within(installation.settings, estate.region_id, watchers, _CONVERGED_S)
    slowest = max(one.answered - one.sent for one in ledger.acknowledged)
    print(f"{len(ledger.acknowledged)} reports, slowest {slowest:.2f} s, all agreed after {agreed_s:.2f} s")
    assert not ledger.wrong, ledger.wrong[:5]
    assert set(ledger.attempts) == {"200"}
    assert slowest < _ANSWER_S
    await assert_truth(installation.settings, estate.region_id, ledger)


def _screen(installation: Installation) -> LiveScreen:
    address = installation.nodes[0].address
    return LiveScreen(address, installation.estate.headers(address, "staff"))


async def _sees(screen: LiveScreen, live: str) -> None:
    await screen.until(lambda shown: shown.live == live, _SEEN_S)


def _keep(_valkey: EmbeddedServer) -> None:
    """It starts with what it wrote: only older than the journal by now."""


def _empty(valkey: EmbeddedServer) -> None:
    shutil.rmtree(valkey.home / "appendonlydir")


def _restore_older(valkey: EmbeddedServer) -> None:
    _copy(valkey, "older", "appendonlydir")


def _copy(valkey: EmbeddedServer, source: str, target: str) -> None:
    """With its owner, who is not always us."""
    shutil.rmtree(valkey.home / target, ignore_errors=True)
    subprocess.run(["cp", "-a", valkey.home / source, valkey.home / target], check=True)


@pytest.mark.parametrize("before_start", [_keep, _empty, _restore_older])
async def test_reports_go_on_while_redis_is_stopped(
    alone: Installation, before_start: Callable[[EmbeddedServer], None]
) -> None:
    valkey, screen = alone.embedded.valkey, _screen(alone)
    _copy(valkey, "appendonlydir", "older")
    async with _busy(alone, screen):
        await _sees(screen, "redis")
        await asyncio.sleep(0.5)  # what is older must be older
        await asyncio.to_thread(valkey.stop)
        await _sees(screen, "journal")
        seen = screen.screen.to or 0
        await screen.until(lambda shown: (shown.to or 0) > seen + 20, _SEEN_S)
        before_start(valkey)
        await asyncio.to_thread(valkey.start)
        await _sees(screen, "redis")


async def test_redis_is_emptied_under_way(alone: Installation) -> None:
    screen, links = _screen(alone), open_redis(alone.settings, "test")
    assert links is not None
    async with _busy(alone, screen):
        for _ in range(3):
            await links.quick.flushall()
            await asyncio.sleep(0.7)
    await links.close()


async def test_a_node_starts_without_redis(alone: Installation) -> None:
    valkey, (node,), screen = alone.embedded.valkey, alone.nodes, _screen(alone)
    await node.stop()
    await asyncio.to_thread(valkey.stop)
    await node.start()
    async with _busy(alone, screen):
        await _sees(screen, "journal")
        await asyncio.sleep(1)
        await asyncio.to_thread(valkey.start)
        await _sees(screen, "redis")
