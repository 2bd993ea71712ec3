"""A shelter's phone without a network: it opens, keeps what is said, and says later what became of it (I1, I9, I10)."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.async_api import Locator, Page, Request, expect

from kernel.ids import new_id
from tests.support.running import Running
from tests.support.screens import KEPT, PHONE, Card, Screens, sign_in

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

_INSTALLED = """async () => {
    await navigator.serviceWorker.ready; // it is registered once the page has nothing else to do
    for (const name of await caches.keys()) if (await (await caches.open(name)).match("/shelter")) return true;
    return false;
}"""


async def says(halte: Running, free: int, **more: Any) -> None:
    """A colleague at the desk puts the men's unit to a number."""
    async with halte.region.client("desk") as desk:
        answer = await desk.put(f"/reports/{new_id()}", json=halte.region.report(free, **more))
        assert answer.status_code == 200, answer.text


async def history(halte: Running) -> list[dict[str, Any]]:
    async with halte.region.client("admin") as admin:
        entries = (await admin.get(f"/units/{halte.region.men}/history?limit=500")).json()["entries"]
    return [entry for entry in entries if {"report", "movement"} & set(entry["causes"])]


async def installed_phone(halte: Running, screens: Screens) -> Page:
    page = await screens.open(f"{halte.server.address}/shelter", PHONE)
    await sign_in(page, "staff")
    await expect(page.get_by_role("banner").get_by_text("Live", exact=True)).to_be_visible()
    assert await page.evaluate(_INSTALLED)
    return page


async def opened_offline(page: Page) -> Page:
    """Close the page and open it anew, without a network."""
    context = page.context
    await context.set_offline(True)
    await page.close()
    return await opened(context.pages[0] if context.pages else await context.new_page(), page.url)


async def opened(page: Page, address: str) -> Page:
    await page.goto(address)
    return page


def news(page: Page) -> Locator:
    return page.get_by_role("region", name="Since you were away")


async def test_what_is_said_offline_outlives_the_page_and_counts_once(halte: Running, screens: Screens) -> None:
    await says(halte, 5)
    page = await installed_phone(halte, screens)
    await expect(Card(page, "Men").number).to_have_value("5")
    before = len(await history(halte))
    await page.context.set_offline(True)
    await Card(page, "Men").send(3)
    await Card(page, "Men").told("No connection.")
    page = await opened_offline(page)
    men = Card(page, "Men")
    await expect(men.number).to_have_value("3")
    await expect(page.get_by_role("banner")).to_contain_text("last data")
    await expect(page.get_by_role("banner")).to_contain_text("1 not sent yet")
    await expect(page.get_by_text("this is what you saw last")).to_be_visible()
    # Told where the number is, and once.
    await men.told("“3 free” is kept on this phone")
    await expect(page.get_by_text("is kept on this phone")).to_have_count(1)
    await expect(news(page)).to_have_count(0)
    assert len(await history(halte)) == before
    await page.context.set_offline(False)
    await expect(news(page)).to_contain_text("Recorded at", timeout=40_000)
    await expect(page.get_by_role("banner").get_by_text("Live", exact=True)).to_be_visible(timeout=40_000)
    assert (await halte.region.unit(halte.region.men))["free"] == 3
    assert len(await history(halte)) == before + 1
    await page.reload()
    await expect(news(page)).to_contain_text("Recorded at")
    await news(page).get_by_role("button", name="I have read it").tap()
    await expect(news(page)).to_have_count(0)


async def test_what_changed_meanwhile_and_what_is_superseded_is_said(halte: Running, screens: Screens) -> None:
    await says(halte, 5)
    page = await installed_phone(halte, screens)
    await expect(Card(page, "Men").number).to_have_value("5")
    observed = datetime.now(UTC).isoformat()
    await asyncio.sleep(5)  # before what the phone says, however long both are under way
    await page.context.set_offline(True)
    await Card(page, "Men").send(3)
    await Card(page, "Men").told("No connection.")  # so that it is written down before the page is closed
    page = await opened_offline(page)
    # A colleague counted before, and this phone did not know it.
    await says(halte, 8, observed_at=observed, sent_at=datetime.now(UTC).isoformat())
    await page.context.set_offline(False)
    await expect(news(page)).to_contain_text("It changed meanwhile: 8 free now. You said “3 free”", timeout=40_000)
    assert (await halte.region.unit(halte.region.men))["free"] == 8
    await news(page).get_by_role("button", name="I have read it").tap()
    await page.context.set_offline(True)
    await Card(page, "Men").send(2)
    await Card(page, "Men").told("No connection.")  # so that it is written down before the page is closed
    page = await opened_offline(page)
    await asyncio.sleep(5)  # after what the phone says, however long that is under way
    await says(halte, 9)
    await page.context.set_offline(False)
    await expect(news(page)).to_contain_text("A newer report counts: 9 free", timeout=40_000)
    assert (await halte.region.unit(halte.region.men))["free"] == 9


async def test_the_browser_keeps_nothing_about_people(halte: Running, screens: Screens) -> None:
    page = await installed_phone(halte, screens)
    await page.context.set_offline(True)
    await Card(page, "Men").send(4)
    await Card(page, "Men").told("No connection.")
    kept: str = await page.evaluate(KEPT)
    assert str(halte.region.men) in kept
    for never in ("staff", "desk", "seven", "umbrellas", "Quiet House", "21004", "session"):
        assert never not in kept
    parts, stores, _caches = json.loads(kept)
    assert stores == []
    assert {len(part) for part in parts} <= {0, 1}


async def test_signing_out_loses_no_report(halte: Running, screens: Screens) -> None:
    await says(halte, 5)
    page = await installed_phone(halte, screens)
    await expect(Card(page, "Men").number).to_have_value("5")
    asked: list[str] = []

    async def answer(dialog: Any) -> None:
        asked.append(dialog.message)
        await (dialog.dismiss() if len(asked) == 1 else dialog.accept())

    page.on("dialog", answer)
    await page.route("**/api/v1/reports/*", lambda route: route.abort())
    await Card(page, "Men").send(1)
    await Card(page, "Men").told("No answer.")
    leave = page.get_by_role("button", name="Sign out")
    async with page.expect_event("dialog"):
        await leave.tap()
    await expect(leave).to_be_visible()
    assert "1 not sent yet" in asked[0]
    await leave.tap()
    await expect(page.get_by_label("Login")).to_be_visible()
    await page.unroute("**/api/v1/reports/*")
    # Nothing of what was seen is left, and the report is: the next who signs in sends it.
    page = await opened(page, f"{halte.server.address}/shelter")
    kept: str = await page.evaluate(KEPT)
    assert "Linden House" not in kept
    assert str(halte.region.men) in kept
    await sign_in(page, "staff")
    await expect(news(page)).to_contain_text("Recorded at", timeout=40_000)
    assert (await halte.region.unit(halte.region.men))["free"] == 1


async def test_two_pages_of_one_browser_send_it_once(halte: Running, screens: Screens) -> None:
    await says(halte, 5)
    page = await installed_phone(halte, screens)
    other = await opened(await page.context.new_page(), page.url)
    await expect(Card(other, "Men").number).to_have_value("5")
    before = len(await history(halte))
    sent: set[str] = set()

    def heard(request: Request) -> None:
        if request.method == "PUT":
            sent.add(request.url)

    page.context.on("request", heard)
    await page.context.set_offline(True)
    await Card(page, "Men").send(2)
    await Card(page, "Men").told("No connection.")
    await page.context.set_offline(False)
    await Card(page, "Men").told("2 free.", 40_000)
    await expect(Card(other, "Men").number).to_have_value("2")
    assert (len(await history(halte)), len(sent)) == (before + 1, 1)


async def test_the_worker_keeps_the_page_and_nothing_that_has_to_be_current(halte: Running, screens: Screens) -> None:
    page = await installed_phone(halte, screens)
    files: list[str] = await page.evaluate("""async () => {
        const found = [];
        for (const name of await caches.keys()) {
            for (const one of await (await caches.open(name)).keys()) found.push(new URL(one.url).pathname);
        }
        return found;
    }""")
    assert "/shelter" in files
    assert not [path for path in files if path.startswith(("/api", "/live"))]
    worker = await page.context.request.get(f"{halte.server.address}/sw.js")
    assert worker.headers["cache-control"] == "no-cache"
