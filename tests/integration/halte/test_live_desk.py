"""/live/desk and /live/shelter: who is told of requests and placements, and that nobody else is told anything (I11)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from halte.embedded import EmbeddedServers
from kernel.ids import new_id
from kernel.journal import Entry
from kernel.postgres import Pool, open_pool
from tests.support import marks
from tests.support.running import Running, running

_SEVERAL_TICKS_S = 0.4
_SHOWN_S = 10


@dataclass(slots=True)
class Ear:
    """A screen that keeps every frame it hears, and acknowledges."""

    frames: list[dict[str, Any]] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self, socket: ClientConnection) -> None:
        async for text in socket:
            frame = json.loads(text)
            self.frames.append(frame)
            if frame["t"] in {"snapshot", "delta"}:
                await socket.send(json.dumps({"t": "ack", "to": frame.get("to", frame.get("seq"))}))
            self.news.set()

    async def hears(self, id: Any, version: int | None) -> dict[str, Any]:
        """Return the frame that tells of this version; None: that it is gone."""
        async with asyncio.timeout(_SHOWN_S):
            while True:
                for frame in self.frames:
                    known = [*frame.get("requests", ()), *frame.get("placements", ())]
                    told = {(mark["id"], mark["version"]) for mark in known} | {
                        (g, None) for g in frame.get("gone", ())
                    }
                    if (str(id), version) in told:
                        return frame
                self.news.clear()
                await self.news.wait()

    async def beaten(self) -> None:
        """Wait for a beat, and so for the head that everybody may know."""
        async with asyncio.timeout(_SHOWN_S):
            while self.frames[-1]["t"] != "beat":
                self.news.clear()
                await self.news.wait()


@asynccontextmanager
async def listening(halte: Running, who: str, path: str) -> AsyncIterator[Ear]:
    """`who` is a login or `key`."""
    address, ear = halte.server.address.replace("http", "ws") + path, Ear()
    headers = (
        {"Authorization": f"Bearer {halte.region.key}"}
        if who == "key"
        else {"Cookie": halte.region.cookies[who], "Origin": halte.server.address}
    )
    async with connect(address, subprotocols=[Subprotocol("halte.v1")], additional_headers=headers) as socket:
        await socket.send('{"t":"hello"}')
        task = asyncio.create_task(ear.listen(socket))
        try:
            async with asyncio.timeout(_SHOWN_S):
                await ear.news.wait()
            yield ear
        finally:
            task.cancel()


@pytest.fixture(scope="module")
async def halte(servers: EmbeddedServers, template: str) -> AsyncIterator[Running]:
    """With a beat in every quarter of a second: what it told would be told often."""
    async with running(servers, template, HALTE_BEAT_S="0.25") as halte:
        yield halte


@pytest.fixture(scope="module")
async def journal(halte: Running) -> AsyncIterator[Pool]:
    pool = await open_pool(halte.server.settings, "marks")
    yield pool
    await pool.close()


async def write(halte: Running, journal: Pool, *entries: Entry) -> None:
    await marks.write(journal, halte.region.id, *entries)


@pytest.mark.parametrize("who", ["desk", "supervisor", "admin"])
async def test_the_desk_hears_of_both_by_id_and_version(halte: Running, journal: Pool, who: str) -> None:
    region, asked, placed = halte.region, new_id(), new_id()
    async with listening(halte, who, "/live/desk") as ear:
        await write(halte, journal, marks.request(asked, 1))
        frame = await ear.hears(asked, 1)
        assert frame.keys() == {"t", "from", "to", "requests"}
        assert frame["requests"] == [{"seq": frame["to"], "id": str(asked), "version": 1}]
        here = marks.placement(placed, 1, region.linden, region.men, asked)
        await write(halte, journal, marks.request(asked, 2), here)
        frame = await ear.hears(placed, 1)
        assert [mark["version"] for mark in frame["requests"]] == [2]
        assert frame["placements"] == [{"seq": frame["to"]} | json.loads(here.body)]
        ended = marks.placement(placed, 2, region.linden, region.men, asked, gone=True)
        await write(halte, journal, marks.request(asked, 3, gone=True), ended)
        assert set((await ear.hears(asked, None))["gone"]) == {str(asked), str(placed)}
    async with listening(halte, who, "/live/desk") as again:
        (snapshot,) = [frame for frame in again.frames if frame["t"] == "snapshot"]
    assert {"units", "shelters", "requests", "placements"} <= snapshot.keys()
    assert str(asked) not in json.dumps(snapshot)
    assert any(unit.get("masked") for unit in snapshot["units"]), "it sees the board as ever"


async def test_staff_hear_who_comes_to_them_and_of_no_request(halte: Running, journal: Pool) -> None:
    region, asked, placed, elsewhere = halte.region, new_id(), new_id(), new_id()
    async with listening(halte, "staff", "/live/shelter") as ear:
        there = marks.placement(elsewhere, 1, region.canal, region.canal_unit, asked)
        here = marks.placement(placed, 1, region.secret, region.secret_unit, asked)
        await write(halte, journal, marks.request(asked, 1), there, here)
        frame = await ear.hears(placed, 1)
        assert [mark["id"] for mark in frame["placements"]] == [str(placed)]
        said = json.dumps(ear.frames)
    assert str(elsewhere) not in said
    assert "requests" not in said


async def test_i11_nobody_else_learns_that_there_is_anything(halte: Running, journal: Pool) -> None:
    """Not on a board, whoever looks; not on another shelter's page; not a key, though it reads this very shelter."""
    region, asked, placed = halte.region, new_id(), new_id()
    outsiders = [(who, "/live/board") for who in ("desk", "staff", "admin", "supervisor", "other", "key")]
    outsiders += [("other", "/live/shelter"), ("key", "/live/shelter")]
    async with AsyncExitStack() as stack:
        ears = [await stack.enter_async_context(listening(halte, *one)) for one in outsiders]
        desk = await stack.enter_async_context(listening(halte, "desk", "/live/desk"))
        for ear in ears:
            await ear.beaten()
        before, heard = await told_over_http(halte), [len(ear.frames) for ear in ears]
        for version in range(1, 6):
            here = marks.placement(placed, version, region.linden, region.men, asked, gone=version == 5)
            await write(halte, journal, marks.request(asked, version, gone=version == 5), here)
        await desk.hears(placed, None)
        await asyncio.sleep(_SEVERAL_TICKS_S)
        assert await told_over_http(halte) == before
        late = [await stack.enter_async_context(listening(halte, *one)) for one in outsiders]
    for ear, count, fresh in zip(ears, heard, late, strict=True):
        since = ear.frames[count:]
        assert since, "it has listened"
        assert {(frame["t"], frame["to"]) for frame in since} == {("beat", ear.frames[count - 1]["to"])}
        known = {"now": "", "seq": since[0]["to"]}
        assert fresh.frames[0] | known == ear.frames[0] | known, "a board that comes later is the same"
        assert fresh.frames[0]["seq"] == since[0]["to"]
    async with region.client("desk") as client:
        for id in (asked, placed):
            assert (await client.get(f"/units/{id}/history")).status_code == 404


async def told_over_http(halte: Running) -> list[Any]:
    """What everybody is told of the board, and by which ETag."""
    told: list[Any] = []
    for who in ("desk", "staff", "admin", "other"):
        async with halte.region.client(who) as client:
            for path in ("/board", "/board.geojson"):
                answer = await client.get(path)
                told.append((answer.headers["etag"], answer.json() | {"now": ""}))
    async with halte.region.client() as public:
        told.append((await public.get("/totals")).json() | {"now": ""})
    return told


@pytest.mark.parametrize("who", ["staff", "key"])
async def test_the_desks_stream_is_the_desks(halte: Running, who: str) -> None:
    async with listening(halte, who, "/live/desk") as ear:
        assert [(frame["t"], frame["slug"]) for frame in ear.frames] == [("bye", "forbidden")]
