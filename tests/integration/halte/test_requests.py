"""Requests over HTTP: who may ask and read, what is refused, and that nothing is lost or done twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
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
    assert (again["receipt"], again["repeated"], again["request"]) == (first["receipt"], True, view)
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
        {"alias": "Invented Person"},
    ],
)
async def test_a_register_number_and_a_full_name_are_kept_nowhere(halte: Running, contact: dict[str, str]) -> None:
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


async def test_two_officers_of_one_caller_learn_of_each_other(halte: Running) -> None:
    view = (await asked(halte))["request"]
    path = f"/requests/{view['id']}"
    async with halte.region.client("admin") as admin, halte.region.client("desk") as desk:
        taken = await admin.post(f"{path}/take", json={"id": str(new_id()), "base_version": view["version"]})
        assert taken.json()["request"]["assignee"]["login"] == "admin"
        amended = {"id": str(new_id()), "base_version": view["version"], "party": [SELF, CHILD]}
        document = refused(await desk.patch(path, json=amended), 409, "request-changed")
        assert document["request"] == taken.json()["request"]
        amended["base_version"] = document["request"]["version"]
        first, again = [(await desk.patch(path, json=amended)).json() for _ in range(2)]
        assert (first["request"]["party_size"], first["repeated"], again["repeated"]) == (2, False, True)
        events = (await desk.get(f"{path}/events")).json()["events"]
    assert [(event["verb"], event["actor"]["login"]) for event in events] == [
        ("ask", "desk"),
        ("take", "admin"),
        ("amend", "desk"),
    ]


async def test_an_amendment_leaves_the_contact_or_erases_it(halte: Running) -> None:
    view = (await asked(halte, contact={"alias": "Heron"}))["request"]
    async with halte.region.client("desk") as desk:
        for more, contact in (
            ({"urgency": ["cold"]}, {"alias": "Heron", "contact": None}),
            ({"contact": {"contact": "crow@example.org"}}, {"alias": None, "contact": "crow@example.org"}),
            ({"contact": None}, None),
        ):
            said = {"id": str(new_id()), "base_version": view["version"]} | more
            answer = await desk.patch(f"/requests/{view['id']}", json=said)
            view = answer.json()["request"]
            assert view["contact"] == contact


async def test_a_request_is_closed_once_and_counted_in_its_night(halte: Running) -> None:
    view = (await asked(halte, party=[SELF, CHILD]))["request"]
    path, seen = f"/requests/{view['id']}", {"id": str(new_id()), "base_version": view["version"]}
    said = seen | {"outcome": "unmet", "reason": "none-fits"}
    async with halte.region.client("desk") as desk:
        before = (await desk.get(f"/nights/{view['night']}")).json()
        for wrong in ({"reason": None}, {"outcome": "withdrawn"}, {"outcome": "arrived", "reason": None}):
            refused(await desk.post(f"{path}/close", json=said | wrong), 422, "invalid-body")
        closed = (await desk.post(f"{path}/close", json=said)).json()["request"]
        assert (closed["state"], closed["outcome"], closed["outcome_reason"]) == ("closed", "unmet", "none-fits")
        refused(await desk.post(f"{path}/refresh", json={"id": str(new_id())}), 409, "request-closed")
        after = (await desk.get(f"/nights/{view['night']}")).json()
        listed = (await desk.get("/requests", params={"state": "closed"})).json()["requests"]
    assert after["asked"] == before["asked"]
    assert after["reasons"].get("none-fits") == before["reasons"].get("none-fits", 0) + 1
    assert after["outcomes"]["unmet"] == before["outcomes"].get("unmet", 0) + 1
    assert {"regime": "night", "party": "family", "outcome": "unmet", "reason": "none-fits"}.items() <= next(
        one.items() for one in after["counts"] if one["reason"] == "none-fits"
    )
    assert closed in listed


async def test_an_admission_has_steps_and_rests(halte: Running) -> None:
    view = (await asked(halte, regime="admission"))["request"]
    path, step = f"/requests/{view['id']}", str(new_id())
    at = (datetime.now(UTC) + timedelta(days=5)).isoformat()
    said = {"id": str(new_id()), "base_version": 1, "kind": "interview", "shelter": str(halte.region.canal), "at": at}
    async with halte.region.client("desk") as desk:
        for wrong, slug in (
            ({"result": "admitted"}, "invalid-body"),
            ({"kind": "decision", "result": "refused"}, "invalid-body"),
            ({"reason": "no-place"}, "invalid-body"),
        ):
            refused(await desk.put(f"{path}/steps/{step}", json=said | wrong), 422, slug)
        refused(await desk.put(f"{path}/steps/{step}", json=said | {"shelter": step}), 404, "unknown-shelter")
        refused(
            await desk.post(f"{path}/pause", json={"id": str(new_id()), "until": "2020-01-01T00:00:00Z"}),
            422,
            "cannot-pause",
        )
        told = (await desk.put(f"{path}/steps/{step}", json=said)).json()["request"]
        assert [(one["id"], one["kind"], one["result"]) for one in told["steps"]] == [(step, "interview", None)]
        decided = {
            "id": str(new_id()),
            "base_version": 2,
            "kind": "decision",
            "result": "refused",
            "reason": "not-for-us",
        }
        told = (await desk.put(f"{path}/steps/{new_id()}", json=decided)).json()["request"]
        assert [one["reason"] for one in told["steps"]] == [None, "not-for-us"]
        told = (await desk.post(f"{path}/pause", json={"id": str(new_id()), "until": at})).json()["request"]
    assert (told["version"], told["paused_until"] is None) == (4, False)
