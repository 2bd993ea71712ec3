"""A desk and shelters who take nothing for granted: the same id again until there is an answer (I1, I3, I10)."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx

from kernel.ids import new_id
from kernel.postgres import Pool
from tests.support.asking import A_MAN
from tests.support.estate import NO_TLS, Estate
from tests.support.reporters import Acknowledged, Ledger

_TIMEOUT_S = 8.0
_RETRY_S = (0.2, 0.6)
_PAUSE_S = (0.05, 0.3)
# How a placement goes on, and the ending that it then has.
_STORIES: tuple[tuple[tuple[str, ...], str | None], ...] = (
    (("seen", "accept", "arrive"), "arrived"),
    (("seen", "decline"), "declined"),
    (("accept", "cancel"), "cancelled"),
    (("accept", "no-show"), "no-show"),
    (("seen", "extend"), None),
)
_BODIES: dict[str, dict[str, Any]] = {
    "decline": {"reason": "not-for-us"},
    "cancel": {"reason": "shelter-asked"},
}
_DESKS = {"extend"}


@dataclass(slots=True)
class Promises:
    """What was acknowledged: by placement, which acts, under which ids, and how it must have ended."""

    ledger: Ledger = field(default_factory=Ledger)
    requests: set[UUID] = field(default_factory=set)
    acts: dict[UUID, dict[UUID, str]] = field(default_factory=dict)
    endings: dict[UUID, str | None] = field(default_factory=dict)
    taken: int = 0

    def told(self, id: UUID, sent: float) -> None:
        self.ledger.acknowledged.append(Acknowledged(id, {}, sent, time.monotonic()))


@dataclass(slots=True)
class Placer:
    """Follows one household after the other from the telephone to its end."""

    address: str
    estate: Estate
    promises: Promises
    chance: random.Random

    async def run(self, stop: asyncio.Event) -> None:
        options: dict[str, Any] = {"base_url": f"{self.address}/api/v1", "timeout": _TIMEOUT_S, "verify": NO_TLS}
        desk, staff = (self.estate.headers(self.address, who) for who in ("desk", "staff"))
        async with (
            httpx.AsyncClient(headers=desk, **options) as at_desk,
            httpx.AsyncClient(headers=staff, **options) as at_door,
        ):
            while not stop.is_set():
                await self._follow(at_desk, at_door)
                await asyncio.sleep(self.chance.uniform(*_PAUSE_S))

    async def _follow(self, desk: httpx.AsyncClient, door: httpx.AsyncClient) -> None:
        request_id, placement_id = new_id(), new_id()
        asked = {"id": str(request_id), "regime": "night", "channel": "phone", "party": [A_MAN], "needs": {}}
        await self._send(desk, "POST", "/requests", asked, request_id)
        self.promises.requests.add(request_id)
        unit = self.chance.choice([unit for units in self.estate.units.values() for unit in units])
        body = {"request": str(request_id), "unit": str(unit)}
        if not await self._send(desk, "PUT", f"/placements/{placement_id}", body, placement_id):
            self.promises.taken += 1
            return
        acts, ending = self.chance.choice(_STORIES)
        done = self.promises.acts[placement_id] = {placement_id: "place"}
        self.promises.endings[placement_id] = None
        for act in acts:
            event_id = new_id()
            said = {"id": str(event_id)} | _BODIES.get(act, {})
            path = f"/placements/{placement_id}/{act}"
            await self._send(desk if act in _DESKS else door, "POST", path, said, event_id)
            done[event_id] = act
        self.promises.endings[placement_id] = ending

    async def _send(self, client: httpx.AsyncClient, method: str, path: str, body: Mapping[str, Any], id: UUID) -> bool:
        """Send it until there is an answer. False where the place was taken: every other refusal is wrong."""
        while True:
            sent = time.monotonic()
            try:
                answer = await client.request(method, path, json=body)
            except httpx.HTTPError as error:
                self.promises.ledger.attempts[type(error).__name__] += 1
                await asyncio.sleep(self.chance.uniform(*_RETRY_S))
                continue
            self.promises.ledger.attempts[str(answer.status_code)] += 1
            if answer.status_code in {200, 201}:
                self.promises.told(id, sent)
                return True
            if answer.status_code == 503:
                await asyncio.sleep(self.chance.uniform(*_RETRY_S))
                continue
            if answer.json().get("slug") != "place-taken":
                self.promises.ledger.wrong.append(f"{method} {path}: {answer.status_code} {answer.text}")
            return False


@asynccontextmanager
async def placing(placers: list[Placer], finish_s: float = 60.0) -> AsyncIterator[None]:
    """Let them work for as long as the block lasts, then wait until each has brought its household to the end."""
    stop = asyncio.Event()
    tasks = [asyncio.create_task(placer.run(stop)) for placer in placers]
    try:
        yield
        stop.set()
        async with asyncio.timeout(finish_s):
            await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def assert_promises_kept(pool: Pool, promises: Promises) -> None:
    """Every acknowledged act is written once, every placement ended as was said and once, every request is there."""
    requests = await pool.fetch("SELECT id FROM request WHERE id = ANY($1)", list(promises.requests))
    assert {row["id"] for row in requests} == promises.requests
    events = await pool.fetch(
        "SELECT id, placement_id, verb FROM request_event WHERE placement_id = ANY($1)", list(promises.acts)
    )
    written: dict[UUID, dict[UUID, str]] = {}
    for row in events:
        if row["verb"] != "escalate":
            written.setdefault(row["placement_id"], {})[row["id"]] = row["verb"]
    assert written == promises.acts
    rows = await pool.fetch(
        "SELECT p.id, p.ending, (SELECT count(*) FROM hold_end e WHERE e.hold_id = p.id) AS ends, "
        "(SELECT count(*) FROM movement m WHERE m.hold_id = p.id) AS movements FROM placement p"
    )
    assert {row["id"]: row["ending"] for row in rows} == promises.endings
    for row in rows:
        assert row["ends"] == int(row["ending"] is not None), dict(row)
        assert row["movements"] == int(row["ending"] == "arrived"), dict(row)
    print(Counter(row["ending"] for row in rows))
