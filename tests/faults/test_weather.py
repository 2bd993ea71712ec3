"""Bad networks: before a node with five hundred screens, and between a node and its servers.

Connections are reset, everything takes two seconds, connections stand and nothing passes, messages are lost on the way.
Once it is fair again everybody shows what Postgres has within two seconds, and whoever missed a message had noticed.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import httpx
import pytest

from inventory.model.audience import Audience
from kernel.journal import read_board
from kernel.postgres import open_pool
from kernel.settings import Settings
from tests.integration.kernel.live.waiting import eventually
from tests.support.agreeing import agreed_within, assert_truth, shown_to
from tests.support.estate import NO_TLS
from tests.support.installation import Installation, installed
from tests.support.proxying import FAIR, Proxy, Weather, proxied
from tests.support.reporters import Ledger, Reporter, reporting, staff_reporters
from tests.support.running import SCRAPER
from tests.support.watching import LiveScreen, watched

pytestmark = pytest.mark.faults

_SCREENS = 500
_AGREED_S, _BACK_S = 2.0, 5.0
_SETTLED_S = 60.0
_PAUSE_S = 3.0
BEFORE_A_NODE = {
    "5 % of connections reset each second": (Weather(reset=0.05), 15.0),
    "two seconds there and back": (Weather(delay_s=2.0), 15.0),
    "a third of connections half open": (Weather(half_open=0.33), 25.0),
    "one delta in twenty lost": (Weather(lost=0.05), 15.0),
    "all of it": (Weather(reset=0.05, delay_s=2.0, half_open=0.1, lost=0.05), 20.0),
}
BEFORE_ITS_SERVERS = {
    "a quarter of connections reset each second": (Weather(reset=0.25), 15.0),
    "two seconds there and back": (Weather(delay_s=2.0), 10.0),
    "half of connections half open": (Weather(half_open=0.5), 15.0),
}


def _seed() -> int:
    seed = int(os.environ.get("HALTE_FAULT_SEED") or random.randrange(1_000_000))
    print(f"HALTE_FAULT_SEED={seed}")
    return seed


@pytest.mark.timeout(420)
async def test_five_hundred_screens_see_the_truth_once_the_weather_is_fair() -> None:
    seed = _seed()
    # A frame every quarter of a second to each of five hundred: what these clients, in Python, can take.
    tick = {"HALTE_BOARD_TICK_MS": "250"}
    async with installed(variables=lambda _home, _number: tick) as installation:
        (node,), estate = installation.nodes, installation.estate
        async with proxied(str(node.port), seed) as proxy:
            address = f"http://localhost:{proxy.port}"
            screens = [
                LiveScreen(address, estate.headers(node.address, login) | {"Origin": address}, path)
                for number in range(_SCREENS)
                for login, path in (("staff", "/live/board"), ("desk", "/live/board"))
                if number % 2 == (login == "desk")
            ]
            crowd = _Crowd(installation, proxy, screens, seed)
            async with _following(screens):
                for name, (weather, seconds) in BEFORE_A_NODE.items():
                    print(f"{name}, for {seconds:.0f} s: {await crowd.meet(weather, seconds)}")
                await _assert_none_left(installation)
            assert not crowd.ledger.wrong, crowd.ledger.wrong[:5]
            print(f"{len(crowd.ledger.acknowledged)} acknowledged, {crowd.ledger.attempts}")
            await assert_truth(installation.settings, estate.region_id, crowd.ledger)


@dataclass(slots=True)
class _Crowd:
    """Screens and reporters behind one proxy."""

    installation: Installation
    proxy: Proxy
    screens: Sequence[LiveScreen]
    seed: int
    ledger: Ledger = field(default_factory=Ledger)

    async def meet(self, weather: Weather, seconds: float) -> str:
        """Let it be so for a while, and fair again once the last report is acknowledged; tell what came of it."""
        before, gaps = await self.proxy.change(FAIR), self._gaps()
        async with reporting(self._reporters(), finish_s=60.0):
            await asyncio.sleep(_PAUSE_S)
            await self.proxy.change(weather)
            await asyncio.sleep(seconds)
        await self.proxy.change(FAIR)
        if weather.lost:
            # What was lost last is noticed with the next change, and not before.
            async with reporting(self._reporters()):
                await asyncio.sleep(_PAUSE_S)
        agreed_s = await _agree(self.installation, self.screens)
        after = await self.proxy.change(FAIR)
        happened = {what: after[what] - before.get(what, 0) for what in after}
        noticed, noticeable = self._gaps() - gaps, happened.get("noticeable", 0)
        if weather.reset or weather.half_open:
            # Some were reset before they could read of it, and begin with what they have.
            assert noticed <= noticeable
        else:
            assert noticed == noticeable
        assert bool(noticed) == bool(weather.lost)
        return f"{happened}, {noticed} gaps noticed; all agreed {agreed_s:.2f} s after"

    def _gaps(self) -> int:
        return sum(screen.gaps for screen in self.screens)

    def _reporters(self) -> list[Reporter]:
        estate, address = self.installation.estate, f"http://localhost:{self.proxy.port}"
        self.seed += 1
        return staff_reporters(estate, address, self.ledger, self.seed, count=10)


@pytest.mark.timeout(240)
async def test_a_node_cut_off_from_its_servers_loses_nothing_and_is_back_at_once() -> None:
    seed = _seed()
    proxies: list[Proxy] = []

    @asynccontextmanager
    async def through(settings: Settings, _home: Path) -> AsyncIterator[Settings]:
        async with AsyncExitStack() as stack:
            for number, url in enumerate((settings.database_url, settings.redis_url)):
                proxies.append(await stack.enter_async_context(proxied(_socket_of(str(url)), seed + number)))
            yield _behind(settings, *(proxy.port for proxy in proxies))

    async with installed(through=through) as installation:
        (node,), estate, ledger = installation.nodes, installation.estate, Ledger()
        screens = [LiveScreen(node.address, estate.headers(node.address, login)) for login in ("staff", "desk")]
        watchers = list(zip(screens, (Audience(own=frozenset(estate.shelters)), Audience()), strict=True))
        async with watched(*screens):
            for number, (name, (weather, seconds)) in enumerate(BEFORE_ITS_SERVERS.items()):
                async with reporting(staff_reporters(estate, node.address, ledger, seed=seed + number)):
                    await asyncio.sleep(_PAUSE_S)
                    for proxy in proxies:
                        await proxy.change(weather)
                    await asyncio.sleep(seconds)
                    done = [await proxy.change(FAIR) for proxy in proxies]
                    fair = time.monotonic()
                    await eventually(partial(_is_back, ledger, fair), _SETTLED_S)
                agreed_s = await agreed_within(installation.settings, estate.region_id, watchers, _AGREED_S)
                print(f"{name}, for {seconds:.0f} s: {done}; a report acknowledged after ", end="")
                print(f"{ledger.back_after(fair):.2f} s, all agreed {agreed_s:.2f} s after the last")
                assert ledger.back_after(fair) < _BACK_S
        print(
            f"{len(ledger.acknowledged)} acknowledged, {ledger.attempts}, longest silence {ledger.longest_gap():.1f} s"
        )
        assert not ledger.wrong, ledger.wrong[:5]
        await assert_truth(installation.settings, estate.region_id, ledger)


def _is_back(ledger: Ledger, since: float) -> bool:
    return ledger.back_after(since) < _SETTLED_S


def _socket_of(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return unquote(parts.path)
    return f"{parse_qs(parts.query)['host'][0]}/.s.PGSQL.5432"


def _behind(settings: Settings, postgres: int, valkey: int) -> Settings:
    database, redis = urlsplit(str(settings.database_url)), urlsplit(str(settings.redis_url))
    return replace(
        settings,
        database_url=f"postgresql://{database.username}:{database.password}@127.0.0.1:{postgres}{database.path}",
        redis_url=f"redis://:{redis.password}@127.0.0.1:{valkey}/0",
    )


@asynccontextmanager
async def _following(screens: Sequence[LiveScreen]) -> AsyncIterator[None]:
    """Let them follow, each from its first board on; a gap is no fault here, for messages are lost."""
    tasks = [asyncio.create_task(screen.run()) for screen in screens]
    try:
        await eventually(lambda: all(one.screen.to is not None for one in screens), _SETTLED_S)
        yield
        assert not any(task.done() for task in tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _agree(installation: Installation, screens: Sequence[LiveScreen]) -> float:
    """Return how long it takes until every screen shows what Postgres has now."""
    began = time.monotonic()
    pool = await open_pool(installation.settings, "test")
    try:
        async with pool.acquire() as connection:
            head, subjects = await read_board(connection, installation.estate.region_id)
    finally:
        await pool.close()
    whole = Audience(own=frozenset(installation.estate.shelters))
    truths = [shown_to(subjects, audience) for audience in (whole, Audience())]
    while behind := [one for number, one in enumerate(screens) if one.screen.board != truths[number % 2]]:
        took_s = time.monotonic() - began
        told = [(one.screen.to, one.screen.live, one.ended[-2:]) for one in behind[:5]]
        assert took_s < _AGREED_S, f"{len(behind)} screens are not at {head.seq} after {took_s:.1f} s: {told}"
        await asyncio.sleep(0.02)
    return time.monotonic() - began


async def _assert_none_left(installation: Installation) -> None:
    """The node has let go of every connection that is not there any more."""
    address = installation.nodes[0].address

    async def as_many_as_there_are() -> bool:
        async with httpx.AsyncClient(verify=NO_TLS, timeout=10) as client:
            lines = (await client.get(f"{address}/metrics", headers=SCRAPER)).text.splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith("halte_live_screens{")) == _SCREENS

    settled_s = await eventually(as_many_as_there_are, _SETTLED_S)
    print(f"the node has {_SCREENS} screens again {settled_s:.1f} s after the last")
