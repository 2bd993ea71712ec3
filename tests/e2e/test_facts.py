"""What a shelter says beside its number goes out without it, and what should be back is asked for (I8)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Page, expect

from kernel.ids import new_id
from tests.support.running import Running
from tests.support.screens import PHONE, Card, Screens, board_row, sign_in

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


async def _says(halte: Running, **line: object) -> None:
    report = halte.region.report(5)
    report["units"][0] |= line
    async with halte.region.client("staff") as staff:
        answer = await staff.put(f"/reports/{new_id()}", json=report)
        assert answer.status_code == 200, answer.text


async def _phone(halte: Running, screens: Screens) -> Page:
    page = await screens.open(f"{halte.server.address}/shelter", PHONE)
    await sign_in(page, "staff")
    return page


async def test_pausing_the_intake_confirms_no_number(halte: Running, screens: Screens) -> None:
    await _says(halte, intake={"state": "open"}, out_of_service=[])
    before = await halte.region.unit(halte.region.men)
    men = Card(await _phone(halte, screens), "Men")
    await men.button("Out of service, intake").tap()
    await men.button("Pause").tap()
    await men.button("until I reopen it").tap()
    await men.button("Send: intake paused").tap()
    await men.told("intake paused. How many are free was not confirmed.")
    after = await halte.region.unit(halte.region.men)
    assert (after["intake"], after["free"], after["confirmed_at"]) == ("paused", 5, before["confirmed_at"])
    await men.button("Out of service, intake").tap()
    await men.button("Open").tap()
    await men.card.get_by_role("checkbox", name="“5 free” is right").check()
    await men.button("Send: 5 free, intake open").tap()
    await men.told("5 free, intake open.")
    after = await halte.region.unit(halte.region.men)
    assert after["intake"] == "open"
    assert after["confirmed_at"] > before["confirmed_at"]


async def test_a_time_that_has_passed_is_asked_about(halte: Running, screens: Screens) -> None:
    ended = datetime.now(UTC) - timedelta(minutes=2)
    out = {"reason": "repair", "places": 2, "until": ended.isoformat()}
    await _says(halte, out_of_service=[out])
    men = Card(await _phone(halte, screens), "Men")
    watching = await screens.open(f"{halte.server.address}/watch")
    await sign_in(watching, "supervisor")
    asked = "2 places were out until"
    await expect(board_row(watching, "Men")).to_contain_text(asked)
    await expect(men.card).to_contain_text(asked)
    await men.button("Not yet").tap()
    await men.button("Send: 2 out of service").tap()
    await men.told("2 out of service.")
    await expect(men.card).not_to_contain_text(asked)
    await expect(board_row(watching, "Men")).not_to_contain_text(asked)
    await _says(halte, out_of_service=[out])
    await men.button("Yes, back").tap()
    await men.button("Send: 7 free, nothing out of service").tap()
    await men.told("7 free, nothing out of service.")
    state = await halte.region.unit(halte.region.men)
    assert (state["free"], state["out_of_service"]) == (7, [])
