"""GET /board and GET /totals of a real server: what each asker gets, how it is narrowed, and when it is a 304."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from kernel.ids import new_id
from tests.support.region import SmallRegion
from tests.support.running import Running

BOARDS = ["/board", "/board.geojson"]


async def _etag(client: httpx.AsyncClient, path: str = "/board", **query: str) -> str:
    answer = await client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    assert "Cookie" in answer.headers["vary"]
    etag: str = answer.headers["etag"]
    return etag


async def _report(region: SmallRegion, free: int) -> None:
    async with region.client("staff") as staff:
        assert (await staff.put(f"/reports/{new_id()}", json=region.report(free))).status_code == 200


async def _report_all(region: SmallRegion) -> None:
    """5 and 2 are free at Linden House, none at Canal Court, 7 at the refuge: an outsider knows of 3 or more there."""
    await _report(region, 5)
    async with region.client("staff") as staff:
        refuge = region.report(7, region.secret_unit, region.secret)
        assert (await staff.put(f"/reports/{new_id()}", json=refuge)).status_code == 200


async def _move_at_the_refuge(region: SmallRegion, direction: str) -> None:
    """Far from the edge of a band: nobody but the refuge's own staff sees anything of it."""
    async with region.client("staff") as staff:
        body = {"unit": str(region.secret_unit), "direction": direction}
        answer = await staff.put(f"/movements/{new_id()}", json=body)
        assert answer.json()["outcome"] == "counted", answer.text


async def _not_moved_by(act: Callable[[], Awaitable[None]], look: Callable[[], Awaitable[Any]]) -> bool:
    """Tell whether what is looked at stays the same. A beat moves it once in 15 s, a leak every time."""
    for _ in range(4):
        before = await look()
        await act()
        if await look() == before:
            return True
    return False


@pytest.mark.parametrize("path", BOARDS)
async def test_who_has_it_already_is_told_so_and_nothing_else(halte: Running, path: str) -> None:
    async with halte.region.client("desk") as desk:
        etag = await _etag(desk, path)
        for named in (etag, f"W/{etag}", f'"another", {etag}', "*"):
            answer = await desk.get(path, headers={"If-None-Match": named})
            assert (answer.status_code, answer.content) == (304, b"")
            assert answer.headers["etag"] == etag
            assert answer.headers["cache-control"] == "no-cache"
        assert (await desk.get(path, headers={"If-None-Match": '"another"'})).status_code == 200


@pytest.mark.parametrize("path", BOARDS)
async def test_a_change_that_is_seen_moves_the_etag(halte: Running, path: str) -> None:
    region = halte.region
    for login in ("desk", "staff"):
        async with region.client(login) as asker:
            for free in (9, 8):
                before = await _etag(asker, path)
                await _report(region, free)
                assert (await asker.get(path, headers={"If-None-Match": before})).status_code == 200
                assert await _etag(asker, path) != before


@pytest.mark.parametrize("path", BOARDS)
async def test_i11_an_invisible_change_moves_no_outsiders_etag(halte: Running, path: str) -> None:
    region = halte.region
    for login in ("desk", "supervisor", "other", "admin"):
        async with region.client(login) as outsider:
            for direction in ("in", "out"):
                assert await _not_moved_by(
                    lambda direction=direction: _move_at_the_refuge(region, direction),  # type: ignore[misc]
                    lambda outsider=outsider: _etag(outsider, path),  # type: ignore[misc]
                )
    async with region.client("staff") as own:
        for direction in ("in", "out"):
            before = await _etag(own, path)
            await _move_at_the_refuge(region, direction)
            assert await _etag(own, path) != before


@pytest.mark.parametrize("path", BOARDS)
async def test_audiences_and_filters_do_not_share_an_etag(halte: Running, path: str) -> None:
    region = halte.region
    filters = [{}, {"commune": "21004"}, {"audience": "men"}, {"regime": "night"}, {"shelter": str(region.linden)}]
    async with region.client("desk") as desk, region.client("staff") as staff, region.client("other") as other:
        askers = [desk, staff, other]
        etags = [await _etag(asker, path, **query) for query in filters for asker in askers]
    async with region.client(key=region.reader_key) as key:
        etags.append(await _etag(key, path))
    assert len(set(etags)) == len(etags)


def _named(region: SmallRegion) -> dict[str, set[str]]:
    """The board by the names that a filter is expected to let through."""
    return {
        "linden": {str(region.linden), str(region.men), str(region.women)},
        "linden men": {str(region.linden), str(region.men)},
        "linden women": {str(region.linden), str(region.women)},
        "canal": {str(region.canal), str(region.canal_unit)},
        "refuge": {str(region.secret), str(region.secret_unit)},
    }


FILTERS: list[tuple[dict[str, str], tuple[str, ...]]] = [
    ({}, ("linden", "canal", "refuge")),
    ({"commune": "21004"}, ("linden", "canal", "refuge")),
    ({"commune": "21013"}, ()),
    ({"commune": "nowhere"}, ()),
    ({"commune": ""}, ()),
    ({"audience": "men"}, ("linden men",)),
    ({"audience": "women"}, ("linden women", "refuge")),
    ({"audience": "everyone"}, ("canal",)),
    ({"audience": "minors"}, ()),
    ({"regime": "night"}, ("linden", "canal", "refuge")),
    ({"regime": "admission"}, ()),
    ({"shelter": "canal"}, ("canal",)),
    ({"shelter": "secret"}, ("refuge",)),
    ({"shelter": "nobody"}, ()),
    ({"shelter": "linden", "audience": "women", "regime": "night", "commune": "21004"}, ("linden women",)),
    ({"shelter": "canal", "audience": "women"}, ()),
]


def _query(region: SmallRegion, query: dict[str, str]) -> dict[str, str]:
    ids = {"linden": region.linden, "canal": region.canal, "secret": region.secret, "nobody": new_id()}
    return query | ({"shelter": str(ids[query["shelter"]])} if "shelter" in query else {})


@pytest.mark.parametrize("query, names", FILTERS, ids=str)
async def test_a_filter_lets_through_what_it_names(
    halte: Running, query: dict[str, str], names: tuple[str, ...]
) -> None:
    region = halte.region
    async with region.client("desk") as desk:
        asked = _query(region, query)
        board = (await desk.get("/board", params=asked)).json()
        collection = (await desk.get("/board.geojson", params=asked)).json()
    expected = set[str]().union(*(_named(region)[name] for name in names))
    assert {one["id"] for kind in ("units", "shelters") for one in board[kind]} == expected
    shown = {one["id"] for one in collection["features"]}
    shown |= {unit["id"] for one in collection["features"] for unit in one["properties"]["units"]}
    assert shown == expected
    counted = sum(group["units"] for group in board["totals"]["all"].values())
    assert counted == len(board["units"])


@pytest.mark.parametrize("path", BOARDS)
@pytest.mark.parametrize(
    "query",
    [
        {"audience": "dragons"},
        {"audience": ""},
        {"audience": "MEN"},
        {"regime": "noon"},
        {"regime": "1"},
        {"shelter": "canal"},
        {"shelter": "1"},
        {"commune": "2" * 21},
    ],
    ids=str,
)
async def test_nonsense_is_refused_by_name(halte: Running, path: str, query: dict[str, str]) -> None:
    async with halte.region.client("desk") as desk:
        answer = await desk.get(path, params=query)
    assert (answer.status_code, answer.json()["slug"]) == (400, "invalid-parameter"), answer.text


def _totals_of(board: dict[str, Any]) -> dict[str, int]:
    total: dict[str, int] = board["totals"]["all"]["place"]
    return total


async def test_the_boards_totals_are_of_what_the_asker_sees(halte: Running) -> None:
    region = halte.region
    await _report_all(region)
    async with region.client("staff") as staff, region.client("desk") as desk:
        own, others = [_totals_of((await asker.get("/board")).json()) for asker in (staff, desk)]
    assert (own["available"], own["at_least"], own["capacity"]) == (14, False, 77)
    assert (others["available"], others["at_least"], others["capacity"]) == (10, True, 67)


async def test_the_public_is_told_fives_and_a_machine_key_no_more(halte: Running) -> None:
    region = halte.region
    await _report_all(region)
    expected = {
        "all": {"place": {"available": 10, "rounded_to": 5}},
        "audience": {
            "men": {"place": {"available": 5, "rounded_to": 5}},
            "women": {"place": {"available": 5, "rounded_to": 5}},
            "everyone": {"place": {"available": 0, "rounded_to": 5}},
        },
    }
    async with region.client() as public, region.client(key=region.reader_key) as key, region.client("desk") as desk:
        for asker in (public, key, desk):
            told = (await asker.get("/totals")).json()
            assert set(told) == {"now", "totals"}
            assert told["totals"] == expected


async def test_i11_no_total_for_the_public_moves_with_the_refuge_within_a_band(halte: Running) -> None:
    region = halte.region

    async def totals() -> dict[str, Any]:
        async with region.client() as public:
            told: dict[str, Any] = (await public.get("/totals")).json()["totals"]
            return told

    before = await totals()
    for direction in ("in", "in", "out", "out"):
        await _move_at_the_refuge(region, direction)
        assert await totals() == before


@pytest.mark.parametrize("path", BOARDS)
async def test_the_public_has_no_board(halte: Running, path: str) -> None:
    async with halte.region.client() as public:
        answer = await public.get(path)
    assert (answer.status_code, answer.json()["slug"]) == (401, "login-required")


def test_every_filter_is_tried() -> None:
    assert {name for query, _ in FILTERS for name in query} == {"commune", "audience", "regime", "shelter"}
