"""The map beside the board: drawn from its rows, live, without any tile server, and without a secret in it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from click.testing import CliRunner
from playwright.async_api import Page, async_playwright, expect

from halte.demo.outlining import FILE
from halte.regions import main
from kernel.ids import new_id
from tests.support.chromium import chromium_or_skip
from tests.support.running import Running, serving
from tests.support.screens import DESK, PHONE, Screens, sign_in

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

LINDEN, CANAL = (50.8466, 4.3528), (50.85511, 4.33022)
# Found nowhere else: whatever says one of these tells where the refuge is.
SECRET = (50.83177, 4.39919)


@pytest.fixture(scope="module")
async def mapped(halte: Running) -> Running:
    """The small region with a map, and with shelters that are somewhere."""
    brought = await asyncio.to_thread(
        CliRunner().invoke, main, ["map", "brussels", str(FILE)], obj=halte.server.settings
    )
    assert brought.exit_code == 0, brought.output
    region = halte.region
    async with region.client("admin") as admin:
        for shelter, name, (latitude, longitude), secret in (
            (region.linden, "Linden House", LINDEN, False),
            (region.canal, "Canal Court", CANAL, False),
            (region.secret, "Quiet House", SECRET, True),
        ):
            body: dict[str, Any] = {
                "operator": str(region.operator),
                "name": name,
                "commune": "21004",
                "secret": secret,
            }
            body |= {"invented": True, "latitude": latitude, "longitude": longitude}
            assert (await admin.put(f"/shelters/{shelter}", json=body)).status_code == 200
    await says(halte, 5, 2)
    return halte


async def says(halte: Running, men: int, women: int) -> None:
    region = halte.region
    async with region.client("desk") as desk:
        for free, unit in ((men, region.men), (women, region.women)):
            answer = await desk.put(f"/reports/{new_id()}", json=region.report(free, unit))
            assert answer.status_code == 200, answer.text


async def watch(screens: Screens, address: str, size: tuple[int, int] = DESK) -> Page:
    page = await screens.open(f"{address}/watch", size)
    await sign_in(page, "supervisor")
    await expect(page.get_by_role("heading", name="Board")).to_be_visible()
    return page


async def settled(page: Page) -> bytes:
    """The picture of the map once two in a row are the same."""
    canvas = page.locator("canvas.maplibregl-canvas")
    await expect(canvas).to_be_visible()
    before = b""
    for _ in range(60):
        now = await canvas.screenshot(animations="disabled")
        if now == before:
            return now
        before = now
        await page.wait_for_timeout(1_000)
    pytest.fail("the map never came to rest")


async def test_a_shelter_changes_on_the_map_and_in_the_table_at_once(mapped: Running, screens: Screens) -> None:
    page = await watch(screens, mapped.server.address)
    some, none = page.locator('li[data-state="some"]'), page.locator('li[data-state="none"]')
    await expect(some).to_contain_text("1 shelter with something available")
    await expect(none).to_contain_text("1 with nothing available")
    before = await settled(page)
    await says(mapped, 0, 0)
    await expect(none).to_contain_text("2 with nothing available")
    await expect(some).to_contain_text("0 shelters")
    for _ in range(30):
        if await page.locator("canvas.maplibregl-canvas").screenshot() != before:
            break
        await page.wait_for_timeout(500)
    else:
        pytest.fail("the picture of the map stayed as it was")
    await says(mapped, 5, 2)
    await expect(some).to_contain_text("1 shelter with")


async def test_a_secret_shelter_has_no_point_in_anything_the_page_was_told(mapped: Running, screens: Screens) -> None:
    page = await screens.open(f"{mapped.server.address}/watch")
    told: list[str] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: told.append(str(frame))))
    bodies: list[Any] = []
    page.on("response", lambda response: bodies.append(response) if "/api/" in response.url else None)
    await sign_in(page, "supervisor")
    await expect(page.get_by_text("Quiet House")).to_be_visible()
    await settled(page)
    told += [await response.text() for response in bodies if response.status == 200]
    told.append(await page.content())
    said = "\n".join(told)
    assert str(LINDEN[1]) in said, "the eye is not blind: an open shelter's point is there"
    for number in SECRET:
        assert str(number) not in said
    # It counts in its commune all the same: three or more there, on top of what the others have.
    commune = page.get_by_role("row").filter(has=page.get_by_role("button", name="Bruxelles"))
    await expect(commune).to_contain_text("at least")


async def test_a_press_on_the_map_narrows_the_table_and_a_row_leads_to_the_map(
    mapped: Running, screens: Screens
) -> None:
    page = await watch(screens, mapped.server.address)
    await settled(page)
    await page.get_by_role("button", name="Men", exact=True).click()
    await page.get_by_role("button", name="Show on the map").click()
    await settled(page)
    # The shelter stands in the middle now.
    await page.locator("canvas.maplibregl-canvas").click()
    await expect(page.get_by_role("button", name="Only Linden House: show all")).to_be_visible()
    assert f"shelter={mapped.region.linden}" in page.url
    await expect(page.locator("tbody tr[data-row] button").first).to_be_visible()
    assert await page.get_by_text("Canal Court").count() == 0
    await page.get_by_role("button", name="Only Linden House: show all").click()
    await expect(page.get_by_text("Canal Court")).to_be_visible()


async def test_the_keyboard_goes_through_the_map_and_out_of_it(mapped: Running, screens: Screens) -> None:
    page = await watch(screens, mapped.server.address)
    await settled(page)
    await page.locator("canvas.maplibregl-canvas").focus()
    label = await page.evaluate("() => document.activeElement.getAttribute('aria-label')")
    assert label == "Map of the region"
    stops = []
    for _ in range(4):
        await page.keyboard.press("Tab")
        stops.append(
            await page.evaluate("() => document.activeElement.ariaLabel ?? document.activeElement.textContent")
        )
    assert stops[:2] == ["Closer", "Further away"]
    assert "Anderlecht" in stops[2:], "after the map comes the table that says the same"


async def test_a_phone_has_the_map_behind_a_tab(mapped: Running, screens: Screens) -> None:
    page = await watch(screens, mapped.server.address, PHONE)
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    await expect(page.get_by_text("Canal Court")).to_be_visible()
    await expect(page.locator("canvas")).to_have_count(0)
    await page.get_by_role("button", name="Map and communes").tap()
    await expect(page.locator("canvas.maplibregl-canvas")).to_be_visible()
    assert any("drawing" in url for url in fetched), "the map was fetched only now"
    await expect(page.get_by_text("Canal Court")).to_have_count(0)
    await page.get_by_role("button", name="Table", exact=True).tap()
    await expect(page.get_by_text("Canal Court")).to_be_visible()


async def test_tiles_of_this_machine_lie_below(mapped: Running, screens: Screens, shared_data: Any) -> None:
    file = shared_data / "brussels-geo" / "osm-pmtiles" / "boundaries.pmtiles"
    if not file.is_file():
        pytest.skip("no tiles to try with")
    plain = await settled(await watch(screens, mapped.server.address))
    async with serving(mapped.server.settings, HALTE_MAP_PMTILES=str(file)) as server:
        page = await screens.open(f"{server.address}/watch")
        answers: list[tuple[str, int]] = []
        page.on("response", lambda response: answers.append((response.url, response.status)))
        await sign_in(page, "supervisor")
        await expect(page.locator('li[data-state="some"]')).to_be_visible()
        assert await settled(page) != plain
        tiles = {status for url, status in answers if url.endswith("/map/tiles.pmtiles")}
        assert tiles == {206}
        await expect(page.get_by_text("The background of the map could not be loaded")).to_have_count(0)


async def test_without_webgl_the_tables_have_all_of_it(mapped: Running) -> None:
    arguments = ["--disable-3d-apis", "--disable-gpu", "--no-sandbox"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_or_skip(), args=arguments)
        screens = Screens(browser)
        page = await watch(screens, mapped.server.address)
        await expect(page.get_by_text("This browser cannot draw the map")).to_be_visible()
        await expect(page.get_by_role("table", name="Available by commune")).to_be_visible()
        await expect(page.get_by_text("Linden House").first).to_be_visible()
        await browser.close()
