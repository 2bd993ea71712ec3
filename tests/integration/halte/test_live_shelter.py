"""/live/shelter on a real server: one's own units exactly, and of what others own not even that it changed (I11)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from kernel.ids import new_id
from tests.support.running import Running

_SEVERAL_TICKS_S = 0.6


@asynccontextmanager
async def own_units(halte: Running, **known: Any) -> AsyncIterator[ClientConnection]:
    """The staff's phone, after its hello."""
    address = halte.server.address.replace("http", "ws") + "/live/shelter"
    headers = {"Cookie": halte.region.cookies["staff"], "Origin": halte.server.address}
    async with connect(address, subprotocols=[Subprotocol("halte.v1")], additional_headers=headers) as socket:
        await socket.send(json.dumps({"t": "hello"} | known))
        yield socket


async def hear(socket: ClientConnection) -> dict[str, Any]:
    """Return the next frame that is no beat, and acknowledge it."""
    while True:
        frame: dict[str, Any] = json.loads(await socket.recv())
        if frame["t"] != "beat":
            await socket.send(json.dumps({"t": "ack", "to": frame.get("seq", frame.get("to"))}))
            return frame


async def report(halte: Running, login: str, free: int, unit: Any, shelter: Any) -> dict[str, Any]:
    async with halte.region.client(login) as client:
        body = halte.region.report(free, unit, shelter)
        answer = await client.put(f"/reports/{new_id()}", json=body)
    assert answer.status_code == 200, answer.text
    state: dict[str, Any] = answer.json()["units"][0]["state"]
    return state


async def test_a_change_of_ones_own_comes_as_a_delta_with_its_numbers(halte: Running) -> None:
    region = halte.region
    async with own_units(halte) as socket:
        snapshot = await hear(socket)
        for free, unit, shelter in ((4, region.secret_unit, region.secret), (9, region.men, region.linden)):
            state = await report(halte, "staff", free, unit, shelter)
            delta = await hear(socket)
            assert (delta["t"], delta["units"]) == ("delta", [state])
            assert delta["units"][0]["free"] == free
            assert snapshot["seq"] <= delta["from"] < delta["to"] == state["seq"]


async def test_a_change_of_somebody_elses_sends_nothing(halte: Running) -> None:
    region = halte.region
    async with own_units(halte) as socket:
        snapshot = await hear(socket)
        for free in (3, 7, 11):
            await report(halte, "other", free, region.canal_unit, region.canal)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(_SEVERAL_TICKS_S):
                await hear(socket)
        state = await report(halte, "staff", 5, region.men, region.linden)
        delta = await hear(socket)
        assert [unit["id"] for unit in delta["units"]] == [str(region.men)]
        assert delta.keys() == {"t", "from", "to", "units"}
        # Nor do the numbers count what happened elsewhere, before a beat does.
        assert delta["from"] >= snapshot["seq"]
        assert delta["to"] == state["seq"]


async def test_coming_back_is_a_snapshot_of_ones_own_with_what_happened_meanwhile(halte: Running) -> None:
    """Where something is hidden a delta could not say what was withdrawn: so it begins anew, and is small."""
    region = halte.region
    async with own_units(halte) as socket:
        first = await hear(socket)
    state = await report(halte, "staff", 8, region.women, region.linden)
    await report(halte, "other", 2, region.canal_unit, region.canal)
    async with own_units(halte, after=first["seq"], epoch=first["epoch"]) as socket:
        again = await hear(socket)
    assert (again["t"], again["epoch"]) == ("snapshot", first["epoch"])
    assert again["seq"] >= state["seq"]
    assert state in again["units"]
    assert {unit["shelter"] for unit in again["units"]} == {str(region.linden), str(region.secret)}
    assert {shelter["id"] for shelter in again["shelters"]} == {str(region.linden), str(region.secret)}
