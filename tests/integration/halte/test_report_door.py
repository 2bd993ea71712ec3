"""A machine's report is answered alike by the door and by the route behind it, to the byte and the header."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from kernel.ids import new_id
from tests.support.running import Running

# Its parameter is beyond the door, which takes only what is plain.
_ROUTE, _DOOR = "application/json; charset=utf-8", "application/json"


async def _put(client: httpx.AsyncClient, report: str, body: bytes | dict[str, Any], kind: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else httpx.Request("PUT", "http://a", json=body).content
    return await client.put(f"/reports/{report}", content=content, headers={"Content-Type": kind})


def _alike(one: httpx.Response, other: httpx.Response) -> None:
    assert (one.status_code, one.content) == (other.status_code, other.content)
    assert sorted(one.headers.raw) == sorted(other.headers.raw)


async def test_what_is_kept_is_told_alike(halte: Running) -> None:
    body = {"shelter": str(halte.region.linden), "units": [{"unit": str(halte.region.men), "free": 3}]}
    async with halte.region.client(key=halte.region.key) as client:
        by_route, by_door = str(new_id()), str(new_id())
        first = await _put(client, by_route, body, _ROUTE)
        assert (first.status_code, first.json()["repeated"]) == (200, False), first.text
        body["units"][0]["free"] = 4  # type: ignore[index]
        second = await _put(client, by_door, body, _DOOR)
        assert (second.status_code, second.json()["repeated"]) == (200, False), second.text
        assert second.json()["units"][0]["outcome"] == "applied"
        assert second.json()["units"][0]["state"]["seq"] > first.json()["units"][0]["state"]["seq"]
        _alike(await _put(client, by_door, body, _ROUTE), await _put(client, by_door, body, _DOOR))


@pytest.mark.parametrize(
    "body, slug",
    [
        (b"{", "malformed-json"),
        ({"shelter": 7, "units": []}, "invalid-body"),
        ({"units": [{"free": 3}], "surprise": 1}, "invalid-body"),
        ({"units": [{"unit": str(new_id()), "free": 3}]}, "unknown-unit"),
        ({"units": [{"free": 9_999}]}, "absurd-count"),
        ({"units": [{"free": None}]}, "invalid-body"),
        ({"shelter": str(new_id()), "units": [{"free": 3}]}, "not-your-shelter"),
        ({"units": [{"free": 3}], "night": "2020-01-01"}, "wrong-night"),
    ],
)
async def test_what_is_refused_is_told_alike(halte: Running, body: bytes | dict[str, Any], slug: str) -> None:
    if isinstance(body, dict):
        units = [{"unit": str(halte.region.men)} | one for one in body["units"]]
        body = {"shelter": str(halte.region.linden)} | body | {"units": units}
    async with halte.region.client(key=halte.region.key) as client:
        report = str(new_id())
        by_route, by_door = await _put(client, report, body, _ROUTE), await _put(client, report, body, _DOOR)
        assert by_route.json()["slug"] == slug, by_route.text
        _alike(by_route, by_door)


async def test_an_id_that_has_another_body_is_told_alike(halte: Running) -> None:
    async with halte.region.client(key=halte.region.key) as client:
        report = str(new_id())
        for free, status in ((5, 200), (6, 422)):
            body = {"shelter": str(halte.region.linden), "units": [{"unit": str(halte.region.men), "free": free}]}
            told = await _put(client, report, body, _DOOR)
            assert told.status_code == status, told.text
        _alike(await _put(client, report, body, _ROUTE), told)


async def test_a_key_that_is_revoked_or_may_only_read_does_not_get_in(halte: Running) -> None:
    body = {"shelter": str(halte.region.linden), "units": [{"unit": str(halte.region.men), "free": 3}]}
    for key, status in ((halte.region.revoked_key, 401), (halte.region.reader_key, 403)):
        async with halte.region.client(key=key) as client:
            report = str(new_id())
            by_route, by_door = await _put(client, report, body, _ROUTE), await _put(client, report, body, _DOOR)
            assert by_route.status_code == status, by_route.text
            _alike(by_route, by_door)
