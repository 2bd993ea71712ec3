"""A network of our own between two programs, in a process of its own, with weather that is told to it.

Run as a module it listens, says where, and takes a line of JSON on standard input for each change of the weather; it
answers each with what it has done so far. It knows bytes and, to lose whole messages, the frames of a websocket.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import socket
import struct
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[2]
_PART = 65_536
_TURN_S = 0.25
# Of a frame of a websocket, how many bytes stand before what it says.
_DELTA, _HEAD = b'{"t":"delta"', 24
# Who comes back and has missed nothing is told just that: without it nothing is missing.
_GREETING = re.compile(rb'"from":(\d+),"to":\1[,}]')
# So that a connection is reset by both sides at once, as by something in between that has forgotten it.
_NO_LINGER = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Weather:
    """What becomes of connections, by chance where a share is named."""

    # Of all connections, in each second.
    reset: float = 0.0
    # There and back, half of it each way.
    delay_s: float = 0.0
    # Of those there are and those that come: nothing passes, nothing ends, and neither side is told.
    half_open: float = 0.0
    # Of the deltas on their way to a screen: the message is lost and the connection stands.
    lost: float = 0.0


FAIR = Weather()


class Proxy:
    """The side of the test."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.port = 0

    async def listen(self) -> None:
        self.port = int((await self._answer())["port"])

    async def change(self, weather: Weather) -> dict[str, int]:
        """Change the weather; return how often what has happened so far."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asdict(weather)).encode() + b"\n")
        await self._process.stdin.drain()
        return await self._answer()

    async def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        async with asyncio.timeout(10):
            answer: dict[str, Any] = json.loads(await self._process.stdout.readline())
        return answer


@asynccontextmanager
async def proxied(target: str, seed: int) -> AsyncIterator[Proxy]:
    """Stand before `target`, which is a port of this machine or the path of a socket."""
    command = [sys.executable, "-m", "tests.support.proxying", target, str(seed)]
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, cwd=_ROOT)
    proxy = Proxy(process)
    try:
        await proxy.listen()
        yield proxy
    finally:
        # It ends with its standard input, so that it ends with us whatever becomes of us.
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


class Pipe:
    """One direction of a connection: what comes waits for its time, and for the way to be open."""

    def __init__(self, network: Network, connection: Connection, *, to_screen: bool) -> None:
        self._network = network
        self._connection = connection
        self._frames = Frames(network, connection) if to_screen else None
        self._queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def take(self, reader: asyncio.StreamReader) -> None:
        loop = asyncio.get_running_loop()
        while True:
            part = await reader.read(_PART)
            due = loop.time() + self._network.weather.delay_s / 2
            for some in (part,) if self._frames is None or not part else self._frames.passed(part):
                self._queue.put_nowait((due, some))
            if not part:
                return

    async def give(self, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due, part = await self._queue.get()
            await asyncio.sleep(max(0.0, due - loop.time()))
            await self._connection.open.wait()
            if not part:
                with suppress(OSError, RuntimeError):
                    writer.write_eof()
                return
            writer.write(part)
            await writer.drain()


class Frames:
    """Cuts what a server sends after its 101 into frames, and loses some of the deltas."""

    def __init__(self, network: Network, connection: Connection) -> None:
        self._network = network
        self._connection = connection
        self._held = b""
        self._upgraded = self._plain = False

    def passed(self, part: bytes) -> Iterator[bytes]:
        if self._plain:
            yield part
            return
        self._held += part
        if not self._upgraded:
            head, end, rest = self._held.partition(b"\r\n\r\n")
            if not end:
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self._plain = True
                yield self._held
                return
            self._upgraded, self._held = True, rest
            yield head + end
        while frame := self._next():
            if self._keeps(frame):
                yield frame

    def _next(self) -> bytes:
        held = self._held
        if len(held) < 2:
            return b""
        length, begin = held[1] & 0x7F, 2
        wide = {126: 2, 127: 8}.get(length, 0)
        if len(held) < begin + wide:
            return b""
        if wide:
            length, begin = int.from_bytes(held[begin : begin + wide], "big"), begin + wide
        if len(held) < begin + length:
            return b""
        frame, self._held = held[: begin + length], held[begin + length :]
        return frame

    def _keeps(self, frame: bytes) -> bool:
        network, connection = self._network, self._connection
        if connection.lacks:
            # A delta now does not continue what the screen has: this is where it must notice. A beat is lost too: it
            # would say that nothing is missing before it, which is true of every stream that keeps its order.
            connection.lacks = _DELTA not in frame[:_HEAD]
            network.done["noticeable"] += not connection.lacks
            return not connection.lacks
        news = _DELTA in frame[:_HEAD] and not _GREETING.search(frame)
        connection.lacks = news and network.chance.random() < network.weather.lost
        network.done["lost"] += connection.lacks
        return not connection.lacks


@dataclass(eq=False, slots=True)
class Connection:
    writers: tuple[asyncio.StreamWriter, asyncio.StreamWriter]
    open: asyncio.Event = field(default_factory=asyncio.Event)
    lacks: bool = False

    def reset(self) -> None:
        for writer in self.writers:
            near = writer.get_extra_info("socket")
            if near is not None and near.family != socket.AF_UNIX:
                # One side may be closed already.
                with suppress(OSError):
                    near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
            writer.transport.abort()


class Network:
    """The side of the process."""

    def __init__(self, target: str, seed: int) -> None:
        self._target = target
        self.chance = random.Random(seed)
        self.weather = FAIR
        self.done: Counter[str] = Counter()
        self._connections: set[Connection] = set()

    async def run(self) -> None:
        server = await asyncio.start_server(self._connect, "127.0.0.1", 0, backlog=2_048)
        _say({"port": server.sockets[0].getsockname()[1]})
        turning = asyncio.create_task(self._turn())
        commands = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
        while line := await commands.readline():
            self._change(Weather(**json.loads(line)))
            _say(self.done)
        turning.cancel()
        server.close()
        for connection in list(self._connections):
            connection.reset()

    def _change(self, weather: Weather) -> None:
        """Those that were silent go on, or are reset by whoever forgot them meanwhile; then the new weather begins."""
        self.weather = weather
        for connection in list(self._connections):
            if not connection.open.is_set():
                if self.chance.random() < 0.5:
                    self._reset(connection)
                connection.open.set()
            self._silence(connection)

    async def _turn(self) -> None:
        while True:
            await asyncio.sleep(_TURN_S)
            for connection in list(self._connections):
                if self.chance.random() < self.weather.reset * _TURN_S:
                    self._reset(connection)

    def _reset(self, connection: Connection) -> None:
        self.done["reset"] += 1
        connection.reset()

    def _silence(self, connection: Connection) -> None:
        if self.chance.random() < self.weather.half_open:
            self.done["half open"] += 1
            connection.open.clear()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.done["connections"] += 1
        try:
            if self._target.isdigit():
                far_reader, far_writer = await asyncio.open_connection("127.0.0.1", int(self._target))
            else:
                far_reader, far_writer = await asyncio.open_unix_connection(self._target)
        except OSError:
            writer.transport.abort()
            return
        connection = Connection((writer, far_writer))
        connection.open.set()
        self._connections.add(connection)
        self._silence(connection)
        there, back = Pipe(self, connection, to_screen=False), Pipe(self, connection, to_screen=self._target.isdigit())
        taking = [asyncio.create_task(there.take(reader)), asyncio.create_task(back.take(far_reader))]
        giving = [asyncio.create_task(there.give(far_writer)), asyncio.create_task(back.give(writer))]
        # Whatever ends on one side ends on the other, in its time; an error ends all of it at once.
        await asyncio.wait(giving, return_when=asyncio.FIRST_EXCEPTION)
        for task in (*taking, *giving):
            task.cancel()
        await asyncio.gather(*taking, *giving, return_exceptions=True)
        for one in connection.writers:
            one.close()
        self._connections.discard(connection)


def _say(words: Any) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(Network(sys.argv[1], int(sys.argv[2])).run())
