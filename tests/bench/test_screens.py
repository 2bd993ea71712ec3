"""How long a report takes from a shelter to a screen on another node, in quiet and among other reports."""

from __future__ import annotations

import asyncio
import os
import random
import time
from contextlib import AsyncExitStack

import httpx
import pytest

from kernel.ids import new_id
from tests.support.estate import NO_TLS
from tests.support.installation import Installation, installed
from tests.support.reporters import Ledger, reporting, staff_reporters
from tests.support.watching import LiveScreen, watched

_REPORTS = 60
_PAUSE_S = (0.02, 0.15)
_AT_MOST_S = 10.0


@pytest.mark.bench
async def test_from_a_shelter_to_a_screen_on_another_node() -> None:
    async with installed(nodes=2) as installation:
        estate = installation.estate
        print(f"\n{_REPORTS} reports to node 0, a screen on node 1, tick 100 ms, {os.cpu_count()} cores for everything")
        for others in (0, 30):
            ledger = Ledger()
            reporters = staff_reporters(estate, installation.nodes[0].address, ledger, seed=3, count=others)
            async with AsyncExitStack() as stack:
                await stack.enter_async_context(reporting(reporters))
                began = time.monotonic()
                took = await _measure(installation)
            beside = len(ledger.acknowledged) / (time.monotonic() - began)
            ordered = [one * 1_000 for one in sorted(took)]
            print(
                f"{beside:.0f} other reports/s: median {ordered[len(ordered) // 2]:.0f} ms, "
                f"95 % within {ordered[int(len(ordered) * 0.95)]:.0f} ms, all within {ordered[-1]:.0f} ms"
            )


async def _measure(installation: Installation) -> list[float]:
    estate, (to, by) = installation.estate, installation.nodes
    screen, chance = LiveScreen(by.address, estate.headers(by.address, "staff")), random.Random(5)
    shelter, took = estate.shelters[0], []
    headers = estate.key_headers(shelter)
    async with watched(screen), httpx.AsyncClient(base_url=to.address, headers=headers, verify=NO_TLS) as client:
        for number in range(_REPORTS):
            unit = str(estate.units[shelter][number % len(estate.units[shelter])])
            body = {"shelter": str(shelter), "units": [{"unit": unit, "free": number % 20}]}
            sent = time.monotonic()
            answer = await client.put(f"/api/v1/reports/{new_id()}", json=body)
            assert answer.status_code == 200, answer.text
            seq = answer.json()["units"][0]["state"]["seq"]
            await screen.until(lambda shown, u=unit, s=seq: shown.board[u]["seq"] >= s, _AT_MOST_S)  # type: ignore[misc]
            took.append(time.monotonic() - sent)
            await asyncio.sleep(chance.uniform(*_PAUSE_S))
    return took
