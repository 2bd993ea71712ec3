"""A site closes while places are held there: the screens say so, no hold is dropped, and reopening asks for a count."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from kernel.ids import new_id
from tests.support.running import Running
from tests.support.screens import Screens, board_count, board_row
from tests.support.three import hold, open_three

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


async def test_a_site_closes_while_places_are_held(halte: Running, screens: Screens) -> None:
    region = halte.region
    async with region.client("desk") as desk:
        await desk.put(f"/reports/{new_id()}", json=region.report(5))
    await hold(halte.server.settings, region, region.men, 2, 1)
    three = await open_three(screens, halte.server.settings, region)
    await three.show("Men", 2)
    await expect(three.men.card).to_contain_text("3 are held for people on their way")

    async with region.client("staff") as staff:
        assert (await staff.post(f"/units/{region.men}/close")).status_code == 200
    for page in (three.board, three.desk):
        await expect(board_row(page, "Men")).to_contain_text("closed")
        await expect(board_count(page, "Men")).to_have_text("–")
        await expect(board_row(page, "Men").locator(".held")).to_contain_text("3")
    await expect(three.men.card).to_contain_text("This unit is closed")
    await expect(three.men.number).to_have_count(0)
    await three.end_true()

    async with region.client("admin") as admin:
        assert (await admin.post(f"/units/{region.men}/reopen")).status_code == 200
    for page in (three.board, three.desk):
        await expect(board_row(page, "Men")).to_contain_text("awaiting a report")
        await expect(board_count(page, "Men")).to_have_text("–")
    await expect(three.men.card).to_contain_text("How many are free?")
    await expect(three.men.number).to_have_value("")

    await three.men.send(1)  # fewer than are held: the shelter's truth, and the desk's to see
    await three.men.told("1 free.")
    await expect(three.men.card).to_contain_text("3 are held, and fewer are free. The desk sees it.")
    for page in (three.board, three.desk):
        await expect(board_row(page, "Men")).to_contain_text("more held than free")
    await three.show("Men", 0)
    await three.end_true()
