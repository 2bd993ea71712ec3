"""The product's own hub and websocket, on a mirror that is fed in this process: what fanning out costs.

`python -m tests.bench.loading.serving PORT TICK_MS UPDATES_PER_S UNITS STATE_BYTES`; says "listening", updates while
somebody is connected, stops updating with a line on standard input, and ends with it.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID

import uvicorn
import uvloop
from litestar import Litestar

from inventory.model.audience import judge
from kernel.access.model import public_principal
from kernel.ids import new_id
from kernel.journal import Head, Range, Subject
from kernel.live.hub import Hub
from kernel.live.mirror import Mirror
from kernel.live.pens import show_protocol
from kernel.live.shelves import Lens
from kernel.live.socket import live_route
from kernel.settings import Settings

_LENS = Lens(judge, lambda _audience: (frozenset(), False))
_FEED_S = 0.005
SHELTER = UUID(int=7)


class Feed:
    """Updates at a steady rate, in batches as a lane commits them."""

    def __init__(self, mirror: Mirror, per_s: int, units: int, state_bytes: int) -> None:
        self.mirror = mirror
        self.per_s = per_s
        self.ids = [UUID(int=number + 1) for number in range(units)]
        self.next = 0
        self.still = False
        blank = self._body(0, 0, b"")
        self.rest = b"x" * max(0, state_bytes - len(blank) - 20)
        self.epoch = new_id()
        mirror.replace(Head(self.epoch, units), [self._subject(number, number + 1) for number in range(units)])

    def _body(self, number: int, at_ns: int, rest: bytes) -> bytes:
        return b'{"id":"%s","at":%d,"n":%d,"shelter":"%s","secret":false,"rest":"%s"}' % (
            str(self.ids[number]).encode(), at_ns, number, str(SHELTER).encode(), rest,
        )  # fmt: skip

    def _subject(self, number: int, seq: int) -> Subject:
        return Subject("unit", self.ids[number], seq, seq, False, self._body(number, time.monotonic_ns(), self.rest))

    def update(self, count: int) -> None:
        head = self.mirror.head
        assert head is not None
        subjects = []
        for seq in range(head.seq + 1, head.seq + 1 + count):
            self.next = (self.next + 1) % len(self.ids)
            subjects.append(self._subject(self.next, seq))
        self.mirror.apply(Range(self.mirror.region_id, self.epoch, head.seq, head.seq + count, tuple(subjects)))

    async def run(self, hub: Hub) -> None:
        began, done = time.monotonic(), 0
        while True:
            await asyncio.sleep(_FEED_S)
            now = time.monotonic()
            if self.still or not hub._seats:
                began, done = now, 0
                continue
            due = int((now - began) * self.per_s) - done
            if due > 0:
                done += due
                self.update(due)


def main() -> None:
    port, tick_ms, per_s, units, state_bytes = (int(one) for one in sys.argv[1:])
    mirror = Mirror(UUID(int=1))
    feed = Feed(mirror, per_s, units, state_bytes)
    hub = Hub(mirror, _LENS, lambda: datetime.now(UTC), ("unit", "shelter"), 15.0)
    settings = Settings(secret_key="a key of 32 signs, for tests only")
    somebody = public_principal(UUID(int=1), "en")

    async def authenticate(_socket: object, _ticket: str | None) -> object:
        return somebody

    route = live_route(
        "/live/board", settings=settings, hub_of=lambda _: hub, audience_of=lambda _: "board", tick_ms=tick_ms,
        authenticate=authenticate,  # type: ignore[arg-type]
    )  # fmt: skip

    @asynccontextmanager
    async def running(_app: Litestar) -> AsyncIterator[None]:
        hub.start()
        loop = asyncio.get_running_loop()
        task = asyncio.create_task(feed.run(hub))
        loop.add_reader(sys.stdin, listen, feed)
        gc.collect()
        gc.freeze()
        print("listening", flush=True)
        yield
        task.cancel()

    app = Litestar([route], lifespan=[running], openapi_config=None, logging_config=None)
    uvicorn.run(
        show_protocol(app), host="127.0.0.1", port=port, ws="websockets-sansio", loop="uvloop", log_level="warning",
        ws_per_message_deflate=False, lifespan="on", backlog=4096,
    )  # fmt: skip


def listen(feed: Feed) -> None:
    if sys.stdin.readline():
        feed.still = True
    else:
        # The harness has gone, and nobody else wants this.
        os._exit(0)


if __name__ == "__main__":
    uvloop.install()
    main()
