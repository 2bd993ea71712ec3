"""POST /imports: a preview that stores nothing, applied by its digest, in the administrator's language."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.support.importing import MAPPING, csv_of, row
from tests.support.running import Running

PREVIEWED = [row(site, unit) for site in range(2) for unit in range(2)]


async def send(
    halte: Running,
    data: bytes,
    mapping: str | bytes = MAPPING,
    *,
    who: str = "admin",
    language: str = "en",
    **query: Any,
) -> httpx.Response:
    text = mapping.encode() if isinstance(mapping, str) else mapping
    files = {"file": ("list.csv", data), "mapping": ("list.toml", text)}
    async with halte.region.client(who, **{"Accept-Language": language}) as client:
        return await client.post("/imports", files=files, params=query)


def named(source: str) -> str:
    """Keep the tests of a module apart: they share a region."""
    return MAPPING.replace('"test"', f'"{source}"')


async def test_preview_then_apply_then_nothing_is_left_to_do(halte: Running) -> None:
    data, mapping = csv_of(PREVIEWED, separator=";"), named("apply")
    answer = await send(halte, data, mapping)
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert (shown["applied"], shown["problem_count"], shown["rows"]) == (False, 0, 4)
    assert shown["file"]["separator"] == ";"
    assert (shown["file"]["encoding"], shown["file"]["decimal"], shown["file"]["dates"]) == ("utf-8", ",", "ymd")
    assert shown["totals"]["unit"] == {"new": 4}
    assert shown["totals"]["count"] == {"new": 4, "unchanged": 0, "older": 0}
    first = shown["changes"][0]
    assert (first["noun"], first["line"], first["what"], first["after"]) == (
        "operator", 2, ["new"], {"name": "Operator 0 (invented)"},
    )  # fmt: skip
    # A preview is all that it was: nothing is there yet, and it says the same again.
    assert (await send(halte, data, mapping)).json() == shown
    applied = (await send(halte, data, mapping, apply=shown["digest"])).json()
    assert (applied["applied"], applied["totals"]["outcome"]) == (True, {"applied": 4})
    # The answer was lost, and it is sent again: the same digest, no second effect.
    again = await send(halte, data, mapping, apply=shown["digest"])
    assert again.status_code == 200, again.text
    assert again.json()["totals"]["unit"] == {"unchanged": 4}
    async with halte.region.client("desk") as desk:
        board = (await desk.get("/board")).json()
    (house,) = [one for one in board["shelters"] if one["name"] == "House 1 (invented)"]
    states = [one for one in board["units"] if one["shelter"] == house["id"]]
    assert [(one["free"], one["confirmed_by"], one["confirmed_at"]) for one in states] == [
        (3, "feed", "2026-01-15T19:00:00Z")
    ] * 2


async def test_what_was_not_shown_is_not_applied(halte: Running) -> None:
    data, mapping = csv_of(PREVIEWED), named("changed")
    digest = (await send(halte, data, mapping)).json()["digest"]
    other = csv_of([PREVIEWED[0] | {"places": "26"}, *PREVIEWED[1:]])
    for again, how in ((other, mapping), (data, mapping + "# nothing but a comment\n")):
        answer = await send(halte, again, how, apply=digest)
        assert (answer.status_code, answer.json()["slug"]) == (409, "import-changed")
        assert answer.json()["preview"]["totals"]["unit"] == {"new": 4}
    assert (await send(halte, data, mapping, apply="nonsense")).status_code == 409
    # The region moves under a preview.
    await send(halte, data, mapping, apply=digest)
    second = csv_of([one | {"unit name": "Attic"} for one in PREVIEWED])
    digest = (await send(halte, second, mapping)).json()["digest"]
    third = csv_of([one | {"unit name": "Cellar"} for one in PREVIEWED])
    await send(halte, third, mapping, apply=(await send(halte, third, mapping)).json()["digest"])
    answer = await send(halte, second, mapping, apply=digest)
    assert (answer.status_code, answer.json()["slug"]) == (409, "import-changed")
    assert answer.json()["preview"]["changes"][0]["before"] == {"name": "Cellar"}


async def test_bad_rows_are_told_by_their_line_and_left_out_only_when_one_says_so(halte: Running) -> None:
    rows = [*PREVIEWED, row(3, 0, "many"), row(4, 0, unit_name="=cmd|' /C calc'!A0"), row(5, 0)]
    data, mapping = csv_of(rows), named("bad")
    shown = (await send(halte, data, mapping)).json()
    assert [(one["line"], one["what"]) for one in shown["problems"]] == [(6, "not-a-whole-number"), (7, "formula")]
    refused = await send(halte, data, mapping, apply=shown["digest"])
    assert (refused.status_code, refused.json()["slug"]) == (422, "import-has-problems")
    assert refused.json()["problems"] == shown["problems"]
    applied = (await send(halte, data, mapping, apply=shown["digest"], skip_bad_rows=True)).json()
    assert applied["totals"]["outcome"] == {"applied": 5}
    french = (await send(halte, data, mapping, language="fr")).json()["problems"][0]["detail"]
    assert french.startswith("Colonne « free » (count.free) : « many » n'est pas un nombre entier.")


@pytest.mark.parametrize(
    "data, mapping, what, line",
    [
        (b"", MAPPING, "empty-file", None),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 50, MAPPING, "not-text", None),
        (b"PK\x03\x04" + b"\x00" * 50, MAPPING, "not-text", None),
        (b"org,org\n1,2\n", MAPPING, "doubled-column", 1),
        (b"a;b\n1;2\n", MAPPING, "column-missing", None),
        (csv_of(PREVIEWED), "source = ", "mapping-not-toml", None),
        (csv_of(PREVIEWED), b"\xff\xfe\x00", "mapping-not-toml", None),
        (csv_of(PREVIEWED), MAPPING.replace("capacity", "capcity"), "mapping-invalid", None),
        (csv_of(PREVIEWED), MAPPING + "x = " + "9" * 5_000, "mapping-not-toml", None),
        (csv_of(PREVIEWED), MAPPING + "otherwise = { constant = 0x" + "f" * 5_000 + " }", "mapping-invalid", None),
        (csv_of(PREVIEWED), MAPPING + '\n[file]\nencoding = "utf-32"', "not-this-encoding", None),
        (b",".join(b"c%d" % n for n in range(100_000)), MAPPING, "header-too-long", 1),
    ],
)
async def test_what_cannot_be_used_at_all_is_one_sentence(
    halte: Running, data: bytes, mapping: str | bytes, what: str, line: int | None
) -> None:
    for language in ("en", "fr", "nl"):
        answer = await send(halte, data, mapping, language=language)
        told = answer.json()
        assert (answer.status_code, told["slug"], told["what"], told["line"]) == (422, "import-unusable", what, line)
        assert told["why"] in told["detail"]


async def test_who_may_import(halte: Running) -> None:
    data = csv_of(PREVIEWED)
    for who in ("staff", "desk", "supervisor"):
        assert (await send(halte, data, who=who)).status_code == 403
    files = {"file": ("a", data), "mapping": ("b", MAPPING.encode())}
    async with halte.region.client(key=halte.region.key) as machine:
        assert (await machine.post("/imports", files=files)).status_code == 403
    async with halte.region.client() as nobody:
        assert (await nobody.post("/imports", files=files)).status_code == 401


async def test_forms_that_are_none(halte: Running) -> None:
    async with halte.region.client("admin") as admin:
        missing = await admin.post("/imports", files={"file": ("a", b"x")})
        assert (missing.status_code, missing.json()["slug"]) == (422, "invalid-body")
        nameless = await admin.post("/imports", files={"file": (None, b"\xff\xfe"), "mapping": (None, b"x")})
        assert (nameless.status_code, nameless.json()["slug"]) == (422, "invalid-body")
        part = 'Content-Disposition: form-data; name="file"\r\nContent-Type: text/plain; charset=klingon\r\n\r\nx'
        of_form = {"Content-Type": "multipart/form-data; boundary=x"}
        strange = await admin.post("/imports", content=f"--x\r\n{part}\r\n--x--\r\n", headers=of_form)
        assert (strange.status_code, strange.json()["slug"]) == (422, "invalid-body")
        truncated = await admin.post("/imports", content="--x\r\nContent-Disposition: form-data", headers=of_form)
        for cut in (truncated, await admin.post("/imports", json={"file": "x"})):
            assert (cut.status_code, cut.json()["slug"], cut.json()["where"]) == (422, "invalid-body", "body")
            assert "multipart/form-data" in cut.json()["detail"]
        large = await admin.post("/imports", files={"file": ("a", b"x" * 22_000_000), "mapping": ("b", b"")})
        assert (large.status_code, large.json()["slug"]) == (413, "body-too-large")
        naive = await admin.post(
            "/imports", files={"file": ("a", b"x"), "mapping": ("b", b"")}, params={"observed_at": "2026-01-15T20:00"}
        )
        assert (naive.status_code, naive.json()["slug"]) == (400, "invalid-parameter")


async def test_when_it_was_counted_may_be_said_beside_the_file(halte: Running) -> None:
    mapping = named("moment").replace('observed_at = "counted"\n', "")
    shown = (await send(halte, csv_of(PREVIEWED), mapping)).json()
    assert {one["what"] for one in shown["problems"]} == {"observed-at-missing"}
    when = "2026-01-16T20:00:00+01:00"
    shown = (await send(halte, csv_of(PREVIEWED), mapping, observed_at=when)).json()
    assert shown["problem_count"] == 0
    applied = await send(halte, csv_of(PREVIEWED), mapping, observed_at=when, apply=shown["digest"])
    assert applied.json()["totals"]["outcome"] == {"applied": 4}
