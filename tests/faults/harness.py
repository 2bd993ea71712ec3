"""Kills, in an order drawn from a seed: whoever dies is started again at once, beside whatever else is going on."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from dataclasses import dataclass, field
from typing import Literal

import pytest

from halte.embedded.processes import Server as EmbeddedServer
from tests.integration.kernel.live.waiting import eventually
from tests.support.installation import Installation
from tests.support.reporters import Ledger

Victim = Literal["app", "postgres", "valkey"]
VICTIMS: tuple[Victim, ...] = ("app", "postgres", "valkey")
# How many of the kills do not wait until the one before was got over.
_TOGETHER = 0.25
_OVER_S = 40.0
# A node that starts while Postgres is away gives up and is started again, as any service manager does.
_STARTS_MAX = 20


@dataclass(slots=True)
class Kill:
    """One SIGKILL. Times are monotonic. `alone`: all was well before, and nobody else died until it was again."""

    victim: Victim
    at: float
    up: float = 0.0
    alone: bool = False


@dataclass(slots=True)
class Killer:
    installation: Installation
    ledger: Ledger
    chance: random.Random
    kills: list[Kill] = field(default_factory=list)
    _restarts: dict[Victim, asyncio.Task[None]] = field(default_factory=dict)

    async def run(self, count: int, pause_s: tuple[float, float]) -> None:
        """Kill `count` times, mostly once all are up and reports pass, now and then while another is still down."""
        order = [VICTIMS[number % len(VICTIMS)] for number in range(count)]
        self.chance.shuffle(order)
        try:
            well = True
            for victim in order:
                kill = await self._kill(victim)
                together = self.chance.random() < _TOGETHER
                kill.alone = well and not together
                well = not together
                if well:
                    await self.all_over()
                await asyncio.sleep(self.chance.uniform(*pause_s))
            await self.all_over()
        finally:
            await asyncio.gather(*self._restarts.values())

    async def all_over(self) -> None:
        """Return when everybody runs and a report that was sent since then is acknowledged."""
        await asyncio.gather(*self._restarts.values())
        since = time.monotonic()
        await eventually(lambda: self.ledger.back_after(since) < _OVER_S, _OVER_S)

    async def _kill(self, victim: Victim) -> Kill:
        if victim in self._restarts:
            await self._restarts[victim]
        kill = Kill(victim, time.monotonic())
        self.kills.append(kill)
        if victim == "app":
            await self.installation.nodes[0].stop(signal.SIGKILL)
        else:
            self._server(victim).kill()
        self._restarts[victim] = asyncio.create_task(self._restart(kill))
        return kill

    async def _restart(self, kill: Kill) -> None:
        if kill.victim == "app":
            await self._restart_app()
        else:
            await asyncio.to_thread(self._server(kill.victim).start)
        kill.up = time.monotonic()

    async def _restart_app(self) -> None:
        for _ in range(_STARTS_MAX):
            try:
                await self.installation.nodes[0].start()
            except pytest.fail.Exception:
                await asyncio.sleep(0.2)
            else:
                return
        pytest.fail(f"the node did not start in {_STARTS_MAX} attempts")

    def _server(self, victim: Victim) -> EmbeddedServer:
        embedded = self.installation.embedded
        return embedded.postgres if victim == "postgres" else embedded.valkey
