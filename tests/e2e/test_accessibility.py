"""Every page, in light and dark, on a phone and a desk: axe objects to nothing. Pictures go to HALTE_SCREENSHOTS."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.async_api import Page, expect

from tests.support.running import Running
from tests.support.screens import DESK, PHONE, Screens, sign_in

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

AXE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
_RUN = """async () => {
    const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const found = await axe.run(document, {runOnly: rules});
    return found.violations.map(({id, nodes}) => `${id}: ${nodes.map((node) => node.html).slice(0, 3).join(" ")}`);
}"""

# The page, who looks at it, and what is there once it has loaded.
PAGES = {
    "home": ("/", None, "Sign in"),
    "ways": ("/", "supervisor", "Where to?"),
    "shelter": ("/shelter", "staff", "Linden House"),
    "watch": ("/watch", "supervisor", "Linden House"),
}


async def _violations(page: Page) -> Any:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: `make screens` fetches it")
    await page.evaluate(AXE.read_text("utf-8"))
    return await page.evaluate(_RUN)


async def _picture(page: Page, name: str) -> None:
    if folder := os.environ.get("HALTE_SCREENSHOTS"):
        await page.screenshot(path=Path(folder) / f"{name}.png")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("name", PAGES)
async def test_axe_objects_to_nothing(
    halte: Running, screens: Screens, name: str, size: tuple[int, int], scheme: Literal["light", "dark"]
) -> None:
    path, login, there = PAGES[name]
    page = await screens.open(halte.server.address + path, size, scheme=scheme)
    if login is not None:
        await sign_in(page, login)
    await expect(page.get_by_text(there, exact=True).first).to_be_visible()
    await _picture(page, f"{name}-{size[0]}-{scheme}")
    assert await _violations(page) == []
    wider = await page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider <= 0, "the page scrolls sideways"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_objects_to_nothing_that_opens(
    halte: Running, screens: Screens, scheme: Literal["light", "dark"]
) -> None:
    """What appears on demand: the further facts of a unit, a refusal, the details of a row."""
    page = await screens.open(f"{halte.server.address}/shelter", PHONE, scheme=scheme)
    await sign_in(page, "staff", "not the password")
    await expect(page.get_by_role("alert")).not_to_be_empty()
    assert await _violations(page) == []
    await sign_in(page, "staff")
    card = page.get_by_role("article", name="Men", exact=True)
    await card.get_by_text("Out of service, intake").click()
    await card.get_by_role("textbox").first.fill("30")
    await _picture(page, f"further-{scheme}")
    # Nothing may cover half of what is to be pressed, wherever the page has been scrolled to.
    for where in range(0, 1_800, 200):
        await page.evaluate(f"() => window.scrollTo(0, {where})")
        assert await _violations(page) == []
    watch = await screens.open(f"{halte.server.address}/watch", scheme=scheme)
    await sign_in(watch, "supervisor")
    await watch.get_by_role("button", name="Men", exact=True).click()
    await _picture(watch, f"details-{scheme}")
    assert await _violations(watch) == []
