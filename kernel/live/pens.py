"""Pens: how a frame gets onto one connection without anybody waiting for anybody.

Under uvicorn's sans-I/O driver, `send` does no more than frame the text and write it to the
transport, and waits only while the transport is paused. So the shared, framed bytes go to the
transport directly: no task, no copy and no encoding per connection. What a screen may owe is bounded
by its acknowledgements; the buffer has a bound too, because a peer can acknowledge and read nothing.
Any other server gets a small outbox and a task.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeAlias

from litestar.connection import WebSocket
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from kernel.live.acks import AckTap
from kernel.live.frames import Frame

_Asgi: TypeAlias = Callable[[Any, Any, Any], Awaitable[None]]

PROTOCOL = "halte.protocol"
# A closing word that cannot be written within this time is not worth more waiting.
FAREWELL_S = 2.0
_CROWDED_BYTES = 65_536
_CROWDED_FRAMES = 4
# More than any honest screen leaves lying: one whole board of the largest size that a socket carries.
_FULL_BYTES = 16 * 1024 * 1024
_FULL_FRAMES = 64
_SMALL_BYTES = 4_096


def show_protocol(app: _Asgi) -> _Asgi:
    """Wrap the whole application: let websocket handlers find uvicorn's protocol in their scope."""

    async def wrapped(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            protocol = getattr(send, "__self__", None)
            if isinstance(protocol, WebSocketsSansIOProtocol):
                scope[PROTOCOL] = protocol
        await app(scope, receive, send)

    return wrapped


def take_pen(socket: WebSocket[Any, Any, Any]) -> Pen:
    """Return the quickest pen that this server allows. The socket must have been accepted."""
    protocol = socket.scope.get(PROTOCOL)
    return TransportPen(socket, protocol) if isinstance(protocol, WebSocketsSansIOProtocol) else OutboxPen(socket)


class Pen:
    """Writes frames in order; `write` never waits and never raises, and aborts where too much lies unread."""

    __slots__ = ("_socket",)

    def __init__(self, socket: WebSocket[Any, Any, Any]) -> None:
        self._socket = socket

    def write(self, frame: Frame) -> None:
        raise NotImplementedError

    def listen(self, on_ack: Callable[[int], None]) -> None:
        """Hand acknowledgements over where they arrive, if that can be done; the others come as messages."""

    @property
    def crowded(self) -> bool:
        """True while the other side does not take what was written: beats are left out then."""
        raise NotImplementedError

    @property
    def drowned(self) -> bool:
        """True where more lies unread than any honest screen leaves lying. Asked once a beat."""
        return False

    @property
    def taken(self) -> int:
        """Return how much the other side has taken so far, in a unit of the pen's own."""
        raise NotImplementedError

    @property
    def ending(self) -> bool:
        """True once the connection is being closed, by whichever side, and is not gone yet."""
        raise NotImplementedError

    async def close(self, farewell: Frame, code: int) -> None:
        """Write the last frame and close; give up after FAREWELL_S."""
        with suppress(Exception):
            async with asyncio.timeout(FAREWELL_S):
                await self._drain()
                await self._socket.send_data(farewell.text)
                await self._socket.close(code)
                return
        self.abort()

    def release(self) -> None:
        """The connection is over: let go of whatever was working for it."""

    def abort(self) -> None:
        """End the connection now, with what was not taken."""
        raise NotImplementedError

    async def _drain(self) -> None:
        return


class TransportPen(Pen):
    """Writes to uvicorn's transport."""

    __slots__ = ("_protocol", "_transport", "_written")

    def __init__(self, socket: WebSocket[Any, Any, Any], protocol: WebSocketsSansIOProtocol) -> None:
        super().__init__(socket)
        self._protocol = protocol
        self._transport = protocol.transport
        self._written = 0

    def write(self, frame: Frame) -> None:
        transport = self._transport
        if self._protocol.close_sent or transport.is_closing():
            return
        data = frame.websocket
        # Small ones in their thousands are not looked at each: the beats do that (`drowned`).
        if len(data) > _SMALL_BYTES and transport.get_write_buffer_size() > _FULL_BYTES:
            transport.abort()
            return
        transport.write(data)
        self._written += len(data)

    @property
    def crowded(self) -> bool:
        return self._transport.get_write_buffer_size() > _CROWDED_BYTES

    @property
    def drowned(self) -> bool:
        return self._transport.get_write_buffer_size() > _FULL_BYTES

    @property
    def taken(self) -> int:
        return self._written - self._transport.get_write_buffer_size()

    @property
    def ending(self) -> bool:
        return self._protocol.close_sent or self._transport.is_closing()

    def abort(self) -> None:
        self._transport.abort()

    def listen(self, on_ack: Callable[[int], None]) -> None:
        self._transport.set_protocol(AckTap(self._protocol, on_ack))

    def release(self) -> None:
        # A transport that is told to close waits for its buffer to empty, and does so for ever if nobody reads.
        asyncio.get_running_loop().call_later(FAREWELL_S, self.abort)


class OutboxPen(Pen):
    """Queues for a task that sends through ASGI. Acknowledgements and `crowded` bound what it holds."""

    __slots__ = ("_arrived", "_idle", "_outbox", "_sent", "_task")

    def __init__(self, socket: WebSocket[Any, Any, Any]) -> None:
        super().__init__(socket)
        self._outbox: deque[Frame] = deque()
        self._arrived = asyncio.Event()
        self._idle = asyncio.Event()
        self._sent = 0
        self._task = asyncio.create_task(self._send(), name="live outbox")

    def write(self, frame: Frame) -> None:
        if self.ending:
            return
        if len(self._outbox) >= _FULL_FRAMES:
            self.abort()
            return
        self._outbox.append(frame)
        self._idle.clear()
        self._arrived.set()

    @property
    def crowded(self) -> bool:
        return len(self._outbox) > _CROWDED_FRAMES

    @property
    def taken(self) -> int:
        return self._sent

    @property
    def ending(self) -> bool:
        return self._task.done()

    def abort(self) -> None:
        """Write no more. The connection itself is out of reach here; its server ends it when it answers no ping."""
        self._task.cancel()
        self._outbox.clear()

    async def _send(self) -> None:
        # The connection may end under our hands; its reader is told by the server.
        with suppress(Exception):
            while True:
                while self._outbox:
                    await self._socket.send_data(self._outbox[0].text)
                    self._outbox.popleft()
                    self._sent += 1
                self._idle.set()
                await self._arrived.wait()
                self._arrived.clear()

    def release(self) -> None:
        self._task.cancel()

    async def _drain(self) -> None:
        await self._idle.wait()
