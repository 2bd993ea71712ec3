"""Phones and desks: browser contexts in which somebody signs in and does what people do."""

from __future__ import annotations

import asyncio
import re
import warnings
from dataclasses import dataclass, field
from typing import Literal

import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect

from tests.support.region import PASSWORD, SmallRegion

PHONE = (390, 844)
DESK = (1280, 800)
# All that a browser keeps of the page, as text.
KEPT = """async () => {
    const open = indexedDB.open("halte");
    const db = await new Promise((done) => { open.onsuccess = () => done(open.result); });
    const parts = [...db.objectStoreNames].map((name) => new Promise((done) => {
        const asked = db.transaction(name).objectStore(name).getAll();
        asked.onsuccess = () => done(asked.result);
    }));
    const kept = await Promise.all(parts);
    db.close();
    const stores = [...Object.entries(localStorage), ...Object.entries(sessionStorage)];
    return JSON.stringify([kept, stores, await caches.keys()]);
}"""
# What a browser says of requests that a test makes fail on purpose. The last is said of the service worker's own file,
# which a phone asks for once it is idle: in a test that may be just when it has no network.
_EXPECTED = (
    "Failed to load resource",
    "WebSocket connection to",
    "net::ERR_",
    "An unknown error occurred when fetching the script.",
)
_CLOSED_WITHIN_S = 20.0


@dataclass(slots=True)
class Screens:
    browser: Browser
    complaints: list[str] = field(default_factory=list)
    # A script that every page runs before its own.
    beforehand: str = ""
    _contexts: list[BrowserContext] = field(default_factory=list)

    async def open(
        self,
        address: str,
        size: tuple[int, int] = DESK,
        *,
        scheme: Literal["light", "dark"] = "light",
        cookie: str | None = None,
        zone: str | None = None,
    ) -> Page:
        """Open an address on a device of its own; with a session's cookie, somebody is signed in there already."""
        width, height = size
        context = await self.browser.new_context(
            viewport={"width": width, "height": height}, locale="en-GB", color_scheme=scheme, has_touch=size == PHONE,
            timezone_id=zone,
        )  # fmt: skip
        context.set_default_timeout(30_000)
        self._contexts.append(context)
        if cookie is not None:
            name, _, value = cookie.partition("=")
            # A `__Host-` cookie is taken for https only; the browser then sends it to localhost without, too.
            await context.add_cookies([{"name": name, "value": value, "url": "https://localhost/", "secure": True}])
        if self.beforehand:
            await context.add_init_script(self.beforehand)
        page = await context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda message: self._heard(message))  # noqa: PLW0108  Playwright marks bound objects, these have slots
        await page.goto(address)
        return page

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(part in message.text for part in _EXPECTED):
            self.complaints.append(message.text)

    async def close(self, within_s: float = _CLOSED_WITHIN_S) -> None:
        """Close all devices. One that a browser does not close says nothing against the page: it is told, and left."""
        closing = [asyncio.ensure_future(context.close()) for context in self._contexts]
        closed, hung = await asyncio.wait(closing, timeout=within_s) if closing else (set(), set())
        for one in hung:
            one.cancel()
        if hung:
            warnings.warn(f"the browser did not close {len(hung)} of {len(closing)} within {within_s} s", stacklevel=1)
        if self.complaints:
            pytest.fail("a page complained: " + "; ".join(self.complaints))
        for one in closed:
            one.result()


async def keep_in_sight(page: Page) -> None:
    """Mark the document that is shown, so that it is known again."""
    await page.evaluate("() => { window.sameDocument = true; }")


async def assert_same_document(page: Page) -> None:
    assert await page.evaluate("() => window.sameDocument === true"), "the page was loaded anew"


async def open_tool(
    screens: Screens, region: SmallRegion, tool: str, login: str = "desk", size: tuple[int, int] = DESK
) -> Page:
    """Open the desk's page, and one of its tools, as somebody who is signed in."""
    page = await screens.open(f"{region.address}/desk", size, cookie=region.cookies[login])
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()
    await page.get_by_role("navigation", name="What to do").get_by_role("button", name=tool, exact=True).click()
    await expect(page.get_by_role("heading", name=tool, exact=True)).to_be_focused()
    return page


async def sign_in(page: Page, login: str, password: str = PASSWORD) -> None:
    await page.get_by_label("Login").fill(login)
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Sign in").click()


@dataclass(frozen=True, slots=True)
class Card:
    """A unit on the shelter's phone."""

    page: Page
    name: str

    @property
    def card(self) -> Locator:
        return self.page.get_by_role("article", name=self.name, exact=True)

    @property
    def number(self) -> Locator:
        return self.card.get_by_role("textbox", name=f"{self.name}: how many are free")

    def button(self, name: str) -> Locator:
        return self.card.get_by_role("button", name=re.compile(f"^{re.escape(name)}"))

    async def count(self, free: int) -> None:
        """Say a number, and send nothing yet."""
        await self.number.fill(str(free))

    async def send(self, free: int) -> None:
        await self.count(free)
        await self.button(f"Send: {free} free").tap()

    async def told(self, words: str | re.Pattern[str], timeout_ms: int = 30_000) -> None:
        await expect(self.card.locator(".result")).to_contain_text(words, timeout=timeout_ms)


def board_row(page: Page, unit: str) -> Locator:
    """Return the row of a unit on the board, by the unit's name."""
    named = page.get_by_role("rowheader", name=re.compile(f"^{re.escape(unit)}( surge)?$"))
    return page.locator("tbody tr").filter(has=named)


def board_count(page: Page, unit: str) -> Locator:
    return board_row(page, unit).locator(".count")


_ROWS = """() => [...document.querySelectorAll("tbody tr")].filter((row) => row.querySelector(".unit")).map((row) => {
    const last = (cell) => row.querySelector(cell).innerText.trim().split(/\\s/).at(-1);
    return [row.querySelector(".unit .name").innerText.trim(), {
        available: row.querySelector(".count").innerText.trim(), free: last("td.free"), held: last("td.held"),
    }];
})"""
_CARDS = """() => [...document.querySelectorAll("article")].map((card) =>
    [card.querySelector("h3").innerText.trim(), card.querySelector("input[inputmode=numeric]")?.value ?? null])"""


async def read_rows(page: Page) -> dict[str, dict[str, str]]:
    """Return what a board shows of each unit, all of it read in one moment."""
    return dict(await page.evaluate(_ROWS))


async def read_cards(page: Page) -> dict[str, str | None]:
    """Return the number that a phone shows of each unit, None where there is no field for one."""
    return dict(await page.evaluate(_CARDS))
