"""A browser for the session. Without Chromium these tests are skipped, or fail where HALTE_E2E=require."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, async_playwright, expect

from tests.support.chromium import CHROMIUM_ARGUMENTS, chromium_or_skip
from tests.support.running import halte
from tests.support.screens import Screens

__all__ = ["halte"]

# Only how long something that is missing is waited for: a busy machine may take long to load a page or to check a
# password, and a test that is about time measures it.
_PATIENCE_MS = 30_000
expect.set_options(timeout=_PATIENCE_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let a browser test that failed be tried once more, and the end of the run name it (`RERUN`).

    A real Chromium on a machine with two busy cores loses a tap now and then. What is broken fails twice.
    """
    for item in items:
        if item.get_closest_marker("e2e"):
            item.add_marker(pytest.mark.flaky(reruns=1))


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
