"""Take the pictures of the README from a running demonstration: `python tests/e2e/picturing.py http://localhost:8018`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from playwright.async_api import Browser, async_playwright, expect

from halte.demo.seeding import PASSWORD
from tests.support.chromium import CHROMIUM_ARGUMENTS, chromium_or_skip
from tests.support.screens import DESK, PHONE, sign_in

IMAGES = Path(__file__).parents[2] / "docs" / "images"


async def _picture(browser: Browser, address: str, name: str, login: str, size: tuple[int, int]) -> None:
    width, height = size
    context = await browser.new_context(
        viewport={"width": width, "height": height}, locale="en-GB", timezone_id="Europe/Brussels"
    )
    page = await context.new_page()
    await page.goto(address)
    await page.get_by_role("button", name="EN, English").click()
    await sign_in(page, login, PASSWORD)
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()
    await page.mouse.move(0, 0)
    await page.screenshot(path=IMAGES / f"{name}.png", animations="disabled")
    await context.close()


async def main(address: str) -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_or_skip(), args=CHROMIUM_ARGUMENTS)
        await _picture(browser, f"{address}/watch", "board", "supervisor", DESK)
        await _picture(browser, f"{address}/shelter", "shelter", "staff", PHONE)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1].rstrip("/")))
