"""Probing: one question of each kind again and again, and how long each had to wait for its answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx

from kernel.ids import new_id
from tests.support.asking import A_MAN
from tests.support.estate import NO_TLS, Estate
from tests.support.region import PASSWORD
from tests.support.running import SCRAPER

_PAUSE_S = 0.25
# Far beyond any bound: what takes this long is told as what it took.
_PATIENCE_S = 40.0

Ask = Callable[[httpx.AsyncClient], Awaitable[httpx.Response]]


@dataclass(frozen=True, slots=True)
class Waited:
    question: str
    seconds: float
    # What was answered, or how the connection ended.
    told: str


@dataclass(slots=True)
class Probes:
    """Asks as desk, as staff and as nobody."""

    estate: Estate
    address: str
    waited: list[Waited] = field(default_factory=list)

    def longest(self) -> dict[str, float]:
        """Return the longest wait of each question."""
        longest: dict[str, float] = {}
        for one in self.waited:
            longest[one.question] = max(longest.get(one.question, 0.0), one.seconds)
        return longest

    def told(self) -> dict[str, int]:
        counts: dict[str, int] = {}
        for one in self.waited:
            counts[one.told] = counts.get(one.told, 0) + 1
        return counts

    def all_asked(self) -> bool:
        return self.longest().keys() == self._questions().keys()

    async def run(self, stop: asyncio.Event) -> None:
        await asyncio.gather(*(self._repeat(question, ask, stop) for question, ask in self._questions().items()))

    async def _repeat(self, question: str, ask: Ask, stop: asyncio.Event) -> None:
        async with httpx.AsyncClient(base_url=self.address, verify=NO_TLS, timeout=_PATIENCE_S) as client:
            while not stop.is_set():
                began = time.monotonic()
                try:
                    told = str((await ask(client)).status_code)
                except httpx.HTTPError as error:
                    told = type(error).__name__
                self.waited.append(Waited(question, time.monotonic() - began, told))
                await asyncio.sleep(_PAUSE_S)

    def _questions(self) -> dict[str, Ask]:
        desk, staff = (self.estate.headers(self.address, login) for login in ("desk", "staff"))
        shelter, units = next(iter(self.estate.units.items()))
        unit = str(units[0])
        count = {"shelter": str(shelter), "units": [{"unit": unit, "free": 3}]}
        household = {"regime": "night", "channel": "phone", "party": [A_MAN]}
        log_in, origin = {"login": "desk", "password": PASSWORD}, {"Origin": self.address}
        key = self.estate.key_headers(shelter)
        api = "/api/v1"
        return {
            "a count, by key": lambda c: c.put(f"{api}/reports/{new_id()}", json=count, headers=key),
            "a count, by page": lambda c: c.put(f"{api}/reports/{new_id()}", json=count, headers=staff),
            "a request": lambda c: c.post(f"{api}/requests", json={"id": str(new_id())} | household, headers=desk),
            "the requests": lambda c: c.get(f"{api}/requests", headers=desk),
            "the board": lambda c: c.get(f"{api}/board", headers=desk),
            "a history": lambda c: c.get(f"{api}/units/{unit}/history", headers=desk),
            "a sign-in": lambda c: c.post(f"{api}/sessions", json=log_in, headers=origin),
            "a ticket": lambda c: c.post(f"{api}/sessions/tickets", headers=desk),
            "the totals": lambda c: c.get(f"{api}/totals"),
            "/readyz": lambda c: c.get("/readyz"),
            "/metrics": lambda c: c.get("/metrics", headers=SCRAPER),
        }


@asynccontextmanager
async def probing(probes: Probes) -> AsyncIterator[None]:
    """Ask for as long as the block lasts; every question that was begun is waited for."""
    stop = asyncio.Event()
    task = asyncio.create_task(probes.run(stop))
    try:
        yield
        stop.set()
        await task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def slots_taken(address: str) -> dict[str, float]:
    """Return how many connections to Postgres are in use just now, by pool."""
    async with httpx.AsyncClient(verify=NO_TLS, timeout=_PATIENCE_S) as client:
        lines = (await client.get(f"{address}/metrics", headers=SCRAPER)).text.splitlines()
    name = 'halte_postgres_slots_taken{pool="'
    return {line[len(name) :].partition('"')[0]: float(line.split()[-1]) for line in lines if line.startswith(name)}
