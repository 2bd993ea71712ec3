"""A night as the desk lives it: a call, a place held, a shelter that answers, an arrival; and what goes wrong."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from kernel.ids import new_id
from tests.support.asking import A_MAN, ask
from tests.support.running import Running
from tests.support.screens import PHONE, Card, Screens, board_row

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

_MEN, _CANAL = "Men, Linden House", "Everyone, Canal Court"


async def _desk(halte: Running, screens: Screens, login: str = "desk") -> Page:
    page = await screens.open(f"{halte.server.address}/desk", cookie=halte.region.cookies[login])
    await expect(page.get_by_role("heading", name="Queue")).to_be_visible()
    return page


async def _free(halte: Running, men: int, canal: int) -> None:
    region = halte.region
    async with region.client("desk") as desk:
        for body in (region.report(men), region.report(canal, region.canal_unit, region.canal)):
            answer = await desk.put(f"/reports/{new_id()}", json=body)
            assert answer.status_code == 200, answer.text


async def _asks(halte: Running, login: str) -> dict[str, Any]:
    """A man asks for a place, and this account has taken the call."""
    asked: dict[str, Any] = (await ask(halte.region, A_MAN, login=login))["request"]
    return asked


async def _placement(halte: Running, request: str) -> str:
    async with halte.region.client("desk") as desk:
        found = (await desk.get(f"/requests/{request}")).json()["placement"]
    return str(found["id"])


async def _staff(halte: Running, placement: str, act: str, **said: Any) -> None:
    async with halte.region.client("staff") as staff:
        answer = await staff.post(f"/placements/{placement}/{act}", json={"id": str(new_id())} | said)
        assert answer.status_code == 200, answer.text


def _in_queue(page: Page, code: str) -> Locator:
    return page.locator("#queue button").filter(has_text=code)


def _suggestions(page: Page) -> Locator:
    return page.get_by_role("region", name="Where they could go").locator("li[data-place]")


async def _open(page: Page, code: str) -> None:
    await _in_queue(page, code).click()
    await expect(_suggestions(page).first).to_be_visible()


async def test_from_a_call_to_an_arrival(halte: Running, screens: Screens) -> None:
    """A phone reports, the desk takes a call and holds, the shelter answers, they arrive, and the board shows it."""
    await _free(halte, men=5, canal=0)
    phone = await screens.open(f"{halte.server.address}/shelter", PHONE, cookie=halte.region.cookies["staff"])
    watch = await screens.open(f"{halte.server.address}/watch?map=closed", cookie=halte.region.cookies["supervisor"])
    desk = await _desk(halte, screens)
    await Card(phone, "Men").send(3)
    await Card(phone, "Men").told("3 free.")

    await desk.get_by_role("button", name="New request").click()
    await desk.get_by_label("In short").fill("m34 m7")
    await expect(desk.get_by_text("2 people: man 26–59, boy 3–11")).to_be_visible()
    await desk.get_by_label("In short").fill("m34")
    await desk.get_by_role("checkbox", name="in the cold").check()
    await desk.get_by_role("button", name="Enter the request").click()
    heading = desk.get_by_role("heading", name="is entered.")
    await expect(heading).to_be_focused()
    code = (await heading.inner_text()).split()[0]
    assert len(await desk.locator(".secret").inner_text()) >= 12
    await desk.get_by_role("button", name="I have passed it on").click()
    await expect(desk.locator(".secret")).to_have_count(0)

    await expect(_suggestions(desk).first).to_contain_text(f"{_MEN}, 21004: fits, 3 places available")
    await desk.get_by_role("button", name=f"Hold: {_MEN}").click()
    hold = desk.get_by_role("region", name=f"Held: {_MEN}")
    await expect(hold).to_contain_text("left")
    await expect(board_row(watch, "Men").locator("td.held")).to_contain_text("1")

    coming = phone.get_by_role("article", name=code)
    await coming.scroll_into_view_if_needed()
    await expect(hold).to_contain_text("The shelter saw it just now.")
    await coming.get_by_role("button", name="Accept").tap()
    await expect(desk.get_by_role("region", name=f"Expected: {_MEN}")).to_contain_text("Accepted just now.")
    await coming.get_by_role("button", name=f"{code}: Arrived").tap()
    await coming.get_by_role("button", name="No, now 2").tap()
    await expect(desk.get_by_text("Closed: arrived.")).to_be_visible()
    await expect(_in_queue(desk, code)).to_have_count(0)
    await expect(board_row(watch, "Men").locator(".count")).to_have_text("2")
    await expect(board_row(watch, "Men").locator("td.free")).to_contain_text("2")


async def test_two_desks_want_the_last_place(halte: Running, screens: Screens) -> None:
    """One has it; the other is told so, sees what is free instead, and holds that."""
    await _free(halte, men=1, canal=4)
    pages = []
    for login in ("desk", "admin"):
        asked = await _asks(halte, login)
        page = await _desk(halte, screens, login)
        await _open(page, asked["code"])
        await expect(_suggestions(page).filter(has_text=_MEN)).to_be_visible()
        pages.append(page)
    await asyncio.gather(*(page.get_by_role("button", name=f"Hold: {_MEN}").click() for page in pages))
    held = [page.get_by_role("region", name=f"Held: {_MEN}") for page in pages]
    taken = [page.get_by_text(f"{_MEN} was taken a moment ago.") for page in pages]
    await expect(held[0].or_(taken[0])).to_be_visible()
    await expect(held[1].or_(taken[1])).to_be_visible()
    lost = [page for page, one in zip(pages, taken, strict=True) if await one.count()]
    assert len(lost) == 1
    await expect(_suggestions(lost[0]).first).to_contain_text(_CANAL)
    await lost[0].get_by_role("button", name=f"Hold: {_CANAL}").click()
    await expect(lost[0].get_by_role("region", name=f"Held: {_CANAL}")).to_be_visible()
    assert (await halte.region.unit(halte.region.men))["held"] == 1


async def test_a_shelter_declines_and_the_next_best_is_there(halte: Running, screens: Screens) -> None:
    await _free(halte, men=4, canal=4)
    quiet, asked = await _asks(halte, "desk"), await _asks(halte, "desk")
    page = await _desk(halte, screens)
    await _open(page, asked["code"])
    await page.get_by_role("button", name=f"Hold: {_MEN}").click()
    await expect(page.get_by_role("region", name=f"Held: {_MEN}")).to_be_visible()
    await _in_queue(page, quiet["code"]).click()
    focused = page.locator(f"[data-request='{quiet['id']}']")
    await focused.focus()

    await _staff(halte, await _placement(halte, asked["id"]), "decline", reason="full", free=0)
    first = page.locator("#queue li").first
    await expect(first).to_contain_text(asked["code"])
    await expect(first).to_contain_text("back: declined (full)")
    await expect(first).to_contain_text(f"→ {_CANAL}")
    # The queue has another order now, and whoever was on a request is still on it.
    await expect(focused).to_be_focused()
    await expect(page.get_by_role("status").filter(has_text=f"{asked['code']} is back: {_MEN}")).to_have_count(1)
    await first.get_by_role("button").click()
    await expect(page.get_by_text("It waits again. The next best is below.")).to_be_visible()
    await page.get_by_role("button", name=f"Hold: {_CANAL}").click()
    await expect(page.get_by_role("region", name=f"Held: {_CANAL}")).to_be_visible()


async def test_a_whole_call_by_keyboard(halte: Running, screens: Screens) -> None:
    """Single keys go somewhere and do nothing; they are letters in a field; they can be switched off."""
    await _free(halte, men=6, canal=6)
    page = await _desk(halte, screens)
    keys = page.keyboard
    await keys.press("n")
    await expect(page.get_by_role("heading", name="New request")).to_be_focused()
    await keys.press("Tab")
    await keys.type("h71 rn")  # letters of the field, whatever they are elsewhere
    await keys.press("Enter")
    await expect(page.get_by_text("Not understood: rn")).to_be_visible()
    for _ in " rn":
        await keys.press("Backspace")
    await keys.press("Enter")
    await expect(page.get_by_role("heading", name="is entered.")).to_be_focused()
    await keys.press("Tab")
    await keys.press("Enter")
    await expect(_suggestions(page).first).to_be_visible()
    await keys.press("1")
    where = await page.evaluate("() => document.activeElement.getAttribute('aria-label')")
    assert where.startswith("Hold: ")
    await keys.press("Enter")
    await expect(page.get_by_role("region", name=where.replace("Hold: ", "Held: "))).to_be_visible()
    await keys.press("Escape")
    await expect(page.locator("#queue button:focus")).to_contain_text("man 60 or over")

    await keys.press("?")
    await expect(page.get_by_role("checkbox", name="Single keys do something")).to_be_visible()
    await keys.press("Tab")
    await keys.press("Space")
    await keys.press("Escape")
    await keys.press("n")
    await expect(page.get_by_role("heading", name="New request")).to_have_count(0)
    await page.reload()
    await expect(page.get_by_role("heading", name="Queue")).to_be_visible()
    await keys.press("n")
    await expect(page.get_by_role("heading", name="New request")).to_have_count(0)


async def test_a_shelter_telephones(halte: Running, screens: Screens) -> None:
    """The desk reports on its behalf; a colleague's household is taken over on purpose."""
    await _free(halte, men=8, canal=8)
    asked = await _asks(halte, "admin")
    page = await _desk(halte, screens)
    await _open(page, asked["code"])
    await expect(page.get_by_role("button", name="Hold:")).to_have_count(0)
    await page.get_by_role("button", name="Take over from admin").click()
    await expect(page.get_by_text("You are with them.")).to_be_visible()
    await expect(page.get_by_role("button", name=f"Hold: {_MEN}")).to_be_visible()

    await page.get_by_role("button", name="Report for a shelter").click()
    await page.get_by_label("Shelter or unit").fill("lind men")
    await page.get_by_role("button", name=_MEN, exact=True).click()
    await expect(page.get_by_text("On the board: 8 places")).to_be_visible()
    await page.get_by_label("Free, as they say").fill("19")
    await page.get_by_role("button", name=f"Report 19 free: {_MEN}").click()
    await expect(page.locator("#panel").get_by_text(f"Recorded: 19 free, {_MEN}.")).to_be_visible()
    assert (await halte.region.unit(halte.region.men))["free"] == 19
    await _open(page, asked["code"])
    await expect(_suggestions(page).filter(has_text=_MEN)).to_contain_text(re.compile(r"1\d places available"))
    await page.get_by_role("button", name="Close the request").click()
    await page.get_by_role("radio", name="found something themselves").check()
    await page.locator("#panel form").get_by_role("button", name="Close the request").click()
    await expect(page.get_by_text("Closed: found something themselves.")).to_be_visible()
