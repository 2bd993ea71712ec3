"""A plan from the first question to the last place: drafted beside a node, read on another, applied; or broken off."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import psutil
import pytest

from halte.embedded import EmbeddedServers
from inventory.schemas import hash_of
from kernel.ids import new_id
from orientation.distributing.applying import placement_of
from orientation.distributing.cases import evening_of, is_wanted, keep_case, read_content
from orientation.distributing.changing import Apply
from orientation.model.household import Age, Urgency
from orientation.placing import Place
from tests.integration.inventory.acting import BRUSSELS
from tests.support.queue import Queue, family, man, queueing

_GONE_S = 10


@pytest.fixture(scope="module")
async def queue(servers: EmbeddedServers, template: str) -> AsyncIterator[Queue]:
    async with queueing(servers, template, HALTE_SWEEP_S="0.3") as queue:
        yield queue


def _placed(plan: dict[str, Any]) -> dict[str, str]:
    return {row["request"]: row["unit"] for row in plan["rows"] if row["unit"] is not None}


def _outcomes(plan: dict[str, Any]) -> dict[str, int]:
    return dict(Counter(row["outcome"] for row in plan["rows"] if row["outcome"] is not None))


async def test_a_plan_is_drafted_beside_the_node_and_applied(queue: Queue) -> None:
    await queue.begin_anew(men=8, women=4, canal_unit=9)
    before = str(await queue.ask(man()))
    confirmed = await queue.place(before, queue.region.men)
    await queue.expect(200, "admin", "POST", f"/placements/{confirmed['id']}/accept", {"id": str(new_id())})
    for household in [man()] * 14 + [family(Age.CHILD, Age.TEEN)] * 5 + [man(Urgency.STREET_TONIGHT)] * 10:
        await queue.ask(household)
    body: dict[str, Any] = {"id": str(new_id()), "time_limit_s": 5}
    begun = await queue.expect(202, "desk", "POST", "/plans", body)
    again = await queue.expect(202, "supervisor", "POST", "/plans", body, node=1)
    assert (begun["state"], begun["rows"], begun["against"], again["id"]) == ("solving", [], None, body["id"])
    await queue.refused("id-reused", "desk", "POST", "/plans", body | {"time_limit_s": 6})

    plan = await queue.until(body["id"], node=1)
    assert plan["state"] == "draft", plan
    summary, rows = plan["summary"], {row["request"]: row for row in plan["rows"]}
    sizes = {request: row["party_size"] for request, row in rows.items()}
    assert (summary["households_waiting"], summary["people_waiting"], summary["families_split"]) == (30, 40, 0)
    assert summary["households_placed"] == len(_placed(plan))
    assert (
        summary["people_placed"]
        == sum(sizes[one] for one in _placed(plan))
        >= plan["against"]["first_come"]["people_placed"]
    )
    # 8 + 4 + 9 less the one that is held; of the refuge's 7 no more than its band says at the least (I11).
    assert summary["places_free"] == 7 + 4 + 9 + 3
    assert sum(group["people"] for group in plan["groups"]) == 40
    assert [row["tier"] for row in plan["rows"]] == sorted(row["tier"] for row in plan["rows"])
    assert (rows[before]["pinned"], rows[before]["unit"]) == (True, str(queue.region.men))
    assert await queue.pool.fetchval("SELECT array_agg(night::text) FROM night_case") == [plan["night"]]
    (head,) = (await queue.expect(200, "supervisor", "GET", "/plans", node=1))["plans"]
    assert (head["id"], "rows" in head, head["summary"]) == (body["id"], False, summary)

    for row in (rows[next(iter(_placed(plan)))], next(row for row in plan["rows"] if row["unit"] is None)):
        why = await queue.expect(200, "desk", "GET", f"/plans/{plan['id']}/why/{row['request']}", node=1)
        assert (why["request"], why["unit"]) == (row["request"], row["unit"])
    await queue.refused("unknown-request", "desk", "GET", f"/plans/{plan['id']}/why/{new_id()}")

    await queue.refused("forbidden", "supervisor", "POST", f"/plans/{plan['id']}/apply", {"id": str(new_id())})
    said = {"id": str(new_id()), "replan": False}
    for node in (0, 1):
        told = await queue.expect(202, "desk", "POST", f"/plans/{plan['id']}/apply", said, node=node)
        assert told["state"] in {"applying", "applied"}
    await queue.refused("plan-moved-on", "admin", "POST", f"/plans/{plan['id']}/apply", {"id": str(new_id())})
    applied = await queue.until(plan["id"])
    assert await queue.held() == _placed(plan)
    assert applied["summary"]["applied"] == {"held": len(_placed(plan)) - 1, "taken": 0, "gone": 0, "refused": 0}
    assert {row["request"] for row in applied["rows"] if row["outcome"] is None} == {
        before,
        *(row["request"] for row in plan["rows"] if row["unit"] is None),
    }
    told = await queue.pool.fetch("SELECT body FROM journal WHERE kind = 'plan'")
    assert {frozenset(msgspec.json.decode(row["body"])) for row in told} == {frozenset({"id", "version"})}


async def test_a_plan_that_is_older_than_the_board_holds_what_is_left_and_plans_the_rest_anew(queue: Queue) -> None:
    await queue.begin_anew(men=6, women=0, canal_unit=6)
    asked = [str(await queue.ask(man())) for _ in range(12)]
    plan = await queue.draft()
    inside = {unit: [one for one in asked if _placed(plan)[one] == unit] for unit in set(_placed(plan).values())}
    men, canal = inside[str(queue.region.men)], inside[str(queue.region.canal_unit)]
    assert len(men) == len(canal) == 6
    # Meanwhile: one is closed, one held elsewhere than the plan has it, two newcomers take places, two places are gone.
    await queue.close(men[0])
    await queue.place(canal[0], queue.region.men)
    for _ in range(2):
        await queue.place(str(await queue.ask(man())), queue.region.canal_unit)
    await queue.count("canal_unit", 5)
    told = await queue.apply(plan["id"], node=1, replan=True)
    for free in (5, 4, 5, 4, 5):
        await queue.count("canal_unit", free)
    assert told.status_code == 202
    applied = await queue.until(plan["id"], node=1)
    rows = {row["request"]: row for row in applied["rows"]}
    assert (rows[men[0]]["outcome"], rows[men[0]]["problem"]) == ("gone", "request-closed")
    assert (rows[canal[0]]["outcome"], rows[canal[0]]["problem"]) == ("gone", "request-has-hold")
    assert applied["summary"]["applied"] == {
        name: _outcomes(applied).get(name, 0) for name in ("held", "taken", "gone", "refused")
    }
    taken = {one for one, row in rows.items() if row["outcome"] == "taken"}
    held = await queue.held()
    assert taken
    assert all(held[one] == row["unit"] for one, row in rows.items() if row["outcome"] == "held")
    assert taken.isdisjoint(held)
    after = await queue.until(applied["followed_by"])
    assert (after["after"], after["state"]) == (plan["id"], "draft")
    assert {row["request"] for row in after["rows"] if row["request"] in taken} == taken
    assert all(row["unit"] == held[row["request"]] for row in after["rows"] if row["pinned"])


async def test_two_desks_apply_the_same_plan_and_each_household_is_held_once(queue: Queue) -> None:
    await queue.begin_anew(men=10, women=0, canal_unit=10)
    for _ in range(16):
        await queue.ask(man())
    plan = await queue.draft(node=1)
    answers = await asyncio.gather(*(queue.apply(plan["id"], node, who) for node, who in enumerate(("desk", "admin"))))
    assert sorted(answer.status_code for answer in answers) == [202, 409]
    applied = await queue.until(plan["id"])
    assert _outcomes(applied) == {"held": 16}
    assert await queue.held() == _placed(plan)


async def test_whoever_needs_something_else_since_is_not_held_for(queue: Queue) -> None:
    await queue.begin_anew(men=4, women=0, canal_unit=4)
    amended, declined = str(await queue.ask(man())), str(await queue.ask(man()))
    plan = await queue.draft()
    party = [
        {"age": "26-59", "gender": "man", "relation": "self"},
        {"age": "26-59", "gender": "man", "relation": "friend"},
    ]
    await queue.expect(
        200, "desk", "PATCH", f"/requests/{amended}", {"id": str(new_id()), "base_version": 1, "party": party}
    )
    # It was under way when the plan was made: stamped before, and committed after.
    earlier = "UPDATE request_event SET at = at - interval '1 hour' WHERE request_id = $1"
    await queue.pool.execute(earlier, UUID(amended))
    placement = await queue.place(declined, _placed(plan)[declined])
    said = {"id": str(new_id()), "reason": "not-for-us"}
    await queue.expect(200, "admin", "POST", f"/placements/{placement['id']}/decline", said)
    await queue.apply(plan["id"])
    applied = await queue.until(plan["id"])
    assert {row["problem"] for row in applied["rows"]} == {"request-changed"}
    assert (_outcomes(applied), await queue.held()) == ({"refused": 2}, {})


async def test_who_is_linked_is_held_together_or_not_at_all(queue: Queue) -> None:
    await queue.begin_anew(men=3, women=0, canal_unit=0)
    link = [str(await queue.ask(man())) for _ in range(2)]
    plan = await queue.draft(links=[link])
    assert set(_placed(plan)) == set(link)
    for _ in range(2):
        await queue.place(str(await queue.ask(man())), queue.region.men)
    await queue.apply(plan["id"])
    applied = await queue.until(plan["id"])
    assert (_outcomes(applied), set(link) & set(await queue.held())) == ({"taken": 2}, set())


async def test_who_was_linked_to_somebody_who_is_gone_is_planned_for_anew(queue: Queue) -> None:
    await queue.begin_anew(men=3, women=0, canal_unit=0)
    gone, left = [str(await queue.ask(man())) for _ in range(2)]
    plan = await queue.draft(links=[[gone, left]])
    await queue.close(gone)
    await queue.apply(plan["id"], replan=True)
    applied = await queue.until(plan["id"])
    told = {row["request"]: (row["outcome"], row["problem"]) for row in applied["rows"]}
    assert told == {gone: ("gone", "request-closed"), left: ("refused", "request-changed")}
    assert _placed(await queue.until(applied["followed_by"])) == {left: str(queue.region.men)}


async def test_i11_what_is_tried_in_vain_at_a_refuge_is_written_down(queue: Queue) -> None:
    await queue.begin_anew(men=0, women=0, canal_unit=0, secret_unit=7)
    woman = str(await queue.ask(family()))
    plan = await queue.draft()
    assert _placed(plan) == {woman: str(queue.region.secret_unit)}
    await queue.count("secret_unit", 0)
    await queue.apply(plan["id"])
    assert _outcomes(await queue.until(plan["id"])) == {"taken": 1}
    events = (await queue.expect(200, "desk", "GET", f"/requests/{woman}/events"))["events"]
    assert [(event["verb"], event["actor"]["login"]) for event in events[1:]] == [("place-refused", "desk")]


async def test_one_plan_at_a_time_and_a_discarded_one_stops(queue: Queue) -> None:
    await queue.begin_anew(men=4)
    link = [str(await queue.ask(man())), str(await queue.ask(man()))]
    unknown = {"id": str(new_id()), "links": [[link[0], str(new_id())]]}
    await queue.refused("invalid-body", "desk", "POST", "/plans", unknown)
    await queue.retire_workers()
    first = await queue.begin(links=[link])
    await queue.freeze_worker()
    told = await queue.refused("plan-running", "desk", "POST", "/plans", {"id": str(new_id())}, node=1)
    assert told["plan"] == first["id"]
    said = {"id": str(new_id())}
    for node in (1, 0):
        discarded = await queue.expect(200, "supervisor", "POST", f"/plans/{first['id']}/discard", said, node=node)
        assert discarded["state"] == "discarded"
    await queue.no_worker()
    await queue.refused("plan-moved-on", "desk", "POST", f"/plans/{first['id']}/apply", {"id": str(new_id())})
    await queue.refused("plan-moved-on", "desk", "GET", f"/plans/{first['id']}/why/{link[0]}")
    second = await queue.draft(links=[link], after=first["id"])
    assert (await queue.until(first["id"]))["followed_by"] == second["id"]
    third = await queue.until((await queue.begin(node=1, after=second["id"], time_limit_s=None))["id"])
    assert (_placed(third), third["summary"]["moves"]) == (_placed(second), 0)
    # Of a plan after another, no more is made than somebody waits for.
    assert (third["time_limit_s"], third["summary"]["fairness_price"], third["against"]["yesterday"]) == (2, None, None)
    assert second["summary"]["fairness_price"] is None
    await queue.refused("unknown-plan", "desk", "POST", "/plans", {"id": str(new_id()), "after": str(new_id())})


async def test_a_draft_of_last_night_holds_nothing_and_one_by_other_rules_says_so(queue: Queue) -> None:
    await queue.begin_anew(men=3)
    await queue.ask(man())
    plan = await queue.draft()
    assert (plan["policy_changed"], plan["summary"]["fairness_price"]) == (False, 0)
    assert plan["summary"]["fit"] <= plan["summary"]["fit_bound"]
    rules = (await queue.expect(200, "supervisor", "GET", "/policies/orientation"))["policies"][0]
    said = {"id": str(new_id()), "base_version": rules["version"], "policy": rules["policy"], "why": "the same anew"}
    await queue.expect(200, "supervisor", "PUT", "/policies/orientation", said)
    (head,) = [one for one in (await queue.expect(200, "desk", "GET", "/plans"))["plans"] if one["id"] == plan["id"]]
    assert head["policy_changed"]
    await queue.pool.execute("UPDATE plan SET night = night - 1 WHERE id = $1", UUID(plan["id"]))
    # The sweep may be quicker.
    path = f"/plans/{plan['id']}/apply"
    refused = (await queue.send("desk", "POST", path, {"id": str(new_id())})).json()
    assert refused["slug"] in {"plan-night-over", "plan-moved-on"}
    assert (refused["status"], await queue.held()) == (409, {})


async def test_the_case_of_the_evening_replaces_an_earlier_one_and_stays(queue: Queue) -> None:
    region_id, night = queue.region.id, date(2026, 2, 3)
    evening = evening_of(night, BRUSSELS)
    assert evening == datetime(2026, 2, 3, 19, tzinfo=UTC)
    await queue.ask(man())
    for hours, content, kept, kept_for_good in (
        (-7, b"a trial at noon", b"a trial at noon", None),
        (-6, b"another plan", b"a trial at noon", None),
        (0, b"the evening", b"the evening", evening),
        (1, b"a plan later", b"the evening", None),
        (2, b"another sweep", b"the evening", evening),
    ):
        assert await is_wanted(queue.pool, region_id, night, evening) == (kept != b"the evening" or hours == 0)
        at = evening + timedelta(hours=hours)
        await keep_case(queue.pool, region_id, night, at, content, evening=kept_for_good)
        assert await read_content(queue.pool, region_id, night) == kept
    await queue.pool.execute("DELETE FROM night_case WHERE night = $1", night)


async def _silence(queue: Queue, plan_id: str) -> None:
    """Let half a minute pass in which nobody spoke for this plan."""
    await queue.pool.execute("UPDATE plan SET heard_at = heard_at - interval '31 s' WHERE id = $1", plan_id)


async def test_a_worker_that_dies_fails_its_plan_and_not_the_node(queue: Queue) -> None:
    await queue.begin_anew(men=3)
    await queue.ask(man())
    await queue.retire_workers()
    plan = await queue.begin()
    (await queue.freeze_worker()).kill()
    failed = await queue.until(plan["id"], node=1)
    assert (failed["state"], failed["failure"], failed["rows"]) == ("failed", "plan-failed", [])
    assert (await queue.draft())["summary"]["households_placed"] == 1


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
async def test_a_node_that_ends_takes_its_worker_along(queue: Queue, how: signal.Signals) -> None:
    await queue.begin_anew(men=3)
    await queue.ask(man())
    await queue.retire_workers()
    plan = await queue.begin(node=1)
    worker = await queue.freeze_worker()
    await queue.servers[1].stop(how)
    if how is signal.SIGKILL:
        worker.resume()
        assert (await queue.expect(200, "desk", "GET", f"/plans/{plan['id']}"))["state"] == "solving"
        await _silence(queue, plan["id"])
    _, alive = psutil.wait_procs([worker], timeout=_GONE_S)
    assert alive == []
    failed = await queue.until(plan["id"])
    assert (failed["state"], failed["failure"]) == ("failed", "plan-interrupted")
    await queue.servers[1].start()
    assert (await queue.draft(node=1))["summary"]["households_placed"] == 1


@pytest.mark.parametrize("by", ["the sweep", "the same id"])
async def test_what_a_node_had_begun_to_apply_another_one_ends(queue: Queue, by: str) -> None:
    await queue.begin_anew(men=6, canal_unit=6)
    for _ in range(9):
        await queue.ask(man())
    plan = await queue.draft()
    # As a node would that ends after the third: it is to be applied, some are held, and nobody works on it.
    (desk,) = await queue.pool.fetch("SELECT id FROM account WHERE login = 'desk'")
    said: dict[str, Any] = {"id": str(new_id()), "replan": False}
    apply = Apply(UUID(said["id"]), desk["id"], UUID(plan["id"]), hash_of(("apply", UUID(plan["id"]), False)))
    await queue.lane.submit(apply)
    for row in plan["rows"][:3]:
        request, unit = UUID(row["request"]), UUID(row["unit"])
        body_hash = hash_of((request, unit, None))
        await queue.lane.submit(Place(placement_of(UUID(plan["id"]), request), desk["id"], request, unit, body_hash))
    landing = await queue.expect(200, "desk", "GET", f"/plans/{plan['id']}")
    assert [row["outcome"] for row in landing["rows"]] == ["held"] * 3 + [None] * 6
    if by == "the sweep":
        await _silence(queue, plan["id"])
    else:
        await queue.expect(202, "desk", "POST", f"/plans/{plan['id']}/apply", said, node=1)
    applied = await queue.until(plan["id"])
    assert applied["summary"]["applied"] == {"held": 9, "taken": 0, "gone": 0, "refused": 0}
    assert await queue.held() == {row["request"]: row["unit"] for row in plan["rows"]}
    assert await queue.pool.fetchval("SELECT count(*) FROM placement WHERE state <> 'ended'") == 9
