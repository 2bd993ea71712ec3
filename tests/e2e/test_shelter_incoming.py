"""Who is announced to a shelter: seen, answered and arrived on its phone, and followed by receipt (I3, I9, I10)."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, Request, expect

from kernel.ids import new_id
from tests.support.announcing import announce
from tests.support.running import Running
from tests.support.screens import KEPT, PHONE, Card, Screens, sign_in

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


async def says(halte: Running, free: int) -> None:
    async with halte.region.client("desk") as desk:
        answer = await desk.put(f"/reports/{new_id()}", json=halte.region.report(free, halte.region.women))
    assert answer.status_code == 200, answer.text


async def women(halte: Running) -> dict[str, Any]:
    return await halte.region.unit(halte.region.women)


async def phone(halte: Running, screens: Screens) -> Page:
    page = await screens.open(f"{halte.server.address}/shelter", PHONE, cookie=halte.region.cookies["staff"])
    await expect(page.get_by_role("banner").get_by_text("Live", exact=True)).to_be_visible()
    return page


async def test_who_is_announced_is_seen_accepted_and_counted_once(halte: Running, screens: Screens) -> None:
    await says(halte, 4)
    page = await phone(halte, screens)
    she = await announce(halte)
    card = she.card(page)
    await expect(card).to_contain_text("1 woman aged 60 or more")
    await expect(card).to_contain_text("speaks Arabic")
    await expect(card).to_contain_text("Answer by")
    await expect(card).to_contain_text("The desk knows that you have seen it.")
    assert (await she.placement())["seen_at"] is not None
    await card.get_by_role("button", name="Accept").tap()
    await expect(card).to_contain_text("Accepted. Expected until")
    assert (await she.placement())["state"] == "accepted"
    await card.get_by_role("button", name="Arrived").tap()
    await expect(card).to_contain_text("Is the arrival in the 4 already?")
    await card.get_by_role("button", name="No, now 3").tap()
    await expect(she.row(page)).to_contain_text("arrived")
    await expect(Card(page, "Women").number).to_have_value("3")
    assert ((await women(halte))["free"], (await women(halte))["held"]) == (3, 0)
    await she.row(page).get_by_role("button", name="Undo").tap()
    await expect(she.row(page)).to_contain_text("arrived, void")
    assert (await women(halte))["free"] == 4
    assert (await she.asked(f"/requests/{she.request}"))["state"] == "waiting"


async def test_full_carries_the_number_that_is_free(halte: Running, screens: Screens) -> None:
    await says(halte, 4)
    page = await phone(halte, screens)
    she = await announce(halte)
    card = she.card(page)
    await card.get_by_role("button", name="Decline…").tap()
    await card.get_by_role("button", name="Full").tap()
    await card.get_by_role("button", name="Full: one more").tap()
    await card.get_by_role("button", name="Decline: full, 1 free").tap()
    await expect(she.row(page)).to_contain_text("declined")
    await expect(Card(page, "Women").number).to_have_value("1")
    assert (await she.placement())["decline"] == {"reason": "full", "free": 1}
    assert (await women(halte))["free"] == 1


async def test_who_did_not_come_arrives_after_all(halte: Running, screens: Screens) -> None:
    """And all of it leaves the page with the session."""
    await says(halte, 4)
    page = await screens.open(f"{halte.server.address}/shelter", PHONE)
    await sign_in(page, "staff")
    she = await announce(halte)
    await she.card(page).get_by_role("button", name="Accept").tap()
    await she.card(page).get_by_role("button", name="Did not come").tap()
    await expect(she.row(page)).to_contain_text("did not come")
    await she.row(page).get_by_role("button", name="Arrived after all").tap()
    await she.row(page).get_by_role("button", name="Yes, it stays 4").tap()
    await expect(she.row(page)).to_contain_text("arrived late")
    assert (await women(halte))["free"] == 4
    ended = "() => fetch('/api/v1/sessions/current', {method: 'DELETE'}).then((answer) => answer.status)"
    assert await page.evaluate(ended) == 204
    await expect(page.get_by_text("Your session has ended.")).to_be_visible()
    assert she.code not in await page.content()


async def test_what_is_answered_in_the_cellar_is_replayed_once(halte: Running, screens: Screens) -> None:
    """And kept as ids until then: who comes is in no storage of the phone."""
    await says(halte, 4)
    page = await phone(halte, screens)
    first, second = await announce(halte), await announce(halte)
    for she in (first, second):
        await expect(she.card(page)).to_contain_text("The desk knows")
    sent: list[str] = []

    def heard(request: Request) -> None:
        if request.method == "POST":
            sent.append(request.url)

    await page.context.set_offline(True)
    for she in (first, second):
        await she.card(page).get_by_role("button", name="Accept").tap()
        await expect(she.card(page)).to_contain_text("“Accept” is kept on this phone")
    kept: str = await page.evaluate(KEPT)
    assert first.id in kept
    for never in (first.code, second.code, "60+", "woman", '"ar"', "seven dry"):
        assert never not in kept
    async with halte.region.client("desk") as desk:
        answer = await desk.post(f"/placements/{second.id}/cancel", json={"id": str(new_id()), "reason": "withdrawn"})
    assert answer.status_code == 200, answer.text
    page.on("request", heard)
    await page.context.set_offline(False)
    await expect(first.card(page)).to_contain_text("Accepted. Expected until", timeout=40_000)
    await expect(second.row(page)).to_contain_text("“Accept” was not recorded.", timeout=40_000)
    await expect(second.row(page)).to_contain_text("cancelled")
    assert (await first.verbs()).count("accept") == 1
    assert len([url for url in sent if url.endswith(f"{first.id}/accept")]) == 1


async def test_a_request_is_followed_by_its_receipt(halte: Running, screens: Screens) -> None:
    await says(halte, 4)
    she = await announce(halte)
    page = await screens.open(f"{halte.server.address}/receipt", PHONE)
    await page.get_by_label("Receipt code").fill("2222-2222-2222")
    await page.get_by_role("button", name="Show").tap()
    await expect(page.get_by_role("alert")).to_contain_text("No request has this code.")
    await page.get_by_label("Receipt code").fill(she.receipt.lower())
    await page.get_by_role("button", name="Show").tap()
    await expect(page.get_by_role("heading", name="A place is held")).to_be_visible()
    assert (page.url, await page.evaluate("history.state")) == (f"{halte.server.address}/receipt", she.receipt.lower())
    async with halte.region.client("desk") as desk:
        await desk.post(f"/placements/{she.id}/cancel", json={"id": str(new_id()), "reason": "mistake"})
    await page.reload()
    await expect(page.get_by_role("heading", name="Waiting")).to_be_visible()
    await page.get_by_role("button", name="Still looking for a place").tap()
    await expect(page.get_by_text("Noted: the request stands longer.")).to_be_visible()
    text = await page.inner_text("body")
    for never in ("Linden", "Women", she.code):
        assert never not in text
    await page.get_by_role("button", name="Another code").tap()
    assert await page.evaluate("history.state") == ""
    await page.evaluate("code => void (location.hash = code)", she.receipt)
    await expect(page.get_by_role("heading", name="Waiting")).to_be_visible()
    assert page.url == f"{halte.server.address}/receipt"
    assert await page.evaluate("() => [localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]
