"""Requests over HTTP: who may ask and read, what is refused, and that nothing is lost or done twice."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx
import pytest

from kernel.ids import new_id
from tests.support.running import Running

SELF = {"age": "26-59", "gender": "man", "relation": "self"}
CHILD = {"age": "3-11", "gender": "unsaid", "relation": "child"}


def body(**said: Any) -> dict[str, Any]:
    return {"id": str(new_id()), "regime": "night", "channel": "phone", "party": [SELF]} | said


async def asked(halte: Running, login: str = "desk", **said: Any) -> dict[str, Any]:
    async with halte.region.client(login) as client:
        answer = await client.post("/requests", json=body(**said))
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


def refused(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    assert (answer.status_code, answer.json()["slug"]) == (status, slug), answer.text
    document: dict[str, Any] = answer.json()
    return document


async def test_a_household_asks_and_the_desk_reads(halte: Running) -> None:
    needs = {
        "step_free": True,
        "languages": ["fr"],
        "near": "21004",
        "away_from": {"shelters": [str(halte.region.canal)]},
    }
    said = body(party=[SELF, CHILD], needs=needs, urgency=["cold", "minor"])
    async with halte.region.client("desk") as client:
        first = (await client.post("/requests", json=said)).json()
        again = (await client.post("/requests", json=said)).json()
        refused(await client.post("/requests", json=said | {"urgency": []}), 422, "id-reused")
        one = (await client.get(f"/requests/{said['id']}")).json()
        listed = (await client.get("/requests", params={"state": "open"})).json()
        named = (await client.get("/requests", params=[("id", said["id"]), ("id", str(new_id()))])).json()
        events = (await client.get(f"/requests/{said['id']}/events")).json()["events"]
    view = first["request"]
    assert (view["state"], view["party_size"], view["assignee"]["login"]) == ("waiting", 2, "desk")
    assert (view["needs"]["near"], view["needs"]["together"], view["urgency"]) == ("21004", True, ["cold", "minor"])
    assert first["receipt"] is not None
    assert (again["receipt"], again["repeated"], again["request"]) == (None, True, view)
    assert one == view
    assert view in listed["requests"]
    assert named["requests"] == [view]
    assert [(event["verb"], event["actor"]["login"]) for event in events] == [("ask", "desk")]


async def test_requests_are_for_the_desk_and_nobody_else(halte: Running) -> None:
    region, request = halte.region, (await asked(halte))["request"]["id"]
    paths = ("/requests", f"/requests/{request}", f"/requests/{request}/events")
    for client, status in (
        (region.client(), 401),
        (region.client("staff"), 403),
        (region.client(key=region.key), 403),
        (region.client("supervisor"), 200),
        (region.client("admin"), 200),
    ):
        async with client:
            assert [(await client.get(path)).status_code for path in paths] == [status] * 3
            if status != 200:
                assert (await client.post("/requests", json=body())).status_code == status
    async with region.client("supervisor") as supervisor:
        refused(await supervisor.post("/requests", json=body()), 403, "forbidden")
        refused(await supervisor.get(f"/requests/{new_id()}"), 404, "unknown-request")


@pytest.mark.parametrize(
    "said, where",
    [
        ({"party": []}, "party"),
        ({"party": [SELF] * 13}, "party"),
        ({"party": [CHILD]}, "party[0].relation"),
        ({"party": [SELF, SELF]}, "party[1].relation"),
        ({"party": [SELF | {"name": "Somebody"}]}, "party[0]"),
        ({"needs": {"near": "Avenue 12"}}, "needs.near"),
        ({"needs": {"near": "0470123456"}}, "needs: communes"),
        ({"needs": {"away_from": {"communes": ["Jan-Janssens"]}}}, "needs: communes"),
        ({"needs": {"away_from": {"shelters": [str(new_id())]}}}, "needs: shelters"),
        ({"needs": {"languages": ["Marie"]}}, "needs.languages[0]"),
        ({"needs": {"pets": 10}}, "needs.pets"),
        ({"urgency": ["hungry"]}, "urgency[0]"),
        ({"note": "0470 12 34 56"}, "body"),
        ({"contact": {"alias": "M", "born": "1980"}}, "contact"),
        ({"contact": {"contact": "behind the station"}}, "contact.contact"),
    ],
)
async def test_what_cannot_be_meant_is_refused_by_name(halte: Running, said: dict[str, Any], where: str) -> None:
    async with halte.region.client("desk") as client:
        document = refused(await client.post("/requests", json=body(**said)), 422, "invalid-body")
    assert document["where"] == where


@pytest.mark.parametrize(
    "contact",
    [
        {"alias": "85.07.30-033.28"},
        {"contact": "85073003328"},
        {"contact": "17073003384"},  # of this century
        {"alias": "0470 12 34 56"},
        {"alias": "m@example.org"},
    ],
)
async def test_a_register_number_is_kept_nowhere(halte: Running, contact: dict[str, str]) -> None:
    async with halte.region.client("desk") as client:
        refused(await client.post("/requests", json=body(contact=contact)), 422, "contact-refused")


async def test_twins_are_seen_however_a_number_is_written(halte: Running) -> None:
    first = await asked(halte, contact={"alias": "Pigeon", "contact": "0470/99 88 77"})
    assert first["request"]["contact"] == {"alias": "Pigeon", "contact": "0470/99 88 77"}
    assert first["request"]["twins"] == []
    second = await asked(halte, contact={"contact": "+32 470 99 88 77"})
    other = await asked(halte, contact={"contact": "+32 470 99 88 78"})
    assert (second["request"]["twins"], other["request"]["twins"]) == ([first["request"]["code"]], [])


async def test_a_request_continues_that_of_an_earlier_receipt(halte: Running) -> None:
    first = await asked(halte)
    spelled = first["receipt"].lower().replace("-", " ")
    second = await asked(halte, continues=spelled)
    assert second["request"]["continues"] == first["request"]["id"]
    async with halte.region.client("desk") as client:
        refused(await client.post("/requests", json=body(continues="ABCD-EFGH-JKLM")), 404, "unknown-receipt")


async def test_i10_an_id_of_another_thing_is_refused(halte: Running) -> None:
    """A request under the id of a unit would take its place on the board."""
    async with halte.region.client("desk") as client:
        refused(await client.post("/requests", json=body(id=str(halte.region.men))), 422, "id-reused")
    assert UUID((await halte.region.unit(halte.region.men))["id"]) == halte.region.men
