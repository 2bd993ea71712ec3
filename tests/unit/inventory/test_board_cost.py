"""GET /board is joined from the hub's bytes: what totals need of them is read once per change, not per request."""

from __future__ import annotations

import json
from typing import cast

from inventory.routes.board import _counted, _totals
from inventory.routes.looking import Look
from kernel.ids import new_id
from kernel.live.hub import BoardBytes


class Seen:
    """As much of a look as totals look at."""

    def __init__(self, wires: list[bytes]) -> None:
        self.board = BoardBytes(new_id(), 1, "redis", {"unit": wires})
        self.about = {
            json.loads(wire)["id"]: {"allotment": "place", "audience": ["men"], "commune": "21004"} for wire in wires
        }


def wire(number: int, free: int) -> bytes:
    unit = {"seq": number, "id": str(number), "status": "open", "free": free, "held": 1, "capacity": 20}
    return json.dumps(unit).encode()


def total(wires: list[bytes]) -> int:
    available: int = _totals(cast("Look", Seen(wires)))["all"]["place"]["available"]
    return available


def test_only_what_has_changed_is_read_again() -> None:
    wires = [wire(number, 3) for number in range(50)]
    _counted.cache_clear()
    assert total(wires) == total(wires) == 100
    assert _counted.cache_info().misses == 50
    wires[7] = wire(7, 9)
    assert total(wires) == 106
    assert _counted.cache_info().misses == 51
