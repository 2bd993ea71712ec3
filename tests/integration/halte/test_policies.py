"""GET and PUT /policies on a real server: who may, what is refused, and what every screen then shows."""

from __future__ import annotations

import asyncio
from copy import deepcopy
from datetime import datetime
from typing import Any

import httpx
import pytest

from inventory.model.policy import Policy
from kernel.ids import new_id
from kernel.problems import LANGUAGES, wording
from tests.support.region import SmallRegion
from tests.support.running import Running
from tests.support.watching import LiveScreen, watched

READERS = ("staff", "other", "desk", "supervisor", "admin")


async def in_force(region: SmallRegion) -> dict[str, Any]:
    async with region.client("desk") as desk:
        answer = await desk.get("/policies")
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def wish(
    region: SmallRegion, why: str = "Counts must be younger in a cold night", **rules: Any
) -> dict[str, Any]:
    """The body that puts other rules in the place of those in force."""
    now = (await in_force(region))["policies"][0]
    return {"id": str(new_id()), "base_version": now["version"], "why": why, "policy": now["policy"] | rules}


async def put(region: SmallRegion, body: Any, login: str = "supervisor", **headers: str) -> httpx.Response:
    async with region.client(login, **headers) as client:
        return await client.put("/policies", json=body)


def ages_of(unit: dict[str, Any]) -> list[float]:
    confirmed, *ages = (
        datetime.fromisoformat(unit[name]) for name in ("confirmed_at", "aging_at", "stale_at", "silent_at")
    )
    return [(age - confirmed).total_seconds() for age in ages]


async def test_before_anybody_has_set_anything_the_defaults_hold(halte: Running) -> None:
    told = await in_force(halte.region)
    assert (told["version"], told["units_behind"], told["before"]) == (0, 0, None)
    (only,) = told["policies"]
    assert only["policy"] == Policy().rules
    assert (only["actor"], only["why"], only["changes"]) == (None, None, [])


async def test_a_change_shows_on_a_live_screen_and_says_who_and_why(halte: Running) -> None:
    region = halte.region
    headers = {"Cookie": region.cookies["desk"], "Origin": region.address}
    screen = LiveScreen(region.address, headers)
    units = [str(unit) for unit in (region.men, region.women, region.canal_unit, region.secret_unit)]
    night = {"aging_after_s": 600, "stale_after_s": 1_200, "silent_after_s": 1_800}
    async with watched(screen):
        before = {unit: screen.screen.board[unit]["confirmed_at"] for unit in units}
        body = await wish(region, night=night)
        answer = await put(region, body)
        assert answer.status_code == 200, answer.text
        told = answer.json()
        # At once, and not at the next sweep; the secret shelter's unit too.
        await screen.until(lambda shown: all(ages_of(shown.board[unit])[0] == 600 for unit in units), 3)
        for unit in units:
            assert ages_of(screen.screen.board[unit]) == [600, 1_200, 1_800]
            assert screen.screen.board[unit]["confirmed_at"] == before[unit]
    assert (told["repeated"], told["policy"]["why"]) == (False, body["why"])
    assert {one["field"] for one in told["policy"]["changes"]} == {f"night.{name}" for name in night}
    listed = await in_force(region)
    assert listed["policies"][0] == told["policy"]
    assert (listed["version"], listed["units_behind"]) == (told["version"], 0)
    actor = listed["policies"][0]["actor"]
    async with region.client("supervisor") as client:
        assert actor == (await client.get("/sessions/current")).json()["id"]
    # The same again, by the next colleague: the same answer, one effect.
    again = (await put(region, body, "admin")).json()
    assert again == told | {"repeated": True}
    other = await put(region, body | {"why": "Something else"})
    assert (other.status_code, other.json()["slug"]) == (422, "id-reused")


@pytest.mark.parametrize("login", READERS)
async def test_everybody_with_an_account_may_read(halte: Running, login: str) -> None:
    async with halte.region.client(login) as client:
        assert (await client.get("/policies")).status_code == 200


async def test_who_may_not(halte: Running) -> None:
    region = halte.region
    body = await wish(region)
    async with region.client() as nobody, region.client(key=region.key) as key:
        assert (await nobody.get("/policies")).status_code == 401
        assert (await key.get("/policies")).status_code == 200
        assert (await key.put("/policies", json=body)).json()["slug"] == "forbidden"
    for login in ("staff", "desk"):
        answer = await put(region, body, login)
        assert (answer.status_code, answer.json()["slug"]) == (403, "forbidden")


async def test_of_many_at_once_one_wins_and_the_others_are_shown_it(halte: Running) -> None:
    region = halte.region
    bodies = [await wish(region, pin_s=60 + n) for n in range(8)]
    answers = await asyncio.gather(*(put(region, body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 7]
    (won,) = (answer.json() for answer in answers if answer.status_code == 200)
    for answer in answers:
        if answer.status_code == 409:
            problem = answer.json()
            assert problem["slug"] == "policy-changed"
            assert (problem["version"], problem["policy"]) == (won["version"], won["policy"]["policy"])


@pytest.mark.parametrize("language", LANGUAGES)
async def test_bad_rules_are_refused_by_name_in_the_readers_language(halte: Running, language: str) -> None:
    region = halte.region
    good = await wish(region)
    version = good["base_version"]

    def wrong(**rules: Any) -> dict[str, Any]:
        return deepcopy(good) | {"policy": good["policy"] | rules}

    ages = {"aging_after_s": 600, "stale_after_s": 600, "silent_after_s": 900}
    for body, slug, named in (
        (wrong(night=ages), "policy-unsound", "night.stale_after_s"),
        (wrong(pin_s=7_201), "policy-unsound", "pin_s"),
        (wrong(stuck_after=0), "policy-unsound", "stuck_after"),
        (wrong(pin_s=-1), "invalid-body", "policy.pin_s"),
        (wrong(pin_s=2**40), "invalid-body", "policy.pin_s"),
        (wrong(hold_unconfirmed="yes"), "invalid-body", "policy.hold_unconfirmed"),
        (wrong(dragons=1), "invalid-body", "dragons"),
        (good | {"why": ""}, "invalid-body", "why"),
        (good | {"why": "a" * 301}, "invalid-body", "why"),
        (good | {"why": "two\nlines"}, "invalid-body", "why"),
        (good | {"why": "ring 0470 12 34 56"}, "reason-refused", ""),
        ({name: value for name, value in good.items() if name != "why"}, "invalid-body", "why"),
    ):
        answer = await put(region, body, **{"Accept-Language": language})
        problem = answer.json()
        assert (answer.status_code, problem["slug"]) == (422, slug), problem
        assert problem["title"] == wording(language)[slug]["title"]
        assert named in str(problem)
        assert "0470" not in str(problem)
    assert (await in_force(region))["version"] == version


async def test_versions_are_paged_from_the_newest_to_the_defaults(halte: Running) -> None:
    region = halte.region
    for n in range(3):
        assert (await put(region, await wish(region, stuck_after=20 + n))).status_code == 200
    seen: list[int] = []
    cursor: int | None = None
    async with region.client("supervisor") as client:
        for _ in range(50):
            query = "?limit=2" + (f"&before={cursor}" if cursor is not None else "")
            page = (await client.get(f"/policies{query}")).json()
            seen += [one["version"] for one in page["policies"]]
            cursor = page["before"]
            if cursor is None:
                break
        assert seen == list(range(seen[0], -1, -1))
        assert (await client.get("/policies?before=1")).json()["policies"][0]["version"] == 0
        for query in ("?limit=0", "?limit=201", "?before=0", "?before=x"):
            assert (await client.get(f"/policies{query}")).json()["slug"] == "invalid-parameter"
