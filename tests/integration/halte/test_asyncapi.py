"""docs/asyncapi.yaml: valid AsyncAPI 3, and what a real server sends is what it describes, to the last member."""

from __future__ import annotations

import json
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft7Validator
from referencing import Registry
from referencing.jsonschema import DRAFT7
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

from kernel.ids import new_id
from kernel.live.frames import RESYNC
from kernel.postgres import open_pool
from tests.support import marks
from tests.support.running import Running

DOCUMENT: dict[str, Any] = msgspec.yaml.decode((Path(__file__).parents[3] / "docs" / "asyncapi.yaml").read_bytes())
MESSAGES: dict[str, Any] = DOCUMENT["components"]["messages"]


def _closed(node: Any) -> Any:
    """Allow no member that is not described: the document tells clients to ignore those, the server sends none."""
    if isinstance(node, list):
        return [_closed(one) for one in node]
    if not isinstance(node, dict):
        return node
    closed = {name: _closed(value) for name, value in node.items()}
    if node.get("type") == "object" and "properties" in node:
        closed["additionalProperties"] = False
    return closed


_REGISTRY: Registry[Any] = Registry().with_resource("urn:halte", DRAFT7.create_resource(_closed(DOCUMENT)))


def check(frame: Any) -> str:
    """Validate one frame against the message of its kind; return the kind."""
    kind = str(frame["t"])
    assert kind in MESSAGES, kind
    validator = Draft7Validator({"$ref": f"urn:halte#/components/messages/{kind}/payload"}, registry=_REGISTRY)
    errors = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(frame)]
    assert not errors, errors
    return kind


def test_it_is_a_valid_asyncapi_document(shared_data: Path) -> None:
    schema = json.loads((shared_data / "standards" / "asyncapi" / "3.0.0.json").read_text("utf-8"))
    errors = [f"{error.json_path}: {error.message}" for error in Draft7Validator(schema).iter_errors(DOCUMENT)]
    assert not errors, errors


@pytest.mark.parametrize("message", MESSAGES)
def test_each_payload_is_a_schema_with_its_own_kind(message: str) -> None:
    Draft7Validator.check_schema(MESSAGES[message]["payload"])
    assert MESSAGES[message]["payload"]["properties"]["t"] == {"const": message}


def test_what_it_does_not_describe_is_refused() -> None:
    with pytest.raises(AssertionError, match="why"):
        check({"t": "bye", "slug": "revoked"})
    with pytest.raises(AssertionError, match="mood"):
        check({"t": "resync", "mood": "good"})


class _Recorder:
    """One screen of a real server that checks whatever it says and hears."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self.heard: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)

    async def say(self, **message: Any) -> None:
        check(message)
        await self._socket.send(json.dumps(message))

    async def hear(self, kind: str) -> dict[str, Any]:
        while True:
            frame = json.loads(await self._socket.recv())
            self.heard[check(frame)].append(frame)
            if frame["t"] in {"snapshot", "delta"}:
                await self.say(t="ack", to=frame.get("to", frame.get("seq")))
            if frame["t"] == kind:
                return dict(frame)


def _screen(halte: Running, login: str, path: str = "/live/board") -> connect:
    return connect(
        halte.server.address.replace("http", "ws") + path,
        subprotocols=[Subprotocol("halte.v1")],
        origin=Origin(halte.server.address),
        additional_headers={"Cookie": halte.region.cookies[login]},
    )


async def test_a_board_its_changes_and_a_removal(halte: Running) -> None:
    region = halte.region
    async with _screen(halte, "desk") as socket, region.client("admin") as admin:
        screen = _Recorder(socket)
        await screen.say(t="hello", after=None, epoch=None)
        snapshot = await screen.hear("snapshot")
        assert {one.get("masked", False) for one in snapshot["units"]} == {True, False}
        out = [{"reason": "repair", "places": 1, "until": "2199-01-01T00:00:00Z"}]
        report = region.report(3)
        report["units"][0] |= {"out_of_service": out, "intake": {"state": "paused"}, "capacity": 26}
        assert (await admin.put(f"/reports/{new_id()}", json=report)).status_code == 200
        assert "units" in await screen.hear("delta")
        unit = {"shelter": str(region.linden), "name": "Soon gone", "audience": ["minors"], "capacity": 1}
        spare = new_id()
        assert (await admin.put(f"/units/{spare}", json=unit)).status_code == 200
        assert "shelters" in await screen.hear("delta")
        assert (await admin.delete(f"/units/{spare}")).status_code == 200
        while "gone" not in (delta := await screen.hear("delta")):
            pass
        assert delta["gone"] == [str(spare)]


async def test_a_return_a_beat_and_an_end(halte: Running) -> None:
    async with _screen(halte, "desk") as socket:
        screen = _Recorder(socket)
        await screen.say(t="hello")
        snapshot = await screen.hear("snapshot")
    async with _screen(halte, "desk") as socket:
        screen = _Recorder(socket)
        await screen.say(t="hello", after=snapshot["seq"], epoch=snapshot["epoch"])
        await screen.hear("beat")
        assert screen.heard["delta"][0]["from"] == snapshot["seq"]
        await socket.send("not a message")
        with suppress(ConnectionClosed):
            assert (await screen.hear("bye"))["slug"] == "bad-message"


async def test_a_shelters_own_units_are_exact(halte: Running) -> None:
    async with _screen(halte, "staff", "/live/shelter") as socket:
        screen = _Recorder(socket)
        await screen.say(t="hello")
        snapshot = await screen.hear("snapshot")
    assert {one["shelter"] for one in snapshot["units"]} == {str(halte.region.linden), str(halte.region.secret)}
    assert not any(one.get("masked") for one in snapshot["units"])


async def test_requests_and_placements_are_told_as_described(halte: Running) -> None:
    region, asked, placed = halte.region, new_id(), new_id()
    pool = await open_pool(halte.server.settings, "marks")
    async with _screen(halte, "desk", "/live/desk") as socket, _screen(halte, "staff", "/live/shelter") as phone:
        screens = [_Recorder(socket), _Recorder(phone)]
        for screen in screens:
            await screen.say(t="hello")
            await screen.hear("snapshot")
        coming = marks.placement(placed, 1, region.linden, region.men, asked)
        await marks.write(pool, region.id, marks.request(asked, 1), coming)
        for screen in screens:
            assert "placements" in await screen.hear("delta")
        assert "requests" in screens[0].heard["delta"][0]
    await pool.close()


def test_the_one_frame_that_needs_a_board_of_thousands() -> None:
    assert check(json.loads(RESYNC.payload)) == "resync"
