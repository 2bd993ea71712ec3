"""Clocks that jump, of a node's machine and of the database's: nothing ends early, all goes on, and an alarm is heard.

Postgres and the nodes run under libfaketime, each with a clock of its own; monotonic clocks stay what they are, as they
do on a machine whose clock is set.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from click.testing import CliRunner

from halte.cli import main as halte
from halte.embedded import Binaries
from inventory.model.audience import Audience
from kernel.ids import new_id
from tests.faults.test_placement_kills import count_all
from tests.integration.kernel.live.waiting import eventually
from tests.support.agreeing import agreed_within, assert_truth
from tests.support.asking import A_MAN
from tests.support.estate import NO_TLS
from tests.support.installation import Installation, installed
from tests.support.preloading import FakedClock, libfaketime, preloaded_postgres
from tests.support.reporters import Ledger, reporting, staff_reporters
from tests.support.running import SCRAPER
from tests.support.watching import LiveScreen, watched

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(libfaketime() is None, reason="no libfaketime on this machine (apt-get install libfaketime)"),
]

_AHEAD_S, _BACK_S = 7200.0, -600.0
_HOLDS = 30
_ALARM_S = 10.0
# Long enough for a hundred sweeps at this pace: one that saw the new time before the watch did would end every hold.
_SWEEP_S, _LOOKED_S = 0.05, 5.0
_RESTARTED_S = 5.0
_OPEN = "SELECT count(*) FROM hold WHERE id = ANY($1::uuid[]) AND state = 'held'"


class Clocks:
    """Of Postgres, and of each node's machine."""

    def __init__(self, sweep_s: float) -> None:
        self._sweep_s = sweep_s
        self.postgres: FakedClock | None = None
        self.nodes: list[FakedClock] = []

    def programs(self, home: Path) -> Binaries:
        self.postgres = self._new(home, "postgres")
        return preloaded_postgres(home, self.postgres.environment())

    def variables(self, home: Path, number: int) -> dict[str, str]:
        self.nodes.append(self._new(home, f"node-{number}"))
        return self.nodes[-1].environment() | {"HALTE_SWEEP_S": str(self._sweep_s), "HALTE_LOG_LEVEL": "error"}

    def _new(self, home: Path, name: str) -> FakedClock:
        clock = FakedClock(home / f"{name}.clock")
        clock.set(0.0)
        return clock


@pytest.mark.timeout(240)
async def test_a_clock_that_jumps_ends_nothing_early_and_is_told_of() -> None:
    clocks = Clocks(_SWEEP_S)
    async with installed(nodes=2, programs=clocks.programs, variables=clocks.variables) as installation:
        estate, nodes, ledger = installation.estate, installation.nodes, Ledger()
        for number, node in enumerate(nodes):
            node.log = installation.embedded.data_dir.parent / f"node-{number}.log"
            await node.stop()
            await node.start()
        await count_all(estate, nodes[0].address)
        holds = await hold_seen(installation, _HOLDS)
        screens = [LiveScreen(node.address, estate.headers(node.address, "staff")) for node in nodes]
        async with watched(*screens):
            reporters = [
                one for node in nodes for one in staff_reporters(estate, node.address, ledger, seed=5, count=5)
            ]
            async with reporting(reporters):
                await _node_jumps(installation, clocks, ledger, holds)
                await _database_jumps(installation, clocks, ledger, holds)
            watchers = [(screen, Audience(own=frozenset(estate.shelters))) for screen in screens]
            await agreed_within(installation.settings, estate.region_id, watchers, 5.0)
        print(f"{len(ledger.acknowledged)} acknowledged, longest silence {ledger.longest_gap():.2f} s")
        assert not ledger.wrong, ledger.wrong[:5]
        assert ledger.longest_gap() < _ALARM_S
        await assert_truth(installation.settings, estate.region_id, ledger)


async def _node_jumps(installation: Installation, clocks: Clocks, ledger: Ledger, holds: list[UUID]) -> None:
    """Nothing goes by a node's own clock: only an operator is told."""
    for ahead_s in (_AHEAD_S, _BACK_S, 0.0):
        clocks.nodes[0].set(ahead_s)
        heard_s = await _heard(installation, partial(_is_apart, ahead_s))
        await _goes_on(ledger)
        assert await _open(installation, holds) == _HOLDS
        assert [one["sweeps"] for one in await _clocks(installation)] == [True, True]
        print(f"node's clock {ahead_s:+.0f} s: alarm after {heard_s:.1f} s")
    logged = (installation.embedded.data_dir.parent / "node-0.log").read_text()
    assert logged.count('"clock.apart"') == 1, "it was never right between one jump and the next"
    assert "halte_clock_apart_seconds " in await _metrics(installation, 0)


def _is_apart(ahead_s: float, told: list[dict[str, Any]]) -> bool:
    return abs(float(told[0]["apart_s"]) - ahead_s) < 1


async def _database_jumps(installation: Installation, clocks: Clocks, ledger: Ledger, holds: list[UUID]) -> None:
    assert clocks.postgres is not None
    for ahead_s in (_AHEAD_S, 0.0, _BACK_S, 0.0):
        clocks.postgres.set(ahead_s)
        heard_s = await _heard(installation, lambda told: not any(one["sweeps"] for one in told))
        for number in range(len(installation.nodes)):
            assert "halte_sweeps_allowed 0.0" in await _metrics(installation, number)
        await asyncio.sleep(_LOOKED_S)
        await _goes_on(ledger)
        assert await _open(installation, holds) == _HOLDS
        print(f"database's clock {ahead_s:+.0f} s: alarm after {heard_s:.1f} s, {_HOLDS} holds stand")
        if ahead_s == 0.0:
            await _restart(installation)
            assert await _open(installation, holds) == _HOLDS
    # Told that two hours have really passed, the sweeps end what is overdue: it was they who waited, and not the holds.
    clocks.postgres.set(_AHEAD_S)
    await _heard(installation, lambda told: not any(one["sweeps"] for one in told))
    await _restart(installation)

    async def none_is_open() -> bool:
        return await _open(installation, holds) == 0

    await eventually(none_is_open, _ALARM_S)


async def _restart(installation: Installation) -> None:
    environment = {
        "HALTE_DATABASE_URL": str(installation.settings.database_url),
        "HALTE_REDIS_URL": str(installation.settings.redis_url),
        "HALTE_SECRET_KEY": str(installation.settings.secret_key),
        "HALTE_DEMO": "1",
    }
    said = await asyncio.to_thread(CliRunner().invoke, halte, ["clock", "restart"], env=environment)
    assert said.exit_code == 0, said.output
    restarted_s = await _heard(installation, lambda told: all(one["sweeps"] for one in told))
    assert restarted_s < _RESTARTED_S


async def hold_seen(installation: Installation, count: int) -> list[UUID]:
    """Hold places that their shelters have seen: nothing but their time keeps them from lapsing."""
    estate, address = installation.estate, installation.nodes[0].address
    units = [unit for units in estate.units.values() for unit in units]
    options: dict[str, Any] = {"base_url": f"{address}/api/v1", "verify": NO_TLS, "timeout": 20}
    desk, staff = (estate.headers(address, login) for login in ("desk", "staff"))
    placements = []
    async with (
        httpx.AsyncClient(headers=desk, **options) as at_desk,
        httpx.AsyncClient(headers=staff, **options) as door,
    ):
        for unit in units[:count]:
            request, placement = new_id(), new_id()
            asked = {"id": str(request), "regime": "night", "channel": "phone", "party": [A_MAN], "needs": {}}
            assert (await at_desk.post("/requests", json=asked)).status_code == 201
            body = {"request": str(request), "unit": str(unit)}
            assert (await at_desk.put(f"/placements/{placement}", json=body)).status_code in {200, 201}
            seen = await door.post(f"/placements/{placement}/seen", json={"id": str(new_id())})
            assert seen.status_code == 200, seen.text
            placements.append(placement)
    return placements


async def _open(installation: Installation, holds: list[UUID]) -> int:
    connection = await asyncpg.connect(installation.settings.database_url)
    try:
        return int(await connection.fetchval(_OPEN, holds))
    finally:
        await connection.close()


async def _clocks(installation: Installation) -> list[dict[str, Any]]:
    async with httpx.AsyncClient(verify=NO_TLS, timeout=10) as client:
        return [(await client.get(f"{node.address}/readyz")).json()["clock"] for node in installation.nodes]


async def _metrics(installation: Installation, number: int) -> str:
    async with httpx.AsyncClient(verify=NO_TLS, timeout=10) as client:
        return (await client.get(f"{installation.nodes[number].address}/metrics", headers=SCRAPER)).text


async def _heard(installation: Installation, heard: Callable[[list[dict[str, Any]]], bool]) -> float:
    async def told() -> bool:
        return heard(await _clocks(installation))

    return await eventually(told, _ALARM_S)


async def _goes_on(ledger: Ledger) -> None:
    since = time.monotonic()
    await eventually(lambda: ledger.back_after(since) < _ALARM_S, _ALARM_S)
