"""A case: all that a plan is made of, of one moment, whatever happens meanwhile; and one of each night is kept."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

import pytest

from inventory.lane.working import SYSTEM
from inventory.mapping import Card
from inventory.model.counting import Spoke
from inventory.model.unit import Regime
from inventory.region import Region
from inventory.reporting import Reporter
from kernel.ids import new_id
from kernel.problems import InvalidBody, Problem
from kernel.settings import Settings
from orientation.answering import Accept, Arrive, Decline
from orientation.closing import CloseRequest
from orientation.distributing.capturing import capture, restrict
from orientation.distributing.cases import nights_kept, read_content
from orientation.distributing.changing import BeginPlan, Propose
from orientation.distributing.drafting import Drafting
from orientation.distributing.tending import tend
from orientation.distributing.working import Workers
from orientation.erasing import erase_plans
from orientation.following import Cancel, CancelReason
from orientation.model.placement import DeclineReason, Party
from orientation.model.plan import PlanDraft
from orientation.model.policy import OrientationPolicy
from orientation.model.request import Outcome, UnmetReason
from orientation.planning.case import Seeker, decode, encode
from orientation.policing import SetOrientationPolicy
from tests.integration.inventory.acting import NIGHT, at, set_clock
from tests.integration.orientation.conftest import Desk, party, said
from tests.integration.orientation.sweeping import Swept, sweep

NEXT = NIGHT + timedelta(days=1)


@dataclass(slots=True)
class Ground(Swept):
    card: Card | None = None


@pytest.fixture
def ground(desk: Desk) -> Ground:
    settings = Settings(request_retention_days=100)
    return Ground(desk.region_id, desk.pool, desk.lane, settings, card=Card(desk.pool, desk.region_id))


@pytest.fixture
def region(ground: Ground) -> Region:
    return cast("Region", ground)


async def _close(desk: Desk, request_id: UUID, outcome: Outcome, reason: UnmetReason | None = None) -> None:
    work = CloseRequest(
        id=new_id(), actor_id=SYSTEM, request_id=request_id, body_hash=b"close", outcome=outcome, reason=reason
    )
    await desk.lane.submit(work)


async def _last_night(desk: Desk, unit_id: UUID) -> dict[str, UUID]:
    """One was inside, one found no place, one refused what there was."""
    await set_clock(desk.pool, at("18:00"))
    await desk.report(unit_id, 9)
    asked = {name: await desk.ask() for name in ("inside", "turned away", "refused")}
    placement = (await desk.place(asked["inside"], unit_id)).placement
    await desk.act(Arrive(said(placement.id), unit_id))
    await _close(desk, asked["turned away"], Outcome.UNMET, UnmetReason.NO_PLACE)
    await _close(desk, asked["refused"], Outcome.UNMET, UnmetReason.REFUSED_BY_HOUSEHOLD)
    return asked


async def test_a_case_knows_of_each_household_what_a_plan_must_know(desk: Desk, region: Region) -> None:
    unit_id, other = await desk.unit(), await desk.unit()
    before = await _last_night(desk, unit_id)
    await set_clock(desk.pool, at("17:30", NEXT))
    for one in (unit_id, other):
        await desk.report(one, 9)
    asked = {name: await desk.ask(continues=earlier) for name, earlier in before.items()}
    asked |= {name: await desk.ask(party(2)) for name in ("held", "accepted", "declined")}
    await desk.place(asked["held"], unit_id)
    accepted = (await desk.place(asked["accepted"], other)).placement.id
    await desk.act(Accept(said(accepted)))
    declined = (await desk.place(asked["declined"], unit_id)).placement.id
    by, reason = Reporter(SYSTEM, Spoke.PERSON), DeclineReason.KNOWN_CONFLICT
    await desk.act(Decline(said(declined), unit_id, by, desk.shelter_id, reason))
    for left_out in (await desk.ask(regime=Regime.ADMISSION), await desk.ask()):
        await desk.pool.execute(
            "UPDATE request SET expires_at = halte_now() WHERE id = $1 AND regime = 'night'", left_out
        )
    captured = await capture(region)
    case = captured.case
    found = {name: _seeker(case.seekers, request_id) for name, request_id in asked.items()}
    assert [seeker.request for seeker in case.seekers] == list(asked.values())
    assert {name for name, one in found.items() if one.turned_away} == {"turned away"}
    assert {name: one.continues for name, one in found.items() if one.continues} == {"inside": desk.shelter_id}
    assert (found["held"].unit, found["held"].places, found["held"].confirmed) == (unit_id, 2, False)
    assert (found["accepted"].unit, found["accepted"].places, found["accepted"].confirmed) == (other, 2, True)
    (bar,) = found["declined"].bars
    assert (bar.unit_id, bar.shelter_id, found["declined"].unit) == (unit_id, desk.shelter_id, None)
    head = await desk.pool.fetchrow("SELECT seq, epoch FROM region WHERE id = $1", desk.region_id)
    assert head is not None
    assert (case.night, case.seq, case.epoch) == (NEXT, head["seq"], head["epoch"])
    assert {state.id: state.held for state in case.states} == {unit_id: 2, other: 2}
    assert decode(encode(case)) == case
    link = (asked["held"], asked["inside"])
    assert restrict(captured, (link,)).case.links == (link,)
    assert restrict(captured, ((*link, new_id()), (asked["refused"], new_id())), lenient=True).case.links == (link,)
    for wrong in (((*link, new_id()),), (link, (asked["held"], asked["refused"]))):
        with pytest.raises(InvalidBody):
            restrict(captured, wrong)


def _seeker(seekers: tuple[Seeker, ...], request_id: UUID) -> Seeker:
    (found,) = [one for one in seekers if one.request == request_id]
    return found


async def test_a_drawn_place_counts_from_nothing_and_is_of_tonight(desk: Desk, region: Region) -> None:
    await set_clock(desk.pool, at("18:00"))
    desk.broken = True  # a draw that was never made
    asked = [await desk.ask() for _ in range(3)]
    for night, state, order in ((NIGHT, "drawn", asked), (NIGHT - timedelta(days=1), "drawn", asked[::-1])):
        draw = new_id()
        await desk.pool.execute(
            "INSERT INTO draw (id, region_id, night, audience, made_at, actor_id, version, state, commitments, size,"
            " list_hash, seed, gone) VALUES ($1, $2, $3, 'man', now(), $1, 1, $4, '[]', 3, 'x', 'y', false)",
            draw, desk.region_id, night, state,
        )  # fmt: skip
        for position, request_id in enumerate(order, start=1):
            await desk.pool.execute(
                "INSERT INTO draw_entry VALUES ($1, $2, 'p', 0, 1, $3, $4)", draw, 9 - position, request_id, position
            )
    assert [one.drawn for one in (await capture(region)).case.seekers] == [0, 1, 2]


async def test_what_is_held_is_counted_once_however_much_happens_meanwhile(desk: Desk, region: Region) -> None:
    units = [await desk.unit() for _ in range(3)]
    for unit_id in units:
        await desk.report(unit_id, 20)
    asked = [await desk.ask() for _ in range(24)]
    working = True

    async def work(nth: int) -> None:
        while working:
            try:
                placement = (await desk.place(asked[nth], units[nth % 3])).placement
                await desk.act(Cancel(said(placement.id, party=Party.DESK), CancelReason.MISTAKE))
            except Problem as problem:
                assert problem.slug == "busy"  # noqa: PT017

    workers = [asyncio.create_task(work(nth)) for nth in range(24)]
    counts: set[int] = set()
    # Not so many looks, but so many different boards: how often the lane comes to commit is up to the machine.
    async with asyncio.timeout(60):
        while len(counts) < 10:
            case = (await capture(region)).case
            held = Counter(seeker.unit for seeker in case.seekers if seeker.unit is not None)
            assert {state.id: state.held for state in case.states} == {unit_id: held[unit_id] for unit_id in units}
            counts.add(case.seq)
    working = False
    await asyncio.gather(*workers)


async def test_the_rules_of_a_day_ago_are_told_where_a_plan_by_them_is_another(desk: Desk, region: Region) -> None:
    async def set_rules(version: int, **plan: Any) -> None:
        policy = OrientationPolicy(version=version)
        policy = replace(policy, barred_nights=version + 1, plan=replace(policy.plan, **plan))
        await desk.lane.submit(SetOrientationPolicy(new_id(), SYSTEM, policy, version, "A test of rules", b"rules"))

    await set_clock(desk.pool, at("18:00"))
    await set_rules(0)
    await set_clock(desk.pool, at("17:00", NEXT))
    await set_rules(1)
    assert (await capture(region)).yesterday is None  # other rules, and the same plan
    await set_clock(desk.pool, at("18:30", NEXT))
    captured = await capture(region)
    assert (captured.policy.version, captured.yesterday) == (2, None)
    await set_rules(2, drawn=7)
    captured = await capture(region)
    assert captured.yesterday is not None
    assert (captured.policy.version, captured.yesterday.version, captured.yesterday.plan.drawn) == (3, 1, 200)


async def test_one_case_of_a_night_is_kept_and_erased_with_its_requests(
    desk: Desk, ground: Ground, region: Region
) -> None:
    drafting = Drafting(region, Workers())

    async def tended(clock: str, day: Any = NIGHT) -> list[Any]:
        await set_clock(desk.pool, at(clock, day))
        await tend(region, drafting)
        return await nights_kept(desk.pool, desk.region_id, NEXT, 9)

    assert await tended("20:05") == []  # nobody waits
    request_id = await desk.ask()
    assert await tended("19:59") == []
    assert await tended("20:00") == [NIGHT]
    await desk.ask()
    assert await tended("20:10") == [NIGHT]
    assert await tended("00:10", NEXT) == [NIGHT]
    assert await tended("11:59", NEXT) == [NIGHT]
    content = await read_content(desk.pool, desk.region_id, NIGHT)
    assert content is not None
    assert [seeker.request for seeker in decode(content).seekers] == [request_id]
    for clock, left in (("19:55", [NIGHT]), ("20:01", [])):
        await set_clock(desk.pool, at(clock) + timedelta(days=100))
        await sweep(ground, erase_plans)
        assert await nights_kept(desk.pool, desk.region_id, NEXT, 9) == left


async def test_a_draft_ends_with_its_night_and_what_it_says_of_households_is_erased(
    desk: Desk, ground: Ground, region: Region
) -> None:
    await set_clock(desk.pool, at("18:00"))
    request_id = await desk.ask()
    case, plan_id = (await capture(region)).case, new_id()
    plan = PlanDraft(
        id=plan_id, region_id=desk.region_id, night=case.night, made_at=case.now, actor_id=SYSTEM, body_hash=b"plan",
        time_limit_s=5, links=f'[["{request_id}","{request_id}"]]', content=encode(case), heard_at=case.now,
    )  # fmt: skip
    await desk.lane.submit(BeginPlan(plan))
    await desk.lane.submit(Propose(plan_id, '{"people_placed":1}', b"rows"))
    told = []
    for clock, day in (("11:59", NEXT), ("12:00", NEXT), ("23:59", NEXT), ("00:01", NEXT + timedelta(days=1))):
        await set_clock(desk.pool, at(clock, day))
        await tend(region, Drafting(region, Workers()))
        told.append(tuple(await desk.pool.fetchrow("SELECT state, gone FROM plan") or ()))
    assert told == [("draft", False), ("discarded", False), ("discarded", False), ("discarded", True)]
    kept = "SELECT links, content IS NULL, result IS NULL, summary FROM plan"
    for clock, links in (("17:55", plan.links), ("18:01", "[]")):
        await set_clock(desk.pool, at(clock) + timedelta(days=100))
        await sweep(ground, erase_plans)
        erased = links == "[]"
        assert tuple(await desk.pool.fetchrow(kept) or ()) == (links, erased, erased, '{"people_placed":1}')
