"""The history of a unit, as those see it who may see all of it and as others do (I11)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx

from kernel.ids import new_id
from tests.support.region import SmallRegion
from tests.support.running import Running


async def _history(client: httpx.AsyncClient, unit: UUID, **query: int) -> dict[str, Any]:
    answer = await client.get(f"/units/{unit}/history", params=query)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def _page_through(client: httpx.AsyncClient, unit: UUID, limit: int) -> list[dict[str, Any]]:
    """Follow the cursor to the end. It is always the seq of something that was shown."""
    entries: list[dict[str, Any]] = []
    query = {"limit": limit}
    while True:
        page = await _history(client, unit, **query)
        entries += page["entries"]
        if page["before"] is None:
            return entries
        assert page["before"] == page["entries"][-1]["seq"]
        query["before"] = page["before"]


async def _let_in(client: httpx.AsyncClient, unit: UUID) -> None:
    """Somebody comes: one fewer is free, and no count is fresher for it."""
    answer = await client.put(f"/movements/{new_id()}", json={"unit": str(unit), "direction": "in"})
    assert answer.json()["outcome"] == "counted", answer.text


async def _new_unit(region: SmallRegion, shelter: UUID, capacity: int = 40) -> UUID:
    unit = new_id()
    body = {"shelter": str(shelter), "name": f"Unit {unit}", "audience": ["everyone"], "capacity": capacity}
    async with region.client("admin") as admin:
        answer = await admin.put(f"/units/{unit}", json=body | {"turnover": "continuing"})
    assert answer.status_code == 200, answer.text
    return unit


async def _report(region: SmallRegion, login: str, unit: UUID, shelter: UUID, *counts: int) -> None:
    async with region.client(login) as reporter:
        for free in counts:
            answer = await reporter.put(f"/reports/{new_id()}", json=region.report(free, unit, shelter))
            assert answer.json()["units"][0]["outcome"] == "applied", answer.text


async def _make_secret(region: SmallRegion, shelter: UUID, *, secret: bool) -> None:
    body = {"operator": str(region.operator), "name": "Canal Court", "commune": "21004", "secret": secret}
    async with region.client("admin") as admin:
        assert (await admin.put(f"/shelters/{shelter}", json=body)).status_code == 200


async def test_i11_whoever_polls_the_newest_entry_learns_nothing_of_an_invisible_change(halte: Running) -> None:
    region = halte.region
    unit = await _new_unit(region, region.secret)
    await _report(region, "staff", unit, region.secret, 20)
    async with region.client("desk") as desk, region.client("staff") as staff:
        before = await _history(desk, unit, limit=1)
        exactly = len(await _page_through(staff, unit, 500))
        for _ in range(3):
            await _let_in(staff, unit)
        assert await _history(desk, unit, limit=1) == before
        assert len(await _page_through(staff, unit, 500)) == exactly + 3


async def test_i11_no_cursor_and_no_page_size_shows_more_to_an_outsider(halte: Running) -> None:
    region = halte.region
    unit = await _new_unit(region, region.secret)
    await _report(region, "staff", unit, region.secret, 20)
    async with region.client("staff") as staff:
        for _ in range(3):
            await _let_in(staff, unit)
        await _report(region, "staff", unit, region.secret, 2, 1)
        all_of_it = await _page_through(staff, unit, 500)
        await _let_in(staff, unit)
        assert len(await _page_through(staff, unit, 1)) == len(all_of_it) + 1
    seen = []
    for login in ("desk", "supervisor", "admin", "other"):
        async with region.client(login) as asker:
            pages = [await _page_through(asker, unit, limit) for limit in (1, 2, 500)]
        assert pages[0] == pages[1] == pages[2]
        assert all(entry["state"]["masked"] and entry["causes"] == [] for entry in pages[0])
        seen.append([(entry["seq"], entry["state"]["band"]) for entry in pages[0]])
    assert seen[0] == seen[1] == seen[2] == seen[3]
    # Defined and four reports and the last place: what the board told them when it happened, newest first.
    assert [band for _, band in seen[0]] == ["0", "1-2", "1-2", "3+", "0"]


async def test_i11_what_was_said_before_a_shelter_became_secret_is_secret_with_it(halte: Running) -> None:
    region = halte.region
    unit = await _new_unit(region, region.canal)
    await _report(region, "other", unit, region.canal, 11, 12, 13)
    async with region.client("desk") as desk, region.client("other") as own:
        openly = await _page_through(desk, unit, 2)
        assert [entry["state"].get("free") for entry in openly] == [13, 12, 11, 0]
        await _make_secret(region, region.canal, secret=True)
        try:
            masked = await _page_through(desk, unit, 1)
            exact = await _page_through(own, unit, 2)
        finally:
            await _make_secret(region, region.canal, secret=False)
        assert [entry["state"]["band"] for entry in masked] == ["3+"]
        assert [entry["state"]["free"] for entry in exact] == [13, 13, 12, 11, 0]
        # Open again, what was open is open; what was secret in between stays as it was seen then.
        again = await _page_through(desk, unit, 1)
        assert [entry["state"].get("free", "masked") for entry in again] == [13, "masked", 13, 12, 11, 0]


async def test_a_unit_that_is_gone_keeps_its_history(halte: Running) -> None:
    region = halte.region
    for shelter, login in ((region.canal, "other"), (region.secret, "staff")):
        unit = await _new_unit(region, shelter)
        await _report(region, login, unit, shelter, 6, 7)
        async with region.client(login) as own, region.client("desk") as desk, region.client("admin") as admin:
            before = [await _page_through(asker, unit, 500) for asker in (own, desk)]
            assert (await admin.delete(f"/units/{unit}")).status_code == 200
            assert [await _page_through(asker, unit, 1) for asker in (own, desk)] == before


async def test_whose_shelter_it_is_sees_who_did_what_to_it(halte: Running) -> None:
    region = halte.region
    async with region.client("staff") as staff:
        newest = (await _history(staff, region.secret_unit, limit=1))["entries"][0]
    assert newest["causes"] == ["report"]
    assert newest["state"]["free"] == 7


async def test_a_unit_that_there_is_not_has_no_history(halte: Running) -> None:
    async with halte.region.client("desk") as desk:
        answer = await desk.get(f"/units/{new_id()}/history")
    assert (answer.status_code, answer.json()["slug"]) == (404, "unknown-unit")
