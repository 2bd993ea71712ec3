"""What stands before a body is bounded, and everything else passes as it did."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from halte.heads import HEAD_MAX_BYTES, BoundedHttp

_CHUNK = b"x" * 4_096


async def _tell_length(_scope: Any, receive: Any, send: Any) -> None:
    length, more = 0, True
    while more:
        message = await receive()
        length, more = length + len(message.get("body", b"")), message.get("more_body", False)
    body = b"%d" % length
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
async def port() -> AsyncIterator[int]:
    config = Config(_tell_length, lifespan="off", log_config=None)
    config.load()
    state = ServerState()
    server = await asyncio.get_running_loop().create_server(lambda: BoundedHttp(config, state, {}), "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def _say(port: int, begin: bytes, chunk: bytes, most: int) -> bytes:
    """Say `begin`, and then `chunk` again and again until there is an answer; return its first line."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answer = asyncio.create_task(reader.readuntil(b"\r\n"))
    try:
        for part in [begin, *[chunk] * most]:
            writer.write(part)
            await writer.drain()
            # The server is in this loop, and reads meanwhile.
            await asyncio.wait([answer], timeout=0.01)
            if answer.done():
                break
        return await asyncio.wait_for(answer, 10)
    finally:
        writer.close()


@pytest.mark.parametrize(
    "begin",
    [
        b"GET /",
        b"GET / HTTP/1.1\r\nHost: a\r\nX-Long: ",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Long: ",
    ],
    ids=["the address", "a header", "a trailer"],
)
async def test_what_never_ends_is_refused(port: int, begin: bytes) -> None:
    assert await _say(port, begin, _CHUNK, 2 * HEAD_MAX_BYTES // len(_CHUNK)) == b"HTTP/1.1 400 Bad Request\r\n"


async def test_a_long_body_and_a_head_of_ordinary_length_pass(port: int) -> None:
    head = b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 400000\r\nX-Long: " + b"y" * 30_000 + b"\r\n\r\n"
    assert await _say(port, head, b"z" * 40_000, 10) == b"HTTP/1.1 200 OK\r\n"
