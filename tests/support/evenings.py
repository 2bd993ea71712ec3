"""A demonstration of a small invented region, and an evening that a test lets pass in it as far as it wants."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import httpx

from halte.demo.seeding import PASSWORD, seed_demo
from halte.demo.winding import Clock
from halte.replay.doors import serving
from halte.simulate.comparing import compare, read_board
from halte.simulate.evening import Evening
from halte.simulate.ledger import Ledger
from halte.simulate.pacing import hasten, stretches
from halte.simulate.staging import Stage, prepare
from halte.simulate.staying import moment
from halte.visiting.calling import Caller
from kernel.settings import Settings

# A fifth of the region: 24 shelters, 80 units and two surge units.
SIZE = 0.2
SEED = 1
# A night that tests know: what happens in it must not depend on the day on which they run.
NIGHT = date(2031, 1, 14)


@dataclass(slots=True)
class Playing:
    """An evening under way: `until` lets it pass, `board` is what somebody sees of it."""

    url: str
    stage: Stage
    evening: Evening
    ledger: Ledger
    said: int = 0
    cookie: str = ""

    async def until(self, clock: time, *, morning: bool = False) -> datetime:
        """Let everything be said up to a time of day, and leave the clock there."""
        now, instant = self.stage.clock.now(), moment(self.evening.night, clock, self.stage.zone, morning=morning)
        steps = stretches(self.evening, now - timedelta(microseconds=1), instant)
        upto = await hasten(self.stage.clock, self.stage.speaker, self.evening, steps, self.said)
        self.ledger.hear(self.evening.events[self.said : upto])
        self.said = upto
        return instant

    async def differences(self) -> list[str]:
        now = self.stage.clock.now()
        return [str(one) for one in compare(self.ledger.shown(now), await read_board(self.stage.crew))]

    async def ask(self, method: str, path: str, body: object = None) -> Any:
        headers = {"cookie": self.cookie, "origin": self.url}
        async with httpx.AsyncClient(base_url=f"{self.url}/api/v1", headers=headers, timeout=20) as client:
            answer = await client.request(method, path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    async def sign_in(self, login: str) -> dict[str, Any]:
        async with httpx.AsyncClient(base_url=self.url, headers={"origin": self.url}) as client:
            answer = await client.post("/api/v1/sessions", json={"login": login, "password": PASSWORD})
        assert answer.status_code == 201, answer.text
        self.cookie = answer.headers["set-cookie"].partition(";")[0]
        account: dict[str, Any] = answer.json()
        return account

    async def units(self) -> dict[str, dict[str, Any]]:
        return {unit["id"]: unit for unit in (await self.ask("GET", "/board"))["units"]}


@asynccontextmanager
async def playing(settings: Settings, size: float = SIZE) -> AsyncIterator[Playing]:
    """Make the region, serve it, and hire its people; the clock stands at the noon of a known night."""
    await seed_demo(settings, SEED, size, Clock.NIGHTS)
    with serving(settings) as port:
        url = f"http://localhost:{port}"
        caller = Caller(url, "en", tries=3)
        try:
            stage = await prepare(caller, "admin", PASSWORD, SEED, size)
            evening = stage.draw(NIGHT)
            await stage.clock.put(evening.begins)
            played = Playing(url, stage, evening, Ledger(stage.world, stage.zone, await read_board(stage.crew)))
            await played.sign_in("admin")
            yield played
        finally:
            await caller.close()


def passed(unit: dict[str, Any], what: str, now: datetime) -> bool:
    """Say whether one of the instants of a unit's freshness is over."""
    return unit[what] is not None and datetime.fromisoformat(unit[what]) <= now
