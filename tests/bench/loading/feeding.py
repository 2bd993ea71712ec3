"""What the servers that others are measured with have in common: states, their pace, and when to stop."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable

_BURST = 64


class Feed:
    """Calls `update` with one state after the other, so many a second, while `wanted`.

    Behind its time it does what it can, and does not make up for what it could not.
    """

    def __init__(self, per_s: int, units: int, state_bytes: int) -> None:
        self._per_s = per_s
        self._units = units
        self._bytes = state_bytes
        self._next = 0
        self._still = False

    def state(self) -> str:
        self._next = (self._next + 1) % self._units
        at, n = time.monotonic_ns(), self._next
        text = f'{{"seq":{at},"id":"{n:08d}-0000-7000-8000-000000000000","at":{at},"n":{n},"rest":"'
        return f'{{"t":"delta","units":[{text:x<{self._bytes - 2}}"}}]}}'

    async def run(self, wanted: Callable[[], bool], update: Callable[[str], None]) -> None:
        due = time.monotonic()
        while True:
            now = time.monotonic()
            if self._still or not wanted() or now - due > 0.1:
                due = now
            for _ in range(_BURST):
                if due > now or self._still or not wanted():
                    break
                update(self.state())
                due += 1 / self._per_s
                await asyncio.sleep(0)
            await asyncio.sleep(max(0.0, min(due - time.monotonic(), 0.01)))

    def obey(self) -> None:
        """A line on standard input: be still. Its end: the harness has gone, and nobody else wants this."""
        asyncio.get_running_loop().add_reader(sys.stdin, self._hear)
        print("listening", flush=True)

    def _hear(self) -> None:
        if not sys.stdin.readline():
            os._exit(0)
        self._still = True
