"""A region's map: brought by command, told to whoever may read the board, still told while Postgres is away."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from halte.demo.outlining import FILE
from halte.regions import main
from tests.support.running import Running

SMALL = {
    "type": "FeatureCollection",
    "attribution": "Nobody",
    "features": [
        {
            "type": "Feature",
            "properties": {"code": "A1", "name:nl": "Eerste", "name:en": "First"},
            "geometry": {"type": "Point", "coordinates": [4.1, 50.2]},
        }
    ],
}


async def bring(halte: Running, file: Path, slug: str = "brussels") -> Result:
    return await asyncio.to_thread(CliRunner().invoke, main, ["map", slug, str(file)], obj=halte.server.settings)


async def told(halte: Running, login: str = "supervisor", **headers: str) -> Any:
    async with halte.region.client(login, **headers) as client:
        return await client.get("/region")


async def test_a_region_without_a_map_and_then_with_one(halte: Running, tmp_path: Path) -> None:
    answer = await told(halte)
    assert answer.status_code == 200
    before = answer.json()
    assert (before["slug"], before["timezone"]) == ("brussels", "Europe/Brussels")
    assert before["map"] is None
    assert before["background"] is None
    assert (await told(halte, **{"If-None-Match": answer.headers["etag"]})).status_code == 304

    brought = await bring(halte, FILE)
    assert brought.exit_code == 0, brought.output
    assert "19 communes, its outline" in brought.output
    after = await told(halte, **{"If-None-Match": answer.headers["etag"]})
    assert after.status_code == 200
    found = after.json()["map"]
    assert {"code": "21009", "names": {"fr": "Ixelles", "nl": "Elsene"}, "point": [4.372, 50.827]} in found["communes"]
    assert len(found["outline"]) == 1
    assert "CC BY 4.0" in found["attribution"]

    small = tmp_path / "small.geojson"
    small.write_text(json.dumps(SMALL), "utf-8")
    assert (await bring(halte, small)).exit_code == 0
    replaced = (await told(halte)).json()["map"]
    assert replaced["communes"] == [{"code": "A1", "names": {"nl": "Eerste", "en": "First"}, "point": [4.1, 50.2]}]
    assert replaced["outline"] == []


@pytest.mark.parametrize(
    "content, slug, words",
    [
        ("{}", "brussels", "Expected a GeoJSON FeatureCollection."),
        ("not json", "brussels", "This is not JSON"),
        (json.dumps(SMALL), "gent", "There is no region 'gent'"),
        (" " * 1_048_577, "brussels", "larger than 1024 KiB"),
    ],
)
async def test_what_is_no_map_changes_nothing(
    halte: Running, tmp_path: Path, content: str, slug: str, words: str
) -> None:
    before = (await told(halte)).json()
    file = tmp_path / "bad.geojson"
    file.write_text(content, "utf-8")
    refused = await bring(halte, file, slug)
    assert refused.exit_code == 1
    assert words in refused.output
    assert (await told(halte)).json() == before


@pytest.mark.parametrize("login", ["staff", "desk", "supervisor", "admin"])
async def test_who_reads_the_board_reads_the_region(halte: Running, login: str) -> None:
    assert (await told(halte, login)).status_code == 200


async def test_the_public_does_not(halte: Running) -> None:
    async with halte.region.client() as client:
        assert (await client.get("/region")).status_code == 401
