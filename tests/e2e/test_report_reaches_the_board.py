"""From a thumb on a shelter's phone to the supervisor's board, in real browsers over a real server."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import Page, expect

from kernel.ids import new_id
from tests.support.running import Running
from tests.support.screens import PHONE, Card, Screens, board_count, board_row, sign_in

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

SEEN_WITHIN_S = 1.0
# When the browser was last given a tap, in ms since 1970: how long a loaded machine takes to give it one is not ours.
_LISTEN = """() => addEventListener("click", (tap) => {
    window.tappedAt = performance.timeOrigin + tap.timeStamp;
}, true)"""
# Resolves to the time, in ms since 1970, at which the element first showed this text.
_WHEN_SHOWN = """([element, text]) => new Promise((resolve) => {
    const look = () => element.textContent.trim() === text
        ? resolve(performance.timeOrigin + performance.now()) : requestAnimationFrame(look);
    look();
})"""


async def phone(screens: Screens, halte: Running, login: str = "staff") -> Page:
    page = await screens.open(f"{halte.server.address}/shelter", PHONE)
    await sign_in(page, login)
    return page


async def board(screens: Screens, halte: Running, login: str = "supervisor") -> Page:
    page = await screens.open(f"{halte.server.address}/watch")
    await sign_in(page, login)
    return page


async def desk_says(halte: Running, free: int) -> None:
    """Put the men's unit to a known number."""
    async with halte.region.client("desk") as desk:
        answer = await desk.put(f"/reports/{new_id()}", json=halte.region.report(free))
        assert answer.status_code == 200, answer.text


async def reports_of_men(halte: Running) -> int:
    async with halte.region.client("admin") as admin:
        history = (await admin.get(f"/units/{halte.region.men}/history?limit=500")).json()
    return sum("report" in entry["causes"] for entry in history["entries"])


async def test_the_board_shows_it_within_a_second(halte: Running, screens: Screens) -> None:
    await desk_says(halte, 5)
    staff, watching = await phone(screens, halte), await board(screens, halte)
    men, shown = Card(staff, "Men"), board_count(watching, "Men")
    await expect(men.number).to_have_value("5")
    await expect(shown).to_have_text("5")
    await staff.evaluate(_LISTEN)
    took = []
    for free in (4, 3, 12):
        await men.count(free)
        element = await shown.element_handle()
        seen = asyncio.ensure_future(watching.evaluate(_WHEN_SHOWN, [element, str(free)]))
        await asyncio.sleep(0.05)
        await men.button(f"Send: {free} free").tap()
        shown_at = await asyncio.wait_for(seen, 10)
        took.append((shown_at - await staff.evaluate("() => window.tappedAt")) / 1_000)
        await men.told(f"{free} free.")
    print(f"thumb to board: {', '.join(f'{one * 1000:.0f} ms' for one in took)}")
    assert max(took) < SEEN_WITHIN_S
    assert (await halte.region.unit(halte.region.men))["free"] == 12


async def test_three_taps(halte: Running, screens: Screens) -> None:
    """With the buttons alone: one less, one less, send."""
    await desk_says(halte, 5)
    staff = await phone(screens, halte)
    men = Card(staff, "Men")
    await expect(men.number).to_have_value("5")
    await men.button("Men: one less").tap()
    await men.button("Men: one less").tap()
    await men.button("Send: 3 free").tap()
    await men.told("3 free.")


async def test_nothing_changed(halte: Running, screens: Screens) -> None:
    await desk_says(halte, 5)
    before = await halte.region.unit(halte.region.men)
    staff = await phone(screens, halte)
    men = Card(staff, "Men")
    await men.button("Nothing changed: 5 free").tap()
    await men.told(re.compile("Recorded at .*: 5 free"))
    after = await halte.region.unit(halte.region.men)
    assert after["free"] == 5
    assert after["confirmed_at"] > before["confirmed_at"]


async def test_a_report_without_network_counts_once(halte: Running, screens: Screens) -> None:
    await desk_says(halte, 5)
    staff, watching = await phone(screens, halte), await board(screens, halte)
    men = Card(staff, "Men")
    await expect(men.number).to_have_value("5")
    await staff.context.set_offline(True)
    await men.send(2)
    await men.told("No connection. “2 free” is kept on this phone")
    await expect(board_count(watching, "Men")).to_have_text("5")
    reports = await reports_of_men(halte)
    await staff.context.set_offline(False)
    await men.told("2 free.", 20_000)
    await expect(board_count(watching, "Men")).to_have_text("2")
    await expect(staff.get_by_role("banner").get_by_text("Live", exact=True)).to_be_visible(timeout=20_000)
    assert await reports_of_men(halte) == reports + 1


async def test_a_secret_shelter_shows_a_band(halte: Running, screens: Screens) -> None:
    staff, watching = await phone(screens, halte), await board(screens, halte)
    unit = "Women and children"
    await expect(Card(staff, unit).number).to_have_value("7")
    row = board_row(watching, unit)
    await expect(board_count(watching, unit)).to_contain_text("3")
    assert "7" not in " ".join(await row.locator("td.available, td.number").all_inner_texts())


async def test_a_wrong_password_is_said(halte: Running, screens: Screens) -> None:
    page = await screens.open(f"{halte.server.address}/shelter", PHONE)
    await sign_in(page, "staff", "eight dry umbrellas")
    alert = page.get_by_role("alert")
    await expect(alert).to_contain_text("Check capital letters and the keyboard, then try again.")
    await expect(page.get_by_label("Login")).to_have_value("staff")
    await sign_in(page, "staff")
    await expect(page.get_by_role("heading", name="Linden House")).to_be_visible()
