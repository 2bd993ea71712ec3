"""I11: whatever is asked, by whomever, and whatever the refuge does meanwhile: none of its numbers, nor where it is.

Every GET route of the application is walked, from its own table of routes: a new one fails here until
it is said below how to ask it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from litestar.routes import HTTPRoute, WebSocketRoute
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from halte.app import create_app
from halte.pages import NAMED
from kernel.ids import new_id
from kernel.settings import Settings
from tests.support import canaries
from tests.support.canaries import Refuge, counts_in, whereabouts_in, words_of
from tests.support.region import LANGUAGE, SmallRegion
from tests.support.running import SCRAPER, Running

# `granted` is a desk with a grant for the refuge: it may report for it, and sees it as others do.
OUTSIDERS = ("public", "desk", "granted", "supervisor", "other", "key", "admin")
OWN = "staff"

_BOARD = ("", "?commune=21004", "?audience=women", "?regime=night", "?shelter={secret}")
SUGGESTIONS = "/api/v1/requests/{request_id:uuid}/suggestions"
# How each route is asked. The built files are the same for everybody, so one that there is not is enough.
ASKED: dict[str, tuple[str, ...]] = {
    "/": ("",),
    "/watch": ("",),
    "/shelter": ("",),
    "/desk": ("",),
    "/receipt": ("",),
    **{f"/{name}": ("",) for name in NAMED},
    "/assets/{file_path:path}": ("/assets/nothing.js",),
    "/healthz": ("",),
    "/readyz": ("",),
    "/metrics": ("",),
    "/schema": ("",),
    "/schema/openapi.json": ("",),
    "/schema/{path:str}": ("/schema/nothing",),
    "/api/v1/accounts": ("",),
    "/api/v1/board": _BOARD,
    "/api/v1/board.geojson": _BOARD,
    "/api/v1/clock": ("",),
    "/api/v1/draws": ("", "?night={tonight}"),
    "/api/v1/draws/{draw_id:uuid}": ("/api/v1/draws/{draw}",),
    "/api/v1/draws/{draw_id:uuid}/file": ("/api/v1/draws/{draw}/file",),
    "/api/v1/keys": ("",),
    "/api/v1/must-moves": ("",),
    "/api/v1/placements": ("", "?state=recent", "?shelter={secret}", "?shelter={secret}&state=recent"),
    "/api/v1/placements/{placement_id:uuid}": ("/api/v1/placements/{placement}",),
    "/api/v1/placements/{placement_id:uuid}/address": ("/api/v1/placements/{placement}/address",),
    "/api/v1/plans": ("", "?night={tonight}", "?night=2026-01-01"),
    "/api/v1/plans/{plan_id:uuid}": ("/api/v1/plans/{plan}",),
    "/api/v1/plans/{plan_id:uuid}/why/{request_id:uuid}": (
        "/api/v1/plans/{plan}/why/{request}",
        "/api/v1/plans/{plan}/why/{waiting}",
    ),
    "/api/v1/policies": ("",),
    "/api/v1/policies/orientation": ("",),
    "/api/v1/policies/orientation/preview/{preview_id:uuid}": ("/api/v1/policies/orientation/preview/{request}",),
    "/api/v1/nights/{night:date}": ("/api/v1/nights/2026-01-01", "/api/v1/nights/{tonight}"),
    "/api/v1/receipts/{secret:str}": ("/api/v1/receipts/{receipt}",),
    "/api/v1/region": ("",),
    "/api/v1/requests": ("", "?state=open", "?state=closed"),
    "/api/v1/requests/{request_id:uuid}": ("/api/v1/requests/{request}",),
    "/api/v1/requests/{request_id:uuid}/events": ("/api/v1/requests/{request}/events",),
    SUGGESTIONS: tuple(f"/api/v1/requests/{{request}}/suggestions{query}" for query in ("", "?limit=1", "?all=true")),
    "/api/v1/sessions/current": ("",),
    "/api/v1/shelters": ("",),
    "/api/v1/shelters/{shelter_id:uuid}": ("/api/v1/shelters/{secret}",),
    "/api/v1/surges": ("", "?running=true", "?running=false"),
    "/api/v1/surges/{surge_id:uuid}": ("/api/v1/surges/{surge}",),
    "/api/v1/totals": ("",),
    "/api/v1/units/{unit_id:uuid}/history": tuple(
        f"/api/v1/units/{{{unit}}}/history{query}"
        for unit in ("secret_unit", "held_unit", "gone_unit")
        for query in ("", "?limit=1", "?limit=500", "?limit=2&before=60")
    ),
}
# How many frames, answers and works there were: any number may be among these, too.
TRAFFIC = ("halte_live_f", "halte_http_answers", "halte_lane_")
SOCKETS = ("/live/board", "/live/desk", "/live/shelter")
# An administrator defines the shelter and is told its address, which is noted (docs/privacy.md).
# Who has placed somebody there is told too, and that is an event of the request.
TOLD_WHERE = {
    ("admin", "/api/v1/shelters/{shelter_id:uuid}"),
    ("granted", "/api/v1/placements/{placement_id:uuid}/address"),
}


def _paths(route: str, refuge: Refuge) -> list[str]:
    region = refuge.region
    ids = {
        "secret": region.secret,
        "secret_unit": region.secret_unit,
        "held_unit": refuge.held_unit,
        "gone_unit": refuge.gone_unit,
        "surge": refuge.surge,
        "request": refuge.request,
        "receipt": refuge.receipt,
        "tonight": refuge.tonight,
        "placement": refuge.placement,
        "plan": refuge.plan,
        "waiting": refuge.waiting,
        "draw": refuge.draw,
    }
    return [(asked if asked.startswith("/") else route + asked).format_map(ids) for asked in ASKED[route]]


def _headers(region: SmallRegion, who: str) -> dict[str, str]:
    if who == "public":
        return LANGUAGE
    if who == "key":
        return LANGUAGE | {"Authorization": f"Bearer {region.reader_key}"}
    return LANGUAGE | {"Cookie": region.cookies[who], "Origin": region.address}


async def _walk(refuge: Refuge, who: str) -> dict[str, str]:
    """Ask every route as somebody; return by route all that was said."""
    region = refuge.region
    said: dict[str, str] = {}
    async with httpx.AsyncClient(base_url=region.address, headers=_headers(region, who), timeout=20) as client:
        for route in ASKED:
            # What there is for nobody else is asked for as its only reader would.
            more = SCRAPER if route == "/metrics" else None
            answers = [await client.get(path, headers=more) for path in _paths(route, refuge)]
            said[route] = "\n".join(map(words_of, answers))
    # The process's own figures are about the process, and any number may be among them.
    ours = (line for line in said["/metrics"].splitlines() if line.startswith("halte_"))
    said["/metrics"] = "\n".join(line for line in ours if not line.startswith(TRAFFIC))
    return said


@dataclass(slots=True)
class Listener:
    """A screen that writes down every frame it hears."""

    who: str
    path: str
    heard: list[str] = field(default_factory=list)

    async def listen(self, region: SmallRegion, hello: dict[str, Any], listening: asyncio.Event) -> None:
        address = region.address.replace("http://", "ws://") + self.path
        headers = _headers(region, self.who)
        protocol = Subprotocol("halte.v1")
        async with connect(address, subprotocols=[protocol], additional_headers=headers, compression=None) as socket:
            await socket.send(json.dumps({"t": "hello"} | hello))
            try:
                await self._write_down(socket, listening)
            except ConnectionClosed as closed:
                self.heard.append(str(closed))
            finally:
                listening.set()

    async def _write_down(self, socket: ClientConnection, listening: asyncio.Event) -> None:
        async for text in socket:
            assert isinstance(text, str)
            self.heard.append(text)
            frame = json.loads(text)
            if frame["t"] in {"snapshot", "delta"}:
                await socket.send(json.dumps({"t": "ack", "to": frame["seq" if frame["t"] == "snapshot" else "to"]}))
            listening.set()

    @property
    def said(self) -> str:
        return "\n".join(self.heard)

    @property
    def head(self) -> dict[str, Any]:
        """Say hello as a screen that comes back with this board."""
        frame = json.loads(self.heard[0])
        return {"after": frame["seq"], "epoch": frame["epoch"]} if frame["t"] == "snapshot" else {}


@asynccontextmanager
async def _listening(region: SmallRegion, *hellos: tuple[Listener, dict[str, Any]]) -> AsyncIterator[None]:
    begun = [asyncio.Event() for _ in hellos]
    tasks = [
        asyncio.create_task(listener.listen(region, hello, event))
        for (listener, hello), event in zip(hellos, begun, strict=True)
    ]
    try:
        async with asyncio.timeout(20):
            await asyncio.gather(*(event.wait() for event in begun))
        yield
        # Several ticks: what is on its way arrives.
        await asyncio.sleep(0.5)
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert [error for error in ended if isinstance(error, Exception)] == []


@dataclass(slots=True)
class Swept:
    """What everybody was told while the refuge lived, and after."""

    refuge: Refuge
    routes: dict[str, dict[str, str]] = field(default_factory=dict)
    sockets: dict[tuple[str, str], str] = field(default_factory=dict)


@pytest.fixture(scope="module")
async def swept(halte: Running) -> Swept:
    """Found the refuge, let everybody listen, let it live, and ask everything as everybody."""
    region = halte.region
    refuge = Refuge(region, halte.server.settings.database_url or "")
    await refuge.found()
    everybody = (*OUTSIDERS, OWN)
    live, fresh, back = [
        [Listener(who, path) for who in everybody for path in SOCKETS] for _ in ("live", "fresh", "back")
    ]
    async with _listening(region, *((listener, {}) for listener in live)):
        await refuge.live()
    late = [(listener, before.head) for listener, before in zip(back, live, strict=True)]
    async with _listening(region, *((listener, {}) for listener in fresh), *late):
        pass
    told = Swept(refuge)
    for listeners in zip(live, fresh, back, strict=True):
        key = (listeners[0].who, listeners[0].path)
        told.sockets[key] = "\n".join(listener.said for listener in listeners)
    for who in everybody:
        told.routes[who] = await _walk(refuge, who)
    return told


def test_i11_every_route_that_answers_a_get_is_asked() -> None:
    routes = create_app(Settings()).routes
    gets = {route.path for route in routes if isinstance(route, HTTPRoute) and "GET" in route.methods}
    # The assets are there where the screens are built.
    assert gets | {"/assets/{file_path:path}"} == set(ASKED), "say in ASKED how the new route is asked"
    assert {route.path for route in routes if isinstance(route, WebSocketRoute)} == set(SOCKETS)


@pytest.mark.parametrize("route", ASKED)
@pytest.mark.parametrize("who", OUTSIDERS)
async def test_i11_no_route_tells_an_outsider(swept: Swept, who: str, route: str) -> None:
    said = swept.routes[who][route]
    assert counts_in(said) == set(), said
    if (who, route) not in TOLD_WHERE:
        assert whereabouts_in(said) == set(), said


@pytest.mark.parametrize("path", SOCKETS)
@pytest.mark.parametrize("who", OUTSIDERS)
async def test_i11_no_frame_tells_an_outsider(swept: Swept, who: str, path: str) -> None:
    said = swept.sockets[who, path]
    assert said != ""
    assert (counts_in(said), whereabouts_in(said)) == (set(), set()), said


async def test_its_own_staff_are_told_so_the_eye_is_not_blind(swept: Swept) -> None:
    now = {str(canaries.AGAIN), str(canaries.HELD), str(canaries.REPAIR), str(canaries.GROWN)}
    past = {str(number) for number in canaries.NUMBERS} - {str(canaries.IN), str(canaries.OUT)}
    said = swept.routes[OWN]
    assert now <= counts_in(said["/api/v1/board"])
    assert str(canaries.AGAIN) in counts_in(said["/api/v1/board.geojson"])
    assert past <= counts_in(said["/api/v1/units/{unit_id:uuid}/history"])
    for path in ("/live/board", "/live/shelter"):
        assert now <= counts_in(swept.sockets[OWN, path])
    assert len(whereabouts_in(said["/api/v1/shelters/{shelter_id:uuid}"])) == 4
    assert whereabouts_in(swept.routes["granted"]["/api/v1/placements/{placement_id:uuid}/address"]) != set()
    # Nowhere else, not even to them: what lies open on a desk all day is read by others too.
    others = "\n".join(text for route, text in said.items() if route != "/api/v1/shelters/{shelter_id:uuid}")
    assert whereabouts_in(others + "".join(swept.sockets[OWN, path] for path in SOCKETS)) == set()


async def test_outsiders_did_see_the_refuge_as_a_band(swept: Swept) -> None:
    for who in ("desk", "granted", "supervisor", "other", "key", "admin"):
        surges = ("/api/v1/surges", "/api/v1/surges/{surge_id:uuid}")
        for route in ("/api/v1/board", "/api/v1/board.geojson", "/api/v1/units/{unit_id:uuid}/history", *surges):
            assert '"band":"3+"' in swept.routes[who][route]
        assert '"band":"3+"' in swept.sockets[who, "/live/board"]
    for who in ("desk", "granted", "supervisor", "admin"):
        assert '"band":"3+"' in swept.sockets[who, "/live/desk"]
        assert '"band":"3+"' in swept.routes[who][SUGGESTIONS]


def _writes(refuge: Refuge) -> dict[str, tuple[str, str, Any, str | None]]:
    """Return writes about the refuge by name: method, path, body, and the slug where it must be refused."""
    region, unit = refuge.region, str(refuge.region.secret_unit)
    report, stale = f"/reports/{new_id()}", refuge.line(4, base_seq=1)
    both = refuge.line(4, over_by=4)
    held = refuge.line(9_999, refuge.held_unit, over_by=9_999)
    moved = {"unit": unit, "direction": "in", "places": 9_999}
    house = {"operator": str(region.operator), "name": "Quiet House", "commune": "21004", "secret": True}
    begun = {"id": str(new_id()), "reason": "cold", "why": "A cold night"}
    later = {"id": str(new_id()), "why": "Colder still", "until": (datetime.now(UTC) + timedelta(days=2)).isoformat()}
    batch = {"reports": [{"report": str(new_id())} | body for body in (refuge.line(9_999), stale, both, held)]}
    return {
        "absurd": ("PUT", f"/reports/{new_id()}", refuge.line(9_999), "absurd-count"),
        "free and overfull": ("PUT", f"/reports/{new_id()}", both, "absurd-count"),
        "absurd where places are held": ("PUT", f"/reports/{new_id()}", held, "absurd-count"),
        "based on what has moved": ("PUT", f"/reports/{new_id()}", stale, None),
        "a batch of them": ("POST", "/reports", batch, None),
        "more come than there are places": ("PUT", f"/movements/{new_id()}", moved, None),
        "a unit with holds is removed": ("DELETE", f"/units/{refuge.held_unit}", None, "unit-has-holds"),
        "the shelter is put again": ("PUT", f"/shelters/{region.secret}", house | canaries.WHERE, None),
        "it is closed": ("POST", f"/units/{unit}/close", None, None),
        "it is reopened": ("POST", f"/units/{unit}/reopen", None, None),
        "a surge where there is none": ("POST", "/surges", begun | {"units": [unit]}, None),
        "a surge where one runs": ("POST", "/surges", begun | {"units": [str(refuge.surge_unit)]}, None),
        "a surge moves": ("POST", f"/surges/{refuge.surge}/extend", later, None),
        "nobody can be there": ("PUT", report, refuge.line(0), None),
        "the same again": ("PUT", report, refuge.line(0), None),
        "the same id, otherwise": ("PUT", report, refuge.line(1), "id-reused"),
    }


@pytest.mark.parametrize("who", OUTSIDERS)
async def test_i11_no_answer_to_a_write_tells_an_outsider(swept: Swept, who: str) -> None:
    """Whoever may report for a refuge without living there learns nothing from how it is taken, or refused."""
    region = swept.refuge.region
    told: dict[str, set[str]] = {}
    async with httpx.AsyncClient(base_url=f"{region.address}/api/v1", headers=_headers(region, who)) as client:
        for name, (method, path, body, slug) in _writes(swept.refuge).items():
            answer = await client.request(method, path, json=body)
            assert answer.status_code < 500, answer.text
            if slug is not None and who in {"granted", "admin"} and answer.status_code != 403:
                assert answer.json()["slug"] == slug, name
            told[name] = counts_in(words_of(answer)) | whereabouts_in(words_of(answer))
    assert {name: leaks for name, leaks in told.items() if leaks} == {}
