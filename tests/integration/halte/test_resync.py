"""A board too big for a socket: the screen is sent to GET /board, and goes on from there, whichever node answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import replace

import pytest
import uvicorn

from halte.app import create_app
from inventory.model.audience import Audience
from kernel.ids import new_id
from kernel.live.pens import show_protocol
from kernel.settings import Settings
from tests.support.agreeing import agreed_within
from tests.support.region import SmallRegion, found_region, furnish
from tests.support.watching import LiveScreen, watched


@asynccontextmanager
async def served(settings: Settings) -> AsyncIterator[str]:
    """Serve the whole application in this process, where what counts as big can be set."""
    config = uvicorn.Config(
        show_protocol(create_app(settings)),
        port=0,
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        log_config=None,
    )
    server = uvicorn.Server(config)
    server.capture_signals = nullcontext  # type: ignore[method-assign, assignment]
    task = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(10):
            while not server.started:  # noqa: ASYNC110  uvicorn has no event for it
                await asyncio.sleep(0.02)
        yield f"http://localhost:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await asyncio.wait_for(task, 10)


async def test_a_big_board_is_fetched_over_http_and_followed_from_there(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    region_id = await found_region(settings)
    async with served(settings) as address, served(replace(settings, session_check_s=1.0)) as elsewhere:
        region = SmallRegion(address, region_id)
        await furnish(region)
        # Seven subjects there are; what one report changes is small, as ever.
        monkeypatch.setattr("kernel.live.channel.LARGE", 5)
        monkeypatch.setattr("kernel.live.hub.LARGE", 5)
        screens = []
        for login, own in (("desk", ()), ("staff", (region.linden, region.secret))):
            for node in (address, elsewhere):
                headers = {"Cookie": region.cookies[login], "Origin": node}
                screens.append((LiveScreen(node, headers), Audience(own=frozenset(own))))
        async with watched(*(screen for screen, _ in screens)):
            async with region.client("staff") as staff:
                for free in range(6):
                    body = region.report(free, region.secret_unit, region.secret)
                    assert (await staff.put(f"/reports/{new_id()}", json=body)).status_code == 200
            await agreed_within(settings, region_id, screens, 3.0)
        for screen, _ in screens:
            assert (screen.connects, screen.snapshots) == (1, 0), screen.ended
            assert screen.resyncs >= 1
