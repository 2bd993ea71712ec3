"""The draw, the plan and the rules on the desk's page, each from its beginning to what comes of it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner
from playwright.async_api import Locator, Page, Route, expect

from kernel.ids import new_id
from orientation.drawing.cli import draw
from tests.support.asking import A_MAN, ask
from tests.support.axe import speak
from tests.support.running import Running
from tests.support.screens import PHONE, Screens, open_tool

# What somebody would have to scroll sideways to read.
_SIDEWAYS = """() => [...document.querySelectorAll("#panel *")]
    .filter((one) => /auto|scroll/.test(getComputedStyle(one).overflowX) && one.scrollWidth > one.clientWidth)
    .map((one) => one.innerText.slice(0, 80))"""

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


async def _free(halte: Running, unit: UUID, free: int) -> None:
    async with halte.region.client("staff") as staff:
        answer = await staff.put(f"/reports/{new_id()}", json=halte.region.report(free, unit))
        assert answer.status_code == 200, answer.text


def _said(page: Page, label: str) -> Locator:
    """What is shown in groups of four, to be read out."""
    return page.get_by_label(label, exact=True)


async def test_two_people_draw_and_anybody_can_check_it(halte: Running, screens: Screens, tmp_path: Path) -> None:
    """One notes the secret down and reloads, the other is a supervisor; places go down the order."""
    await _free(halte, halte.region.men, 2)
    codes = {(await ask(halte.region, A_MAN))["request"]["code"] for _ in range(3)}
    desk = await open_tool(screens, halte.region, "Draw")
    await expect(desk.locator("option[value=man]")).to_have_text("men on their own (3)")
    await expect(desk.locator("option[value=family]")).to_have_text("families (0)")
    await desk.get_by_label("For whom").select_option("man")
    await desk.get_by_role("button", name="Begin a draw").click()
    await desk.get_by_role("button", name="Commit", exact=True).click()
    noted = await _said(desk, "Your secret").inner_text()
    await expect(desk.get_by_text("1 more person must commit.")).to_be_visible()

    supervisor = await open_tool(screens, halte.region, "Draw", "supervisor")
    await supervisor.get_by_role("button", name="Commit", exact=True).click()
    await expect(supervisor.get_by_text("supervisor committed")).to_be_visible()
    await expect(desk.get_by_role("heading", name="men on their own: the list can be frozen")).to_be_visible()
    for _ in range(2):  # asked, then done
        await desk.get_by_role("button", name="Freeze the list now").click()
    frozen = (await _said(desk, "Fingerprint of the list").inner_text()).replace("\n", "")
    await expect(_said(supervisor, "Fingerprint of the list")).to_have_text(frozen)
    late = (await ask(halte.region, A_MAN))["request"]["code"]

    await desk.reload()
    await expect(desk.get_by_role("heading", name="Draw", exact=True)).to_be_focused()
    await desk.get_by_label("Your secret, as you noted it down").fill("a" * 64)
    await desk.get_by_role("button", name="Reveal my secret").click()
    await expect(desk.get_by_text("This is not the secret")).to_be_visible()
    await desk.get_by_label("Your secret, as you noted it down").fill(noted)
    await desk.get_by_role("button", name="Reveal my secret").click()
    await expect(desk.get_by_text("supervisor has yet to reveal.")).to_be_visible()
    await supervisor.get_by_role("button", name="Reveal my secret").click()

    rows = desk.get_by_role("table").locator("tbody tr")
    await expect(rows).to_have_count(5)  # three, what stands between, and who was late
    assert {await rows.nth(n).get_by_role("button").inner_text() for n in range(3)} == codes
    await expect(rows.nth(4)).to_contain_text(late)
    await desk.get_by_role("button", name="Check the draw here").click()
    await expect(desk.get_by_text("The draw holds.")).to_be_visible()
    async with desk.expect_download() as downloading:
        await desk.get_by_role("link", name="Download the file").click()
    file = tmp_path / "draw.json"
    await (await downloading.value).save_as(file)
    assert json.loads(file.read_text("utf-8"))["list_hash"] == frozen
    assert CliRunner().invoke(draw, ["verify", str(file)]).exit_code == 0

    await expect(supervisor.get_by_text("Only the desk holds places.")).to_be_visible()
    for _ in range(2):
        await desk.get_by_role("button", name="Place in drawn order").click()
    await expect(desk.get_by_text("A place was held for 2 households:")).to_be_visible()
    for place in range(2):
        await expect(rows.nth(place)).to_contain_text("place held")
    await expect(rows.nth(2)).to_contain_text("waits")
    kept = await desk.evaluate("() => JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert noted.replace("\n", "") not in kept


async def test_draws_that_were_given_up_are_told_apart(halte: Running, screens: Screens) -> None:
    async with halte.region.client("desk") as desk:
        for _ in range(2):
            draw = str(new_id())
            assert (await desk.post("/draws", json={"id": draw, "audience": "woman"})).status_code == 201
            why = {"id": str(new_id()), "why": "nobody else is here"}
            given_up = await desk.post(f"/draws/{draw}/abandon", json=why)
            assert given_up.status_code == 200, given_up.text
    page = await open_tool(screens, halte.region, "Draw")
    await page.get_by_label("For whom").select_option("woman")
    await page.get_by_role("button", name="Begin a draw").click()
    for n, state in ((1, "abandoned"), (2, "abandoned"), (3, "commitments are awaited")):
        named = page.get_by_role("button", name=re.compile(rf"^women on their own \(draw {n}, \d\d:\d\d\): {state}$"))
        await named.click()
        await expect(page.get_by_role("article").get_by_role("heading", name=f"(draw {n},")).to_be_visible()


async def test_a_reload_and_the_way_back_come_to_the_part_that_was_open(halte: Running, screens: Screens) -> None:
    """On a phone too, where it hides the queue. The address says nothing of a household."""
    code = (await ask(halte.region, A_MAN))["request"]["code"]
    page = await open_tool(screens, halte.region, "Plan")
    await page.reload()
    await expect(page.get_by_role("heading", name="Plan", exact=True)).to_be_focused()
    await page.keyboard.press("o")
    await expect(page.get_by_role("heading", name="Rules", exact=True)).to_be_focused()
    await page.locator("#queue button").filter(has_text=code).click()
    await expect(page.get_by_role("heading", name=code)).to_be_focused()
    assert page.url == f"{halte.server.address}/desk"
    await page.go_back()
    await expect(page.get_by_role("heading", name="Rules", exact=True)).to_be_focused()
    await page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    await page.go_back()
    await expect(page.get_by_role("heading", name="Plan", exact=True)).to_be_focused()
    await expect(page.locator("#queue")).to_be_hidden()
    await page.go_back()
    await expect(page.locator("#queue")).to_be_focused()
    await page.reload()
    await expect(page.locator("#queue button").filter(has_text=code)).to_be_visible()
    await expect(page.locator("#panel")).to_have_count(0)


async def test_a_plan_is_compared_applied_and_lands_on_a_phone(halte: Running, screens: Screens) -> None:
    """More ask than there are places: it says why one has none, and what it holds is on the shelter's phone."""
    await _free(halte, halte.region.men, 4)  # of which others may hold two
    for _ in range(5):
        await ask(halte.region, A_MAN)
    phone = await screens.open(f"{halte.server.address}/shelter", PHONE, cookie=halte.region.cookies["staff"])
    desk = await open_tool(screens, halte.region, "Plan")
    await desk.get_by_label("Seconds it may take").fill("5")
    await desk.locator("form").get_by_role("button", name="Make a plan").click()
    panel = desk.get_by_role("article")
    await expect(panel.get_by_role("heading", name=re.compile("^Plan of .*: draft"))).to_be_visible()
    await expect(panel.get_by_text("No plan could do better by these rules.")).to_be_visible()
    await expect(panel.get_by_text("No family is split.")).to_be_visible()
    await expect(desk.locator("div:focus").get_by_role("article")).to_be_visible()
    await desk.locator("summary", has_text="Make a plan").click()

    await desk.get_by_role("combobox", name="Show").select_option("without a place")
    left = panel.get_by_role("button", name=re.compile("^Why ")).first
    await left.click()
    await expect(
        panel.get_by_text(re.compile("would fit, and others have the places|Nothing that is free fits"))
    ).to_be_visible()
    await desk.get_by_role("combobox", name="Show").select_option("all")

    await panel.get_by_role("button", name="Apply the plan").click()
    await panel.get_by_role("button", name=re.compile(r"^Make \d+ holds?$")).click()
    await expect(panel.get_by_text(re.compile(r"^\d+ held"))).to_be_visible()
    await expect(panel.get_by_role("cell", name="held", exact=True).first).to_be_visible()
    # The list has been asked for again meanwhile: what somebody opened stays open.
    await expect(desk.get_by_label("Seconds it may take")).to_be_visible()
    await expect(phone.get_by_role("button", name="Accept").first).to_be_visible()


async def _beside_the_rules_before(route: Route) -> None:
    """Answer with the plan as if the rules were others than yesterday's: so its tables are widest."""
    answer = await route.fetch()
    plan = await answer.json()
    if plan["against"] is not None:
        plan["against"]["yesterday"] = plan["against"]["first_come"]
        plan["groups"] = [plan["groups"][0] | {"group": group, "yesterday": 12} for group in ("man", "person")]
    await route.fulfill(response=answer, json=plan)


async def test_a_plan_is_read_on_a_phone_without_scrolling_sideways(halte: Running, screens: Screens) -> None:
    """A household stands below the other, and says itself what each of its lines is."""
    await ask(halte.region, A_MAN)
    page = await open_tool(screens, halte.region, "Plan", size=PHONE)
    plan = str(new_id())
    await page.route(f"**/plans/{plan}", _beside_the_rules_before)
    async with halte.region.client("desk") as desk:
        draft: dict[str, object] = {"id": plan, "after": None, "freely": False, "links": [], "time_limit_s": 5}
        begun = await desk.post("/plans", json=draft)
        assert begun.status_code == 202, begun.text
    for language, where, before in (
        ("fr", "Où", "Règles d’avant"),
        ("nl", "Waar", "Vorige regels"),
        ("en", "Where", "Rules before"),
    ):
        await speak(page, language)
        for label in (where, before):
            cell = page.locator("#panel").get_by_role("cell", name=re.compile(rf"^{label}\s?: \w"))
            await expect(cell.first).to_be_visible()
        assert await page.evaluate(_SIDEWAYS) == []


async def test_rules_are_tried_saved_and_never_lost(halte: Running, screens: Screens) -> None:
    """Two change them at once: what the second changed stands on top of what the first saved."""
    first = await open_tool(screens, halte.region, "Rules", "supervisor")
    second = await open_tool(screens, halte.region, "Rules", "admin")
    for page, field, value in (
        (first, "for each wish that is met", "35"),
        (second, "lost for each thing to be asked first", "20"),
    ):
        await page.locator("summary", has_text="Points of a suggestion").click()
        await page.get_by_label(field).fill("1001")
        await expect(page.get_by_text("0 to 1000.")).to_be_visible()
        await page.get_by_label(field).fill(value)
        await expect(page.get_by_text("1 rule changed")).to_be_visible()
    await first.get_by_role("button", name="Try it on past nights").click()
    await expect(first.get_by_text(re.compile("No past night has been kept|placed"))).to_be_visible()
    await first.get_by_role("button", name="Save the rules").click()
    await expect(first.get_by_text("Say why")).to_be_visible()
    for page in (first, second):
        await page.get_by_label("Why?").fill("Wishes count more")
        await page.get_by_role("button", name="Save the rules").click()
    await expect(first.get_by_text("Version 1 holds from now on.")).to_be_visible()
    await expect(second.get_by_text("Your changes are kept")).to_be_visible()
    await expect(second.get_by_label("lost for each thing to be asked first")).to_have_value("20")
    await expect(second.get_by_label("for each wish that is met")).to_have_value("35")
    await second.get_by_role("button", name="Save the rules").click()
    await expect(second.get_by_text("Version 2 holds from now on.")).to_be_visible()
    async with halte.region.client("desk") as desk:
        now = (await desk.get("/policies/orientation")).json()["policies"][0]["policy"]["weights"]
    assert (now["preference"], now["ask"]) == (35, 20)
    third = await open_tool(screens, halte.region, "Rules")
    await expect(third.get_by_text("Supervisors and administrators change them.")).to_be_visible()
    await expect(third.get_by_role("button", name="Save the rules")).to_have_count(0)
