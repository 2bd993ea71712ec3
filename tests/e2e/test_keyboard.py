"""Everything with the keyboard alone, the focus seen on every stop; and everything with a thumb that is not exact."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from kernel.ids import new_id
from tests.support.reaching import focus, small_targets, tab_to
from tests.support.region import PASSWORD
from tests.support.running import Running
from tests.support.screens import DESK, PHONE, Card, Screens, board_count, board_row

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


# The map, which a thumb may open, shows no unit.
_BOARD = "/watch?map=closed"


async def _five_are_free(halte: Running) -> None:
    async with halte.region.client("desk") as desk:
        answer = await desk.put(f"/reports/{new_id()}", json=halte.region.report(5))
        assert answer.status_code == 200, answer.text


async def _sign_in(page: Page, login: str) -> None:
    """The field for the login has the focus when the page is there."""
    await expect(page.get_by_label("Login")).to_be_focused()
    await page.keyboard.type(login)
    await page.keyboard.press("Tab")
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")


async def _skip_to_content(page: Page) -> None:
    await page.evaluate("() => document.activeElement?.blur()")
    await tab_to(page, "Skip to the content")
    await page.keyboard.press("Enter")
    await expect(page.locator("main")).to_be_focused()


async def test_a_shelter_reports(halte: Running, screens: Screens) -> None:
    await _five_are_free(halte)
    page = await screens.open(f"{halte.server.address}/shelter")
    await _sign_in(page, "staff")
    men = Card(page, "Men")
    await expect(men.number).to_have_value("5")
    await _skip_to_content(page)
    await tab_to(page, "Men: one less")
    await page.keyboard.press("Space")
    await page.keyboard.press("Space")
    await tab_to(page, "Men: how many are free")
    await expect(men.number).to_have_value("3")
    await tab_to(page, "Send: 3 free")
    await page.keyboard.press("Enter")
    await men.told("3 free.")
    # The page is not a trap, and not a beginning again: the next stop is still below.
    await tab_to(page, "Women: one less")

    await _skip_to_content(page)
    await tab_to(page, "Men: how many are free")
    await page.keyboard.type("7")  # the number was selected, and is written over
    await tab_to(page, "Out of service, intake")
    await page.keyboard.press("Enter")
    await tab_to(page, "repair: one more")
    await page.keyboard.press("Space")
    await tab_to(page, "Send: 7 free, 1 out of service")
    await page.keyboard.press("Space")
    await men.told("7 free, 1 out of service.")
    assert (await halte.region.unit(halte.region.men))["free"] == 7


async def test_a_supervisor_reads_the_board(halte: Running, screens: Screens) -> None:
    await _five_are_free(halte)
    page = await screens.open(f"{halte.server.address}{_BOARD}")
    await _sign_in(page, "supervisor")
    await expect(board_count(page, "Men")).to_have_text("5")
    await _skip_to_content(page)
    await tab_to(page, "Search")
    await page.keyboard.type("linden")
    await expect(board_row(page, "Everyone")).to_have_count(0)
    await tab_to(page, "For")
    await page.keyboard.press("m")  # a list knows what it is told: men
    await expect(board_row(page, "Women")).to_have_count(0)
    await tab_to(page, "Clear the filters")
    await page.keyboard.press("Enter")
    await expect(board_row(page, "Everyone")).to_have_count(1)
    await tab_to(page, "Available")
    await page.keyboard.press("Enter")
    await tab_to(page, "Men")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Operator 1 (invented)")).to_be_visible()
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Operator 1 (invented)")).to_have_count(0)


async def test_the_focus_stays_when_the_board_sorts_itself(halte: Running, screens: Screens) -> None:
    """Whoever reads a row by keyboard keeps it under their fingers, whatever is reported meanwhile."""
    await _five_are_free(halte)
    page = await screens.open(f"{halte.server.address}{_BOARD}", cookie=halte.region.cookies["supervisor"])
    await expect(board_count(page, "Men")).to_have_text("5")
    await _skip_to_content(page)
    await tab_to(page, "Available")
    await page.keyboard.press("Enter")  # most first
    await tab_to(page, "Men")
    for free in (0, 20, 1):
        async with halte.region.client("desk") as desk:
            await desk.put(f"/reports/{new_id()}", json=halte.region.report(free))
        await expect(board_count(page, "Men")).to_have_text(str(free))
        here = await focus(page)
        assert here is not None
        assert here["name"].startswith("Men")
    await expect(page.get_by_text("Order kept while you read.")).to_be_visible()


async def test_language_and_signing_out(halte: Running, screens: Screens) -> None:
    page = await screens.open(f"{halte.server.address}{_BOARD}")
    await _sign_in(page, "desk")
    await expect(board_row(page, "Men")).to_be_visible()
    await page.evaluate("() => document.activeElement?.blur()")
    await tab_to(page, "NL, Nederlands")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Bord")).to_be_visible()
    await tab_to(page, "Afmelden")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Aanmelden")).to_be_visible()


async def test_what_a_thumb_presses_is_large_enough(halte: Running, screens: Screens) -> None:
    """56 px on the page that is used standing; 44 px suffice beside, where three languages share a line."""
    await _five_are_free(halte)
    page = await screens.open(f"{halte.server.address}/shelter", PHONE, cookie=halte.region.cookies["staff"])
    men = Card(page, "Men")
    await men.button("Out of service, intake").click()
    await men.button("Pause").click()
    await men.count(9)
    assert await small_targets(page, 56, 44) == []


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize(
    "path, login",
    [
        ("/", "supervisor"),
        ("/shelter", "staff"),
        (_BOARD, "supervisor"),
        ("/watch?map=open", "supervisor"),
        ("/desk", "desk"),
    ],
)
async def test_nothing_is_smaller_than_a_finger_needs(
    halte: Running, screens: Screens, path: str, login: str, size: tuple[int, int]
) -> None:
    page = await screens.open(halte.server.address + path, size, cookie=halte.region.cookies[login])
    await expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    if path.endswith("closed"):
        await page.get_by_role("button", name="Men", exact=True).click()
    assert await small_targets(page, 24, 24) == []


async def test_it_works_in_forced_colours_and_without_motion(halte: Running, screens: Screens) -> None:
    await _five_are_free(halte)
    page = await screens.open(f"{halte.server.address}/shelter", PHONE, cookie=halte.region.cookies["staff"])
    await page.emulate_media(forced_colors="active", reduced_motion="reduce")
    men = Card(page, "Men")
    await men.send(4)
    await men.told("4 free.")
    moving = await page.evaluate("() => document.getAnimations().filter((one) => one.playState === 'running').length")
    assert moving == 0
    await page.evaluate("() => document.activeElement?.blur()")
    await tab_to(page, "Men: one less")
