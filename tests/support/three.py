"""Three screens of one small region: a shelter's phone, a supervisor's board, a desk's board; and the truth of each.

What they show is compared with Postgres' tables, unit by unit, and none of them may have been loaded anew.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from playwright.async_api import Page, expect

from inventory.model.audience import Audience
from inventory.verifying import verify_region
from kernel.journal import read_board
from kernel.postgres import Pool, open_pool
from kernel.redis import open_redis
from kernel.settings import Settings
from tests.integration.inventory.acting import hold_of, node
from tests.support.agreeing import shown_to
from tests.support.region import SmallRegion
from tests.support.screens import (
    PHONE,
    Card,
    Screens,
    assert_same_document,
    board_count,
    keep_in_sight,
    read_cards,
    read_rows,
)

_WITHIN_S = 45.0
_WITHIN_MS = _WITHIN_S * 1_000


@dataclass(slots=True)
class Three:
    """Phones and boards may be more: whatever is added is compared as well."""

    settings: Settings
    region: SmallRegion
    phone: Page
    board: Page
    desk: Page
    more_phones: list[Page] = field(default_factory=list)

    @property
    def phones(self) -> list[Page]:
        return [self.phone, *self.more_phones]

    @property
    def pages(self) -> list[Page]:
        return [*self.phones, self.board, self.desk]

    @property
    def men(self) -> Card:
        return Card(self.phone, "Men")

    async def say(self, words: str) -> None:
        """Wait until each of them says this of its connection."""
        for page in self.pages:
            await expect(page.get_by_role("banner").get_by_text(words, exact=True)).to_be_visible(timeout=_WITHIN_MS)

    async def show(self, unit: str, available: int) -> None:
        """Wait until both boards show this many available."""
        for page in (self.board, self.desk):
            await expect(board_count(page, unit)).to_have_text(str(available), timeout=_WITHIN_MS)

    async def end_true(self) -> None:
        """All screens come to show what Postgres has, in the documents they were opened in; and `verify` is content."""
        for page in self.pages:
            await assert_same_document(page)
        pool = await open_pool(self.settings, "test")
        links = open_redis(self.settings, "test")
        try:
            await self._until_true(pool)
            found = await verify_region(pool, links, self.region.id)
            assert found.clean, [str(difference) for difference in found.differences[:10]]
        finally:
            await pool.close()
            if links is not None:
                await links.close()

    async def _until_true(self, pool: Pool) -> None:
        until = time.monotonic() + _WITHIN_S
        while wrong := await self._what_differs(pool):
            assert time.monotonic() < until, "\n".join(wrong)
            await asyncio.sleep(0.1)

    async def _what_differs(self, pool: Pool) -> list[str]:
        async with pool.acquire() as connection:
            _, subjects = await read_board(connection, self.region.id)
        own = frozenset({self.region.linden, self.region.secret})
        everybodys, staffs = shown_to(subjects, Audience()), shown_to(subjects, Audience(own=own, only_own=True))
        wrong = []
        for name, page in (("board", self.board), ("desk", self.desk)):
            wrong += _differences(name, rows_of(everybodys), await read_rows(page))
        for number, page in enumerate(self.phones):
            wrong += _differences(f"phone {number}", cards_of(staffs), await read_cards(page))
        return wrong


def _differences(screen: str, truth: dict[str, Any], shown: dict[str, Any]) -> list[str]:
    return [
        f"{screen}: {unit} is {truth.get(unit)}, and shown as {shown.get(unit)}"
        for unit in sorted({*truth, *shown})
        if truth.get(unit) != shown.get(unit)
    ]


_BANDS = {"0": "none", "1-2": "1 or 2", "3+": "3 or more"}


def _named(subjects: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the units by their names, which stand with their shelters."""
    facts = {unit["id"]: unit for one in subjects.values() for unit in one.get("units", ())}
    return {facts[id]["name"]: one for id, one in subjects.items() if id in facts}


def rows_of(subjects: dict[str, dict[str, Any]]) -> dict[str, dict[str, str]]:
    """Return what a board has to show of these states: available, free, held."""
    return {name: _row_of(unit) for name, unit in _named(subjects).items()}


def _row_of(unit: dict[str, Any]) -> dict[str, str]:
    is_open = unit["status"] == "open"
    if unit.get("masked"):
        return {"available": _BANDS[unit["band"]] if is_open else "–", "free": "–", "held": "–"}
    available = str(max(0, unit["free"] - unit["held"])) if is_open else "–"
    return {"available": available, "free": str(unit["free"]) if is_open else "–", "held": str(unit["held"])}


def cards_of(subjects: dict[str, dict[str, Any]]) -> dict[str, str | None]:
    """Return what a phone has to show: the number, an empty field where nobody has said one, nothing where closed."""
    fields: dict[str, str | None] = {"closed": None, "awaiting-report": ""}
    return {name: fields.get(unit["status"], str(unit["free"])) for name, unit in _named(subjects).items()}


async def open_three(
    screens: Screens, settings: Settings, region: SmallRegion, *, addresses: Sequence[str] | None = None
) -> Three:
    """Open the three, each at one of these addresses, and wait until they are live."""
    at = list(addresses or [region.address]) * 3
    phone = await screens.open(f"{at[0]}/shelter", PHONE, cookie=region.cookies["staff"])
    # Without the map, whose drawing costs more than all the rest, and which shows no unit.
    board = await screens.open(f"{at[1]}/watch?map=closed", cookie=region.cookies["supervisor"])
    desk = await screens.open(f"{at[2]}/watch?map=closed", cookie=region.cookies["desk"])
    three = Three(settings, region, phone, board, desk)
    await three.say("Live")
    for page in three.pages:
        await keep_in_sight(page)
    return three


async def another_phone(screens: Screens, three: Three) -> Page:
    """Open a colleague's phone beside the three."""
    page = await screens.open(f"{three.region.address}/shelter", PHONE, cookie=three.region.cookies["staff"])
    await keep_in_sight(page)
    three.more_phones.append(page)
    return page


async def hold(settings: Settings, region: SmallRegion, unit: UUID, *places: int) -> None:
    """Take holds as another node would: nobody can yet be placed over HTTP."""
    async with node(settings, region.id) as lane:
        for number in places:
            await lane.submit(hold_of(unit, number))
