"""Every page in each of its states, in every language, light and dark, on a phone and a desk: axe objects to nothing.

Pictures of all of them go to the folder that HALTE_SCREENSHOTS names.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from kernel.ids import new_id
from tests.support.announcing import announce
from tests.support.asking import A_MAN, ask
from tests.support.axe import LANGUAGES, guises, objections, speak, violations
from tests.support.running import Running
from tests.support.screens import PHONE, Card, Screens, sign_in

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

# The map has a scene of its own.
_BOARD = "/watch?map=closed"

Scene = Callable[[Running, Screens], Awaitable[Page]]
SCENES: dict[str, Scene] = {}


def scene(make: Scene) -> Scene:
    SCENES[make.__name__.replace("_", "-")] = make
    return make


async def _open(halte: Running, screens: Screens, path: str, login: str) -> Page:
    page = await screens.open(halte.server.address + path, PHONE, cookie=halte.region.cookies[login])
    there = {"/": "Where to?", "/watch?map=open": "Available by commune"}.get(path, "Linden House")
    await expect(page.get_by_text(there, exact=True).first).to_be_visible()
    for language in LANGUAGES:  # so that their words are there without network, too
        await speak(page, language)
    return page


async def _says(halte: Running, free: int, **line: Any) -> None:
    body = halte.region.report(free)
    body["units"][0] |= {"intake": {"state": "open"}, "out_of_service": []} | line
    async with halte.region.client("staff") as staff:
        answer = await staff.put(f"/reports/{new_id()}", json=body)
        assert answer.status_code == 200, answer.text


@scene
async def home(halte: Running, screens: Screens) -> Page:
    return await screens.open(halte.server.address)


@scene
async def home_refused(halte: Running, screens: Screens) -> Page:
    page = await screens.open(halte.server.address)
    await sign_in(page, "staff", "not the password")
    await expect(page.get_by_role("alert")).not_to_be_empty()
    return page


@scene
async def home_ways(halte: Running, screens: Screens) -> Page:
    return await _open(halte, screens, "/", "supervisor")


@scene
async def shelter(halte: Running, screens: Screens) -> Page:
    return await _open(halte, screens, "/shelter", "staff")


@scene
async def shelter_further(halte: Running, screens: Screens) -> Page:
    """A number begun, and all further facts open."""
    page = await _open(halte, screens, "/shelter", "staff")
    men = Card(page, "Men")
    await men.button("Out of service, intake").click()
    await men.button("Pause").click()
    await men.count(30)
    return page


@scene
async def shelter_asks(halte: Running, screens: Screens) -> Page:
    """A time has passed at which places should be back, and fewer are free than the unit has people beyond."""
    ended = (datetime.now(UTC) - timedelta(minutes=2)).isoformat()
    out = [{"reason": "repair", "places": 2, "until": ended}]
    await _says(halte, 0, over_by=2, out_of_service=out, intake={"state": "paused"})
    page = await _open(halte, screens, "/shelter", "staff")
    await expect(Card(page, "Men").card).to_contain_text("2 places were out until")
    return page


@scene
async def shelter_offline(halte: Running, screens: Screens) -> Page:
    """Sent without network: nobody knows yet what became of it."""
    page = await _open(halte, screens, "/shelter", "staff")
    await page.context.set_offline(True)
    await Card(page, "Men").send(3)
    await Card(page, "Men").told("No connection.")
    return page


@scene
async def shelter_moving(halte: Running, screens: Screens) -> Page:
    """Somebody came in, somebody left by a wrong tap, and a third is about to come in."""
    await _says(halte, 5)
    page = await _open(halte, screens, "/shelter", "staff")
    men = Card(page, "Men")
    for way, now in (("Came in", 4), ("Left", 5)):
        await men.button(way).click()
        await men.button(f"No, now {now}").click()
        await men.told("Recorded: 1")
    await page.get_by_role("button", name="Void: Men, 1 left").click()
    await men.button("Came in").click()
    return page


@scene
async def shelter_told(halte: Running, screens: Screens) -> Page:
    """One report recorded, and one refused because somebody was quicker."""
    await _says(halte, 5)
    page = await _open(halte, screens, "/shelter", "staff")
    await Card(page, "Women").send(4)
    await Card(page, "Women").told("4 free.")
    await Card(page, "Men").count(4)
    await _says(halte, 2)
    await expect(Card(page, "Men").card).to_contain_text("Meanwhile it became 2 free")
    await Card(page, "Men").button("Send: 4 free").click()
    await Card(page, "Men").told("It changed meanwhile")
    return page


@scene
async def shelter_incoming(halte: Running, screens: Screens) -> Page:
    """One is about to be declined as full, one to arrive after a fresh count, one did not come, one answer waits."""
    await _says(halte, 5)
    page = await _open(halte, screens, "/shelter", "staff")
    full, here, missing, waits = [await announce(halte, halte.region.men) for _ in range(4)]
    for she in (here, missing):
        await she.card(page).get_by_role("button", name="Accept").click()
    await missing.card(page).get_by_role("button", name="Did not come").click()
    await expect(missing.row(page)).to_contain_text("did not come")
    await here.card(page).get_by_role("button", name="Arrived").click()
    await full.card(page).get_by_role("button", name="Decline…").click()
    await full.card(page).get_by_role("button", name="Full").click()
    for language in LANGUAGES:  # fetched with the list
        await speak(page, language)
    await page.context.set_offline(True)
    await waits.card(page).get_by_role("button", name="Accept").click()
    await expect(waits.card(page)).to_contain_text("is kept on this phone")
    return page


@scene
async def receipt(halte: Running, screens: Screens) -> Page:
    """What was seen stands where the network is gone."""
    she = await announce(halte, halte.region.men)
    page = await screens.open(f"{halte.server.address}/receipt#{she.receipt}", PHONE)
    await expect(page.get_by_role("heading", name="A place is held")).to_be_visible()
    for language in LANGUAGES:
        await speak(page, language)
    await page.context.set_offline(True)
    await page.get_by_role("button", name="Look again").click()
    await expect(page.get_by_role("alert")).to_contain_text("No answer.")
    return page


@scene
async def watch(halte: Running, screens: Screens) -> Page:
    return await _open(halte, screens, _BOARD, "supervisor")


@scene
async def watch_map(halte: Running, screens: Screens) -> Page:
    """On a phone it stands instead of the table, on a desk beside it."""
    page = await _open(halte, screens, "/watch?map=open", "supervisor")
    await expect(page.locator("aside canvas")).to_be_visible()
    return page


@scene
async def watch_details(halte: Running, screens: Screens) -> Page:
    page = await _open(halte, screens, _BOARD, "supervisor")
    await page.get_by_role("button", name="Men", exact=True).click()
    return page


@scene
async def watch_empty(halte: Running, screens: Screens) -> Page:
    page = await _open(halte, screens, _BOARD, "supervisor")
    await page.get_by_label("Search").fill("nowhere at all")
    await expect(page.get_by_text("No unit matches these filters.")).to_be_visible()
    return page


@scene
async def watch_offline(halte: Running, screens: Screens) -> Page:
    page = await _open(halte, screens, _BOARD, "supervisor")
    await page.context.set_offline(True)
    await expect(page.get_by_text("Reconnecting", exact=True)).to_be_visible()
    return page


async def _desk(halte: Running, screens: Screens, code: str) -> Page:
    page = await screens.open(f"{halte.server.address}/desk", PHONE, cookie=halte.region.cookies["desk"])
    await page.locator("#queue button").filter(has_text=code).click()
    await expect(page.get_by_role("heading", name="Where they could go")).to_be_visible()
    return page


@scene
async def desk_household(halte: Running, screens: Screens) -> Page:
    """A place is held, the shelter telephones to decline, and another is looked for: all that explains is open."""
    await _says(halte, 5)
    async with halte.region.client("desk") as desk:
        elsewhere = halte.region.report(5, halte.region.canal_unit, halte.region.canal)
        assert (await desk.put(f"/reports/{new_id()}", json=elsewhere)).status_code == 200
    asked = await ask(halte.region, A_MAN)
    page = await _desk(halte, screens, asked["request"]["code"])
    await page.get_by_role("button", name="Hold: Men").click()
    await page.get_by_role("button", name="The shelter says no").click()
    await page.get_by_role("radio", name="full").check()
    await page.get_by_role("button", name="Look for another place").click()
    await expect(page.get_by_role("button", name="Move here").first).to_be_visible()
    for summary in await page.locator("#panel summary").all():
        await summary.click()
    return page


@scene
async def desk_asks(halte: Running, screens: Screens) -> Page:
    """A request half entered, with a word that is no person."""
    page = await screens.open(f"{halte.server.address}/desk", PHONE, cookie=halte.region.cookies["desk"])
    await page.get_by_role("button", name="New request").click()
    await page.get_by_label("In short").fill("w31 m4 name")
    await expect(page.get_by_text("Not understood")).to_be_visible()
    return page


async def _desk_tool(halte: Running, screens: Screens, tool: str, login: str = "desk") -> Page:
    page = await screens.open(f"{halte.server.address}/desk", PHONE, cookie=halte.region.cookies[login])
    await page.get_by_role("navigation", name="What to do").get_by_role("button", name=tool, exact=True).click()
    await expect(page.locator("#panel p").first).not_to_have_text("Fetching…")
    return page


@scene
async def desk_draw(halte: Running, screens: Screens) -> Page:
    """Frozen, with a secret shown and the list, and about to be abandoned."""
    await ask(halte.region, A_MAN)
    page = await _desk_tool(halte, screens, "Draw")
    await page.get_by_label("For whom").select_option("man")
    await page.get_by_role("button", name="Begin a draw").click()
    await page.get_by_role("button", name="Commit", exact=True).click()
    await expect(page.get_by_text("1 more person must commit.")).to_be_visible()
    async with halte.region.client("supervisor") as other:
        draw = (await other.get("/draws")).json()["draws"][0]["id"]
        commitment = {"id": str(new_id()), "commitment": "5" * 64}
        assert (await other.post(f"/draws/{draw}/commit", json=commitment)).status_code == 200
    for _ in range(2):
        await page.get_by_role("button", name="Freeze the list now").click()
    await page.get_by_text("Who is on the list").click()
    await page.get_by_role("button", name="Abandon this draw").click()
    return page


@scene
async def desk_plan(halte: Running, screens: Screens) -> Page:
    """A draft beside first come, with one household's reasons open, and about to be applied."""
    await _says(halte, 2)
    for _ in range(3):
        await ask(halte.region, A_MAN)
    page = await _desk_tool(halte, screens, "Plan")
    await page.locator("form").get_by_role("button", name="Make a plan").click()
    await page.locator("#panel").get_by_role("button", name="Apply the plan").click()
    await page.get_by_role("button", name="Why ").first.click()
    await expect(page.get_by_text("Open the request")).to_be_visible()
    await expect(page.locator(".why .note")).to_have_count(0)
    return page


@scene
async def desk_rules(halte: Running, screens: Screens) -> Page:
    """Everything open, one number changed and one that cannot be meant."""
    page = await _desk_tool(halte, screens, "Rules", "supervisor")
    await expect(page.get_by_role("heading", name="Save the rules")).to_be_visible()
    await page.locator("#panel").evaluate(
        "(panel) => panel.querySelectorAll('details').forEach((one) => (one.open = true))"
    )
    await page.get_by_label("for each wish that is met").fill("35")
    await page.get_by_label("lost for each thing to be asked first").fill("5000")
    await expect(page.get_by_text("2 rules changed")).to_be_visible()
    return page


@pytest.mark.parametrize("name", SCENES)
async def test_axe_objects_to_nothing(halte: Running, screens: Screens, name: str) -> None:
    page = await SCENES[name](halte, screens)
    found = {}
    async for guise in guises(page):
        if folder := os.environ.get("HALTE_SCREENSHOTS"):
            await page.screenshot(path=Path(folder) / f"{name}-{guise}.png", full_page=True)
        if objected := await objections(page):
            found[guise] = objected
    assert found == {}


_CUT_OFF = """() => [...document.querySelectorAll("#queue select")].filter((select) => {
    const [shown, whole] = [select.offsetWidth, select.cloneNode(true)];
    whole.style.width = "max-content";
    select.after(whole);
    const wanted = whole.offsetWidth;
    whole.remove();
    return wanted > shown;
}).map((select) => [...select.options].map((one) => one.text).join(", "))"""


async def test_what_the_queue_is_filtered_by_can_be_read_in_full(halte: Running, screens: Screens) -> None:
    """Whatever is chosen: in each language, on a phone and a desk."""
    page = await screens.open(f"{halte.server.address}/desk", PHONE, cookie=halte.region.cookies["desk"])
    await expect(page.locator("#queue select")).to_have_count(3)
    cut = {}
    async for guise in guises(page):
        if found := await page.evaluate(_CUT_OFF):
            cut[guise] = found
    assert cut == {}


async def test_nothing_covers_half_of_what_is_to_be_pressed(halte: Running, screens: Screens) -> None:
    """Wherever the page has been scrolled to."""
    page = await shelter_further(halte, screens)
    for where in range(0, 1_800, 200):
        await page.evaluate(f"() => window.scrollTo(0, {where})")
        assert await violations(page) == []
