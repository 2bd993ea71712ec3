"""The simulated desk has a plan drafted some times an evening, each once, and not all of them when it comes late."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from halte.simulate.orienting import Orienting
from halte.simulate.staying import noon
from kernel.ids import new_id

ZONE = ZoneInfo("Europe/Brussels")
NIGHT = date(2026, 3, 10)


class _Crew:
    """Nobody waits; what is posted is kept."""

    def __init__(self) -> None:
        self.desk = self
        self.posted: list[tuple[str, UUID]] = []

    async def ask(self, method: str, path: str, _shape: object, body: Any = None) -> Any:
        if method == "GET":
            return SimpleNamespace(requests=[])
        self.posted.append((path, body["id"]))
        return None


@pytest.mark.parametrize("begins_h, plans", [(0.0, 3), (7.0, 3), (9.0, 2), (11.0, 1)])
async def test_a_plan_is_drafted_at_its_hours(begins_h: float, plans: int) -> None:
    crew = _Crew()
    world: Any = SimpleNamespace(id=new_id(), houses=())
    stage: Any = SimpleNamespace(zone=ZONE, world=world, crew=crew, night_of=lambda _now: NIGHT)
    desk = Orienting(stage, lambda _words: None)
    desk._night = NIGHT  # whoever asks is another test's
    now: datetime = noon(NIGHT, ZONE) + timedelta(hours=begins_h)
    while now < noon(NIGHT, ZONE) + timedelta(hours=13):
        await desk.look(now)
        now += timedelta(minutes=10)
    assert [path for path, _ in crew.posted] == ["/plans"] * plans
    assert len({plan_id for _, plan_id in crew.posted}) == plans
