"""What has the focus may go away; the focus does not: it goes to what is near, and is never taken from elsewhere."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from kernel.ids import new_id
from tests.support.reaching import focus, tab_to
from tests.support.running import Running
from tests.support.screens import Card, Screens

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


async def keyboard(halte: Running, screens: Screens, free: int = 5) -> Page:
    async with halte.region.client("desk") as desk:
        answer = await desk.put(f"/reports/{new_id()}", json=halte.region.report(free))
        assert answer.status_code == 200, answer.text
    page = await screens.open(f"{halte.server.address}/shelter", cookie=halte.region.cookies["staff"])
    await expect(Card(page, "Men").number).to_have_value(str(free))
    return page


async def name(page: Page) -> str:
    here = await focus(page)
    assert here is not None, "the focus fell off the page"
    found: str = here["name"]
    return found


async def moves_one_in(page: Page) -> None:
    await tab_to(page, "→Came in")
    await page.keyboard.press("Enter")
    await tab_to(page, "No, now 4")
    await page.keyboard.press("Enter")


async def test_a_panel_gives_it_back_to_what_opened_it(halte: Running, screens: Screens) -> None:
    page = await keyboard(halte, screens)
    await moves_one_in(page)
    assert await name(page) == "→Came in"
    await Card(page, "Men").told("Now 4 free.")
    assert await name(page) == "→Came in"


async def test_undo_that_is_over_leaves_it_on_what_it_was_about(halte: Running, screens: Screens) -> None:
    page = await keyboard(halte, screens)
    men = Card(page, "Men")
    await moves_one_in(page)
    await men.told("Now 4 free.")
    await tab_to(page, "Undo", back=True)
    await expect(men.button("Undo")).to_have_count(0)
    assert "Recorded: 1 came in. Now 4 free." in await name(page)
    # And Tab goes on from there, not from the top.
    await tab_to(page, "Nothing changed: 4 free", at_most=1)


async def test_undo_that_is_over_takes_it_from_nobody(halte: Running, screens: Screens) -> None:
    page = await keyboard(halte, screens)
    men = Card(page, "Men")
    await moves_one_in(page)
    await expect(men.button("Undo")).to_be_visible()
    await tab_to(page, "Women: how many are free")
    await page.keyboard.type("1")
    await expect(men.button("Undo")).to_have_count(0)
    await expect(Card(page, "Women").number).to_be_focused()
    await page.keyboard.type("1")
    await expect(Card(page, "Women").number).to_have_value("11")


async def test_who_left_it_for_nothing_is_not_called_back(halte: Running, screens: Screens) -> None:
    page = await keyboard(halte, screens)
    men = Card(page, "Men")
    await moves_one_in(page)
    await tab_to(page, "Undo", back=True)
    await page.mouse.click(5, 400)
    assert await focus(page) is None
    await expect(men.button("Undo")).to_have_count(0)
    assert await focus(page) is None


async def test_voiding_and_undoing_by_hand(halte: Running, screens: Screens) -> None:
    page = await keyboard(halte, screens)
    men = Card(page, "Men")
    await moves_one_in(page)
    await men.told("Now 4 free.")
    await tab_to(page, "Void: Men")
    await page.keyboard.press("Enter")
    await men.told("Voided: it no longer counts. Now 5 free.")
    assert await name(page) != ""
    await page.evaluate("() => document.activeElement?.blur()")
    await tab_to(page, "Men: one more")
    await page.keyboard.press("Space")
    await tab_to(page, "Undo")
    await page.keyboard.press("Enter")
    await expect(men.number).to_have_value("5")
    assert (await name(page)).startswith("Men")


async def test_a_number_that_can_go_no_lower_keeps_it(halte: Running, screens: Screens) -> None:
    page = await keyboard(halte, screens, free=1)
    await tab_to(page, "Men: one less")
    for _ in range(3):
        await page.keyboard.press("Space")
    await expect(Card(page, "Men").number).to_have_value("0")
    await expect(Card(page, "Men").button("Men: one less")).to_be_disabled()
    assert await name(page) == "Men: one less"


async def test_news_that_is_read_leaves_it_on_the_page(halte: Running, screens: Screens) -> None:
    page = await keyboard(halte, screens)
    await page.route("**/api/v1/reports/*", lambda route: route.abort())
    await tab_to(page, "Nothing changed: 5 free")
    await page.keyboard.press("Enter")
    await Card(page, "Men").told("No answer.")
    await page.unroute("**/api/v1/reports/*")
    await page.reload()
    news = page.get_by_role("region", name="Since you were away")
    await expect(news).to_contain_text("Recorded at", timeout=40_000)
    await tab_to(page, "I have read it")
    await page.keyboard.press("Enter")
    await expect(news).to_have_count(0)
    await expect(page.locator("main")).to_be_focused()
