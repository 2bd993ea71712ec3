"""A node that is told to stop tells its screens, so that they come back by themselves and at their own pace."""

from __future__ import annotations

import asyncio
import signal
import time

import httpx

from tests.integration.halte.test_bad_sockets import HELLO, screen, told, until_closed
from tests.support.running import Running


async def test_a_sigterm_says_bye_to_every_screen_before_it_closes(halte: Running) -> None:
    async with screen(halte, "desk") as desk, screen(halte, "staff") as staff, screen(halte, "supervisor") as frozen:
        for socket in (desk, staff, frozen):
            await socket.send(HELLO)
            assert (await told(socket))["t"] == "snapshot"
        frozen.transport.pause_reading()
        asked = time.monotonic()
        stopping = asyncio.create_task(halte.server.stop(signal.SIGTERM))
        for socket in (desk, staff):
            async with asyncio.timeout(3):
                assert await until_closed(socket) == ("restarting", 1012)
        await stopping
        # One that does not listen delays the end by a farewell and its hand-shake, and no more.
        assert time.monotonic() - asked < 8
        frozen.transport.resume_reading()
        assert await until_closed(frozen) == ("restarting", 1012)


async def test_the_next_process_on_the_same_port_is_there_for_them(halte: Running) -> None:
    if halte.server.process is None:
        await halte.server.start()
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{halte.server.address}/healthz")).status_code == 200
    async with screen(halte, "desk") as desk:
        await desk.send(HELLO)
        assert (await told(desk))["t"] == "snapshot"
