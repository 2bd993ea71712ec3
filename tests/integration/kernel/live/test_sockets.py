"""The websocket by its protocol (halte.v1), on a real uvicorn, with both pens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import InvalidStatus

from kernel.ids import new_id
from kernel.live.connection import Connection
from kernel.live.owing import LEAST_BYTES, MOST_BYTES
from kernel.live.pens import TransportPen
from kernel.live.problems import Restarting
from kernel.live.region import RegionLive
from kernel.settings import Settings
from tests.integration.kernel.live.conftest import MakeNode, Writer
from tests.integration.kernel.live.waiting import eventually
from tests.integration.kernel.live.wire import Site, follow, hear, hear_until_closed, say, serve
from tests.unit.kernel.live.playing import Screen, board_of, body_of, project

A, B = new_id(), new_id()


@pytest.fixture
async def site(folder: Path) -> Site:
    return Site(folder / "site.sock")


@pytest.fixture
async def node(make_node: MakeNode, site: Site, writer: Writer) -> RegionLive:
    await writer.write((A, body_of(A, 1)), (B, body_of(B, 5, secret=True)))
    node = await make_node(still_valid=site.still_valid)
    await eventually(lambda: node.mirror.source == "redis")
    return node


@pytest.fixture(params=[True, False], ids=["transport", "outbox"])
async def served(request: Any, site: Site, node: RegionLive, settings: Settings) -> AsyncIterator[RegionLive]:
    async with serve(site, lambda: node.hub, settings, direct=request.param):
        yield node


async def settle(connection: ClientConnection) -> dict[str, Any]:
    """Say hello as a new screen and acknowledge the snapshot."""
    await say(connection, t="hello", after=None, epoch=None)
    snapshot = await hear(connection, "snapshot")
    await say(connection, t="ack", to=snapshot["seq"])
    return snapshot


async def test_hello_gets_a_snapshot_and_changes_come_as_deltas(served: RegionLive, site: Site, writer: Writer) -> None:
    async with site.connect() as connection:
        assert connection.subprotocol == "halte.v1"
        snapshot = await settle(connection)
        assert list(snapshot) == ["t", "epoch", "seq", "now", "live", "units", "shelters"]
        assert (snapshot["seq"], snapshot["live"]) == (2, "redis")
        assert {unit["id"] for unit in snapshot["units"]} == {str(A), str(B)}
        assert next(iter(snapshot["units"][0])) == "seq"
        await served.publisher.publish(await writer.write((A, body_of(A, 4))))
        delta = await hear(connection, "delta")
        assert (delta["from"], delta["to"]) == (2, 3)
        assert [(unit["seq"], unit["free"]) for unit in delta["units"]] == [(3, 4)]
        assert "gone" not in delta
        await say(connection, t="ack", to=3)
        await served.publisher.publish(await writer.write((B, None)))
        delta = await hear(connection, "delta")
        assert delta == {"t": "delta", "from": 3, "to": 4, "gone": [str(B)]}


async def test_slow_screen_gets_the_latest_state_when_it_acknowledges(
    served: RegionLive, site: Site, writer: Writer
) -> None:
    """It is sent nothing more once it owes something old and not so little, whatever changes: then the state of now."""
    padded = b', "pad": "' + b"x" * (LEAST_BYTES // 4) + b'"}'
    async with site.connect() as slow, site.connect() as quick:
        snapshot = await settle(slow)
        screen = Screen()
        await say(quick, t="hello")
        following = asyncio.create_task(follow(quick, screen))
        for free in range(20):
            await served.publisher.publish(await writer.write((A, body_of(A, free)[:-1] + padded)))
            await asyncio.sleep(0.025)
        await eventually(lambda: screen.board[str(A)]["free"] == 19, 1.0)
        heard: list[dict[str, Any]] = []
        with suppress(TimeoutError):
            while True:
                heard.append(await hear(slow, "delta", within_s=0.2))
        assert 0 < len(heard) < 20
        assert [one["from"] for one in heard[1:]] == [one["to"] for one in heard[:-1]]
        await say(slow, t="ack", to=heard[-1]["to"])
        last = await hear(slow, "delta")
        assert (last["from"], last["to"]) == (heard[-1]["to"], snapshot["seq"] + 20)
        assert [unit["free"] for unit in last["units"]] == [19]
        following.cancel()


def shows(screen: Screen, free: int) -> bool:
    return bool(screen.board.get(str(B), {}).get("free") == free)


async def test_one_frozen_client_delays_nobody(served: RegionLive, site: Site, writer: Writer) -> None:
    """Its buffers are full of large frames; the others hear of a change within two ticks."""
    padded = body_of(A, 1)[:-1] + b', "pad": "' + b"x" * 400_000 + b'"}'
    async with site.connect(max_size=None) as frozen, site.connect(max_size=None) as quick:
        await settle(frozen)
        frozen.transport.pause_reading()
        screen = Screen()
        await say(quick, t="hello")
        following = asyncio.create_task(follow(quick, screen))
        for _ in range(5):
            await served.publisher.publish(await writer.write((A, padded)))
            await asyncio.sleep(0.03)
        for free in range(2, 12):
            await served.publisher.publish(await writer.write((B, body_of(B, free))))
            took = await eventually(partial(shows, screen, free), 1.0)
            assert took < 0.2
        following.cancel()
        frozen.transport.abort()


async def test_a_screen_that_stops_reading_costs_no_memory_and_sees_the_state_of_now_once_it_reads(
    site: Site, node: RegionLive, settings: Settings, writer: Writer
) -> None:
    """Six megabytes change while it reads nothing: what waits for it is bounded, and then one frame away from now."""
    pad = b', "pad": "' + b"x" * 100_000 + b'"}'
    async with serve(site, lambda: node.hub, settings), site.connect(max_size=None, max_queue=None) as peer:
        screen = Screen()
        await say(peer, t="hello")
        snapshot = await hear(peer, "snapshot")
        await say(peer, t="ack", to=snapshot["seq"])
        peer.transport.pause_reading()
        (seat,) = node.hub._seats
        assert isinstance(seat.pen, TransportPen)
        lay_bytes = 0
        for free in range(60):
            await node.publisher.publish(await writer.write((A, body_of(A, free)[:-1] + pad)))
            await asyncio.sleep(0.01)
            lay_bytes = max(lay_bytes, seat.pen._transport.get_write_buffer_size())
        assert lay_bytes <= MOST_BYTES + 2 * len(pad)
        screen.hear(snapshot)
        peer.transport.resume_reading()
        took = [await hear(peer, "delta")]
        while took[-1]["units"][0]["free"] != 59:
            screen.hear(took[-1])
            await say(peer, t="ack", to=took[-1]["to"])
            took.append(await hear(peer, "delta"))
        assert len(took) <= 4, "it is not led through what it missed"


@pytest.mark.parametrize("how", ["acknowledges", "is dismissed", "is closed by the server"])
async def test_who_does_not_read_does_not_stay(
    site: Site, node: RegionLive, settings: Settings, writer: Writer, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """Seat, buffer and connection end although the buffer never empties, whatever else the other side does."""
    monkeypatch.setattr("kernel.live.pens._FULL_BYTES", 1_000_000)
    monkeypatch.setattr("kernel.live.pens.FAREWELL_S", 0.3)
    padded = body_of(A, 1)[:-1] + b', "pad": "' + b"x" * 25_000 + b'"}'
    async with serve(site, lambda: node.hub, settings) as server, site.connect(max_size=None) as peer:
        await settle(peer)
        peer.transport.pause_reading()
        (seat,) = node.hub._seats
        assert isinstance(seat.pen, TransportPen)
        transport = seat.pen._protocol.transport
        if how == "acknowledges":
            monkeypatch.setattr(Connection, "is_stuck", lambda _self: False)  # the buffer's own bound, without a beat
        for _ in range(100):
            if transport.is_closing() or (how != "acknowledges" and transport.get_write_buffer_size()):
                break
            await node.publisher.publish(await writer.write((A, padded)))
            await eventually(lambda: seat.at == node.mirror.head.seq or transport.is_closing())  # type: ignore[union-attr]
            await say(peer, t="ack", to=seat.to)
            await eventually(lambda: not len(seat.owing) or transport.is_closing())
        if how == "is dismissed":
            node.hub.dismiss(seat, Restarting())
        elif how == "is closed by the server":
            await peer.send("x" * 17 * 1_024)
        await eventually(lambda: not node.hub._seats, 3.0)
        await eventually(lambda: not server.server_state.connections, 3.0)


async def test_resume_sends_what_came_after_and_the_time(served: RegionLive, site: Site, writer: Writer) -> None:
    async with site.connect() as connection:
        snapshot = await settle(connection)
    await served.publisher.publish(await writer.write((A, body_of(A, 9))))
    async with site.connect() as connection:
        await say(connection, t="hello", after=snapshot["seq"], epoch=snapshot["epoch"])
        delta = await hear(connection)
        assert (delta["t"], delta["from"], delta["to"]) == ("delta", 2, 3)
        assert [unit["id"] for unit in delta["units"]] == [str(A)]
        beat = await hear(connection)
        assert (beat["t"], beat["to"], beat["live"]) == ("beat", 3, "redis")


@pytest.mark.usefixtures("served")
async def test_resume_without_news_is_answered_all_the_same(site: Site) -> None:
    async with site.connect() as connection:
        snapshot = await settle(connection)
    async with site.connect() as connection:
        await say(connection, t="hello", after=snapshot["seq"], epoch=snapshot["epoch"])
        assert await hear(connection) == {"t": "delta", "from": 2, "to": 2}


@pytest.mark.parametrize("after", [0, 2, 3, 1_000_000])
async def test_old_epoch_or_a_seq_from_nowhere_gets_a_snapshot(served: RegionLive, site: Site, after: int) -> None:
    async with site.connect() as connection:
        epoch = str(new_id()) if after < 3 else str(served.hub.head("desk").epoch)
        await say(connection, t="hello", after=after, epoch=epoch)
        assert (await hear(connection))["t"] == "snapshot"


async def test_a_beat_tells_time_head_and_at_once_when_the_source_changes(served: RegionLive, site: Site) -> None:
    async with site.connect() as connection:
        await settle(connection)
        beat = await hear(connection, "beat")
        assert (beat["to"], beat["live"]) == (2, "redis")
        assert beat["now"].endswith("Z")
        served.mirror.feed(redis_behind=True)
        while (beat := await hear(connection, "beat", within_s=0.3))["live"] != "journal":
            pass


@pytest.mark.usefixtures("served")
async def test_ack_from_the_future_ends_in_bad_ack(site: Site) -> None:
    async with site.connect() as connection:
        snapshot = await settle(connection)
        await say(connection, t="ack", to=snapshot["seq"] + 1)
        frames, code = await hear_until_closed(connection)
        assert (frames[-1]["t"], frames[-1]["slug"], code) == ("bye", "bad-ack", 4400)
        assert "acknowledge" in frames[-1]["why"]


@pytest.mark.parametrize(
    "garbage",
    [
        "garbage",
        "",
        "[]",
        '{"t":"ack"}',
        '{"t":"ack","to":-1}',
        '{"t":"ack","to":1e30}',
        '{"t":"ack","to":"1"}',
        '{"t":"hello"}',
        '{"t":"subscribe"}',
        "[" * 8_000,
        b'{"t":"ack","to":1}',
    ],
)
@pytest.mark.usefixtures("served")
async def test_garbage_after_hello_ends_in_bad_message(site: Site, garbage: str | bytes) -> None:
    async with site.connect() as connection:
        await settle(connection)
        await connection.send(garbage)
        frames, code = await hear_until_closed(connection)
        assert (frames[-1]["slug"], code) == ("bad-message", 4400)


@pytest.mark.usefixtures("served")
async def test_no_hello_in_time(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kernel.live.socket.HELLO_S", 0.2)
    async with site.connect(additional_headers={"Accept-Language": "nl-BE"}) as connection:
        frames, code = await hear_until_closed(connection)
        assert ([frame["slug"] for frame in frames], code) == (["hello-missing"], 4408)
        assert "verbinding" in frames[0]["why"]


@pytest.mark.usefixtures("served")
async def test_something_else_before_hello(site: Site) -> None:
    async with site.connect() as connection:
        await say(connection, t="ack", to=0)
        frames, code = await hear_until_closed(connection)
        assert ([frame["slug"] for frame in frames], code) == (["hello-missing"], 4408)


async def test_17_kib_are_closed_with_1009_by_the_server(served: RegionLive, site: Site) -> None:
    async with site.connect() as connection:
        await settle(connection)
        await connection.send("x" * 17 * 1_024)
        _, code = await hear_until_closed(connection)
        assert code == 1009
    await eventually(lambda: not served.hub._seats)


@pytest.mark.parametrize(
    "ticket, slug, code",
    [
        ("nobody", "login-required", 4401),
        ("forbidden", "forbidden", 4403),
        ("busy", "busy", 1013),
        ("bug", "internal", 1013),
    ],
)
@pytest.mark.usefixtures("served")
async def test_whoever_is_not_admitted_is_told_why(site: Site, ticket: str, slug: str, code: int) -> None:
    async with site.connect() as connection:
        await say(connection, t="hello", ticket=ticket)
        frames, closed = await hear_until_closed(connection)
        assert ([frame["slug"] for frame in frames], closed) == ([slug], code)


async def test_revocation_is_seen_within_five_seconds(served: RegionLive, site: Site) -> None:
    async with site.connect() as lost, site.connect() as kept:
        await say(lost, t="hello", ticket="public")
        await hear(lost, "snapshot")
        await settle(kept)
        site.principals["public"] = site.principals["desk"]
        frames, code = await hear_until_closed(lost, within_s=5.0)
        assert (frames[-1]["slug"], code) == ("revoked", 4409)
        assert (await hear(kept, "beat"))["t"] == "beat"
    await eventually(lambda: not served.hub._seats)


@pytest.mark.parametrize(
    "options",
    [
        {"origin": "https://elsewhere.example"},
        {"origin": "null"},
        {"subprotocols": None},
        {"subprotocols": ["halte.v2"]},
    ],
)
@pytest.mark.usefixtures("served")
async def test_strangers_are_refused_at_the_handshake(site: Site, options: Any) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with site.connect(**options):
            pass
    assert refused.value.response.status_code == 403


@pytest.mark.usefixtures("served")
async def test_our_own_pages_come_in(site: Site) -> None:
    async with site.connect(origin="http://localhost") as connection:
        await settle(connection)


async def test_a_big_board_is_fetched_over_http(
    served: RegionLive, site: Site, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kernel.live.channel.LARGE", 1)
    async with site.connect() as connection:
        await say(connection, t="hello")
        assert await hear(connection) == {"t": "resync"}
        board = board_of(served.hub, "desk")
        assert (board.seq, len(board.kinds["unit"])) == (2, 2)
        await served.publisher.publish(await writer.write((A, body_of(A, 8))))
        await say(connection, t="hello", after=board.seq, epoch=str(board.epoch))
        delta = await hear(connection, "delta")
        assert [unit["free"] for unit in delta["units"]] == [8]


async def test_i11_a_masked_screen_hears_only_of_what_it_sees(served: RegionLive, site: Site, writer: Writer) -> None:
    served.hub._beat_s = 60.0
    async with site.connect() as connection:
        await say(connection, t="hello", ticket="public")
        snapshot = await hear(connection, "snapshot")
        await say(connection, t="ack", to=snapshot["seq"])
        (secret,) = (unit for unit in snapshot["units"] if unit["id"] == str(B))
        assert secret == {"seq": 2, "id": str(B), "band": "3+", "masked": True}
        for free in range(6, 12):
            await served.publisher.publish(await writer.write((B, body_of(B, free, secret=True))))
        await served.publisher.publish(await writer.write((B, body_of(B, 2, secret=True))))
        delta = await hear(connection, "delta")
        assert (delta["from"], delta["to"]) == (2, 9)
        assert delta["units"] == [{"seq": 9, "id": str(B), "band": "1-2", "masked": True}]
        assert project("unit", body_of(B, 2, secret=True), "public") is not None


async def test_a_restart_says_so(site: Site, node: RegionLive, settings: Settings) -> None:
    async with serve(site, lambda: node.hub, settings), site.connect() as connection:
        await settle(connection)
        await node.hub.stop()
        frames, code = await hear_until_closed(connection)
        assert (frames[-1]["slug"], code) == ("restarting", 1012)


async def test_screens_that_leave_are_forgotten(served: RegionLive, site: Site) -> None:
    async with site.connect() as connection:
        await settle(connection)
        assert len(served.hub._seats) == 1
    await eventually(lambda: not served.hub._seats)
    assert not any(pace.channels for pace in served.hub._paces.values())
