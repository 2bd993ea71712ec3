"""A front door as a balancer keeps it: one address, and behind it whichever nodes take connections just now.

It passes bytes on and knows nothing of HTTP. Who was connected through a node that ends is disconnected, and comes
again: through another.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import count

from tests.support.running import Server

_CHUNK = 65_536


@asynccontextmanager
async def fronted(nodes: Sequence[Server]) -> AsyncIterator[str]:
    """Yield the address of the door."""
    turns, open_ones = count(), set[asyncio.Task[None]]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        open_ones.add(task)
        try:
            await _serve(nodes, next(turns), reader, writer)
        finally:
            open_ones.discard(task)

    door = await asyncio.start_server(serve, "127.0.0.1")
    port = door.sockets[0].getsockname()[1]
    try:
        yield f"http://localhost:{port}"
    finally:
        door.close()
        for task in open_ones:
            task.cancel()
        await asyncio.gather(*open_ones, return_exceptions=True)


async def _serve(
    nodes: Sequence[Server], turn: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Connect to the next node that listens, and pass on both ways until either side ends."""
    for place in range(len(nodes)):
        with suppress(OSError):
            inner = await asyncio.open_connection("127.0.0.1", nodes[(turn + place) % len(nodes)].port)
            break
    else:
        writer.close()
        return
    ways = [asyncio.create_task(_pass(reader, inner[1])), asyncio.create_task(_pass(inner[0], writer))]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        for end in (writer, inner[1]):
            with suppress(OSError):
                end.close()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
