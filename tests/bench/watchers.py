"""Two hundred screens on one event loop, frame by frame: a client library would cost more than the node that serves."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

_SEQ = re.compile(rb'"seq":(\d+),"id"')
_TO = re.compile(rb'"to":(\d+)')
_HELLO = b'{"t":"hello","after":null,"epoch":null}'
_UNMASKED = b"\0\0\0\0"
_OPEN_S = 20.0


class Watcher(asyncio.Protocol):
    """One screen. `shown` has the instant (ns of the monotonic clock) at which each seq came."""

    def __init__(self, host: str, headers: Mapping[str, str]) -> None:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._ask = (
            f"GET /live/board HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            f"Sec-WebSocket-Protocol: halte.v1\r\n{lines}\r\n"
        ).encode()
        self._buffer = bytearray()
        self._upgraded = False
        self.shown: dict[int, int] = {}
        self.open = asyncio.Event()
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self._ask)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 -- asyncio names it
        self.lost = True

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._upgraded:
            head, found, rest = bytes(self._buffer).partition(b"\r\n\r\n")
            if not found:
                return
            assert head.startswith(b"HTTP/1.1 101"), head
            self._upgraded, self._buffer = True, bytearray(rest)
            self._say(0x1, _HELLO)
        while (frame := self._take()) is not None:
            self._read(*frame)

    def _take(self) -> tuple[int, bytes] | None:
        """Take the next whole frame, which no server masks."""
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        extra = {126: 2, 127: 8}.get(buffer[1], 0)
        size = int.from_bytes(buffer[2 : 2 + extra], "big") if extra else buffer[1]
        if len(buffer) < 2 + extra + size:
            return None
        opcode, payload = buffer[0] & 0x0F, bytes(buffer[2 + extra : 2 + extra + size])
        del buffer[: 2 + extra + size]
        return opcode, payload

    def _read(self, opcode: int, payload: bytes) -> None:
        if opcode == 0x9:
            self._say(0xA, payload)
        if opcode != 0x1:
            return
        now = time.monotonic_ns()
        delta = payload.startswith(b'{"t":"delta"')
        if delta:
            for seq in _SEQ.findall(payload):
                self.shown[int(seq)] = now
        elif not payload.startswith(b'{"t":"snapshot"'):
            return
        self.open.set()
        to = _TO.search(payload) if delta else re.search(rb'"seq":(\d+)', payload)
        assert to is not None, payload[:200]
        self._say(0x1, b'{"t":"ack","to":%b}' % to[1])

    def _say(self, opcode: int, payload: bytes) -> None:
        self.transport.write(bytes((0x80 | opcode, 0x80 | len(payload))) + _UNMASKED + payload)


@asynccontextmanager
async def watching(port: int, headers: Mapping[str, str], count: int) -> AsyncIterator[list[Watcher]]:
    """Open so many screens, and wait until each has its board."""
    loop, host = asyncio.get_running_loop(), f"localhost:{port}"
    watchers = []
    try:
        for _ in range(count):
            _, watcher = await loop.create_connection(lambda: Watcher(host, headers), "127.0.0.1", port)
            watchers.append(watcher)
        async with asyncio.timeout(_OPEN_S):
            for watcher in watchers:
                await watcher.open.wait()
        yield watchers
    finally:
        for watcher in watchers:
            watcher.transport.abort()
