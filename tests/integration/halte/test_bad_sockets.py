"""Whatever a screen says to a real server: it is told why the connection ends, and others go on undisturbed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin, Subprotocol

from kernel.ids import new_id
from tests.support.running import Running

HELLO = '{"t":"hello"}'


@asynccontextmanager
async def screen(halte: Running, login: str | None = "desk", **options: Any) -> AsyncIterator[ClientConnection]:
    headers = {"Accept-Language": "en"}
    if login is not None:
        headers["Cookie"] = halte.region.cookies[login]
    options = {"subprotocols": [Subprotocol("halte.v1")], "origin": Origin(halte.server.address)} | options
    address = halte.server.address.replace("http", "ws") + "/live/board"
    async with connect(address, additional_headers=headers, **options) as socket:
        yield socket


async def told(socket: ClientConnection) -> dict[str, Any]:
    frame: dict[str, Any] = json.loads(await socket.recv())
    return frame


async def until_closed(socket: ClientConnection) -> tuple[str | None, int]:
    """Return the slug of the last `bye` and the close code."""
    slug = None
    with suppress(ConnectionClosed):
        async for raw in socket:
            frame = json.loads(raw)
            slug = frame["slug"] if frame["t"] == "bye" else slug
    assert socket.close_code is not None
    return slug, socket.close_code


@pytest.fixture(autouse=True)
async def neighbour(halte: Running) -> AsyncIterator[None]:
    """Another screen is connected all the while, and sees a report that is sent afterwards."""
    region = halte.region
    async with screen(halte, "supervisor") as socket:
        await socket.send(HELLO)
        seen = await told(socket)
        assert seen["t"] == "snapshot"
        # Who owes an old frame is sent nothing more.
        await socket.send(json.dumps({"t": "ack", "to": seen["seq"]}))
        yield
        async with region.client("staff") as staff:
            sent = (await staff.put(f"/reports/{new_id()}", json=region.report(6))).json()
        while (seen := await told(socket))["t"] != "delta" or seen["to"] < sent["units"][0]["state"]["seq"]:
            assert seen["t"] in {"beat", "delta"}
            if seen["t"] == "delta":
                await socket.send(json.dumps({"t": "ack", "to": seen["to"]}))
        assert sent["units"][0]["state"] in seen["units"]


@pytest.mark.parametrize(
    "message, slug, code",
    [
        ("x" * 17_408, None, 1009),
        ("garbage", "bad-message", 4400),
        ('{"t":"ack","to":1}', "hello-missing", 4408),
        ('{"t":"dance"}', "bad-message", 4400),
        ('{"t":"hello","after":-1}', "bad-message", 4400),
        ('{"t":"hello","after":18446744073709551616}', "bad-message", 4400),
        ('{"t":"hello","epoch":"yesterday"}', "bad-message", 4400),
        ('{"t":"hello","ticket":"never issued"}', "ticket-refused", 4401),
        ('{"t":"hello","ticket":"\\u0000"}', "ticket-refused", 4401),
        ("[" * 16_000, "bad-message", 4400),
        (b'{"t":"hello"}', "bad-message", 4400),
    ],
    ids=lambda value: repr(value)[:40],
)
async def test_before_hello(halte: Running, message: str | bytes, slug: str | None, code: int) -> None:
    async with screen(halte) as socket:
        await socket.send(message)
        assert await until_closed(socket) == (slug, code)


@pytest.mark.parametrize(
    "message, slug, code",
    [
        ("x" * 17_408, None, 1009),
        ("garbage", "bad-message", 4400),
        ("", "bad-message", 4400),
        ("null", "bad-message", 4400),
        (HELLO, "bad-message", 4400),
        ('{"t":"ack","to":"1"}', "bad-message", 4400),
        ('{"t":"ack","to":9007199254740991}', "bad-ack", 4400),
        ('{"t":"ack","to":9007199254740992}', "bad-message", 4400),
        (b"\x00\x01", "bad-message", 4400),
    ],
    ids=lambda value: repr(value)[:40],
)
async def test_after_hello(halte: Running, message: str | bytes, slug: str | None, code: int) -> None:
    async with screen(halte) as socket:
        await socket.send(HELLO)
        assert (await told(socket))["t"] == "snapshot"
        await socket.send(message)
        assert await until_closed(socket) == (slug, code)


async def test_an_acknowledgement_from_the_near_future(halte: Running) -> None:
    async with screen(halte) as socket:
        await socket.send(HELLO)
        seq = (await told(socket))["seq"]
        await socket.send(json.dumps({"t": "ack", "to": seq + 1}))
        assert await until_closed(socket) == ("bad-ack", 4400)


async def test_the_reason_is_in_the_language_of_the_account(halte: Running) -> None:
    async with screen(halte) as socket:
        await socket.send("garbage")
        assert (await told(socket))["why"].startswith("The connection was closed.")


@pytest.mark.timeout(30)
async def test_no_hello(halte: Running) -> None:
    async with screen(halte) as socket:
        assert await until_closed(socket) == ("hello-missing", 4408)


async def test_nobody(halte: Running) -> None:
    async with screen(halte, None) as socket:
        await socket.send(HELLO)
        assert await until_closed(socket) == ("login-required", 4401)


@pytest.mark.parametrize(
    "options",
    [
        {"origin": Origin("https://elsewhere.example")},
        {"origin": Origin("null")},
        {"subprotocols": None},
        {"subprotocols": [Subprotocol("halte.v2")]},
    ],
    ids=["foreign page", "sandboxed page", "no subprotocol", "another subprotocol"],
)
async def test_who_is_not_let_in(halte: Running, options: dict[str, Any]) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with screen(halte, **options):
            pytest.fail("was let in")
    assert refused.value.response.status_code == 403


async def test_an_address_that_is_none(halte: Running) -> None:
    address = halte.server.address.replace("http", "ws") + "/live/nothing"
    with pytest.raises(InvalidStatus) as refused:
        async with connect(address, subprotocols=[Subprotocol("halte.v1")]):
            pytest.fail("was let in")
    assert refused.value.response.status_code in {403, 404}


@pytest.mark.parametrize("after", [0, 1, 9007199254740991])
async def test_an_old_epoch_gets_a_snapshot(halte: Running, after: int) -> None:
    async with screen(halte) as socket:
        await socket.send(json.dumps({"t": "hello", "after": after, "epoch": str(new_id())}))
        frame = await told(socket)
        assert frame["t"] == "snapshot"
        assert len(frame["units"]) == 4


async def test_a_future_of_the_right_epoch_gets_a_snapshot(halte: Running) -> None:
    async with screen(halte) as socket:
        await socket.send(HELLO)
        first = await told(socket)
    async with screen(halte) as socket:
        await socket.send(json.dumps({"t": "hello", "after": first["seq"] + 1_000, "epoch": first["epoch"]}))
        assert (await told(socket))["t"] == "snapshot"


async def test_where_it_left_off(halte: Running) -> None:
    region = halte.region
    async with screen(halte) as socket:
        await socket.send(HELLO)
        first = await told(socket)
    async with region.client("staff") as staff:
        await staff.put(f"/reports/{new_id()}", json=region.report(3, region.women))
    async with screen(halte) as socket:
        await socket.send(json.dumps({"t": "hello", "after": first["seq"], "epoch": first["epoch"]}))
        frame = await told(socket)
        assert frame["t"] == "delta"
        assert [unit["id"] for unit in frame["units"]] == [str(region.women)]
