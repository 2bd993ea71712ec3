"""Concurrent reporters who take nothing for granted: the same id again until it is acknowledged (I1, I10)."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import httpx

from kernel.ids import new_id
from tests.support.estate import CAPACITY, NO_TLS, Estate

_TIMEOUT_S = 8.0
# As a phone does: fifty who try ten times a second would keep a starting server from its processor.
_RETRY_S = (0.2, 0.6)
_REPLAY_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A report that somebody was told is kept. Times are monotonic; `sent` is that of the attempt that was answered."""

    report: UUID
    free: Mapping[UUID, int]
    sent: float
    answered: float


@dataclass(slots=True)
class Ledger:
    """What the world was promised, and what it should never have been told."""

    acknowledged: list[Acknowledged] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    attempts: Counter[str] = field(default_factory=Counter)

    def longest_gap(self) -> float:
        answers = sorted(one.answered for one in self.acknowledged)
        return max((later - earlier for earlier, later in pairwise(answers)), default=0.0)

    def back_after(self, moment: float) -> float:
        """Return how long after `moment` the first report that was sent after it was acknowledged."""
        return min((one.answered for one in self.acknowledged if one.sent >= moment), default=float("inf")) - moment


@dataclass(slots=True)
class Reporter:
    """Counts its units of one shelter again and again, one report at a time."""

    address: str
    headers: Mapping[str, str]
    shelter: UUID
    units: tuple[UUID, ...]
    ledger: Ledger
    chance: random.Random
    pause_s: tuple[float, float] = (0.1, 0.4)
    # Of which nobody can know whether an attempt was written.
    unsure: set[UUID] = field(default_factory=set)

    async def run(self, stop: asyncio.Event) -> None:
        """Report until told to stop; what was begun is brought to its acknowledgement."""
        async with httpx.AsyncClient(
            base_url=self.address, headers=self.headers, timeout=_TIMEOUT_S, verify=NO_TLS
        ) as client:
            while not stop.is_set():
                await self._report(client)
                await asyncio.sleep(self.chance.uniform(*self.pause_s))

    async def _report(self, client: httpx.AsyncClient) -> None:
        report_id = new_id()
        chosen = self.chance.sample(self.units, min(len(self.units), self.chance.choice((1, 1, 1, 2))))
        free = {unit: self.chance.randint(0, CAPACITY) for unit in chosen}
        lines = [{"unit": str(unit), "free": count} for unit, count in free.items()]
        body: dict[str, Any] = {"shelter": str(self.shelter), "units": lines}
        if self.chance.random() < 0.5:
            observed = datetime.now(UTC) - timedelta(seconds=self.chance.uniform(0, 5))
            body["observed_at"] = observed.isoformat()
        kept = await self._attempt(client, report_id, body, free)
        while kept is None:
            await asyncio.sleep(self.chance.uniform(*_RETRY_S))
            kept = await self._attempt(client, report_id, body, free)
        self.ledger.acknowledged.append(kept)
        if self.chance.random() < _REPLAY_SHARE:
            await self._attempt(client, report_id, body, free, repeated=True)

    async def _attempt(
        self,
        client: httpx.AsyncClient,
        report_id: UUID,
        body: dict[str, Any],
        free: Mapping[UUID, int],
        *,
        repeated: bool = False,
    ) -> Acknowledged | None:
        """Send it once. None where nothing is known: it broke, or the server said to come again."""
        sent = time.monotonic()
        stamped = body | {"sent_at": datetime.now(UTC).isoformat()} if "observed_at" in body else body
        try:
            answer = await client.put(f"/api/v1/reports/{report_id}", json=stamped)
        except httpx.HTTPError as error:
            self.ledger.attempts[type(error).__name__] += 1
            self.unsure.add(report_id)
            return None
        self.ledger.attempts[str(answer.status_code)] += 1
        if answer.status_code == 200:
            told = answer.json()
            if repeated and not told["repeated"]:
                self.ledger.wrong.append(f"{report_id} was acknowledged and then new")
            if told["repeated"] and not repeated and report_id not in self.unsure:
                self.ledger.wrong.append(f"{report_id} was sent away as unwritten, and is there")
            return Acknowledged(report_id, free, sent, time.monotonic())
        if answer.status_code == 503:
            if answer.json()["slug"] != "busy":
                self.unsure.add(report_id)
        else:
            self.ledger.wrong.append(f"{report_id}: {answer.status_code} {answer.text}")
        return None


def staff_reporters(estate: Estate, address: str, ledger: Ledger, seed: int, count: int = 50) -> list[Reporter]:
    """Four of five use their shelter's machine key, the others the staff's session."""
    return [
        Reporter(
            address,
            estate.key_headers(shelter) if number % 5 else estate.headers(address, "staff"),
            shelter,
            estate.units[shelter],
            ledger,
            random.Random(seed * 1_000 + number),
        )
        for number in range(count)
        for shelter in (estate.shelters[number // 5 % len(estate.shelters)],)
    ]


@asynccontextmanager
async def reporting(reporters: list[Reporter], finish_s: float = 30.0) -> AsyncIterator[None]:
    """Let them report for as long as the block lasts, then wait until each has its last acknowledgement."""
    stop = asyncio.Event()
    tasks = [asyncio.create_task(reporter.run(stop)) for reporter in reporters]
    try:
        yield
        stop.set()
        async with asyncio.timeout(finish_s):
            await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
