"""POST and GET /policies/orientation/preview: other rules tried on kept nights, with the real worker and solver."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from inventory.model.night import night_of
from inventory.model.unit import Regime
from kernel.bulk import insert
from kernel.ids import new_id
from kernel.postgres import open_pool
from orientation import tables
from orientation.distributing.cases import keep_case
from orientation.model.request import Channel, Outcome, Request, RequestState
from orientation.planning.case import Case, Seeker, encode
from orientation.planning.inventing import invent
from orientation.rows import request_row
from tests.integration.kernel.live.waiting import eventually
from tests.support.region import SmallRegion
from tests.support.running import Running

NOW = datetime.now(UTC)
TONIGHT = night_of(NOW, ZoneInfo("Europe/Brussels"))
MEN = {"urgency": [], "parties": ["man"], "turned_away": False}
PREVIEW = "/policies/orientation/preview"


def invented(back: int) -> Case:
    """A small night, so many days ago, on which there are far fewer places than people."""
    case = invent(back, shelters=8, units=24, households=60, scarcity=0.6)
    return replace(case, night=TONIGHT - timedelta(days=back))


def asked(region_id: UUID, seeker: Seeker, night: date) -> Request:
    """The request behind a household of the queue, long closed."""
    return Request(
        id=seeker.request, region_id=region_id, code=f"{seeker.code} {seeker.request.hex[:6]}", night=night,
        regime=Regime.NIGHT, channel=Channel.PHONE, household=seeker.household, asked_at=NOW, refreshed_at=NOW,
        expires_at=NOW, actor_id=region_id, body_hash=b"", version=1, state=RequestState.CLOSED, closed_at=NOW,
        outcome=Outcome.UNMET, gone=True,
    )  # fmt: skip


@pytest.fixture(scope="module")
async def kept(halte: Running) -> list[Case]:
    """Three nights are kept, newest first; of the newest every second request has been erased since."""
    cases = [invented(back) for back in (1, 2, 3)]
    pool = await open_pool(halte.server.settings, "nights")
    try:
        for case in cases:
            await keep_case(pool, halte.region.id, case.night, NOW, encode(case))
            there = case.seekers[::2] if case is cases[0] else case.seekers
            rows = [request_row(asked(halte.region.id, seeker, case.night)) for seeker in there]
            async with pool.acquire() as connection:
                await insert(connection, tables.request, rows)
    finally:
        await pool.close()
    return cases


def command_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return b""


async def in_force(region: SmallRegion) -> dict[str, Any]:
    async with region.client("desk") as desk:
        rules: dict[str, Any] = (await desk.get("/policies/orientation?limit=1")).json()["policies"][0]["policy"]
    return rules


async def previewed(region: SmallRegion, rules: dict[str, Any], nights: int = 14) -> dict[str, Any]:
    """Try rules, as a supervisor, and return what came of it."""
    told: dict[str, Any] = {}
    async with region.client("supervisor") as supervisor:
        begun = await supervisor.post(PREVIEW, json={"policy": rules, "nights": nights})
        assert begun.status_code == 202, begun.text

        async def ended() -> bool:
            told.update((await supervisor.get(f"{PREVIEW}/{begun.json()['preview']}")).json())
            return str(told["state"]) != "working"

        await eventually(ended, 90)
    assert (told["state"], told["failure"]) == ("done", None), told
    return told


async def test_the_rules_in_force_tried_on_themselves_change_nobody(halte: Running, kept: list[Case]) -> None:
    told = await previewed(halte.region, await in_force(halte.region))
    assert told["progress"] == {"done": 3, "of": 3}
    assert told["base"]["hash"] == told["hash"]
    assert [one["night"] for one in told["nights"]] == [case.night.isoformat() for case in kept]
    for night, case in zip(told["nights"], kept, strict=True):
        assert (night["gained"], night["lost"], night["gains"], night["losers"]) == (0, 0, [], [])
        assert 0 < night["placed"] == night["placed_base"] < night["people"]
        assert night["households"] == len(case.seekers)
        assert night["gap"] <= 0.001


async def test_men_first_places_men_instead_of_others_and_names_whom_it_still_may(
    halte: Running, kept: list[Case]
) -> None:
    rules = await in_force(halte.region)
    rules["plan"]["tiers"] = [MEN]
    told = await previewed(halte.region, rules, nights=2)
    assert told["base"]["hash"] != told["hash"]
    newest, before = told["nights"]
    assert len(before["gains"]) == before["gained"] > 0
    assert len(before["losers"]) == before["lost"] > 0
    assert "man" in {line["group"] for line in before["gains"]}
    assert all((line["tier"] == 0) is (line["group"] == "man") for line in (*before["gains"], *before["losers"]))
    assert {line["tier_base"] for line in before["losers"]} & {0, 1}, "who came first by the rules in force"
    (men,) = (group for group in before["groups"] if group["group"] == "man")
    assert men["placed"] > men["placed_base"]
    # Who gains and who loses are the whole difference, and are named as they were known that night.
    by_code = {seeker.code: seeker for seeker in kept[1].seekers}
    people = {
        name: sum(by_code[line["code"]].household.party_size for line in before[name]) for name in ("gains", "losers")
    }
    assert before["placed"] - before["placed_base"] == people["gains"] - people["losers"]
    # A household whose request was erased is counted, and not named any more.
    there = {seeker.code for seeker in kept[0].seekers[::2]}
    for lines, count in (("gains", "gained"), ("losers", "lost")):
        assert {line["code"] for line in newest[lines]} <= there
        assert set(newest[lines][0]) == {"code", "group", "tier", "tier_base", "party_size"}
        assert 0 < len(newest[lines]) < newest[count]


@pytest.mark.usefixtures("kept")
async def test_one_at_a_time_and_nothing_runs_for_rules_that_cannot_be_meant(halte: Running) -> None:
    rules = await in_force(halte.region)
    async with halte.region.client("desk") as desk:

        async def begin(body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
            answer = await desk.post(PREVIEW, json=body)
            return answer.status_code, answer.json()

        good = {"policy": rules, "nights": 1}
        for body, slug in (
            ({"policy": rules | {"plan": rules["plan"] | {"reserve_percent": 51}}, "nights": 1}, "policy-unsound"),
            ({"policy": rules | {"plan": {"tiers": []}}, "nights": 1}, "invalid-body"),
            (good | {"nights": 15}, "invalid-body"),
            (good | {"nights": 0}, "invalid-body"),
        ):
            status, refused = await begin(body)
            assert (status, refused["slug"]) == (422, slug)
        outcomes = await asyncio.gather(*(begin(good) for _ in range(3)))
        assert sorted(status for status, _ in outcomes) == [202, 409, 409]
        assert {told["slug"] for status, told in outcomes if status == 409} == {"preview-running"}
        (begun,) = (told["preview"] for status, told in outcomes if status == 202)

        async def over() -> bool:
            told: dict[str, Any] = (await desk.get(f"{PREVIEW}/{begun}")).json()
            return str(told["state"]) == "done"

        await eventually(over, 90)
        assert (await desk.get(f"{PREVIEW}/{new_id()}")).json()["slug"] == "unknown-preview"
    async with halte.region.client("staff") as staff:
        assert (await staff.post(PREVIEW, json=good)).status_code == 403
        assert (await staff.get(f"{PREVIEW}/{begun}")).status_code == 403


async def test_it_dies_with_the_node(halte: Running) -> None:
    process = halte.server.process
    assert process is not None
    rules = await in_force(halte.region)
    rules["plan"]["tiers"] = [MEN]
    pool = await open_pool(halte.server.settings, "nights")
    yesterday = TONIGHT - timedelta(days=1)
    try:
        await pool.execute("DELETE FROM night_case WHERE night = $1", yesterday)
        await keep_case(pool, halte.region.id, yesterday, NOW, encode(replace(invent(0), night=yesterday)))
    finally:
        await pool.close()
    async with halte.region.client("desk") as desk:
        assert (await desk.post(PREVIEW, json={"policy": rules, "nights": 1})).status_code == 202
    worker: list[int] = []

    def working() -> bool:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text("ascii").split()
        worker[:] = [int(child) for child in children if b"distributing.worker" in command_of(int(child))]
        return bool(worker)

    await eventually(working)
    await halte.server.stop()
    assert b"distributing.worker" not in command_of(worker[0])
    await halte.server.start()
