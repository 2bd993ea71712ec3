"""The background of the map: tiles from this machine in ranges, and a page that opens to one other origin at most."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from litestar.testing import TestClient

from halte.app import create_app
from halte.pages import CONTENT_SECURITY_POLICY, content_security_policy
from halte.tiles import RANGE_MAX_BYTES, span_of
from inventory.mapping import TILES_PATH, background
from kernel.problems import InvalidParameter
from kernel.settings import Settings, SettingsError
from tests.support.chromium import missing_here

CONTENT = bytes(range(256)) * 4


@pytest.fixture
def settings_with_tiles(tmp_path: Path) -> Settings:
    file = tmp_path / "tiles.pmtiles"
    file.write_bytes(CONTENT)
    return Settings(map_pmtiles=str(file))


@pytest.mark.parametrize(
    "wanted, first, last",
    [("bytes=0-15", 0, 15), ("bytes=1000-", 1000, 1023), ("bytes=-24", 1000, 1023), ("bytes=1020-9999", 1020, 1023)],
)
def test_a_range_of_the_tiles(settings_with_tiles: Settings, wanted: str, first: int, last: int) -> None:
    client = TestClient(create_app(settings_with_tiles))
    answer = client.get(TILES_PATH, headers={"Range": wanted})
    assert answer.status_code == 206
    assert answer.content == CONTENT[first : last + 1]
    assert answer.headers["content-range"] == f"bytes {first}-{last}/1024"
    assert answer.headers["etag"]


@pytest.mark.parametrize("wanted", [None, "bytes=0-1,4-5", "lines=1-2", "bytes=a-b", "bytes=-"])
def test_the_whole_where_no_range_is_understood(settings_with_tiles: Settings, wanted: str | None) -> None:
    client = TestClient(create_app(settings_with_tiles))
    answer = client.get(TILES_PATH, headers={} if wanted is None else {"Range": wanted})
    assert (answer.status_code, answer.content) == (200, CONTENT)


@pytest.mark.parametrize("wanted", ["bytes=1024-", "bytes=9-3"])
def test_a_range_outside_is_refused(wanted: str) -> None:
    with pytest.raises(InvalidParameter):
        span_of(wanted, 1024)


def test_a_range_is_bounded() -> None:
    assert span_of("bytes=0-", 10 * RANGE_MAX_BYTES) == (0, RANGE_MAX_BYTES)


def test_without_the_setting_there_are_no_tiles() -> None:
    assert TILES_PATH not in {route.path for route in create_app(Settings()).routes}
    assert background(Settings()) is None
    assert content_security_policy(Settings()) == CONTENT_SECURITY_POLICY


def test_tiles_of_this_machine_open_the_page_to_nobody(settings_with_tiles: Settings) -> None:
    assert background(settings_with_tiles) == {"pmtiles": TILES_PATH}
    assert content_security_policy(settings_with_tiles) == CONTENT_SECURITY_POLICY


@pytest.mark.parametrize(
    "settings, below",
    [
        (
            Settings(map_style_url="https://tiles.example.org:8443/styles/a.json?key=1"),
            {"style": "https://tiles.example.org:8443/styles/a.json?key=1"},
        ),
        (
            Settings(map_pmtiles="https://tiles.example.org:8443/b.pmtiles"),
            {"pmtiles": "https://tiles.example.org:8443/b.pmtiles"},
        ),
    ],
)
def test_one_origin_is_opened_for_the_board_and_no_more(settings: Settings, below: dict[str, str]) -> None:
    assert background(settings) == below
    client = TestClient(create_app(settings))
    policies = {path: client.get(path).headers.get("content-security-policy") for path in ("/", "/shelter", "/watch")}
    if policies["/watch"] is None:
        missing_here("The screens are not built: run `make screens`.")
    assert policies["/"] == policies["/shelter"] == CONTENT_SECURITY_POLICY
    opened = set(re.findall(r"\S+-src [^;]*https://[^;]*", policies["/watch"]))
    assert opened == {
        "connect-src 'self' https://tiles.example.org:8443",
        "img-src 'self' data: https://tiles.example.org:8443",
    }


@pytest.mark.parametrize(
    "values, words",
    [
        ({"map_style_url": "https://a.example", "map_pmtiles": "https://b.example"}, "not both"),
        ({"map_style_url": "style.json"}, "a style is an address"),
        ({"map_style_url": "https://a.example; script-src *"}, "write it like"),
        ({"map_style_url": "https://me:secret@a.example/style.json"}, "without a log-in"),
        ({"map_pmtiles": "https://a.example/'unsafe-inline'"}, "write it like"),
        ({"map_pmtiles": "/nowhere/tiles.pmtiles"}, "no such file"),
    ],
)
def test_what_cannot_be_meant_is_refused(values: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        Settings(**values)  # type: ignore[arg-type]
