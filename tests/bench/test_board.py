"""What a busy region costs the board's page: 5,000 units, ten times a second 300 of them, for half a minute.

The built page in Chromium, against a server that is scripted to be faster than any real one would be. Beside it, in
the same run and page, the way it was done before: every row in the page (as on paper).
"""

from __future__ import annotations

import asyncio
import json
import random
import statistics
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, async_playwright
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from tests.support.chromium import CHROMIUM_ARGUMENTS, chromium_or_skip

pytestmark = [pytest.mark.bench, pytest.mark.timeout(300)]

FRONTEND = Path(__file__).parents[2] / "frontend"
DIST = FRONTEND / "dist"
UNITS, CHANGED, TICK_S, LASTS_S, BEFORE_S = 5_000, 300, 0.1, 30, 10
_TYPES = {".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css"}

# From the frame's arrival until Svelte has put it into the page; the browser's own share comes from its counters.
_WATCH_TICKS = """(() => {
    window.ticks = []; window.longTasks = [];
    new PerformanceObserver((list) => list.getEntries().forEach((one) => window.longTasks.push(one.duration)))
        .observe({type: "longtask"});
    const {set} = Object.getOwnPropertyDescriptor(WebSocket.prototype, "onmessage");
    Object.defineProperty(WebSocket.prototype, "onmessage", {set(handler) {
        set.call(this, handler && ((event) => {
            const began = performance.now();
            handler(event);
            queueMicrotask(() => queueMicrotask(() => window.ticks.push(performance.now() - began)));
        }));
    }});
})()"""


class Script:
    """A region that is invented here: pages, a session, and a socket that sends deltas while it is told to."""

    def __init__(self) -> None:
        self._chance = random.Random(1)
        self._seq = 1
        self.sending = asyncio.Event()
        self._units = [self._unit(place) for place in range(UNITS)]

    def _unit(self, place: int) -> dict[str, Any]:
        now = datetime.now(UTC)

        def after(hours: int) -> str:
            return (now + timedelta(hours=hours)).isoformat()

        return {
            "seq": self._seq, "id": f"u{place}", "shelter": f"s{place // 4}", "status": "open", "capacity": 20,
            "free": self._chance.randrange(9), "held": self._chance.randrange(2), "over_by": 0, "out_of_service": [],
            "intake": "open", "intake_until": None, "night": "2026-11-26", "confirmed_at": now.isoformat(),
            "aging_at": after(2), "stale_at": after(6), "silent_at": after(24), "confirmed_by": "person",
            "coming": None, "flags": [],
        }  # fmt: skip

    def _shelter(self, number: int) -> dict[str, Any]:
        known = dict.fromkeys(("address", "phone", "opens", "closes", "intake_from", "intake_to"))
        audience = ("men", "women", "families", "minors")[number % 4]
        unknown = dict.fromkeys(
            ("age_min", "age_max", "party_max", "room_size", "step_free", "pets", "tolerance", "medical_care",
             "max_stay_nights", "expires_at")
        )  # fmt: skip
        units = [
            unknown | {"id": f"u{number * 4 + one}", "name": f"Unité {one}", "audience": [audience], "party_min": 1,
                       "allotment": "place", "regime": "night", "turnover": "nightly", "surge": False}
            for one in range(4)
        ]  # fmt: skip
        name = f"{self._chance.choice(('Halte', 'Abri', 'Étape', 'Relais'))} {self._chance.randrange(900)}"
        return known | {
            "seq": 1, "id": f"s{number}", "operator": {"id": "o", "name": "Opérateur"}, "name": name,
            "commune": f"21{number % 19 + 1:03}", "secret": False, "invented": True, "closed": False,
            "location": [4.3 + self._chance.random() / 6, 50.8 + self._chance.random() / 9], "languages": [],
            "units": units,
        }  # fmt: skip

    def snapshot(self) -> str:
        shelters = [self._shelter(number) for number in range(UNITS // 4)]
        head = {"t": "snapshot", "epoch": "e", "seq": self._seq, "now": datetime.now(UTC).isoformat(), "live": "redis"}
        return json.dumps(head | {"units": self._units, "shelters": shelters})

    def delta(self) -> str:
        before, self._seq = self._seq, self._seq + 1
        units = [self._unit(place) for place in self._chance.sample(range(UNITS), CHANGED)]
        return json.dumps({"t": "delta", "from": before, "to": self._seq, "units": units})

    async def talk(self, socket: ServerConnection) -> None:
        await socket.recv()
        await socket.send(self.snapshot())
        hearing = asyncio.create_task(self._hear(socket))
        try:
            while True:
                await self.sending.wait()
                await socket.send(self.delta())
                await asyncio.sleep(TICK_S)
        finally:
            hearing.cancel()

    async def _hear(self, socket: ServerConnection) -> None:
        async for _ in socket:
            pass

    def answer(self, _: ServerConnection, request: Request) -> Response | None:
        path = request.path.partition("?")[0]
        if path == "/live/board":
            return None
        if path == "/api/v1/sessions/current":
            return self._respond(json.dumps({"id": "a", "role": "supervisor"}).encode(), "application/json")
        if path == "/api/v1/region":
            card = {"id": "r", "slug": "r", "name": "R", "timezone": "Europe/Brussels", "map": None, "background": None}
            return self._respond(json.dumps(card).encode(), "application/json")
        file = DIST / ("watch.html" if path == "/watch" else path[1:])
        if not file.is_file():
            return Response(HTTPStatus.NOT_FOUND, "Not Found", Headers())
        return self._respond(file.read_bytes(), _TYPES.get(file.suffix, "application/octet-stream"))

    def _respond(self, body: bytes, media_type: str) -> Response:
        headers = Headers({"Content-Type": media_type, "Content-Length": str(len(body)), "Connection": "close"})
        return Response(HTTPStatus.OK, "OK", headers, body)


@asynccontextmanager
async def _page(script: Script) -> AsyncIterator[Page]:
    spoken = [Subprotocol("halte.v1")]
    async with (
        serve(
            script.talk, "localhost", 0, process_request=script.answer, subprotocols=spoken, compression=None
        ) as server,
        async_playwright() as playwright,
    ):
        port = next(iter(server.sockets)).getsockname()[1]
        executable = chromium_or_skip()
        browser = await playwright.chromium.launch(executable_path=executable, args=CHROMIUM_ARGUMENTS)
        page = await browser.new_page(viewport={"width": 1280, "height": 800})
        await page.add_init_script(_WATCH_TICKS)
        await page.goto(f"http://localhost:{port}/watch?map=closed")
        await page.locator("tbody tr").first.wait_for()
        yield page
        script.sending.clear()
        await browser.close()


async def _run(page: Page, script: Script, seconds: int, name: str) -> None:
    await page.evaluate("() => { window.ticks.length = 0; window.longTasks.length = 0; }")
    session = await page.context.new_cdp_session(page)
    # Of the processor, not of the clock: the machine does other things as well.
    await session.send("Performance.enable", {"timeDomain": "threadTicks"})

    async def spent() -> dict[str, float]:
        metrics = (await session.send("Performance.getMetrics"))["metrics"]
        return {one["name"]: one["value"] * 1_000 for one in metrics}

    before = await spent()
    script.sending.set()
    await asyncio.sleep(seconds)
    script.sending.clear()
    after = await spent()
    ticks = sorted(await page.evaluate("() => window.ticks"))
    long_tasks = await page.evaluate("() => window.longTasks")
    each = {
        key: (after[key] - before[key]) / len(ticks)
        for key in ("TaskDuration", "LayoutDuration", "RecalcStyleDuration")
    }
    in_page = await page.locator("tbody tr").count()
    print(
        f"{name} ({in_page} rows in the page): {len(ticks)} ticks, script {statistics.median(ticks):.1f} ms median, "
        f"{ticks[int(len(ticks) * 0.99)]:.1f} ms p99, {ticks[-1]:.1f} ms at most; all of the main thread "
        f"{each['TaskDuration']:.1f} ms a tick, of which style and layout "
        f"{each['LayoutDuration'] + each['RecalcStyleDuration']:.1f} ms; {len(long_tasks)} tasks over 50 ms"
    )


async def test_what_ten_deltas_a_second_cost_the_page() -> None:
    if not (DIST / "watch.html").is_file():
        pytest.skip("the screens are not built: make screens")
    script = Script()
    async with _page(script) as page:
        await _run(page, script, LASTS_S, "a window of rows, by shelter")
        await page.get_by_role("columnheader").nth(4).get_by_role("button").click()
        await _run(page, script, BEFORE_S, "a window of rows, by what is available")
        await page.get_by_role("columnheader").first.get_by_role("button").click()
        await page.emulate_media(media="print")
        await _run(page, script, BEFORE_S, "before: every row")


def test_what_a_delta_costs_the_code() -> None:
    done = subprocess.run([FRONTEND / "build", "bench"], capture_output=True, text=True, check=False, timeout=200)
    print(done.stdout)
    assert done.returncode == 0, done.stderr
