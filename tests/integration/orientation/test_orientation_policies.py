"""GET and PUT /policies/orientation: versioned, with a reason, within bounds, in force for every suggestion at once."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import msgspec

from kernel.ids import new_id
from orientation.model.policy import OrientationPolicy
from tests.support.asking import A_MAN, ask
from tests.support.region import SmallRegion
from tests.support.running import Running


async def wish(region: SmallRegion, **rules: Any) -> dict[str, Any]:
    """The body that puts other rules in the place of those in force."""
    async with region.client("desk") as desk:
        now = (await desk.get("/policies/orientation")).json()["policies"][0]
    return {"id": str(new_id()), "base_version": now["version"], "why": "A test", "policy": now["policy"] | rules}


async def put(region: SmallRegion, body: Any, login: str = "supervisor") -> httpx.Response:
    async with region.client(login) as client:
        return await client.put("/policies/orientation", json=body)


async def test_before_anybody_has_set_anything_the_defaults_hold(halte: Running) -> None:
    async with halte.region.client("desk") as desk:
        told = (await desk.get("/policies/orientation")).json()
    assert (told["version"], told["before"]) == (0, None)
    (only,) = told["policies"]
    rules = msgspec.json.decode(msgspec.json.encode(OrientationPolicy().rules))
    assert (only["policy"], only["actor"], only["login"], only["why"]) == (rules, None, None, None)


async def test_a_change_holds_for_the_next_suggestion_and_says_who_and_why(halte: Running) -> None:
    region = halte.region
    request_id = (await ask(region, A_MAN, pets=1))["request"]["id"]

    async def asked() -> dict[str, Any]:
        async with region.client("desk") as desk:
            told: dict[str, Any] = (await desk.get(f"/requests/{request_id}/suggestions")).json()
        return told

    before = await asked()
    shelter, body = str(region.linden), await wish(region)
    body["policy"]["weights"]["ask"] += 100
    body["policy"]["shelter_hold_ttl_s"] = {shelter: 7_200}
    tiers = body["policy"]["plan"]["tiers"]
    families = {"urgency": [], "parties": ["family"], "turned_away": True}
    body["policy"]["plan"] |= {"tiers": [families, *tiers], "floors": {"woman": 30}}
    answer = await put(region, body)
    assert answer.status_code == 200, answer.text
    made, after = answer.json()["policy"], await asked()
    assert made["login"] == "supervisor"
    assert [(one["field"], one["was"], one["now"]) for one in made["changes"]] == [
        ("weights.ask", 15, 115),
        (f"shelter_hold_ttl_s.{shelter}", None, 7_200),
        ("plan.tiers", tiers, [families, *tiers]),
        ("plan.floors.woman", None, 30),
    ]
    assert after["policy"]["version"] == made["version"] == body["base_version"] + 1
    assert after["policy"]["hash"] != before["policy"]["hash"]
    # Nobody knows whether the men's floor takes a dog, and that weighs more now.
    scores = [told["suggestions"][0]["score"] for told in (before, after)]
    assert scores[0] - scores[1] == 100
    # The same again: the same answer, one effect. Something else under the same id: refused.
    assert (await put(region, body, "admin")).json() == answer.json() | {"repeated": True}
    assert (await put(region, body | {"why": "Something else"})).json()["slug"] == "id-reused"
    # An id that the inventory's rules know is no new one either, and the other way round.
    async with region.client("supervisor") as client:
        rules = (await client.get("/policies")).json()["policies"][0]
        inventory = {"id": str(new_id()), "base_version": rules["version"], "why": "A test", "policy": rules["policy"]}
        assert (await client.put("/policies", json=inventory)).status_code == 200
        other_way = inventory | {"id": body["id"], "base_version": rules["version"] + 1}
        assert (await client.put("/policies", json=other_way)).json()["slug"] == "id-reused"
    again = await wish(region) | {"id": inventory["id"]}
    assert (await put(region, again)).json()["slug"] == "id-reused"
    back = await wish(region, shelter_hold_ttl_s={})
    changed = (await put(region, back)).json()["policy"]["changes"]
    assert [(one["field"], one["was"], one["now"]) for one in changed] == [
        (f"shelter_hold_ttl_s.{shelter}", 7_200, None)
    ]


async def test_of_many_at_once_one_wins_and_the_others_are_shown_it(halte: Running) -> None:
    region = halte.region
    bodies = [await wish(region, barred_nights=20 + n) for n in range(6)]
    answers = await asyncio.gather(*(put(region, body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 5]
    (won,) = (answer.json() for answer in answers if answer.status_code == 200)
    lost = [answer.json() for answer in answers if answer.status_code == 409]
    assert {(one["slug"], one["version"]) for one in lost} == {("policy-changed", won["version"])}
    assert all(one["policy"] == won["policy"]["policy"] for one in lost)


async def test_what_cannot_be_meant_and_who_may_not_are_refused(halte: Running) -> None:
    region = halte.region
    good, everybody = await wish(region), {"urgency": [], "parties": [], "turned_away": False}

    def wrong(part: str, **values: Any) -> dict[str, Any]:
        return good | {"policy": good["policy"] | {part: good["policy"][part] | values}}

    for body, slug, named in (
        (wrong("weights", stale=5, aging=10), "policy-unsound", "weights.stale"),
        (wrong("weights", distance=1_001), "policy-unsound", "weights.distance"),
        (wrong("weights", reach_m=10), "policy-unsound", "weights.reach_m"),
        (wrong("night", hold_ttl_s=86_401), "policy-unsound", "night.hold_ttl_s"),
        (wrong("shelter_hold_ttl_s", **{str(region.linden): 5}), "policy-unsound", "shelter_hold_ttl_s"),
        (good | {"policy": good["policy"] | {"barred_nights": 400}}, "policy-unsound", "barred_nights"),
        (wrong("plan", tiers=[everybody] * 9), "policy-unsound", "plan.tiers"),
        (wrong("plan", floors={"man": 101}), "policy-unsound", "plan.floors.man"),
        (wrong("draw", tickets=[{"match": everybody, "tickets": 0}]), "policy-unsound", "draw.tickets[0].tickets"),
        (wrong("draw", strata=[everybody | {"parties": ["dragons"]}]), "invalid-body", "draw.strata[0].parties"),
        (wrong("weights", dragons=1), "invalid-body", "dragons"),
        (wrong("weights", distance=-1), "invalid-body", "distance"),
        (wrong("shelter_hold_ttl_s", nobody=600), "invalid-body", "shelter_hold_ttl_s"),
        (good | {"why": "ring 0470 12 34 56"}, "reason-refused", ""),
    ):
        answer = await put(region, body)
        assert (answer.status_code, answer.json()["slug"]) == (422, slug), answer.text
        assert named in answer.text
    assert (await put(region, good, "desk")).json()["slug"] == "forbidden"
    async with region.client("staff") as staff:
        assert (await staff.get("/policies/orientation")).status_code == 403
