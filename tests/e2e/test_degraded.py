"""Without Valkey the screens go on from the journal, and say so in words; without anything heard, they say that too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, expect

from tests.support.freezing import frozen
from tests.support.installation import Installation, installed
from tests.support.screens import PHONE, Screens, board_count, sign_in

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

JOURNAL = "Going on from the journal"
LOST = "The server has lost sight of the inventory"
_WITHIN_MS = 60_000


@pytest.fixture
async def installation() -> AsyncIterator[Installation]:
    """Servers of our own: what is stopped here would be missed elsewhere."""
    async with installed() as installation:
        yield installation


async def _opened(screens: Screens, installation: Installation) -> tuple[Page, Page]:
    address = installation.nodes[0].address
    staff, watching = await screens.open(f"{address}/shelter", PHONE), await screens.open(f"{address}/watch")
    await sign_in(staff, "staff")
    await sign_in(watching, "desk")
    await _both_say(staff, watching, "Live")
    for page in (staff, watching):
        await page.evaluate("() => { window.sameDocument = true; }")
    return staff, watching


async def _both_say(staff: Page, watching: Page, words: str) -> None:
    for page in (staff, watching):
        await expect(page.get_by_role("banner").get_by_text(words, exact=True)).to_be_visible(timeout=_WITHIN_MS)


async def _neither_was_reloaded(staff: Page, watching: Page) -> None:
    for page in (staff, watching):
        assert await page.evaluate("() => window.sameDocument") is True


async def _send(staff: Page, free: int) -> None:
    """Report the first floor of the first house."""
    floor = staff.get_by_role("region", name="House 1").get_by_role("article", name="Floor 0", exact=True)
    await floor.get_by_role("textbox", name="Floor 0: how many are free").fill(str(free))
    await floor.get_by_role("button", name=f"Send: {free} free").tap()
    await expect(floor.locator(".result")).to_contain_text(f"{free} free.")


async def test_the_screens_go_on_from_the_journal(installation: Installation, screens: Screens) -> None:
    staff, watching = await _opened(screens, installation)
    shown = board_count(watching, "Floor 0").first  # every house has one, and the first house stands first
    await _send(staff, 7)
    await expect(shown).to_have_text("7")

    await asyncio.to_thread(installation.embedded.valkey.stop)
    await _both_say(staff, watching, JOURNAL)
    await _send(staff, 4)
    await expect(shown).to_have_text("4")
    await _both_say(staff, watching, JOURNAL)

    await asyncio.to_thread(installation.embedded.valkey.start)
    await _both_say(staff, watching, "Live")
    for page in (staff, watching):
        await expect(page.get_by_role("banner").get_by_text(JOURNAL)).to_have_count(0)
    await _send(staff, 9)
    await expect(shown).to_have_text("9")
    await _neither_was_reloaded(staff, watching)


async def test_hearing_nothing_is_said_too(installation: Installation, screens: Screens) -> None:
    """Valkey is gone and Postgres answers nobody: what is on the screen is no longer what is known."""
    staff, watching = await _opened(screens, installation)
    await asyncio.to_thread(installation.embedded.valkey.stop)
    with frozen(installation.embedded.postgres):
        await _both_say(staff, watching, LOST)
        for page in (staff, watching):
            await expect(page.get_by_role("banner").get_by_text("last data")).to_be_visible()
    await asyncio.to_thread(installation.embedded.valkey.start)
    await _both_say(staff, watching, "Live")
    await _neither_was_reloaded(staff, watching)
