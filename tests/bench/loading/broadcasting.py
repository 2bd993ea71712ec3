"""`websockets.broadcast()` on uvloop: each update to everybody, at once. PORT UPDATES_PER_S UNITS STATE_BYTES."""

from __future__ import annotations

import asyncio
import sys

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve

from tests.bench.loading.feeding import Feed


async def main() -> None:
    port, per_s, units, state_bytes = (int(one) for one in sys.argv[1:])
    feed = Feed(per_s, units, state_bytes)
    open_to: set[ServerConnection] = set()

    async def talk(connection: ServerConnection) -> None:
        open_to.add(connection)
        try:
            await connection.wait_closed()
        finally:
            open_to.discard(connection)

    async with serve(talk, "127.0.0.1", port, compression=None, backlog=4096, ping_interval=None):
        feed.obey()
        await feed.run(lambda: bool(open_to), lambda text: broadcast(open_to, text))


if __name__ == "__main__":
    uvloop.install()
    asyncio.run(main())
