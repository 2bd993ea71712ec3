"""Whatever is sent to a real server, it answers with a name, in the reader's language, and loses nothing meanwhile."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID

import httpx
import pytest

from kernel.ids import new_id
from kernel.problems import LANGUAGES, wording
from tests.support.region import SmallRegion
from tests.support.running import Running

MEDIA_TYPE = "application/problem+json"
Body: TypeAlias = Callable[[SmallRegion], Any]
JSON = {"Content-Type": "application/json"}


def assert_problem(answer: httpx.Response, status: int, slug: str, language: str = "en") -> dict[str, Any]:
    """A problem document, whole, in this language, with every fact of its sentence filled in."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].partition(";")[0] == MEDIA_TYPE
    body: dict[str, Any] = answer.json()
    assert body["slug"] == slug
    assert body["status"] == status
    assert body["type"] == f"/docs/problems#{slug}"
    assert body["title"] == wording(language)[slug]["title"]
    assert "?" not in body["detail"]
    assert "{" not in body["detail"]
    assert answer.headers["content-language"] == language
    return body


@asynccontextmanager
async def nothing_lost(region: SmallRegion, free: int = 5) -> AsyncIterator[None]:
    """Report just before and just after: both are recorded, and in between nothing moved."""
    async with region.client("staff") as staff:
        before = await staff.put(f"/reports/{new_id()}", json=region.report(free))
        assert before.status_code == 200, before.text
        state = before.json()["units"][0]["state"]
        yield
        assert await region.unit(region.men) == state
        after = await staff.put(f"/reports/{new_id()}", json=region.report(free + 1))
        assert after.json()["units"][0]["state"]["free"] == free + 1


def _line(**members: Any) -> Body:
    def build(region: SmallRegion) -> Any:
        body = region.report(4)
        body["units"][0] |= members
        return body

    return build


def _report(**members: Any) -> Body:
    return lambda region: region.report(4, **members)


def _night(days: int) -> str:
    return (datetime.now(UTC).date() + timedelta(days=days)).isoformat()


BAD_REPORTS: dict[str, tuple[Body, int, str]] = {
    "unknown unit": (lambda r: r.report(4, unit=new_id()), 404, "unknown-unit"),
    "unit of another shelter": (lambda r: r.report(4, unit=r.canal_unit), 404, "unknown-unit"),
    "unknown shelter": (lambda r: r.report(4, shelter=new_id()), 403, "not-your-shelter"),
    "someone else's shelter": (lambda r: r.report(4, r.canal_unit, r.canal), 403, "not-your-shelter"),
    "negative": (_line(free=-1), 422, "invalid-body"),
    "absurd": (_line(free=76), 422, "absurd-count"),
    "free and overfull": (_line(over_by=1), 422, "absurd-count"),
    "2**31": (_line(free=2**31), 422, "invalid-body"),
    "2**64": (_line(free=2**64), 422, "invalid-body"),
    "10**400": (lambda r: json.dumps(r.report(4)).replace('"free": 4', '"free": ' + "9" * 400), 422, "invalid-body"),
    "a float": (_line(free=4.5), 422, "invalid-body"),
    "a text": (_line(free="4"), 422, "invalid-body"),
    "null": (_line(free=None), 422, "invalid-body"),
    "true": (_line(free=True), 422, "invalid-body"),
    "seconds since 1970": (_report(observed_at=1_790_000_000), 422, "invalid-body"),
    "NaN": (_line(free=float("nan")), 400, "malformed-json"),
    "base_seq beyond JavaScript": (_line(base_seq=2**53), 422, "invalid-body"),
    "no units": (_report(units=[]), 422, "invalid-body"),
    "201 units": (lambda r: r.report(4) | {"units": r.report(4)["units"] * 201}, 422, "invalid-body"),
    "one unit twice": (lambda r: r.report(4) | {"units": r.report(4)["units"] * 2}, 422, "repeated-unit"),
    "a unit that is no id": (_line(unit="men"), 422, "invalid-body"),
    "unknown reason": (_line(out_of_service=[{"reason": "dragons", "places": 1}]), 422, "invalid-body"),
    "NUL in a text": (_line(intake={"state": "open\0"}), 422, "invalid-body"),
    "unknown field": (_report(note="for the colleague"), 422, "invalid-body"),
    "unknown field of a unit": (_line(fre=3), 422, "invalid-body"),
    "year 1": (_report(observed_at="0001-01-01T00:00:00Z"), 422, "invalid-body"),
    "year 1, east of Greenwich": (_report(observed_at="0001-01-01T00:00:00+14:00"), 422, "invalid-body"),
    "year 9999, west of it": (_report(sent_at="9999-12-31T23:59:59-14:00"), 422, "invalid-body"),
    "year 9999 in a unit": (
        _line(intake={"state": "paused", "until": "9999-12-31T23:59:59-14:00"}), 422, "invalid-body"),
    "an instant without a zone": (_report(observed_at="2026-01-01T00:00:00"), 422, "invalid-body"),
    "observed after sent": (
        _report(observed_at="2026-01-01T00:00:01Z", sent_at="2026-01-01T00:00:00Z"), 422, "observed-after-sent"),
    "a night far ahead": (_report(night=_night(40)), 422, "wrong-night"),
    "a night long gone": (_report(night=_night(-40)), 422, "wrong-night"),
    "the first night of all": (_report(night="0001-01-01"), 422, "wrong-night"),
    "a night that is none": (_report(night="2026-02-30"), 422, "invalid-body"),
    "not JSON": (lambda _: "men: 4", 400, "malformed-json"),
    "nothing": (lambda _: "", 422, "invalid-body"),
    "truncated": (lambda r: json.dumps(r.report(4))[:-4], 400, "malformed-json"),
    "not UTF-8": (lambda _: b'{"shelter":"\xff"}', 422, "invalid-body"),
    "an array": (lambda _: [], 422, "invalid-body"),
    "just null": (lambda _: "null", 422, "invalid-body"),
    "deep arrays": (lambda _: "[" * 100_000, 422, "invalid-body"),
    "deep objects": (lambda _: '{"a":' * 20_000 + "1" + "}" * 20_000, 422, "invalid-body"),
    "2 MiB": (lambda _: "[" + " " * 2_097_152 + "]", 413, "body-too-large"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_REPORTS)
async def test_a_bad_report_is_refused_by_name(halte: Running, case: str) -> None:
    build, status, slug = BAD_REPORTS[case]
    region = halte.region
    body = build(region)
    content = body if isinstance(body, str | bytes) else json.dumps(body)
    async with nothing_lost(region), region.client("staff") as staff:
        for language in LANGUAGES:
            headers = JSON | {"Accept-Language": f"{language}-BE, de;q=0.8"}
            answer = await staff.put(f"/reports/{new_id()}", content=content, headers=headers)
            assert_problem(answer, status, slug, language)


async def test_a_huge_body_in_chunks_is_refused_too(halte: Running) -> None:
    """Without a Content-Length the server finds out while it reads."""

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b" " * 65_536

    async with nothing_lost(halte.region), halte.region.client("staff") as staff:
        answer = await staff.put(f"/reports/{new_id()}", content=chunks(), headers=JSON)
        assert_problem(answer, 413, "body-too-large")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_who_may_not_is_told_why(halte: Running, language: str) -> None:
    region, path = halte.region, f"/reports/{new_id()}"
    wrong = region.key[:-4] + ("aaaa" if not region.key.endswith("aaaa") else "bbbb")
    foreign = {"Origin": "https://elsewhere.example"}
    async with nothing_lost(region):
        for caller, headers, status, slug in (
            ({"key": wrong}, {}, 401, "key-refused"),
            ({"key": "no key at all"}, {}, 401, "key-refused"),
            ({"key": region.revoked_key}, {}, 401, "key-refused"),
            ({}, {}, 401, "login-required"),
            ({"key": region.reader_key}, {}, 403, "verb-missing"),
            ({"login": "supervisor"}, {}, 403, "forbidden"),
            ({"login": "staff"}, foreign, 403, "origin-refused"),
            ({"login": "other"}, {}, 403, "not-your-shelter"),
            ({}, {"Cookie": "__Host-halte=planted"}, 401, "session-ended"),
        ):
            async with region.client(**caller) as client:
                asked = {"Origin": region.address} | headers | {"Accept-Language": language}
                answer = await client.put(path, json=region.report(1), headers=asked)
                assert_problem(answer, status, slug, language)


@pytest.mark.parametrize(
    "method, path, status, slug",
    [
        ("PUT", "/reports/four", 404, "not-found"),
        ("PUT", "/movements/none", 404, "not-found"),
        ("GET", "/units/none/history", 404, "not-found"),
        ("GET", "/shelters/none", 404, "not-found"),
        ("GET", "/nowhere", 404, "not-found"),
        ("GET", f"/units/{UUID(int=1)}/history", 404, "unknown-unit"),
        ("GET", f"/shelters/{UUID(int=1)}", 404, "unknown-shelter"),
        ("GET", "/board?shelter=x", 400, "invalid-parameter"),
        ("GET", "/board?audience=dragons", 400, "invalid-parameter"),
        ("GET", f"/board?commune={'9' * 21}", 400, "invalid-parameter"),
        ("GET", "/accounts?limit=0", 400, "invalid-parameter"),
        ("GET", f"/accounts?limit={2**63}", 400, "invalid-parameter"),
    ],
)
async def test_an_address_that_is_none(halte: Running, method: str, path: str, status: int, slug: str) -> None:
    async with nothing_lost(halte.region), halte.region.client("admin") as admin:
        for language in LANGUAGES:
            answer = await admin.request(method, path, headers={"Accept-Language": language})
            assert_problem(answer, status, slug, language)


@pytest.mark.parametrize("path", ["/nowhere", "/assets/none.js", "/api", "/%00"])
async def test_outside_the_interface_too(halte: Running, path: str) -> None:
    async with httpx.AsyncClient(base_url=halte.region.address) as client:
        assert_problem(await client.get(path), 404, "not-found")


@pytest.mark.parametrize(
    "method, path, allowed",
    [
        ("DELETE", "/board", {"GET"}),
        ("POST", f"/reports/{UUID(int=1)}", {"PUT"}),
        ("GET", "/reports", {"POST"}),
        ("PATCH", f"/units/{UUID(int=1)}", {"PUT", "DELETE"}),
        ("PUT", "/sessions", {"POST"}),
    ],
)
async def test_a_wrong_method_says_which_are_right(halte: Running, method: str, path: str, allowed: set[str]) -> None:
    async with nothing_lost(halte.region), halte.region.client("admin") as admin:
        answer = await admin.request(method, path)
        assert_problem(answer, 405, "method-not-allowed")
        assert allowed <= set(answer.headers["allow"].replace(" ", "").split(","))


async def test_a_form_is_not_json(halte: Running) -> None:
    async with nothing_lost(halte.region), halte.region.client("staff") as staff:
        answer = await staff.put(f"/reports/{new_id()}", data={"free": "4"})
        assert_problem(answer, 415, "unsupported-media-type")


async def test_the_same_id_with_another_body(halte: Running) -> None:
    region, report = halte.region, new_id()
    async with nothing_lost(region, 7), region.client("desk") as desk:
        women = region.report(2, region.women)
        first = await desk.put(f"/reports/{report}", json=women)
        again = await desk.put(f"/reports/{report}", json=women)
        assert (first.json()["repeated"], again.json()["repeated"]) == (False, True)
        assert_problem(await desk.put(f"/reports/{report}", json=region.report(3, region.women)), 422, "id-reused")
    assert (await region.unit(region.women))["free"] == 2


async def test_one_bad_item_among_999_good_ones(halte: Running) -> None:
    region = halte.region
    good = [region.report(n % 20, report=str(new_id())) for n in range(999)]
    bad: list[tuple[Any, str]] = [
        (region.report(-1, report=str(new_id())), "invalid-body"),
        (region.report(1, unit=new_id(), report=str(new_id())), "unknown-unit"),
        (region.report(1, region.canal_unit, region.canal, report=str(new_id())), "not-your-shelter"),
        ("not even an object", "invalid-body"),
        (good[0] | {"units": region.report(19)["units"]}, "id-reused"),
    ]
    async with region.client(key=region.key, **{"Accept-Language": "nl"}) as feed:
        for item, slug in bad:
            sent = [*good[:500], item, *good[500:]]
            answers = (await feed.post("/reports", json={"reports": sent})).json()["answers"]
            refused = [answer for answer in answers if answer["status"] != 200]
            assert len(answers) == 1_000
            assert [answer["problem"]["slug"] for answer in refused] == [slug]
            assert answers[500] == refused[0]
            assert refused[0]["problem"]["title"] == wording("nl")[slug]["title"]
            assert refused[0]["status"] == refused[0]["problem"]["status"]
    async with region.client("admin") as admin:
        history = (await admin.get(f"/units/{region.men}/history?limit=5")).json()
    assert history["entries"]


async def test_a_batch_of_1001_is_refused_whole(halte: Running) -> None:
    region = halte.region
    async with nothing_lost(region, 9), region.client("staff") as staff:
        items = [region.report(1, report=str(new_id())) for _ in range(1_001)]
        assert_problem(await staff.post("/reports", json={"reports": items}), 422, "invalid-body")
        assert_problem(await staff.post("/reports", json={"reports": []}), 422, "invalid-body")


async def test_what_no_decoder_can_read(halte: Running) -> None:
    region = halte.region
    deep = b'{"reports":[' + b"[" * 100_000
    async with nothing_lost(region), region.client("admin") as admin:
        assert_problem(await admin.post("/reports", content=deep, headers=JSON), 400, "malformed-json")
        garbled = b'{"name":"\xff\xfe"}'
        answer = await admin.put(f"/operators/{new_id()}", content=garbled, headers=JSON)
        assert_problem(answer, 400, "malformed-json")


@pytest.mark.parametrize("name", ["", "\0", "two\nlines", "a" * 201, "Linden\x7fHouse"])
async def test_names_that_would_break_a_screen(halte: Running, name: str) -> None:
    region = halte.region
    async with nothing_lost(region), region.client("admin") as admin:
        answer = await admin.put(f"/operators/{new_id()}", json={"name": name})
        assert_problem(answer, 422, "invalid-body")


async def test_nul_in_a_login_or_a_key(halte: Running) -> None:
    region = halte.region
    async with nothing_lost(region), region.client() as client, region.client("admin") as admin:
        assert_problem(await client.post("/sessions", json={"login": "a\0", "password": "b\0"}), 401, "login-failed")
        account = {"login": "a\0bc", "password": "seven dry umbrellas", "role": "desk"}
        assert_problem(await admin.post("/accounts", json=account), 422, "invalid-body")
        assert_problem(await admin.post("/keys", json={"name": "a\0", "verbs": ["read"]}), 422, "invalid-body")


async def test_movements_are_as_strict(halte: Running) -> None:
    region = halte.region
    good = {"unit": str(region.men), "direction": "in"}
    async with nothing_lost(region, 11), region.client("staff") as staff:
        for members, status, slug in (
            ({"places": 0}, 422, "invalid-body"),
            ({"places": 2**64}, 422, "invalid-body"),
            ({"direction": "up"}, 422, "invalid-body"),
            ({"unit": str(new_id())}, 404, "unknown-unit"),
            ({"unit": str(region.canal_unit)}, 403, "not-your-shelter"),
            ({"placement": str(new_id())}, 404, "unknown-hold"),
            ({"occurred_at": "0001-01-01T00:00:00+14:00"}, 422, "invalid-body"),
        ):
            answer = await staff.put(f"/movements/{new_id()}", json=good | members)
            assert_problem(answer, status, slug)
        assert_problem(await staff.post(f"/movements/{new_id()}/void"), 404, "unknown-movement")


@pytest.fixture(scope="module", autouse=True)
async def survives(halte: Running) -> AsyncIterator[None]:
    """After everything the same process is still there, ready, and takes a report."""
    process = halte.server.process
    assert process is not None
    yield
    assert halte.server.process is process
    assert process.returncode is None
    async with httpx.AsyncClient(base_url=halte.region.address) as client:
        assert (await client.get("/readyz")).status_code == 200
    async with halte.region.client("staff") as staff:
        answer = await staff.put(f"/reports/{new_id()}", json=halte.region.report(17))
        assert answer.status_code == 200, answer.text
        assert answer.json()["units"][0]["outcome"] == "applied"
    assert (await halte.region.unit(halte.region.men))["free"] == 17
