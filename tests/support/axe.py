"""What axe objects to on a page, in every size, language and colour scheme, without loading it anew."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Literal

from playwright.async_api import Page, expect

from tests.support.chromium import missing_here

_AXE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What alone depends on the colours: everything else was seen in the other scheme already.
_OF_COLOURS = ["color-contrast", "link-in-text-block"]
_RUN = """async (rules) => {
    const found = await axe.run(document, {runOnly: rules, resultTypes: ["violations"]});
    return found.violations.map(({id, nodes}) => `${id}: ${nodes.map((node) => node.html).slice(0, 3).join(" ")}`);
}"""
_WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"

LANGUAGES = ("fr", "nl", "en")
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SIZES = ((390, 844), (1280, 800))


async def violations(page: Page, rules: list[str] | None = None) -> list[str]:
    """Ask axe, which comes to the page once, by these rules or by all of them."""
    if not _AXE.is_file():
        missing_here("axe-core is not installed: `make screens` fetches it")
    if not await page.evaluate("() => 'axe' in window"):
        await page.evaluate(_AXE.read_text("utf-8"))
    found: list[Any] = await page.evaluate(_RUN, rules or _RULES)
    return [str(one) for one in found]


async def guises(page: Page) -> AsyncIterator[str]:
    """Put the page into each size, language and scheme in turn; yields its name, as in `390-nl-dark`."""
    for language in LANGUAGES:
        await speak(page, language)
        for width, height in SIZES:
            await page.set_viewport_size({"width": width, "height": height})
            for scheme in SCHEMES:
                await page.emulate_media(color_scheme=scheme)
                yield f"{width}-{language}-{scheme}"


async def speak(page: Page, language: str) -> None:
    """Choose a language as a person would; its words are fetched now."""
    await page.locator(f"header button[lang={language}]").click()
    await expect(page.locator("html")).to_have_attribute("lang", language)


async def objections(page: Page) -> list[str]:
    """What axe objects to, and whether somebody would have to scroll sideways."""
    dark = await page.evaluate("() => matchMedia('(prefers-color-scheme: dark)').matches")
    found = await violations(page, _OF_COLOURS if dark else None)
    wider = await page.evaluate(_WIDER)
    return [*found, *([f"the page is {wider} px wider than the screen"] if wider > 0 else [])]
