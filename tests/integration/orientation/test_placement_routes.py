"""Placements over HTTP: who may do and read what, what a repetition gets, and what nobody learns of a refuge."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest

from inventory.lane.working import SYSTEM
from inventory.model.unit import Regime
from kernel.ids import new_id
from kernel.lane import Lane
from kernel.postgres import Pool, open_pool
from orientation.asking import AskRequest
from orientation.model.household import AwayFrom, Household, Needs
from orientation.model.request import Channel
from tests.integration.orientation.conftest import ALONE, make_lane, party
from tests.support.region import SmallRegion
from tests.support.running import Running


@dataclass(slots=True)
class House:
    """The small region with a desk in it; requests are asked through a node of the test's own."""

    region: SmallRegion
    lane: Lane
    pool: Pool

    async def ask(self, household: Household = ALONE) -> UUID:
        request_id = new_id()
        await self.lane.submit(AskRequest(request_id, SYSTEM, Regime.NIGHT, Channel.PHONE, household, b"ask"))
        return request_id

    async def send(self, who: str, method: str, path: str, body: object = None) -> httpx.Response:
        async with self.region.client(who) as client:
            return await client.request(method, path, json=body)

    async def place(self, unit: UUID, household: Household = ALONE, who: str = "desk", **more: Any) -> httpx.Response:
        body = {"request": str(await self.ask(household)), "unit": str(unit)} | more
        return await self.send(who, "PUT", f"/placements/{new_id()}", body)

    async def placed(self, unit: UUID, household: Household = ALONE) -> dict[str, Any]:
        answer = await self.place(unit, household)
        assert answer.status_code == 200, answer.text
        placement: dict[str, Any] = answer.json()["placement"]
        return placement

    async def act(self, who: str, placement: dict[str, Any], act: str, **said: Any) -> httpx.Response:
        body = {"id": str(new_id())} | said
        return await self.send(who, "POST", f"/placements/{placement['id']}/{act}", body)

    async def count(self, free: int, unit: UUID | None = None, shelter: UUID | None = None) -> None:
        answer = await self.send("admin", "PUT", f"/reports/{new_id()}", self.region.report(free, unit, shelter))
        assert answer.status_code == 200, answer.text


@pytest.fixture(scope="module")
async def house(halte: Running) -> AsyncIterator[House]:
    pool = await open_pool(halte.server.settings, "asking")
    lane = make_lane(pool, halte.region.id, halte.server.settings, [])
    lane.start()
    yield House(halte.region, lane, pool)
    await lane.stop()
    await pool.close()


def slug_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["slug"]


async def test_a_placement_from_hold_to_arrival(house: House) -> None:
    region = house.region
    await house.count(5)
    needs = Needs(step_free=True, near="21004", away_from=AwayFrom(communes=("21009",)))
    placement = await house.placed(region.men, Household(party(2).party, needs))
    assert (placement["state"], placement["places"], placement["allotment"]) == ("held", 2, "place")
    assert (placement["made_by"]["login"], placement["arrive_by"]) == ("desk", None)
    assert placement["needs"]["away_from"]["communes"] == ["21009"]
    listed = (await house.send("staff", "GET", f"/placements?shelter={region.linden}")).json()["placements"]
    (mine,) = [one for one in listed if one["id"] == placement["id"]]
    assert (len(mine["party"]), mine["needs"]["step_free"], mine["needs"]["near"]) == (2, True, None)
    assert mine["needs"]["away_from"] == {"shelters": [], "communes": []}
    seen = (await house.act("staff", placement, "seen")).json()
    accepted = (await house.act("staff", placement, "accept")).json()
    assert seen["placement"]["seen_at"] == accepted["placement"]["seen_at"]
    assert accepted["placement"]["arrive_by"] > placement["expires_at"]
    arrived = (await house.act("staff", placement, "arrive")).json()
    assert (arrived["placement"]["ending"], arrived["request"]["state"]) == ("arrived", "closed")
    assert (await region.unit(region.men))["free"] == 3
    recent = (await house.send("staff", "GET", "/placements?state=recent")).json()["placements"]
    assert placement["id"] in {one["id"] for one in recent}
    assert slug_of(await house.act("staff", placement, "decline", reason="not-for-us")) == (409, "placement-moved-on")


async def test_i10_the_same_again_is_done_once_also_by_a_colleague(house: House) -> None:
    await house.count(5)
    path, body = f"/placements/{new_id()}", {"request": str(await house.ask()), "unit": str(house.region.men)}
    first, again = [(await house.send(who, "PUT", path, body)).json() for who in ("desk", "admin")]
    assert (first["repeated"], again["repeated"], first["placement"]) == (False, True, again["placement"])
    other = body | {"unit": str(house.region.women)}
    assert slug_of(await house.send("desk", "PUT", path, other)) == (422, "id-reused")
    for taken in (body["request"], house.region.men):
        fresh = {"request": str(await house.ask()), "unit": str(house.region.men)}
        assert slug_of(await house.send("desk", "PUT", f"/placements/{taken}", fresh)) == (422, "id-reused")
    act = {"id": str(new_id()), "reason": "mistake"}
    once, twice = [(await house.send(who, "POST", f"{path}/cancel", act)).json() for who in ("desk", "staff")]
    assert (once["repeated"], twice["repeated"]) == (False, True)
    changed = await house.send("desk", "POST", f"{path}/cancel", act | {"reason": "withdrawn"})
    assert slug_of(changed) == (422, "id-reused")


async def test_all_are_placed_or_none(house: House) -> None:
    await house.count(3)
    bodies = [
        {"id": str(new_id()), "request": str(await house.ask(party(size))), "unit": str(house.region.men)}
        for size in (2, 2)
    ]
    refused = await house.send("desk", "POST", "/placements", {"placements": bodies})
    assert slug_of(refused) == (409, "place-taken")
    assert refused.json()["placement"] == bodies[1]["id"]
    assert (await house.send("desk", "GET", f"/placements/{bodies[0]['id']}")).status_code == 404
    await house.count(4)
    for repeated in (False, True):
        placed = (await house.send("desk", "POST", "/placements", {"placements": bodies})).json()["placements"]
        assert [(one["placement"]["id"], one["repeated"]) for one in placed] == [(b["id"], repeated) for b in bodies]
    assert (await house.region.unit(house.region.men))["held"] == 4
    for body in bodies:
        await house.act("desk", body, "cancel", reason="mistake")


async def test_a_move_replaces_and_who_has_a_place_gets_no_second_one(house: House) -> None:
    await house.count(5)
    await house.count(2, house.region.women)
    placement = await house.placed(house.region.men)
    body = {"request": placement["request"], "unit": str(house.region.women)}
    assert slug_of(await house.send("desk", "PUT", f"/placements/{new_id()}", body)) == (409, "request-has-hold")
    moved = await house.send("desk", "PUT", f"/placements/{new_id()}", body | {"replaces": placement["id"]})
    assert moved.json()["placement"]["replaces"] == placement["id"]
    ended = (await house.send("desk", "GET", f"/placements/{placement['id']}")).json()
    assert (ended["state"], ended["ending"]) == ("ended", "cancelled")
    await house.act("desk", moved.json()["placement"], "cancel", reason="mistake")


async def test_a_decline_says_why_and_full_says_how_many(house: House) -> None:
    await house.count(5)
    placement = await house.placed(house.region.men)
    for said in ({"reason": "full"}, {"reason": "closed", "free": 3}, {"reason": "because"}):
        assert (await house.act("staff", placement, "decline", **said)).status_code == 422
    told = (await house.act("staff", placement, "decline", reason="full", free=0)).json()
    assert told["placement"]["decline"] == {"reason": "full", "free": 0}
    assert told["request"]["state"] == "waiting"
    unit = await house.region.unit(house.region.men)
    assert (unit["free"], unit["held"]) == (0, 0)
    await house.count(3, house.region.canal_unit, house.region.canal)
    taken = await house.place(house.region.men)
    assert slug_of(taken) == (409, "place-taken")
    others = [one["unit"] for one in taken.json()["alternatives"]]
    assert str(house.region.canal_unit) in others
    assert str(house.region.men) not in others


async def test_others_have_no_part_in_it(house: House) -> None:
    await house.count(5)
    placement = await house.placed(house.region.men)
    path = f"/placements/{placement['id']}"
    asked = {
        ("other", "GET", path): (404, "unknown-placement"),
        ("other", "GET", f"/placements?shelter={house.region.linden}"): (403, "not-your-shelter"),
        ("other", "POST", f"{path}/accept"): (404, "unknown-placement"),
        ("other", "POST", f"{path}/decline"): (404, "unknown-placement"),
        ("supervisor", "POST", f"{path}/accept"): (403, "forbidden"),
        ("supervisor", "PUT", f"/placements/{new_id()}"): (403, "forbidden"),
        ("staff", "PUT", f"/placements/{new_id()}"): (403, "forbidden"),
        ("staff", "POST", f"{path}/extend"): (403, "forbidden"),
        ("desk", "POST", f"{path}/seen"): (403, "forbidden"),
        ("staff", "GET", f"{path}/address"): (403, "forbidden"),
        ("staff", "GET", "/must-moves"): (403, "forbidden"),
    }
    for (who, method, where), refusal in asked.items():
        body = {"id": str(new_id())} | ({"reason": "closed"} if where.endswith("decline") else {})
        assert slug_of(await house.send(who, method, where, body)) == refusal, (who, where)
    assert (await house.send("other", "GET", "/placements")).json()["placements"] == []
    assert (await house.send("supervisor", "GET", path)).json()["state"] == "held"


async def test_a_colleague_gets_it_and_the_address_is_the_holders(house: House) -> None:
    region = house.region
    await house.count(7, region.secret_unit, region.secret)
    placement = await house.placed(region.secret_unit)
    address = f"/placements/{placement['id']}/address"
    assert set((await house.send("desk", "GET", address)).json()) == {"address", "phone"}
    assert slug_of(await house.send("admin", "GET", address)) == (403, "not-the-holder")
    me = (await house.send("admin", "GET", "/sessions/current")).json()["id"]
    assert slug_of(await house.act("desk", placement, "hand-over", to=str(new_id()))) == (422, "unknown-colleague")
    assert (await house.act("desk", placement, "hand-over", to=me)).json()["placement"]["holder"]["id"] == me
    assert (await house.send("admin", "GET", address)).status_code == 200
    assert slug_of(await house.send("desk", "GET", address)) == (403, "not-the-holder")
    noted = "SELECT count(*) FROM request_event WHERE verb = 'address' AND placement_id = $1"
    assert await house.pool.fetchval(noted, UUID(placement["id"])) == 2
    await house.act("admin", placement, "cancel", reason="mistake")
    assert slug_of(await house.send("admin", "GET", address)) == (409, "placement-moved-on")


async def test_i11_whoever_tries_a_secret_shelter_in_vain_may_not_go_on(house: House) -> None:
    region = house.region
    await house.count(2, region.secret_unit, region.secret)
    tries = [await house.place(region.secret_unit, party(3), who="admin") for _ in range(6)]
    assert [slug_of(one) for one in tries] == [(409, "place-taken")] * 5 + [(429, "too-many-attempts")]
    assert (await house.place(region.secret_unit, who="desk")).status_code == 200
    await house.count(5)
    assert (await house.place(region.men, who="admin")).status_code == 200


async def test_promises_that_cannot_be_kept_are_listed_the_oldest_last(house: House) -> None:
    await house.count(9, house.region.women)
    placements = [await house.placed(house.region.women) for _ in range(3)]
    await house.count(1, house.region.women)

    async def listed() -> list[tuple[str, str]]:
        moves = (await house.send("supervisor", "GET", "/must-moves")).json()["must_moves"]
        ours = {one["id"] for one in placements}
        return [(one["placement"]["id"], one["why"]) for one in moves if one["placement"]["id"] in ours]

    newest = [one["id"] for one in reversed(placements)]
    assert await listed() == [(id, "overcommitted") for id in newest[:2]]
    await house.send("admin", "POST", f"/units/{house.region.women}/close")
    assert await listed() == [(id, "closed") for id in newest]
    for one in placements:
        await house.act("desk", one, "cancel", reason="shelter-asked")
    assert await listed() == []
    await house.send("admin", "POST", f"/units/{house.region.women}/reopen")


async def test_i11_what_a_secret_shelter_declines_with_is_its_own_peoples(house: House) -> None:
    """The number that goes with `full` is exact; the desk learns that there is no place."""
    region = house.region
    await house.count(4, region.secret_unit, region.secret)
    placement = await house.placed(region.secret_unit)
    told = (await house.act("staff", placement, "decline", reason="full", free=2)).json()["placement"]
    path = f"/placements/{placement['id']}"
    read = [(await house.send(who, "GET", path)).json() for who in ("staff", "desk", "supervisor", "admin")]
    assert [one["decline"]["free"] for one in (told, *read)] == [2, 2, None, None, None]
    events = (await house.send("desk", "GET", f"/requests/{placement['request']}/events")).json()["events"]
    assert next(one["facts"] for one in events if one["verb"] == "decline") == {"reason": "full"}
    # Nobody comes: who it would have been is not the shelter's any more.
    assert (read[0]["party"], len(read[1]["party"])) == ([], 1)


async def test_i11_nobody_counts_a_secret_shelter_by_what_else_is_refused(house: House) -> None:
    """A set with something in it that is sure to be refused asks whether the rest would fit: each time is a try."""
    region = house.region
    await house.count(3, region.secret_unit, region.secret)
    before = await house.pool.fetchval("SELECT count(*) FROM request_event WHERE verb = 'place-refused'")
    wanted = {"id": str(new_id()), "request": str(await house.ask(party(2))), "unit": str(region.secret_unit)}
    nothing = {"id": str(new_id()), "request": str(await house.ask()), "unit": str(new_id())}
    refused = await house.send("supervisor", "POST", "/placements", {"placements": [wanted, nothing]})
    assert refused.status_code == 403
    refused = await house.send("desk", "POST", "/placements", {"placements": [wanted, nothing]})
    assert slug_of(refused) == (404, "unknown-unit")
    noted = await house.pool.fetchval("SELECT count(*) FROM request_event WHERE verb = 'place-refused'")
    assert noted == before + 1


async def test_i10_what_became_of_a_hold_is_told_whatever_was_tried_since(house: House) -> None:
    region = house.region
    await house.count(9, region.secret_unit, region.secret)
    path = f"/placements/{new_id()}"
    body = {"request": str(await house.ask()), "unit": str(region.secret_unit)}
    assert (await house.send("desk", "PUT", path, body)).status_code == 200
    tries = [(await house.place(region.secret_unit, party(12))).status_code for _ in range(6)]
    assert tries[-1] == 429
    again = await house.send("desk", "PUT", path, body)
    assert (again.status_code, again.json()["repeated"]) == (200, True)
