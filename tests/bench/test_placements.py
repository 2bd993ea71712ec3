"""From a hold to the shelter's phone on another node; from a decline to the next best on the desk."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest

from kernel.ids import new_id
from tests.support.asking import A_MAN
from tests.support.estate import CAPACITY, NO_TLS
from tests.support.installation import Installation, installed
from tests.support.reporters import Ledger, reporting, staff_reporters
from tests.support.watching import LiveScreen, watched

_TIMES = 100
_PAUSE_S = (0.02, 0.12)
_AT_MOST_S = 10.0


class _Desk:
    """A desk on node 0, the shelter's phone on node 1."""

    def __init__(self, installation: Installation) -> None:
        self.estate = installation.estate
        self.to, self.by = (node.address for node in installation.nodes)
        self.phone = LiveScreen(self.by, self.estate.headers(self.by, "staff"), "/live/shelter")
        self.screen = LiveScreen(self.to, self.estate.headers(self.to, "desk"), "/live/desk")
        # Of the shelters for which nobody else reports.
        self.units = [unit for shelter in self.estate.shelters[3:] for unit in self.estate.units[shelter]]

    def client(self, address: str, who: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=f"{address}/api/v1", headers=self.estate.headers(address, who), verify=NO_TLS, timeout=20
        )

    async def wanted(self, desk: httpx.AsyncClient, number: int) -> dict[str, str]:
        """Ask, and return the body of a placement."""
        request_id, unit = str(new_id()), self.units[number % len(self.units)]
        asked = {"id": request_id, "regime": "night", "channel": "phone", "party": [A_MAN], "needs": {}}
        answer = await desk.post("/requests", json=asked)
        assert answer.status_code == 201, answer.text
        return {"request": request_id, "unit": str(unit)}


async def _to_the_phone(desk: _Desk) -> list[float]:
    chance, took = random.Random(5), []
    async with watched(desk.phone), desk.client(desk.to, "desk") as client:
        for number in range(_TIMES):
            id, body = str(new_id()), await desk.wanted(client, number)
            sent = time.monotonic()
            answer = await client.put(f"/placements/{id}", json=body)
            assert answer.status_code == 200, answer.text
            await desk.phone.until(lambda shown, p=id: p in shown.board, _AT_MOST_S)  # type: ignore[misc]
            took.append(time.monotonic() - sent)
            cancel = {"id": str(new_id()), "reason": "mistake"}
            await client.post(f"/placements/{id}/cancel", json=cancel)
            await asyncio.sleep(chance.uniform(*_PAUSE_S))
    return took


async def _to_the_next_best(desk: _Desk) -> list[float]:
    """From the shelter's no, on node 1, until the desk's page on node 0 has heard of it and read what else fits."""
    chance, took = random.Random(6), []
    async with watched(desk.screen), desk.client(desk.to, "desk") as client, desk.client(desk.by, "staff") as staff:
        for number in range(_TIMES):
            id, body = str(new_id()), await desk.wanted(client, number)
            answer = await client.put(f"/placements/{id}", json=body)
            assert answer.status_code == 200, answer.text
            version = answer.json()["request"]["version"]
            sent = time.monotonic()
            decline = {"id": str(new_id()), "reason": "not-for-us"}
            declined = await staff.post(f"/placements/{id}/decline", json=decline)
            assert declined.status_code == 200, declined.text
            asked = body["request"]
            await desk.screen.until(
                lambda shown, r=asked, v=version: shown.board.get(r, {}).get("version", 0) > v,  # type: ignore[misc]
                _AT_MOST_S,
            )
            found = await client.get(f"/requests/{asked}/suggestions?limit=5")
            assert found.status_code == 200, found.text
            took.append(time.monotonic() - sent)
            await asyncio.sleep(chance.uniform(*_PAUSE_S))
    return took


async def _count_all(desk: _Desk) -> None:
    for shelter, units in desk.estate.units.items():
        body = {"shelter": str(shelter), "units": [{"unit": str(unit), "free": CAPACITY} for unit in units]}
        async with httpx.AsyncClient(headers=desk.estate.key_headers(shelter), verify=NO_TLS) as client:
            answer = await client.put(f"{desk.to}/api/v1/reports/{new_id()}", json=body)
        assert answer.status_code == 200, answer.text


@pytest.mark.bench
async def test_from_the_desk_to_the_phone_and_back() -> None:
    measures: dict[str, Callable[[_Desk], Awaitable[list[float]]]] = {
        "placed, on the shelter's phone": _to_the_phone,
        "declined, next best on the desk": _to_the_next_best,
    }
    async with installed(nodes=2) as installation:
        load = os.getloadavg()[0]
        print(f"\n{_TIMES} each, desk on node 0, shelter on node 1, {os.cpu_count()} cores, load {load:.1f}")
        for others in (0, 15):
            desk, ledger = _Desk(installation), Ledger()
            await _count_all(desk)
            reporters = staff_reporters(desk.estate, desk.to, ledger, seed=3, count=others)
            for name, measure in measures.items():
                async with AsyncExitStack() as stack:
                    await stack.enter_async_context(reporting(reporters))
                    _tell(f"{name}, {others} reporters", await measure(desk))


def _tell(what: str, took: list[float]) -> None:
    ordered: list[Any] = [one * 1_000 for one in sorted(took)]
    print(
        f"{what}: median {ordered[len(ordered) // 2]:.0f} ms, 95 % within {ordered[int(len(ordered) * 0.95)]:.0f} ms, "
        f"99 % within {ordered[int(len(ordered) * 0.99)]:.0f} ms, all within {ordered[-1]:.0f} ms"
    )
