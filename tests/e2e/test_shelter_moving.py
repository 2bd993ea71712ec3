"""People come in and leave: recorded with a tap, asked about after a fresh count, voided when it was a slip."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from kernel.ids import new_id
from tests.support.running import Running
from tests.support.screens import PHONE, Card, Screens, sign_in

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


async def says(halte: Running, free: int) -> None:
    async with halte.region.client("desk") as desk:
        answer = await desk.put(f"/reports/{new_id()}", json=halte.region.report(free))
        assert answer.status_code == 200, answer.text


async def free(halte: Running) -> int:
    found: int = (await halte.region.unit(halte.region.men))["free"]
    return found


async def phone(halte: Running, screens: Screens) -> Page:
    page = await screens.open(f"{halte.server.address}/shelter", PHONE)
    await sign_in(page, "staff")
    return page


async def test_whoever_is_in_the_count_already_counts_once(halte: Running, screens: Screens) -> None:
    """The count is a colleague's: its id comes with the state."""
    await says(halte, 4)
    men = Card(await phone(halte, screens), "Men")
    await expect(men.number).to_have_value("4")
    await men.button("Came in").tap()
    await expect(men.card).to_contain_text("Is it in the 4 already?")
    await men.button("Yes, it stays 4").tap()
    await men.told("Recorded: 1 came in. Now 4 free.")
    assert await free(halte) == 4
    await men.button("Came in").tap()
    await men.button("No, now 3").tap()
    await men.told("Recorded: 1 came in. Now 3 free.")
    assert await free(halte) == 3
    await men.button("Left").tap()
    await men.button("Left: one more").tap()
    await men.button("No, now 5").tap()
    await men.told("Recorded: 2 left. Now 5 free.")
    assert await free(halte) == 5


async def test_a_slip_is_undone_at_once_and_voided_later(halte: Running, screens: Screens) -> None:
    await says(halte, 4)
    page = await phone(halte, screens)
    men = Card(page, "Men")
    await expect(men.number).to_have_value("4")
    await men.button("Came in").tap()
    await men.button("No, now 3").tap()
    await men.told("Now 3 free.")
    await men.button("Undo").tap()
    await men.told("Now 4 free.")
    assert await free(halte) == 4
    await men.button("Came in").tap()
    await men.button("No, now 3").tap()
    await men.told("Now 3 free.")
    await page.reload()
    list_of = page.get_by_role("region", name="Came in and left, on this phone")
    await expect(list_of.get_by_role("listitem")).to_have_count(2)
    await list_of.get_by_role("button", name="Void").tap()
    await expect(list_of.get_by_role("button", name="Void")).to_have_count(0)
    await men.told("Now 4 free.")
    assert await free(halte) == 4


async def test_a_report_is_taken_back_by_saying_the_number_before(halte: Running, screens: Screens) -> None:
    await says(halte, 5)
    men = Card(await phone(halte, screens), "Men")
    await expect(men.number).to_have_value("5")
    await men.send(2)
    await men.told("2 free.")
    await men.button("Undo: 5 free again").tap()
    await men.told("5 free.")
    assert await free(halte) == 5


async def test_movements_made_offline_arrive_in_their_order(halte: Running, screens: Screens) -> None:
    await says(halte, 6)
    page = await phone(halte, screens)
    men = Card(page, "Men")
    await expect(men.number).to_have_value("6")
    await page.context.set_offline(True)
    await men.button("Came in").tap()
    await men.button("No, now 5").tap()
    await expect(men.number).to_have_value("5")
    await men.send(4)
    await men.button("Came in").tap()
    await men.button("No, now 3").tap()
    await expect(page.get_by_role("banner")).to_contain_text("3 not sent yet")
    assert await free(halte) == 6
    await page.context.set_offline(False)
    await expect(page.get_by_role("banner")).not_to_contain_text("not sent yet", timeout=40_000)
    assert await free(halte) == 3
