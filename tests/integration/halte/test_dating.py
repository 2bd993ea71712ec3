"""Whoever looks at a demonstration lives in the real time, and is not told that their clock is wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kernel.ids import new_id
from tests.support.running import Running

_HALF_AN_HOUR = timedelta(minutes=30)
_NEARLY = timedelta(seconds=30)


@pytest.fixture
async def evening(halte: Running) -> Any:
    """The shown clock stands nine hours and a bit ahead of the real one, and goes back afterwards."""
    shown = datetime.now(UTC) + timedelta(hours=9, minutes=20)
    async with halte.region.client("admin") as admin:
        assert (await admin.put("/clock", json={"now": shown.isoformat(), "speed": 1.0})).status_code == 200
        yield shown
        assert (await admin.put("/clock", json={"now": None})).status_code == 200


def _instant(said: str) -> datetime:
    return datetime.fromisoformat(said)


async def test_a_devices_real_time_is_put_onto_the_shown_clock(halte: Running, evening: datetime) -> None:
    region, real = halte.region, datetime.now(UTC)
    body = region.report(6, observed_at=(real - _HALF_AN_HOUR).isoformat(), sent_at=real.isoformat())
    report_id = new_id()
    async with region.client("staff") as staff:
        answer = await staff.put(f"/reports/{report_id}", json=body)
        assert answer.status_code == 200, answer.text
        state = answer.json()["units"][0]["state"]
        assert "clock-skew" not in state["flags"]
        assert abs(_instant(state["confirmed_at"]) - (evening - _HALF_AN_HOUR)) < _NEARLY
        # Sent again a little later by the same device: the same report (I10).
        again = await staff.put(f"/reports/{report_id}", json=body | {"sent_at": datetime.now(UTC).isoformat()})
        assert again.json()["repeated"] is True
        moved = {
            "unit": str(region.men),
            "direction": "in",
            "occurred_at": real.isoformat(),
            "sent_at": real.isoformat(),
        }
        told = (await staff.put(f"/movements/{new_id()}", json=moved)).json()
    assert (told["outcome"], told["state"]["free"]) == ("counted", 5)


async def test_a_clock_that_is_wrong_by_either_is_flagged(halte: Running, evening: datetime) -> None:
    region, wrong = halte.region, datetime.now(UTC) + timedelta(minutes=7)
    body = region.report(4, observed_at=wrong.isoformat(), sent_at=wrong.isoformat())
    async with region.client("staff") as staff:
        state = (await staff.put(f"/reports/{new_id()}", json=body)).json()["units"][0]["state"]
    assert "clock-skew" in state["flags"]
    assert _instant(state["confirmed_at"]) <= evening + _NEARLY
