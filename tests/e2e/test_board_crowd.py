"""A region of 5,000 units on one screen: only what is seen stands in the page, and nothing jumps."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
from playwright.async_api import Page, expect

from halte.demo.seeding import PASSWORD, seed_demo
from halte.embedded import EmbeddedServers
from kernel.ids import new_id
from tests.support.running import Server, serving, settings_of_its_own
from tests.support.screens import DESK, PHONE, Screens, sign_in

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

# Of the demonstration's 400 units.
SIZE = 12.5
UNITS_MIN = 4_900
IN_THE_PAGE_MAX = 150

_TOPMOST = """() => {
    const rows = [...document.querySelectorAll("tbody tr[data-row]")];
    const row = rows.find((one) => one.getBoundingClientRect().top > 100);
    return [row.dataset.row, row.getBoundingClientRect().top];
}"""
_TOP_OF = """(id) => document.querySelector(`tbody tr[data-row="${id}"]`)?.getBoundingClientRect().top ?? null"""
_FOCUSED = """() => document.activeElement.closest("[data-row]")?.dataset.row ?? document.activeElement.tagName"""


@dataclass(frozen=True, slots=True)
class Crowd:
    server: Server
    headers: dict[str, str]

    async def report(self, free: int, count: int) -> None:
        """Let this many units, spread over the board, say the same number."""
        async with httpx.AsyncClient(
            base_url=f"{self.server.address}/api/v1", headers=self.headers, timeout=60
        ) as desk:
            board = (await desk.get("/board")).json()
            open_units = [one for one in board["units"] if one["status"] == "open" and "masked" not in one]
            step = max(1, len(open_units) // count)
            reports = [
                {"report": str(new_id()), "shelter": one["shelter"], "units": [{"unit": one["id"], "free": free}]}
                for one in open_units[::step][:count]
            ]
            answer = await desk.post("/reports", json={"reports": reports})
            assert answer.status_code == 200, answer.text
            assert all(one["status"] == 200 for one in answer.json()["answers"])


@pytest.fixture(scope="module")
async def crowd(servers: EmbeddedServers, template: str) -> AsyncIterator[Crowd]:
    async with settings_of_its_own(servers, template) as settings:
        await seed_demo(settings, size=SIZE)
        async with serving(settings) as server:
            origin = {"Origin": server.address}
            async with httpx.AsyncClient(base_url=server.address, headers=origin, timeout=60) as client:
                answer = await client.post("/api/v1/sessions", json={"login": "desk", "password": PASSWORD})
            cookie = answer.headers["set-cookie"].partition(";")[0]
            yield Crowd(server, {"Cookie": cookie, "Accept-Language": "en"} | origin)


async def watch(screens: Screens, crowd: Crowd, size: tuple[int, int] = DESK, query: str = "?map=closed") -> Page:
    page = await screens.open(f"{crowd.server.address}/watch{query}", size)
    await sign_in(page, "supervisor", PASSWORD)
    await expect(page.locator("tbody tr[data-row]").first).to_be_visible()
    # The demonstration's accounts speak French.
    await page.get_by_role("button", name="EN, English").click()
    await expect(page.get_by_role("heading", name="Board")).to_be_visible()
    return page


async def rows_of(page: Page) -> int:
    """How many rows the table says that it has, without its head."""
    return int(await page.get_by_role("table", name="Board").get_attribute("aria-rowcount") or 0) - 1


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
async def test_what_is_not_seen_is_not_in_the_page(crowd: Crowd, screens: Screens, size: tuple[int, int]) -> None:
    page = await watch(screens, crowd, size)
    night = await rows_of(page)
    in_page = page.locator("tbody tr[data-row]")
    assert await in_page.count() < IN_THE_PAGE_MAX
    await page.evaluate("() => scrollTo(0, document.body.scrollHeight)")
    await expect(page.locator(f'tr[aria-rowindex="{night + 1}"]')).to_be_visible()
    assert await in_page.count() < IN_THE_PAGE_MAX
    await page.evaluate("() => scrollTo(0, 0)")
    await page.get_by_text("By admission", exact=True).click()
    await expect(page.locator('tr[aria-rowindex="2"]')).to_be_visible()
    assert night + await rows_of(page) >= UNITS_MIN


async def test_a_search_finds_what_the_browser_cannot(crowd: Crowd, screens: Screens) -> None:
    page = await watch(screens, crowd)
    whole = await rows_of(page)
    await page.evaluate("() => scrollTo(0, document.body.scrollHeight)")
    await expect(page.locator(f'tr[aria-rowindex="{whole + 1}"]')).to_be_visible()
    last = (await page.locator(f'tr[aria-rowindex="{whole + 1}"] .shelter b').text_content() or "").strip()
    await page.evaluate("() => scrollTo(0, 0)")
    await expect(page.get_by_text(last, exact=True)).to_have_count(0)
    await page.get_by_role("searchbox", name="Search").fill(last)
    await expect(page.get_by_text(last, exact=True).first).to_be_visible()
    assert 0 < await rows_of(page) < 60
    assert "text=" in page.url
    await page.reload()
    await expect(page.get_by_text(last, exact=True).first).to_be_visible()


async def test_what_is_looked_at_stays_while_the_board_changes(crowd: Crowd, screens: Screens) -> None:
    page = await watch(screens, crowd)
    await page.get_by_role("button", name="Available").click()
    await page.evaluate("() => scrollTo(0, 20000)")
    await page.wait_for_timeout(500)
    row, top = await page.evaluate(_TOPMOST)
    await crowd.report(free=17, count=250)
    # The table has taken it, wherever its rows stand: nothing that says 17 is near, so ask the totals.
    kept = page.get_by_text("Order kept while you read.")
    await expect(kept).to_be_visible()
    assert abs(await page.evaluate(_TOP_OF, row) - top) < 2
    # Nobody scrolls for a while: the board sorts itself, and what is looked at is held where it is.
    await expect(kept).to_have_count(0, timeout=60_000)
    assert abs(await page.evaluate(_TOP_OF, row) - top) < 2


async def test_the_focus_stays_on_its_row_however_far_one_scrolls(crowd: Crowd, screens: Screens) -> None:
    page = await watch(screens, crowd)
    button = page.locator('tr[aria-rowindex="6"] button')
    row = await page.locator('tr[aria-rowindex="6"]').get_attribute("data-row")
    await button.focus()
    await page.mouse.move(600, 500)
    await page.mouse.wheel(0, 40_000)
    await page.wait_for_timeout(500)
    assert await page.evaluate(_FOCUSED) == row
    await crowd.report(free=3, count=100)
    await page.keyboard.press("Enter")
    await expect(page.locator(f'tr[data-row="{row}"] button').first).to_have_attribute("aria-expanded", "true")
    assert await page.evaluate(_FOCUSED) == row
    # The next stop is what was unfolded, or the next row: never the top of the page.
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    assert await page.evaluate(_FOCUSED) not in {"BODY", None}


async def test_all_that_matches_is_on_paper(crowd: Crowd, screens: Screens) -> None:
    page = await watch(screens, crowd, query="?map=closed&commune=21001")
    matching = await rows_of(page)
    in_page = page.locator("tbody tr[data-row]")
    assert await in_page.count() < matching
    assert matching > IN_THE_PAGE_MAX
    await page.emulate_media(media="print")
    await expect(in_page).to_have_count(matching)
    await expect(page.locator("tbody tr.space")).to_have_count(0)
    await page.emulate_media(media="screen")
    await expect(page.locator("tbody tr.space").last).to_be_attached()
    assert await in_page.count() < IN_THE_PAGE_MAX


async def test_communes_say_what_the_rows_say(crowd: Crowd, screens: Screens) -> None:
    page = await watch(screens, crowd, query="")
    communes = page.get_by_role("table", name="Available by commune")
    row = communes.get_by_role("row").filter(has=page.get_by_role("button", name="Ixelles"))
    units = int(await row.locator("td").nth(2).inner_text())
    assert units > 50
    await row.get_by_role("button", name="Ixelles").click()
    await expect(row.get_by_role("button")).to_have_attribute("aria-pressed", "true")
    assert await rows_of(page) == units
    assert "commune=21009" in page.url
    # The other communes are still there to be compared with, and to be chosen.
    await expect(communes.get_by_role("button")).to_have_count(19)
    await communes.get_by_role("button", name="Uccle").click()
    assert "commune=21016" in page.url
    shown = json.loads(
        await page.evaluate("() => JSON.stringify([...document.querySelectorAll('.in')].map((e) => e.textContent))")
    )
    assert set(shown) == {"Uccle"}
