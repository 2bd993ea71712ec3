"""GET /board.geojson of a real server, as each role gets it. Filters and ETags are tried with the board's own."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.support.region import SmallRegion
from tests.support.running import Running

MEDIA_TYPE = "application/geo+json"
LINDEN, REFUGE = (4.3517, 50.8466), (4.4024, 50.8391)
STREET = "Invented Street 17"


@pytest.fixture(scope="module", autouse=True)
async def placed(halte: Running) -> None:
    """Put two of the shelters on the map, the secret one too."""
    region = halte.region
    async with region.client("admin") as admin:
        for shelter, name, secret, (longitude, latitude) in (
            (region.linden, "Linden House", False, LINDEN),
            (region.secret, "Quiet House", True, REFUGE),
        ):
            body = {"operator": str(region.operator), "name": name, "commune": "21004", "secret": secret}
            where = {"address": STREET, "latitude": latitude, "longitude": longitude, "phone": "+32 2 000 00 17"}
            answer = await admin.put(f"/shelters/{shelter}", json=body | where)
            assert answer.status_code == 200, answer.text


def _client(region: SmallRegion, who: str) -> httpx.AsyncClient:
    if who in {"public", "key"}:
        return region.client(key=region.reader_key if who == "key" else None)
    return region.client(who)


async def _collection(region: SmallRegion, who: str) -> dict[str, Any]:
    async with _client(region, who) as client:
        answer = await client.get("/board.geojson")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == MEDIA_TYPE
    told: dict[str, Any] = answer.json()
    return told


def _feature(collection: dict[str, Any], shelter: UUID) -> dict[str, Any]:
    (found,) = [one for one in collection["features"] if one["id"] == str(shelter)]
    feature: dict[str, Any] = found
    return feature


@pytest.mark.parametrize("who", ["staff", "other", "desk", "supervisor", "admin", "key"])
async def test_everybody_who_has_the_board_has_the_map(halte: Running, who: str) -> None:
    region = halte.region
    told = await _collection(region, who)
    async with _client(region, who) as client:
        board = (await client.get("/board")).json()
    assert told["type"] == "FeatureCollection"
    assert (told["epoch"], told["live"]) == (board["epoch"], board["live"])
    assert told["seq"] <= board["seq"]
    assert told["now"].endswith("Z")
    assert {one["id"] for one in told["features"]} == {one["id"] for one in board["shelters"]}
    linden = _feature(told, region.linden)
    assert linden["geometry"] == {"type": "Point", "coordinates": list(LINDEN)}
    assert (linden["properties"]["name"], linden["properties"]["commune"]) == ("Linden House", "21004")
    (men,) = [unit for unit in linden["properties"]["units"] if unit["id"] == str(region.men)]
    assert (men["status"], men["available"], men["audience"], men["allotment"]) == ("open", 5, ["men"], "place")
    assert men["confirmed_at"] < men["aging_at"] < men["stale_at"] < men["silent_at"]
    assert _feature(told, region.canal)["geometry"] is None


@pytest.mark.parametrize("who", ["other", "desk", "supervisor", "admin", "key"])
async def test_i11_outsiders_see_of_the_refuge_its_commune_and_bands(halte: Running, who: str) -> None:
    region = halte.region
    told = await _collection(region, who)
    refuge = _feature(told, region.secret)
    assert refuge["geometry"] is None
    (unit,) = refuge["properties"]["units"]
    assert (unit["masked"], unit["band"], unit["status"]) == (True, "3+", "open")
    assert "available" not in unit
    assert refuge["properties"]["commune"] == "21004"
    words = str(refuge)
    assert not any(part in words for part in (STREET, "000 00 17", str(REFUGE[0]), str(REFUGE[1])))


async def test_its_own_staff_see_the_refuge_s_count_and_no_point_on_a_map(halte: Running) -> None:
    region = halte.region
    refuge = _feature(await _collection(region, "staff"), region.secret)
    assert refuge["geometry"] is None
    assert [unit["available"] for unit in refuge["properties"]["units"]] == [7]


async def test_it_is_described(halte: Running) -> None:
    async with httpx.AsyncClient(base_url=halte.region.address) as client:
        described = (await client.get("/schema/openapi.json")).json()
    operation = described["paths"]["/api/v1/board.geojson"]["get"]
    assert set(operation["responses"]["200"]["content"]) == {MEDIA_TYPE}
    assert {one["name"] for one in operation["parameters"]} == {"commune", "audience", "regime", "shelter"}
    assert {"304", "400", "401", "403", "503"} <= set(operation["responses"])
