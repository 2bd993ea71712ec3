"""The two nights of a year that have 25 and 23 hours, lived through by a node and a Postgres to whom they are now.

A hold keeps its minutes across the change, and the night is over at noon as people's watches have it: an hour later
than a night of 24 hours would be, or an hour sooner.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from tests.faults.test_clocks import Clocks, hold_seen
from tests.faults.test_placement_kills import count_all
from tests.integration.inventory.acting import BRUSSELS
from tests.support.estate import CAPACITY, NO_TLS, sign_in
from tests.support.installation import Installation, installed
from tests.support.preloading import libfaketime

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(libfaketime() is None, reason="no libfaketime on this machine (apt-get install libfaketime)"),
]

# A sweep's pace, and what a busy machine makes of it.
_LATE_S = 4.0
# All is started anew meanwhile.
_BEFORE_S = 15.0
_HELD = "SELECT state, expires_at, clock_timestamp() AS now FROM hold WHERE id = $1"


@pytest.mark.parametrize(
    "eve, hours",
    [(date(2026, 10, 24), 25), (date(2027, 3, 27), 23), (date(2026, 11, 24), 24)],
)
@pytest.mark.timeout(180)
async def test_a_night_ends_at_its_noon_however_many_hours_it_has(eve: date, hours: int) -> None:
    clocks = Clocks(sweep_s=0.5)
    noon = _at_noon(eve + timedelta(days=1))
    assert noon - _at_noon(eve) == timedelta(hours=hours)
    # At three in the morning of summer it is two in winter, and the other way round: at 01:00 UTC, all over Europe.
    change = datetime(eve.year, eve.month, eve.day, 1, tzinfo=UTC) + timedelta(days=1)
    async with installed(programs=clocks.programs, variables=clocks.variables) as installation:
        night = _Night(installation, clocks)
        await night.go_to(_at_noon(eve) + timedelta(hours=8))
        unit = await night.make_nightly()
        await count_all(installation.estate, night.address)
        assert (await night.status(unit))[0] == "open"
        await night.go_to(change - timedelta(minutes=10))
        lapsed_s = await night.hold_until_it_lapses()
        a_day_after = _at_noon(eve) + timedelta(hours=24)
        if a_day_after < noon:
            await night.go_to(a_day_after - timedelta(seconds=_BEFORE_S))
            await asyncio.sleep(_BEFORE_S + _LATE_S)
            assert (await night.status(unit))[0] == "open", "a night of 24 hours is over, and this one is not"
        await night.go_to(noon - timedelta(seconds=_BEFORE_S))
        over_s = await night.until_over(unit, noon)
        print(
            f"the night of {eve}, {hours} hours: a hold across the change lapsed {lapsed_s:.1f} s after its end, ",
            end="",
        )
        print(f"the night was over {over_s:.1f} s after its noon")


def _at_noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=BRUSSELS).astimezone(UTC)


@dataclass(slots=True)
class _Night:
    installation: Installation
    clocks: Clocks

    @property
    def address(self) -> str:
        return self.installation.nodes[0].address

    async def go_to(self, moment: datetime) -> None:
        """Stop all, let it be then, and start anew: a clock that jumps is another matter."""
        (node,), postgres = self.installation.nodes, self.installation.embedded.postgres
        await node.stop()
        await asyncio.to_thread(postgres.stop)
        assert self.clocks.postgres is not None
        for clock in (self.clocks.postgres, *self.clocks.nodes):
            clock.set((moment - datetime.now(UTC)).total_seconds())
        await asyncio.to_thread(postgres.start)
        await node.start()
        for login in ("admin", "staff", "desk"):
            await sign_in(self.installation.estate, self.address, login)

    async def make_nightly(self) -> UUID:
        """Let people leave one of the units at noon; return which."""
        estate = self.installation.estate
        shelter, units = next(iter(estate.units.items()))
        body = {"shelter": str(shelter), "name": "Floor 0", "audience": ["everyone"], "capacity": CAPACITY}
        async with self._client("admin") as admin:
            answer = await admin.put(f"/units/{units[0]}", json=body | {"turnover": "nightly"})
        assert answer.status_code == 200, answer.text
        return units[0]

    async def status(self, unit: UUID) -> tuple[str, datetime]:
        """Return what the board says of it, and when by the clock that decides."""
        async with self._client("desk") as desk:
            board = (await desk.get("/board")).json()
        (found,) = (one for one in board["units"] if one["id"] == str(unit))
        return found["status"], datetime.fromisoformat(board["now"])

    async def hold_until_it_lapses(self) -> float:
        """Return how long after its end a hold lapsed."""
        (placement,) = await hold_seen(self.installation, 1)
        ends = (await self._held(placement))["expires_at"]
        await self.go_to(ends - timedelta(seconds=_BEFORE_S))
        found = await self._held(placement)
        assert (found["state"], found["now"] < ends) == ("held", True), "nothing was seen of it before its end"
        while (found := await self._held(placement))["state"] == "held":
            assert found["now"] < ends + timedelta(seconds=_LATE_S), "it goes on after its end"
            await asyncio.sleep(0.1)
        assert found["now"] >= ends, "it lapsed before its end"
        return float((found["now"] - ends).total_seconds())

    async def until_over(self, unit: UUID, noon: datetime) -> float:
        """Return how long after its noon a night was over."""
        status, now = await self.status(unit)
        assert (status, now < noon) == ("open", True), "nothing was seen of it before noon"
        while status == "open":
            assert now < noon + timedelta(seconds=_LATE_S), "it goes on after noon"
            await asyncio.sleep(0.1)
            status, now = await self.status(unit)
        assert status == "unconfirmed"
        assert now >= noon, "it was over before noon"
        return (now - noon).total_seconds()

    async def _held(self, placement: UUID) -> asyncpg.Record:
        connection = await asyncpg.connect(self.installation.settings.database_url)
        try:
            found = await connection.fetchrow(_HELD, placement)
        finally:
            await connection.close()
        assert found is not None
        return found

    def _client(self, login: str) -> httpx.AsyncClient:
        headers = self.installation.estate.headers(self.address, login)
        options: dict[str, Any] = {"verify": NO_TLS, "timeout": 20}
        return httpx.AsyncClient(base_url=f"{self.address}/api/v1", headers=headers, **options)
