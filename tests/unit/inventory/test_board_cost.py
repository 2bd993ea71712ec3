"""GET /board is joined from the hub's bytes: in portions, between which others have the loop; read once per change."""

from __future__ import annotations

import asyncio
import json
from typing import cast

import pytest

from inventory.routes import board as route
from inventory.routes.looking import Look
from kernel.ids import new_id
from kernel.live.frames import Wire
from kernel.live.hub import BoardBytes


class Seen:
    """As much of a look as a body is made of."""

    now = None

    def __init__(self, wires: list[Wire]) -> None:
        self.board = BoardBytes(new_id(), 1, "redis", {"unit": wires, "shelter": wires[:30]})
        self.about = {json.loads(wire)["id"]: {"alike": ("place", ("men",), "21004")} for wire in wires}


def wire(number: int, free: int) -> Wire:
    unit = {"seq": number, "id": str(number), "status": "open", "holdable": True, "free": free, "held": 1}
    return Wire(json.dumps(unit | {"capacity": 20}).encode())


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 57])
async def test_a_body_of_portions_is_one_document(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(route, "_PORTION", 10)
    wires = [wire(number, 3) for number in range(count)]
    others = 0

    async def another() -> None:
        nonlocal others
        while True:
            others += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(another())
    body = b"".join([part async for part in route._body(cast("Look", Seen(wires)))])
    beside.cancel()
    told = json.loads(body)
    assert told["units"] == [json.loads(one) for one in wires]
    assert len(told["shelters"]) == min(30, count)
    assert told["totals"] == await route._totals(cast("Look", Seen(wires)))
    assert told["totals"]["all"] == ({} if count == 0 else {"place": told["totals"]["all"]["place"]})
    assert sum(group["available"] for group in told["totals"]["all"].values()) == 2 * count
    assert others >= count // 10, "whoever ticks was let in after each portion"


async def test_only_what_has_changed_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[bytes] = []

    def decode(wire: bytes) -> object:
        read.append(wire)
        return json.loads(wire)

    monkeypatch.setattr(route, "_decode", decode)
    wires = [wire(number, 3) for number in range(50)]
    for _ in range(2):
        assert (await route._totals(cast("Look", Seen(wires))))["all"]["place"]["available"] == 100
    assert len(read) == 50
    wires[7] = wire(7, 9)
    assert (await route._totals(cast("Look", Seen(wires))))["all"]["place"]["available"] == 106
    assert len(read) == 51
