"""Somebody for whom the desk holds a place, as the desk and the shelter's phone know them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from playwright.async_api import Locator, Page

from kernel.ids import new_id
from tests.support.running import Running

A_WOMAN = {"age": "60+", "gender": "woman", "relation": "self"}


@dataclass(frozen=True, slots=True)
class Announced:
    """What the desk knows of it."""

    halte: Running
    id: str
    request: str
    code: str
    receipt: str

    async def asked(self, path: str) -> Any:
        async with self.halte.region.client("desk") as desk:
            answer = await desk.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def placement(self) -> Any:
        return await self.asked(f"/placements/{self.id}")

    async def verbs(self) -> list[str]:
        return [event["verb"] for event in (await self.asked(f"/requests/{self.request}/events"))["events"]]

    def card(self, page: Page) -> Locator:
        return page.get_by_role("article", name=self.code)

    def row(self, page: Page) -> Locator:
        return page.get_by_role("listitem").filter(has_text=self.code)


async def announce(halte: Running, unit: UUID | None = None) -> Announced:
    """A woman asks by telephone, and the desk holds a place for her; among women, where no other unit is meant."""
    request, placement = str(new_id()), str(new_id())
    asks = {"id": request, "regime": "night", "channel": "phone", "party": [A_WOMAN], "needs": {"languages": ["ar"]}}
    async with halte.region.client("desk") as desk:
        asked = await desk.post("/requests", json=asks)
        assert asked.status_code == 201, asked.text
        place = {"request": request, "unit": str(unit or halte.region.women), "replaces": None}
        held = await desk.put(f"/placements/{placement}", json=place)
        assert held.status_code == 200, held.text
    return Announced(halte, placement, request, held.json()["placement"]["code"], asked.json()["receipt"])
