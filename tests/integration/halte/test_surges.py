"""The surges over HTTP: who may, what is refused, what every screen shows, and what the clock ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from kernel.ids import new_id
from kernel.problems import LANGUAGES, wording
from tests.support.region import SmallRegion
from tests.support.running import Running
from tests.support.watching import LiveScreen, watched


@pytest.fixture
async def halls(halte: Running) -> list[UUID]:
    """A surge unit in Linden House and one in the secret shelter, new for each test."""
    region = halte.region
    units = [new_id(), new_id()]
    async with region.client("admin") as admin:
        for unit, shelter in zip(units, (region.linden, region.secret), strict=True):
            body = {"shelter": str(shelter), "name": "Hall", "audience": ["everyone"], "capacity": 40, "surge": True}
            assert (await admin.put(f"/units/{unit}", json=body)).status_code == 200
    return units


def begun(*units: UUID, **more: Any) -> dict[str, Any]:
    named = {"units": [str(unit) for unit in units]} if units else {}
    return {"id": str(new_id()), "reason": "cold", "why": "Colder than -5 tonight"} | named | more


async def post(region: SmallRegion, path: str, body: Any, login: str = "supervisor", **headers: str) -> httpx.Response:
    async with region.client(login, **headers) as client:
        return await client.post(path, json=body)


async def ended(region: SmallRegion, surge: str) -> dict[str, Any]:
    answer = await post(region, f"/surges/{surge}/end", {"id": str(new_id()), "why": "It thaws"})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_a_surge_is_seen_from_its_beginning_to_its_end(halte: Running, halls: list[UUID]) -> None:
    region, (hall, secret) = halte.region, halls
    headers = {"Cookie": region.cookies["desk"], "Origin": region.address}
    screen = LiveScreen(region.address, headers)
    body = begun(*halls)

    def shows(unit: UUID, status: str) -> Any:
        return lambda shown: shown.board[str(unit)]["status"] == status

    async with watched(screen):
        answer = await post(region, "/surges", body)
        assert answer.status_code == 200, answer.text
        surge = answer.json()["surge"]
        assert (surge["id"], surge["standing"], surge["reason"]) == (body["id"], "running", "cold")
        assert [one["verb"] for one in surge["changes"]] == ["activate"]
        assert surge["changes"][0]["why"] == body["why"]
        states = {one["unit"]: one["state"] for one in surge["units"]}
        assert {states[str(unit)]["status"] for unit in halls} == {"awaiting-report"}
        # How long is the rules' to say, and every screen is told when it closes.
        until = surge["until"]
        linden = str(region.linden)

        def told_end(shown: Any) -> bool:
            return str(hall) in [u["id"] for u in shown.board[linden]["units"] if u["expires_at"] == until]

        await screen.until(told_end, 3)
        async with region.client("staff") as staff:
            for unit, shelter in ((hall, region.linden), (secret, region.secret)):
                report = region.report(31, unit, shelter)
                assert (await staff.put(f"/reports/{new_id()}", json=report)).status_code == 200
        await screen.until(shows(hall, "open"), 3)
        await screen.until(shows(secret, "open"), 3)
        async with region.client("desk") as desk:
            read = (await desk.get(f"/surges/{body['id']}")).json()
            listed = (await desk.get("/surges?running=true")).json()["surges"]
        assert read in listed
        states = {one["unit"]: one["state"] for one in read["units"]}
        assert states[str(hall)]["free"] == 31
        assert (states[str(secret)]["band"], "free" in states[str(secret)]) == ("3+", False)
        assert all(not one["overdue"] for one in read["units"])
        told = await ended(region, body["id"])
        assert told["surge"]["standing"] == "ended"
        assert [one["verb"] for one in told["surge"]["changes"]] == ["activate", "end"]
        await screen.until(shows(hall, "closed"), 3)
        await screen.until(shows(secret, "closed"), 3)
        assert screen.screen.board[str(hall)]["free"] == 31
    # The same again, by a colleague: what was done, and the state of now.
    again = (await post(region, "/surges", body, "admin")).json()
    assert (again["repeated"], again["surge"]) == (True, told["surge"])
    other = await post(region, "/surges", body | {"reason": "heat"})
    assert (other.status_code, other.json()["slug"]) == (422, "id-reused")


async def test_who_may(halte: Running, halls: list[UUID]) -> None:
    region = halte.region
    body = begun(*halls)
    async with region.client() as nobody, region.client(key=region.key) as key:
        assert (await nobody.get("/surges")).status_code == 401
        assert (await key.get("/surges")).status_code == 200
        assert (await key.post("/surges", json=body)).json()["slug"] == "forbidden"
    for login in ("staff", "desk", "other"):
        answer = await post(region, "/surges", body, login)
        assert (answer.status_code, answer.json()["slug"]) == (403, "forbidden")
        async with region.client(login) as client:
            assert (await client.get("/surges")).status_code == 200
    assert (await post(region, "/surges", body)).status_code == 200
    for login in ("staff", "desk"):
        answer = await post(region, f"/surges/{body['id']}/end", {"id": str(new_id()), "why": "It thaws"}, login)
        assert answer.status_code == 403
    await ended(region, body["id"])


async def test_whole_shelters_communes_and_the_region(halte: Running, halls: list[UUID]) -> None:
    region, (hall, secret) = halte.region, halls
    answer = await post(region, "/surges", begun(shelters=[str(region.linden)]))
    first = answer.json()["surge"]
    assert str(hall) in {one["unit"] for one in first["units"]}
    assert {one["shelter"] for one in first["units"]} == {str(region.linden)}
    # The rest of the region, in which nothing runs yet.
    second = (await post(region, "/surges", begun(everywhere=True))).json()["surge"]
    assert str(secret) in {one["unit"] for one in second["units"]}
    assert not {one["unit"] for one in second["units"]} & {one["unit"] for one in first["units"]}
    for body in (begun(communes=["21004"]), begun(everywhere=True), begun(communes=["99999"])):
        assert (await post(region, "/surges", body)).json()["slug"] == "surge-without-units"
    named = await post(region, "/surges", begun(hall))
    assert (named.status_code, named.json()["slug"], named.json()["surge"]) == (409, "unit-in-surge", first["id"])
    for surge in (first, second):
        await ended(region, surge["id"])
    async with region.client("desk") as desk:
        page = (await desk.get("/surges?limit=1")).json()
        assert [one["id"] for one in page["surges"]] == [second["id"]]
        page = (await desk.get(f"/surges?limit=1&before={page['before']}")).json()
        assert [one["id"] for one in page["surges"]] == [first["id"]]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_bad_input_is_refused_by_name(halte: Running, halls: list[UUID], language: str) -> None:
    region, hall = halte.region, halls[0]
    soon, far = (datetime.now(UTC) + timedelta(days=days) for days in (1, 400))
    cases: list[tuple[dict[str, Any], int, str]] = [
        (begun(), 422, "invalid-body"),
        (begun(hall, reason="dragons"), 422, "invalid-body"),
        (begun(hall, why=""), 422, "invalid-body"),
        (begun(hall, why="two\nlines"), 422, "invalid-body"),
        (begun(hall, why="ask 0470 12 34 56"), 422, "reason-refused"),
        (begun(hall, until="tomorrow"), 422, "invalid-body"),
        (begun(hall, until="0001-01-01T00:00:00+14:00"), 422, "invalid-body"),
        (begun(hall, until="2020-01-01T00:00:00Z"), 422, "until-refused"),
        (begun(hall, until=far.isoformat()), 422, "until-refused"),
        (begun(hall, dragons=1), 422, "invalid-body"),
        (begun(communes=["a b"]), 422, "invalid-body"),
        (begun(shelters=[str(new_id())]), 404, "unknown-shelter"),
        (begun(new_id()), 404, "unknown-unit"),
        (begun(region.men), 422, "not-a-surge-unit"),
        (begun(hall, region.men), 422, "not-a-surge-unit"),
    ]
    for body, code, slug in cases:
        answer = await post(region, "/surges", body, **{"Accept-Language": language})
        assert (answer.status_code, answer.json()["slug"]) == (code, slug), answer.text
        assert answer.json()["title"] == wording(language)[slug]["title"]
        assert "?" not in answer.json()["detail"]
    nothing = f"/surges/{new_id()}"
    for path, body, code, slug in (
        (f"{nothing}/end", {"id": str(new_id()), "why": "It thaws"}, 404, "unknown-surge"),
        (f"{nothing}/extend", {"id": str(new_id()), "why": "Cold", "until": soon.isoformat()}, 404, "unknown-surge"),
        (f"{nothing}/extend", {"id": str(new_id()), "why": "Cold"}, 422, "invalid-body"),
        ("/surges/none/end", {}, 404, "not-found"),
    ):
        answer = await post(region, path, body, **{"Accept-Language": language})
        assert (answer.status_code, answer.json()["slug"]) == (code, slug)
    assert (await region.unit(hall))["status"] == "awaiting-report"
    async with region.client("desk") as desk:
        assert (await desk.get(nothing)).json()["slug"] == "unknown-surge"
        for query in ("?limit=0", "?limit=51", "?before=x", "?running=maybe"):
            assert (await desk.get(f"/surges{query}")).json()["slug"] == "invalid-parameter"


async def test_the_clock_asks_who_has_not_reported_and_ends_it(halte: Running, halls: list[UUID]) -> None:
    """The last test of the module: it moves the clock of the demonstration."""
    region, (hall, silent) = halte.region, halls
    body = begun(*halls)
    started = datetime.fromisoformat((await post(region, "/surges", body)).json()["surge"]["started_at"])
    extension = {"id": str(new_id()), "why": "Colder still", "until": (started + timedelta(hours=30)).isoformat()}
    answer = await post(region, f"/surges/{body['id']}/extend", extension)
    assert answer.status_code == 200, answer.text
    again = (await post(region, f"/surges/{body['id']}/extend", extension, "admin")).json()
    assert again == answer.json() | {"repeated": True}
    async with region.client("staff") as staff:
        report = region.report(20, hall, region.linden)
        assert (await staff.put(f"/reports/{new_id()}", json=report)).status_code == 200

    async def at(hours: float) -> dict[str, Any]:
        async with region.client("admin") as admin:
            shown = (started + timedelta(hours=hours)).isoformat()
            assert (await admin.put("/clock", json={"now": shown, "speed": 0})).status_code == 200
            told: dict[str, Any] = (await admin.get(f"/surges/{body['id']}")).json()
        return told

    told = await at(2.5)
    assert {one["unit"]: one["overdue"] for one in told["units"]} == {str(hall): False, str(silent): True}
    told = await at(30)
    assert told["standing"] == "expired"
    screen = LiveScreen(region.address, {"Cookie": region.cookies["desk"], "Origin": region.address})
    async with watched(screen):
        await screen.until(lambda shown: shown.board[str(hall)]["status"] == "closed", 15)
    assert (await region.unit(hall))["free"] == 20
    answer = await post(region, f"/surges/{body['id']}/end", {"id": str(new_id()), "why": "It thaws"})
    assert (answer.status_code, answer.json()["slug"]) == (409, "surge-ended")
