"""A laptop sleeps for an hour and wakes: what it shows is the true state with its true age, without a reload.

Its browser is stopped whole, so that its connection stands and nobody reads from it, as behind a closed lid. On waking
its wall clock is an hour further and its monotonic clock is not, as after a suspension.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import psutil
import pytest
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from kernel.ids import new_id
from tests.support.chromium import CHROMIUM_ARGUMENTS, chromium_or_skip
from tests.support.freezing import stopped
from tests.support.running import Running
from tests.support.screens import Screens, board_row
from tests.support.three import Three, open_three

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

_CHANGES = 50
_HOUR = timedelta(hours=1)
# The page's wall clock, which can be put on as the machine's own is after it slept.
_WALL = """(() => {
    const Real = Date;
    let slept = 0;
    window.wakeAfter = (ms) => { slept += ms; };
    window.Date = class extends Real {
        constructor(...given) { given.length ? super(...given) : super(Real.now() + slept); }
        static now() { return Real.now() + slept; }
    };
})()"""


@dataclass(slots=True)
class Laptop:
    """A browser of its own, with all its processes."""

    browser: Browser
    processes: list[psutil.Process]

    @contextmanager
    def asleep(self) -> Iterator[None]:
        """It has new processes with every page, and all of them sleep."""
        family = {one.pid for head in self.processes for one in [head, *head.children(recursive=True)]}
        with stopped(sorted(family)):
            yield


@pytest.fixture
async def laptop() -> AsyncIterator[Laptop]:
    executable = chromium_or_skip()
    async with async_playwright() as playwright:
        before = {child.pid for child in psutil.Process().children(recursive=True)}
        browser = await playwright.chromium.launch(executable_path=executable, args=CHROMIUM_ARGUMENTS)
        new = [one for one in psutil.Process().children(recursive=True) if one.pid not in before]
        heads = [one for one in new if one.name().startswith(("chrom", "headless_shell"))]
        assert heads, [one.name() for one in new]
        yield Laptop(browser, heads)
        await browser.close()


async def _an_hour_passes(halte: Running) -> None:
    async with halte.region.client("admin") as admin:
        shown = datetime.fromisoformat((await admin.get("/clock")).json()["now"])
        answer = await admin.put("/clock", json={"now": (shown + _HOUR).isoformat()})
        assert answer.status_code == 200, answer.text


async def _changes(halte: Running) -> None:
    """The men's unit and the neighbour's change all the while; the women's has been left alone."""
    region, chance = halte.region, random.Random(4)
    async with region.client("desk") as desk:
        for number in range(_CHANGES):
            unit, shelter = ((region.men, region.linden), (region.canal_unit, region.canal))[number % 2]
            body = region.report(chance.randint(0, 20), unit, shelter)
            answer = await desk.put(f"/reports/{new_id()}", json=body)
            assert answer.status_code == 200, answer.text


async def _woken(page: Page) -> None:
    await page.evaluate("(ms) => window.wakeAfter(ms)", _HOUR.total_seconds() * 1_000)


async def test_a_laptop_sleeps_for_an_hour(halte: Running, laptop: Laptop) -> None:
    screens = Screens(laptop.browser, beforehand=_WALL)
    three = await open_three(screens, halte.server.settings, halte.region)
    await expect(_confirmed(three, "Women")).to_contain_text("just now")
    with laptop.asleep():
        await _an_hour_passes(halte)
        await _changes(halte)
    for page in three.pages:
        await _woken(page)
    await three.end_true()
    await three.say("Live")
    await expect(_confirmed(three, "Women")).to_contain_text("1 h ago")
    await expect(_confirmed(three, "Men")).to_contain_text("just now")
    await three.men.send(6)  # with the right age, by a clock that has slept
    await three.men.told("6 free.")
    await three.show("Men", 6)
    await three.end_true()
    await screens.close()


def _confirmed(three: Three, unit: str) -> Locator:
    return board_row(three.board, unit).locator(".confirmed")
