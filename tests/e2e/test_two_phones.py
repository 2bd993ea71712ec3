"""Two people count the same unit at the same time: neither hides the other, and every screen says so."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import expect

from kernel.ids import new_id
from tests.support.running import Running
from tests.support.screens import Card, Screens, board_count
from tests.support.three import Three, another_phone, open_three

_ASKED = re.compile("(It changed meanwhile|A newer report counts): 4 free.*say it again")

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


async def five_are_free(halte: Running, screens: Screens) -> tuple[Three, Card, Card]:
    """Have two phones and two boards that all see 5."""
    async with halte.region.client("desk") as desk:
        answer = await desk.put(f"/reports/{new_id()}", json=halte.region.report(5))
        assert answer.status_code == 200, answer.text
    three = await open_three(screens, halte.server.settings, halte.region)
    cards = three.men, Card(await another_phone(screens, three), "Men")
    for card in cards:
        await expect(card.number).to_have_value("5")
    await three.show("Men", 5)
    return three, *cards


async def test_both_take_the_fifth_place(halte: Running, screens: Screens) -> None:
    """Each takes somebody in and presses in the same moment. One of them has to say what is left now."""
    three, one, other = await five_are_free(halte, screens)
    for card in (one, other):
        await card.button("Men: one less").tap()
    await asyncio.gather(one.button("Send: 4 free").tap(), other.button("Send: 4 free").tap())
    for card in (one, other):
        await expect(card.card.locator(".result")).not_to_be_empty()
    first, second = (one, other) if "Recorded" in await one.card.locator(".result").inner_text() else (other, one)
    await first.told("4 free.")
    # Whose thumb was the later is chance; whoever is not taken at their word is asked either way.
    await second.told(_ASKED)
    await three.show("Men", 4)

    await expect(second.number).to_have_value("4")
    await second.button("Men: one less").tap()
    await second.button("Send: 3 free").tap()
    await second.told("3 free.")
    await expect(first.number).to_have_value("3")
    await three.show("Men", 3)
    await three.end_true()


async def test_the_second_has_it_before_their_eyes(halte: Running, screens: Screens) -> None:
    """They are told while they count, and what they send nevertheless is not recorded."""
    three, one, other = await five_are_free(halte, screens)
    await one.count(4)
    await other.count(4)
    await one.button("Send: 4 free").tap()
    await one.told("4 free.")
    await expect(other.card).to_contain_text("Meanwhile it became 4 free")
    await other.button("Send: 4 free").tap()
    await other.told("It changed meanwhile: 4 free now. You said “4 free”, and that was not recorded.")
    await expect(other.number).to_have_value("4")
    await other.send(3)
    await other.told("3 free.")
    await three.show("Men", 3)
    await three.end_true()


async def test_one_was_without_network_meanwhile(halte: Running, screens: Screens) -> None:
    """The one who comes back later is told what it became, and nothing of it is overwritten."""
    three, one, other = await five_are_free(halte, screens)
    await other.page.context.set_offline(True)
    await other.send(4)
    await one.send(4)
    await one.told("4 free.")
    await other.page.context.set_offline(False)
    await other.told(_ASKED)
    await other.send(3)
    await other.told("3 free.")
    await three.show("Men", 3)
    await three.end_true()


async def test_the_desk_and_the_shelter_count_at_once(halte: Running, screens: Screens) -> None:
    """A colleague telephones the desk while the phone is in somebody's hand: the phone says it before it is sent."""
    three, one, _ = await five_are_free(halte, screens)
    await one.count(2)
    async with halte.region.client("desk") as desk:
        await desk.put(f"/reports/{new_id()}", json=halte.region.report(1))
    await expect(one.card).to_contain_text("Meanwhile it became 1 free")
    await expect(board_count(three.board, "Men")).to_have_text("1")
    await one.card.get_by_role("button", name="Go on from 1").tap()
    await expect(one.number).to_have_value("1")
    await three.end_true()


async def test_two_walk_ins_at_once(halte: Running, screens: Screens) -> None:
    """Each lets somebody in. Movements are added up, so that nobody has to be asked: two fewer are free."""
    three, one, other = await five_are_free(halte, screens)
    for card in (one, other):
        await card.button("Came in").tap()
    # Both see 5, which was counted a moment ago, and say that the person is not in it yet.
    await asyncio.gather(one.button("No, now 4").tap(), other.button("No, now 4").tap())
    for card in (one, other):
        await card.told("Recorded: 1 came in.")
        await expect(card.number).to_have_value("3")
    await three.show("Men", 3)
    await three.end_true()


async def test_two_walk_ins_without_network(halte: Running, screens: Screens) -> None:
    """Both phones were in a cellar: what each kept is recorded once, whoever comes up first."""
    three, one, other = await five_are_free(halte, screens)
    for card in (one, other):
        await card.page.context.set_offline(True)
        await card.button("Came in").tap()
        await card.button("No, now 4").tap()
        await card.told("No connection.")
    await three.show("Men", 5)
    for card, left in ((other, 4), (one, 3)):
        await card.page.context.set_offline(False)
        await card.told("Recorded: 1 came in.", 45_000)
        await three.show("Men", left)
    await three.end_true()
