"""A night ends at noon and a number ages, on a phone: by a demonstration's clock, which a test can set."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Locator, Page, expect

from kernel.ids import new_id
from tests.support.running import Running
from tests.support.screens import PHONE, Card, Screens, sign_in

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

ZONE = ZoneInfo("Europe/Brussels")


@pytest.fixture
async def clock(halte: Running) -> AsyncIterator[None]:
    """Whatever a test made of the time, the next begins with the world's."""
    yield
    await sets_clock(halte, None)


async def sets_clock(halte: Running, now: datetime | None) -> None:
    await halte.region.sign_in("admin")
    async with halte.region.client("admin") as admin:
        answer = await admin.put("/clock", json={"now": now.isoformat() if now else None, "speed": 1.0})
        assert answer.status_code == 200, answer.text


async def turns_nightly(halte: Running) -> None:
    region = halte.region
    async with region.client("admin") as admin:
        body = {"shelter": str(region.linden), "name": "Men", "audience": ["men"], "capacity": 25}
        answer = await admin.put(f"/units/{region.men}", json=body | {"turnover": "nightly"})
        assert answer.status_code == 200, answer.text


async def counts(halte: Running, *lines: tuple[str, int]) -> None:
    """Let the desk count units of Linden House and the quiet one."""
    region = halte.region
    await region.sign_in("desk")
    async with region.client("desk") as desk:
        for unit, free in lines:
            shelter = region.secret if unit == "secret_unit" else region.linden
            answer = await desk.put(f"/reports/{new_id()}", json=region.report(free, getattr(region, unit), shelter))
            assert answer.status_code == 200, answer.text


async def phone(halte: Running, screens: Screens) -> Page:
    page = await screens.open(f"{halte.server.address}/shelter", PHONE, zone=str(ZONE))
    await sign_in(page, "staff")
    await expect(Card(page, "Men").card).to_be_visible()
    return page


def asking(page: Page) -> Locator:
    return page.get_by_role("region", name="ask")


@pytest.mark.usefixtures("clock")
async def test_the_coming_night_is_counted_in_the_morning_and_begins_at_noon(halte: Running, screens: Screens) -> None:
    await turns_nightly(halte)
    day = datetime.now(ZONE).date() + timedelta(days=2)
    await sets_clock(halte, datetime(day.year, day.month, day.day, 9, 30, tzinfo=ZONE))
    await counts(halte, ("men", 3))
    page = await phone(halte, screens)
    men = Card(page, "Men")
    await expect(men.number).to_have_value("3")
    await expect(men.card).to_contain_text("This night ends at 12:00.")
    await men.button("From 12:00").tap()
    await expect(men.number).to_have_value("25")
    await expect(men.card).to_contain_text("places expected free")
    await men.send(6)
    await men.told("Recorded for tonight, from noon: 6 free.")
    before = await halte.region.unit(halte.region.men)
    assert (before["free"], before["coming"]["free"], before["coming"]["night"]) == (3, 6, day.isoformat())
    await men.button("Until 12:00").tap()
    await expect(men.number).to_have_value("3")
    await sets_clock(halte, datetime(day.year, day.month, day.day, 12, 0, 30, tzinfo=ZONE))
    await expect(men.number).to_have_value("6", timeout=40_000)
    await expect(men.button("From 12:00")).to_have_count(0)
    await expect(men.button("Nothing changed: 6 free")).to_be_visible()
    after = await halte.region.unit(halte.region.men)
    assert (after["free"], after["status"], after["coming"]) == (6, "open", None)
    assert after["night"] == day.isoformat()


@pytest.mark.usefixtures("clock")
async def test_a_unit_asks_when_its_number_ages(halte: Running, screens: Screens) -> None:
    evening = datetime.now(UTC) + timedelta(days=5)
    evening = evening.replace(hour=13, minute=0)  # far from the next noon
    await sets_clock(halte, evening)
    await counts(halte, ("men", 5))
    await sets_clock(halte, evening + timedelta(minutes=30))
    await counts(halte, ("secret_unit", 7), ("women", 2))
    men = await halte.region.unit(halte.region.men)
    women = await halte.region.unit(halte.region.women)
    page = await phone(halte, screens)
    await expect(page).to_have_title("My units · Halte")
    await expect(asking(page)).to_have_count(0)
    await sets_clock(halte, datetime.fromisoformat(men["aging_at"]) + timedelta(minutes=1))
    await expect(asking(page)).to_contain_text("1 unit asks: is it still right?", timeout=40_000)
    await expect(page).to_have_title("(1) My units · Halte")
    await asking(page).get_by_role("button", name="Men: Nothing changed: 5 free").tap()
    await Card(page, "Men").told("5 free.")
    await expect(asking(page)).to_have_count(0)
    await expect(page).to_have_title("My units · Halte")
    await sets_clock(halte, datetime.fromisoformat(women["aging_at"]) + timedelta(minutes=1))
    await expect(asking(page)).to_contain_text("2 units ask: are they still right?", timeout=40_000)
    names = await asking(page).get_by_role("button").all_inner_texts()
    assert names == ["Women: Nothing changed: 2 free", "Women and children: Nothing changed: 7 free"]
    confirmed = (await halte.region.unit(halte.region.men))["confirmed_at"]
    assert confirmed > men["confirmed_at"]
