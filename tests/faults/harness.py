"""Kills, in an order drawn from a seed: whoever dies is started again at once, beside whatever else is going on."""

from __future__ import annotations

import asyncio
import random
import shutil
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from redis.asyncio import Redis

from halte.embedded import resolve_account
from halte.embedded.processes import Server as EmbeddedServer
from tests.integration.kernel.live.waiting import eventually
from tests.support.installation import Installation
from tests.support.reporters import Ledger
from tests.support.running import Server

Victim = Literal["app", "postgres", "valkey", "flush", "old dump"]
VICTIMS: tuple[Victim, ...] = ("app", "postgres", "valkey")
# Valkey lives, or lives again, and does not have what it had: nothing at all, or what it had at the beginning.
LOSSES: tuple[Victim, ...] = ("flush", "old dump")
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
    _restarts: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    async def run(self, count: int, pause_s: tuple[float, float], losses: int = 0) -> None:
        """Kill `count` times, mostly once all are up and reports pass, now and then while another is still down."""
        order = [VICTIMS[number % len(VICTIMS)] for number in range(count)]
        order += [LOSSES[number % len(LOSSES)] for number in range(losses)]
        self.chance.shuffle(order)
        if losses:
            await asyncio.to_thread(self._keep_dump)
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
        number = self.chance.randrange(len(self.installation.nodes))
        process = f"app {number}" if victim == "app" else "postgres" if victim == "postgres" else "valkey"
        if process in self._restarts:
            await self._restarts[process]
        kill = Kill(victim, time.monotonic())
        self.kills.append(kill)
        if victim == "flush":
            await self._flush()
            kill.up = time.monotonic()
            return kill
        if victim == "app":
            await self.installation.nodes[number].stop(signal.SIGKILL)
        else:
            self._server(victim).kill()
        self._restarts[process] = asyncio.create_task(self._restart(kill, number))
        return kill

    async def _restart(self, kill: Kill, number: int) -> None:
        if kill.victim == "app":
            await self._restart_app(self.installation.nodes[number])
        else:
            if kill.victim == "old dump":
                await asyncio.to_thread(self._restore_dump)
            await asyncio.to_thread(self._server(kill.victim).start)
        kill.up = time.monotonic()

    async def _restart_app(self, node: Server) -> None:
        for _ in range(_STARTS_MAX):
            try:
                await node.start()
            except pytest.fail.Exception:
                await asyncio.sleep(0.2)
            else:
                return
        pytest.fail(f"the node did not start in {_STARTS_MAX} attempts")

    async def _flush(self) -> None:
        async with Redis.from_url(str(self.installation.settings.redis_url), protocol=3) as redis:
            await redis.flushall()

    def _keep_dump(self) -> None:
        """Keep what Valkey has written down so far; a line that is cut short is passed over when it is read."""
        shutil.copytree(self._dump, self._kept)

    def _restore_dump(self) -> None:
        account = resolve_account(None)
        shutil.rmtree(self._dump)
        shutil.copytree(self._kept, self._dump)
        for path in (self._dump, *self._dump.iterdir()):
            account.own(path)

    @property
    def _dump(self) -> Path:
        return self.installation.embedded.valkey.home / "appendonlydir"

    @property
    def _kept(self) -> Path:
        return self.installation.embedded.data_dir.parent / "an-old-dump"

    def _server(self, victim: Victim) -> EmbeddedServer:
        embedded = self.installation.embedded
        return embedded.postgres if victim == "postgres" else embedded.valkey
