"""A browser for the session. Without Chromium these tests are skipped, or fail where HALTE_E2E=require."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, async_playwright

from tests.support.chromium import CHROMIUM_ARGUMENTS, chromium_or_skip
from tests.support.running import halte
from tests.support.screens import Screens

__all__ = ["halte"]


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    executable = chromium_or_skip()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=CHROMIUM_ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture
async def screens(browser: Browser) -> AsyncIterator[Screens]:
    """Phones and desks of this test, closed after it; whatever a page complained about fails the test."""
    screens = Screens(browser)
    yield screens
    await screens.close()
