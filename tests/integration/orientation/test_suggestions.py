"""GET /requests/{id}/suggestions on a real server: by the board as it is, as the desk may know it, by the rules."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from inventory.mapping import put_map
from inventory.model.region_map import Commune, RegionMap
from kernel.ids import new_id
from kernel.postgres import open_engine
from orientation.matching.reasons import Blocker
from tests.support.asking import A_MAN, A_WOMAN, ask
from tests.support.region import SmallRegion
from tests.support.running import Running

MAP = RegionMap(
    (Commune("21004", {"fr": "Bruxelles"}, (4.35, 50.85)), Commune("21001", {"fr": "Anderlecht"}, (4.31, 50.83)))
)


async def asked(region: SmallRegion, *party: dict[str, str], **needs: Any) -> str:
    told: str = (await ask(region, *party, **needs))["request"]["id"]
    return told


async def suggested(region: SmallRegion, request_id: str, query: str = "", login: str = "desk") -> dict[str, Any]:
    async with region.client(login) as client:
        answer = await client.get(f"/requests/{request_id}/suggestions{query}")
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def count(region: SmallRegion, free: int, unit: UUID, shelter: UUID | None = None, **more: Any) -> None:
    body = region.report(free, unit, shelter)
    body["units"][0] |= more
    async with region.client("staff") as staff:
        assert (await staff.put(f"/reports/{new_id()}", json=body)).status_code == 200


async def test_a_woman_is_told_where_why_and_what_would_change_it(halte: Running) -> None:
    region = halte.region
    await count(region, 2, region.women)
    told = await suggested(region, await asked(region, A_WOMAN), "?all=true")
    units = {one["unit"]: one for one in told["suggestions"]}
    assert units.keys() == {str(region.women), str(region.secret_unit)}
    open_house, refuge = units[str(region.women)], units[str(region.secret_unit)]
    assert (open_house["available"], open_house["band"], open_house["need"]) == (2, None, 1)
    # Of a refuge, what the band says.
    assert (refuge["available"], refuge["band"]) == (None, "3+")
    for one in told["suggestions"]:
        assert one["score"] == sum(term["points"] for term in one["terms"])
        assert one["confirmed_at"] < one["aging_at"] < one["stale_at"] < one["silent_at"]
    near = {one["unit"]: (one["blocker"]["code"], one["change"]) for one in told["near_misses"]}
    assert near == {
        str(region.canal_unit): ("no-places", {"code": "places-free", "facts": {"need": 1, "more": 1}}),
        str(region.men): ("gender", {"code": "intake-agrees", "facts": {}}),
    }
    blocked = {one["unit"]: [reason["code"] for reason in one["blockers"]] for one in told["blocked"]}
    assert blocked == {str(region.canal_unit): ["no-places"], str(region.men): ["gender"]}
    assert told["counts"] == {"fits": 2, "near": 2, "blocked": 2}
    assert (told["version"], told["policy"]["version"], told["live"]) == (1, 0, "redis")


async def test_a_report_changes_what_is_suggested_at_once(halte: Running) -> None:
    region = halte.region
    request_id = await asked(region, A_MAN)
    await count(region, 1, region.men)
    first = await suggested(region, request_id)
    assert [one["unit"] for one in first["suggestions"]] == [str(region.men)]
    await count(region, 0, region.men)
    second = first
    for _ in range(100):
        second = await suggested(region, request_id)
        if not second["suggestions"]:
            break
        await asyncio.sleep(0.02)
    assert second["seq"] > first["seq"]
    assert second["near_misses"][0]["blocker"] == {"code": "no-places", "facts": {"need": 1, "left": 0}}
    assert "blocked" not in second
    await count(region, 5, region.men)


async def test_declined_units_wait_last_nights_house_counts_and_what_is_near(halte: Running) -> None:
    region, url = halte.region, halte.server.settings.database_url or ""
    engine = open_engine(halte.server.settings, "a test")
    await put_map(engine, region.id, MAP, new_id())
    await engine.dispose()
    before = await ask(region, A_WOMAN)
    last_night = UUID(before["request"]["id"])
    request_id = await asked(region, A_WOMAN, continues=before["receipt"], near="21001", languages=["fr"])
    until = datetime.now(UTC) + timedelta(days=3)
    connection = await asyncpg.connect(url)
    try:
        hold_id = new_id()
        await connection.execute(
            "INSERT INTO hold (id, region_id, unit_id, request_id, places, state, held_at, expires_at, actor_id,"
            " body_hash) VALUES ($1, $2, $3, $4, 1, 'arrived', now(), now(), $1, '')",
            hold_id, region.id, region.women, last_night,
        )  # fmt: skip
        await connection.execute(
            "INSERT INTO placement (id, region_id, request_id, unit_id, shelter_id, places, version, state, ending,"
            " late, voided, held_at, ended_at, holder_id, policy_version, gone)"
            " VALUES ($1, $2, $3, $4, $5, 1, 1, 'ended', 'arrived', false, false, now(), now(), $1, 0, false)",
            hold_id, region.id, last_night, region.women, region.linden,
        )  # fmt: skip
        await connection.execute(
            "INSERT INTO request_bar (request_id, unit_id, shelter_id, reason, until) VALUES ($1, $2, $3, $4, $5)",
            # By another unit of the house: whom they must not meet is in all of it.
            UUID(request_id), new_id(), region.secret, "known-conflict", until,
        )  # fmt: skip
        told = await suggested(region, request_id)
    finally:
        await connection.execute("DELETE FROM placement WHERE id = $1", hold_id)
        await connection.execute("DELETE FROM hold WHERE id = $1", hold_id)
        await connection.close()
    (best,) = told["suggestions"]
    terms = {term["term"]: term for term in best["terms"]}
    assert terms["continuity"]["points"] == 60
    # Its house says no position: it is where its commune's label is, some 3.6 km from Anderlecht's.
    assert (best["distance_km"], terms["distance"]["facts"]) == (3.6, {"km": 3.6, "near": "21001"})
    bar = next(one for one in told["near_misses"] if one["unit"] == str(region.secret_unit))
    assert bar["blocker"]["code"] == "barred"
    assert bar["blocker"]["facts"]["reason"] == "known-conflict"
    assert (bar["change"]["code"], datetime.fromisoformat(bar["change"]["facts"]["until"])) == ("wait", until)


@pytest.mark.parametrize("login, status", [("staff", 403), ("supervisor", 200), ("admin", 200)])
async def test_who_may_ask(halte: Running, login: str, status: int) -> None:
    request_id = await asked(halte.region, A_MAN)
    async with halte.region.client(login) as client:
        assert (await client.get(f"/requests/{request_id}/suggestions")).status_code == status


async def test_a_request_of_nobody_and_a_limit_of_nothing_are_refused(halte: Running) -> None:
    request_id = await asked(halte.region, A_MAN)
    async with halte.region.client("desk") as desk:
        unknown = await desk.get(f"/requests/{new_id()}/suggestions")
        assert (unknown.status_code, unknown.json()["slug"]) == (404, "unknown-request")
        for query in ("limit=0", "limit=201", "all=perhaps"):
            refused = await desk.get(f"/requests/{request_id}/suggestions?{query}")
            assert (refused.status_code, refused.json()["slug"]) == (400, "invalid-parameter"), query
        few = (await desk.get(f"/requests/{request_id}/suggestions?limit=1")).json()
    assert (len(few["suggestions"]), len(few["near_misses"])) == (1, 1)
    assert few["counts"]["near"] > 1


async def test_the_description_names_every_code(halte: Running) -> None:
    """Screens make their sentences by it: a code that is missing there would be shown to nobody."""
    async with halte.region.client("admin") as admin:
        schemas = (await admin.get(f"{halte.region.address}/schema/openapi.json")).json()["components"]["schemas"]
    assert schemas["Blocker"]["enum"] == [code.value for code in Blocker]
    assert {"Ask", "Change", "Term"} <= schemas.keys()
