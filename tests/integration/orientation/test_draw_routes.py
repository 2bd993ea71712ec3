"""Draws over HTTP: from two commitments to places held down the order, by whom, and what is told of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from inventory.lane.working import SYSTEM
from kernel.ids import new_id
from kernel.postgres import open_pool
from orientation.drawing.algorithm import commitment
from orientation.drawing.verifying import verify
from orientation.model.household import Age, AwayFrom, Gender, Household, Member, Needs, Relation
from orientation.noting import REFUSED, Note
from orientation.placing import Place
from tests.integration.orientation.conftest import ALONE, make_lane
from tests.integration.orientation.drawing import SECRETS
from tests.integration.orientation.test_placement_routes import House, slug_of
from tests.support.running import Running

_PEOPLE = ("desk", "supervisor")
_WOMAN = Household((Member(Age.ADULT, Gender.WOMAN, Relation.SELF),))


@pytest.fixture
async def house(halte: Running) -> AsyncIterator[House]:
    """A night in which nobody waits and nothing is drawn yet; three places for men, none for women but the refuge's."""
    pool = await open_pool(halte.server.settings, "asking")
    lane = make_lane(pool, halte.region.id, halte.server.settings, [])
    lane.start()
    house = House(halte.region, lane, pool)
    await _clear(house)
    await house.count(3)
    await house.count(0, house.region.women)
    await house.count(0, house.region.canal_unit, house.region.canal)
    yield house
    await lane.stop()
    await pool.close()


async def _clear(house: House) -> None:
    for one in (await house.send("desk", "GET", "/requests?state=open")).json()["requests"]:
        body = {"id": str(new_id()), "base_version": one["version"], "outcome": "withdrawn"}
        assert (await house.send("desk", "POST", f"/requests/{one['id']}/close", body)).status_code == 200
    await house.pool.execute("UPDATE draw SET state = 'abandoned', seed = NULL WHERE state <> 'abandoned'")


async def _act(house: House, draw: object, act: str, who: str = "desk", **said: Any) -> httpx.Response:
    return await house.send(who, "POST", f"/draws/{draw}/{act}", {"id": str(new_id())} | said)


async def _drawn(house: House, audience: str = "man") -> dict[str, Any]:
    body = {"id": str(new_id()), "audience": audience}
    view: dict[str, Any] = (await house.send("supervisor", "POST", "/draws", body)).json()
    acts = [("commit", {"commitment": commitment(secret)}) for secret in SECRETS]
    for who, (act, said) in zip(_PEOPLE, acts, strict=True):
        view = (await _act(house, body["id"], act, who, **said)).json()
    assert (view["state"], len(view["commitments"]), view["entries"], view["policy"]) == ("open", 2, [], None)
    view = (await _act(house, body["id"], "freeze")).json()
    assert (view["state"], view["seed"], {entry["position"] for entry in view["entries"]}) == ("frozen", None, {None})
    for who, secret in zip(_PEOPLE, SECRETS, strict=True):
        view = (await _act(house, body["id"], "reveal", who, secret=secret)).json()
    assert view["state"] == "drawn", view
    return view


async def _place(house: House, draw: dict[str, Any], id: UUID | None = None, who: str = "desk") -> dict[str, Any]:
    answer = await _act(house, draw["id"], "place", who, id=str(id or new_id()))
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def _order(view: dict[str, Any]) -> list[str]:
    return [entry["request"] for entry in view["entries"]]


async def test_places_go_down_the_order_and_what_is_freed_begins_at_the_top(house: House) -> None:
    for _ in range(5):
        await house.ask()
    draw = await _drawn(house)
    order, act = _order(draw), new_id()
    assert [entry["position"] for entry in draw["entries"]] == list(range(5))
    late = str(await house.ask())
    told = await _place(house, draw, act)
    assert [one["request"] for one in told["placed"]] == order[:3]
    assert {one["unit"] for one in told["placed"]} == {str(house.region.men)}
    assert [(one["request"], one["reason"]) for one in told["left"]] == [
        (one, "no-place") for one in (*order[3:], late)
    ]
    asked = (await house.send("desk", "GET", "/requests?state=open")).json()["requests"]
    assert {one["id"]: one["drawn"] for one in asked} == dict(zip(order, range(5), strict=True)) | {late: None}
    view = (await house.send("supervisor", "GET", f"/draws/{draw['id']}")).json()
    assert [entry["state"] for entry in view["entries"]] == ["held"] * 3 + ["waiting"] * 3
    assert (view["entries"][-1]["late"], view["entries"][-1]["position"]) == (True, None)
    assert view["version"] > draw["version"]
    # Sent again, whoever sends it, it does nothing more, even where there is room by now.
    await house.count(5)
    again = await _place(house, draw, act, "admin")
    assert (again["placed"], again["repeated"], told["repeated"]) == (told["placed"], True, False)
    assert [one["request"] for one in again["left"]] == [*order[3:], late]
    # One that was cut off before its end goes on, and nobody is placed twice.
    await house.pool.execute("DELETE FROM sharing_event WHERE verb = 'placed'")
    await house.count(4)
    on = await _place(house, draw, act)
    assert ([one["request"] for one in on["placed"]], on["placed"][:3]) == (order[:4], told["placed"])
    assert (await house.region.unit(house.region.men))["held"] == 4
    # The second has lost their place: they are before the fifth.
    await house.act("desk", {"id": told["placed"][1]["placement"]}, "cancel", reason="mistake")
    await house.count(5)
    second = await _place(house, draw)
    assert [one["request"] for one in second["placed"]] == [order[1], order[4]]
    assert [(one["request"], one["reason"]) for one in second["left"]] == [
        (order[0], "held"), (order[2], "held"), (order[3], "held"), (late, "no-place"),
    ]  # fmt: skip
    await house.count(6)
    assert [one["request"] for one in (await _place(house, draw))["placed"]] == [late]


async def test_two_who_place_at_once_hold_each_place_once_and_in_the_order(house: House) -> None:
    for _ in range(6):
        await house.ask()
    draw = await _drawn(house)
    act = new_id()
    acts = [(id, who) for id in (act, act, new_id()) for who in ("desk", "admin")]
    told = await asyncio.gather(*(_place(house, draw, id, who) for id, who in acts))
    placed = {one["request"]: one["placement"] for answer in told for one in answer["placed"]}
    assert set(placed) == set(_order(draw)[:3])
    assert {one["placement"] for answer in told for one in answer["placed"]} == set(placed.values())
    assert (await house.region.unit(house.region.men))["held"] == 3


async def test_who_fits_nowhere_is_told_apart_and_keeps_nobody_waiting(house: House) -> None:
    away = AwayFrom(shelters=(house.region.linden, house.region.canal))
    nowhere = str(await house.ask(Household(ALONE.party, Needs(away_from=away))))
    closed, plain = str(await house.ask()), str(await house.ask())
    draw = await _drawn(house)
    for request in (await house.send("desk", "GET", f"/requests?id={closed}")).json()["requests"]:
        body = {"id": str(new_id()), "base_version": request["version"], "outcome": "withdrawn"}
        await house.send("desk", "POST", f"/requests/{closed}/close", body)
    told = await _place(house, draw)
    assert [one["request"] for one in told["placed"]] == [plain]
    assert {one["request"]: one["reason"] for one in told["left"]} == {closed: "closed", nowhere: "none-fits"}


async def test_a_place_that_somebody_else_takes_is_made_up_for_elsewhere(house: House) -> None:
    region = house.region
    await house.count(1)
    await house.count(2, region.canal_unit, region.canal)
    for _ in range(3):
        await house.ask()
    draw = await _drawn(house)
    # This node's board does not know of it yet, or has just heard.
    await house.lane.submit(Place(new_id(), SYSTEM, await house.ask(), region.men, b"quicker"))
    told = await _place(house, draw)
    assert [(one["request"], one["unit"]) for one in told["placed"]] == [
        (one, str(region.canal_unit)) for one in _order(draw)[:2]
    ]


async def test_i11_a_refuge_is_held_as_the_desk_may(house: House) -> None:
    region = house.region
    await house.count(2, region.secret_unit, region.secret)
    for _ in range(4):
        await house.ask(_WOMAN)
    draw = await _drawn(house, "woman")
    told = await _place(house, draw)
    assert [(one["request"], one["unit"]) for one in told["placed"]] == [
        (one, str(region.secret_unit)) for one in _order(draw)[:2]
    ]
    assert {one["reason"] for one in told["left"]} == {"no-place"}
    # One more is free, and somebody is quicker: it is tried once in vain at most, and that is written down.
    await house.count(3, region.secret_unit, region.secret)
    await house.lane.submit(Place(new_id(), SYSTEM, await house.ask(_WOMAN), region.secret_unit, b"quicker"))
    assert (await _place(house, draw))["placed"] == []
    assert await house.pool.fetchval("SELECT count(*) FROM request_event WHERE verb = 'place-refused'") <= 1
    # Whoever has tried too often in vain does not get there by a draw either; a colleague does.
    await house.count(4, region.secret_unit, region.secret)
    desk = await house.pool.fetchval("SELECT id FROM account WHERE login = 'desk'")
    for _ in range(5):
        await house.lane.submit(Note(new_id(), desk, REFUSED, UUID(_order(draw)[0])))
    assert (await _place(house, draw))["placed"] == []
    assert [one["request"] for one in (await _place(house, draw, who="admin"))["placed"]] == [_order(draw)[2]]


async def test_i11_a_draw_does_not_try_what_a_band_leaves_open(house: House) -> None:
    region = house.region
    # Two are there, which a desk reads as one or two.
    await house.count(2, region.secret_unit, region.secret)
    await house.ask(Household((*_WOMAN.party, Member(Age.ADULT, Gender.WOMAN, Relation.FRIEND))))
    draw = await _drawn(house, "adults")
    told = await _place(house, draw, who="admin")
    assert (told["placed"], [one["reason"] for one in told["left"]]) == ([], ["no-place"])
    await house.count(3, region.secret_unit, region.secret)
    assert [one["unit"] for one in (await _place(house, draw, who="admin"))["placed"]] == [str(region.secret_unit)]


async def test_the_file_holds_and_names_nobody(house: House) -> None:
    requests = [await house.ask() for _ in range(4)]
    draw = await _drawn(house)
    answer = await house.send("supervisor", "GET", f"/draws/{draw['id']}/file")
    assert answer.headers["content-disposition"] == f'attachment; filename="draw-{draw["night"]}-man.json"'
    file = verify(answer.content)
    assert (file.list_hash, file.seed) == (draw["list_hash"], draw["seed"])
    assert file.order == [entry["pseudonym"] for entry in draw["entries"]]
    codes = [entry["code"] for entry in draw["entries"]]
    people = [one["by"]["id"] for one in draw["commitments"]]
    named = [*map(str, requests), *codes, *people, *_PEOPLE, str(house.region.id)]
    assert [word for word in named if word in answer.text] == []
    listed = (await house.send("desk", "GET", f"/draws?night={draw['night']}")).json()["draws"]
    assert draw in listed
    assert (await house.send("desk", "GET", "/draws?night=2020-01-01")).json()["draws"] == []


async def test_no_secret_is_told_before_both_are(house: House) -> None:
    await house.ask()
    body = {"id": str(new_id()), "audience": "man"}
    await house.send("desk", "POST", "/draws", body)
    for who, secret in zip(_PEOPLE, SECRETS, strict=True):
        await _act(house, body["id"], "commit", who, commitment=commitment(secret))
    assert slug_of(await house.send("desk", "GET", f"/draws/{body['id']}/file")) == (409, "draw-moved-on")
    await _act(house, body["id"], "freeze")
    half = await _act(house, body["id"], "reveal", "desk", secret=SECRETS[0])
    assert [one["revealed"] for one in half.json()["commitments"]] == [True, False]
    assert SECRETS[0] not in half.text
    assert slug_of(await _act(house, body["id"], "place")) == (409, "draw-moved-on")
    assert slug_of(await _act(house, body["id"], "abandon", why="call 0470 12 34 56")) == (422, "reason-refused")
    given_up = await _act(house, body["id"], "abandon", why="The second of us has gone home")
    assert (given_up.json()["state"], given_up.json()["why"]) == ("abandoned", "The second of us has gone home")


async def test_draws_are_for_the_desk_and_places_for_whoever_may_hold(house: House) -> None:
    await house.ask()
    draw = await _drawn(house)
    paths = ("/draws", f"/draws/{draw['id']}", f"/draws/{draw['id']}/file")
    for who, status in (("staff", 403), ("supervisor", 200), ("admin", 200)):
        assert [(await house.send(who, "GET", path)).status_code for path in paths] == [status] * 3
    assert (await house.send("staff", "POST", "/draws", {"id": str(new_id()), "audience": "man"})).status_code == 403
    assert slug_of(await _act(house, draw["id"], "place", "supervisor")) == (403, "forbidden")
    assert slug_of(await _act(house, new_id(), "place")) == (404, "unknown-draw")
    bad = await _act(house, draw["id"], "commit", commitment="A" * 64)
    assert (bad.status_code, bad.json()["where"]) == (422, "commitment")
    assert json.loads(bad.text)["slug"] == "invalid-body"
