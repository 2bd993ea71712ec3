"""Take the pictures of README and docs, the same ones every time: `make screenshots`.

The invented region is shown by servers of this command's own, and its clock stands: what a picture shows changes only
where a screen changes. Letters are the machine's fonts, which are the one thing that may differ.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import httpx
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from halte.demo.seeding import PASSWORD, seed_demo
from halte.demo.winding import Clock
from halte.embedded import Embedded
from kernel.ids import new_id
from kernel.migrating import upgrade
from kernel.postgres import open_pool
from kernel.settings import Settings
from tests.support.chromium import CHROMIUM_ARGUMENTS, chromium_or_skip
from tests.support.installation import open_folder
from tests.support.running import Server
from tests.support.screens import DESK, PHONE, sign_in

IMAGES = Path(__file__).parents[2] / "docs" / "images"
# A quarter past nine in a winter's evening, and no second later.
SHOWN = datetime(2026, 12, 3, 20, 15, tzinfo=UTC)
HEAVIEST_KB = 150
_DRAWN_BYTES = 8_000
_BOARD = (1280, 720)
_PATIENCE, _PAUSE_S = 40, 0.7
_STOP_CLOCK = "INSERT INTO demo_clock (id, real_anchor, shown_anchor, speed) VALUES (1, clock_timestamp(), $1, 0)"

_ANNOUNCED = (
    [{"age": "26-59", "gender": "man", "relation": "self"}],
    [
        {"age": "26-59", "gender": "woman", "relation": "self"},
        {"age": "3-11", "gender": "woman", "relation": "child"},
    ],
)

Scheme = Literal["light", "dark"]


@dataclass(frozen=True, slots=True)
class Picture:
    """What is taken, of which page and by whom; `prepare` brings it to where it is worth a look, or picks a part."""

    name: str
    path: str
    login: str | None
    size: tuple[int, int]
    scheme: Scheme = "light"
    prepare: Callable[[Page], Awaitable[Locator | None]] | None = None


async def _with_map(page: Page) -> None:
    """Wait until there is something on the map: an empty one weighs next to nothing."""
    canvas = page.locator("aside canvas")
    for _ in range(_PATIENCE):
        if len(await canvas.screenshot()) > _DRAWN_BYTES:
            return
        await asyncio.sleep(_PAUSE_S)
    sys.exit("The map draws nothing.")


async def _map_and_communes(page: Page) -> Locator:
    await _with_map(page)
    return page.locator("aside")


def _open_card(page: Page) -> Locator:
    """The first unit of which something can be said."""
    return page.locator("article").filter(has=page.get_by_role("textbox")).first


async def _recorded(page: Page) -> None:
    """Two taps, and what became of them."""
    card = _open_card(page)
    await card.get_by_role("button", name="one more").first.tap()
    await card.get_by_role("button", name="Send:").tap()
    await expect(card.get_by_text("Recorded at")).to_be_visible()


async def _without_network(page: Page) -> None:
    """Five minutes without network, with something to say."""
    await page.context.set_offline(True)
    card = _open_card(page)
    await card.get_by_role("button", name="one more").first.tap()
    await card.get_by_role("button", name="Send:").tap()
    await expect(card.locator(".result")).not_to_be_empty()
    await page.clock.fast_forward(5 * 60_000)
    await expect(page.get_by_role("banner").get_by_text("5\u00a0min ago")).to_be_visible()


async def _announced(page: Page) -> None:
    """The desk holds places for two households where they fit best, and one of them is accepted."""
    labels = "(cards) => cards.map((card) => card.getAttribute('aria-labelledby').replace('unit-', ''))"
    units = await page.locator("article").evaluate_all(labels)
    address = page.url.removesuffix("/shelter")
    async with httpx.AsyncClient(base_url=f"{address}/api/v1", headers={"Origin": address}) as desk:
        begun = await desk.post("/sessions", json={"login": "desk", "password": PASSWORD})
        desk.headers["Cookie"] = begun.headers["set-cookie"].partition(";")[0]
        for party in _ANNOUNCED:
            request = str(new_id())
            asks = {
                "id": request,
                "regime": "night",
                "channel": "phone",
                "party": party,
                "needs": {"languages": ["ar"]},
            }
            (await desk.post("/requests", json=asks)).raise_for_status()
            found = (await desk.get(f"/requests/{request}/suggestions?limit=200")).json()["suggestions"]
            place = {"request": request, "unit": next(one["unit"] for one in found if one["unit"] in units)}
            (await desk.put(f"/placements/{new_id()}", json=place)).raise_for_status()
    await page.get_by_role("button", name="Accept").first.tap()
    await expect(page.get_by_text("Accepted. Expected until")).to_be_visible()
    await page.evaluate("() => scrollTo(0, 0)")


_CALLS = """async () => {
    const member = (age, gender, relation) => ({age, gender, relation});
    const calls = [
        [[member("18-25", "man", "self")], {}, ["street-tonight"]],
        [[member("60+", "man", "self")], {step_free: true}, []],
        [[member("26-59", "woman", "self"), member("3-11", "man", "child")], {near: "21004"}, ["cold"]],
    ];
    for (const [place, [party, needs, urgency]] of calls.entries()) {
        const id = `019ac000-0000-7000-8000-00000000000${place}`; // the same codes in every picture
        const body = JSON.stringify({id, regime: "night", channel: "phone", party, needs, urgency});
        await fetch("/api/v1/requests", {method: "POST", headers: {"Content-Type": "application/json"}, body});
    }
}"""


async def _calls(page: Page) -> None:
    """Three calls, and one household with where it could go and what the points are for."""
    await page.evaluate(_CALLS)
    await page.locator("#queue button").filter(has_text="boy 3–11").click()
    await page.locator("li[data-place] summary").first.click()


async def _plan(page: Page) -> None:
    """The same calls, and a plan for all of them. A draw is no picture: its secrets are others each time."""
    await page.evaluate(_CALLS)
    await page.get_by_role("navigation", name="What to do").get_by_role("button", name="Plan", exact=True).click()
    await page.locator("form").get_by_role("button", name="Make a plan").click()
    await expect(page.get_by_role("button", name="Apply the plan")).to_be_visible()


PICTURES = (
    Picture("start", "/", None, DESK),
    Picture("board", "/watch", "supervisor", _BOARD, prepare=_with_map),
    Picture("board-dark", "/watch", "supervisor", _BOARD, "dark", prepare=_with_map),
    Picture("board-phone", "/watch", "supervisor", PHONE),
    Picture("map", "/watch", "supervisor", (1600, 1000), prepare=_map_and_communes),
    Picture("desk", "/desk", "desk", DESK, prepare=_calls),
    Picture("desk-dark", "/desk", "desk", DESK, "dark", prepare=_calls),
    Picture("desk-phone", "/desk", "desk", PHONE, prepare=_calls),
    Picture("plan", "/desk", "desk", DESK, prepare=_plan),
    Picture("shelter", "/shelter", "staff", PHONE),
    Picture("shelter-dark", "/shelter", "staff", PHONE, "dark"),
    Picture("shelter-result", "/shelter", "staff", PHONE, prepare=_recorded),
    Picture("shelter-offline", "/shelter", "staff", PHONE, prepare=_without_network),
    Picture("shelter-coming", "/shelter", "staff", PHONE, prepare=_announced),
)


@asynccontextmanager
async def _evening() -> AsyncIterator[str]:
    """Show the invented region at one moment of its evening."""
    home = open_folder("halte-pictures-")
    embedded = Embedded(home / "data")
    try:
        found = await asyncio.to_thread(embedded.start)
        settings = Settings(
            database_url=found.database_url,
            redis_url=found.redis_url,
            secret_key="a key of 32 signs, for pictures only",
            demo=True,
        )
        await asyncio.to_thread(upgrade, found.database_url)
        pool = await open_pool(settings, "pictures")
        await pool.execute(_STOP_CLOCK, SHOWN)
        await pool.close()
        await seed_demo(settings, clock=Clock.STILL)
        server = Server(settings)
        await server.start()
        try:
            yield server.address
        finally:
            await server.stop()
    finally:
        await asyncio.to_thread(embedded.stop)
        shutil.rmtree(home, ignore_errors=True)


async def _take(browser: Browser, address: str, picture: Picture) -> int:
    """Take it on a device of its own; returns its size in bytes."""
    width, height = picture.size
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        locale="en-GB",
        timezone_id="Europe/Brussels",
        color_scheme=picture.scheme,
        reduced_motion="reduce",
        has_touch=picture.size == PHONE,
    )
    page = await context.new_page()
    await page.clock.install(time=SHOWN)  # or the server would find that the phone's clock is wrong
    await page.goto(address + picture.path)
    await page.get_by_role("button", name="EN, English").click()
    if picture.login is not None:
        await sign_in(page, picture.login, PASSWORD)
        await expect(page.get_by_text("Live", exact=True)).to_be_visible()
    await page.wait_for_load_state("networkidle")
    part = await picture.prepare(page) if picture.prepare is not None else None
    await page.mouse.move(0, 0)
    await page.evaluate("() => document.activeElement?.blur()")
    taken = await _settled(part or page)
    (IMAGES / f"{picture.name}.png").write_bytes(taken)
    await context.close()
    return len(taken)


async def _settled(what: Page | Locator) -> bytes:
    """Take it until nothing moves any more."""
    taken = b""
    for _ in range(_PATIENCE):
        before, taken = taken, await what.screenshot(animations="disabled")
        if taken == before:
            return taken
        await asyncio.sleep(_PAUSE_S)
    sys.exit("The page does not come to rest.")


async def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    heavy = []
    async with _evening() as address, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_or_skip(), args=CHROMIUM_ARGUMENTS)
        for picture in PICTURES:
            size_kb = await _take(browser, address, picture) / 1024
            sys.stdout.write(f"{picture.name:16} {size_kb:5.0f} KB\n")
            heavy += [picture.name] if size_kb > HEAVIEST_KB else []
        await browser.close()
    if heavy:
        sys.exit(f"Heavier than {HEAVIEST_KB} KB: {', '.join(heavy)}")


if __name__ == "__main__":
    asyncio.run(main())
