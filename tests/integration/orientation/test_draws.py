"""A draw through the lane: what is drawn from what, what is refused, what is done once, and what is left of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from inventory.lane.working import SYSTEM
from inventory.model.unit import Regime
from kernel.ids import new_id
from kernel.problems import IdReused, Problem
from kernel.settings import Settings
from orientation.closing import CloseRequest
from orientation.drawing.algorithm import canonical, commitment
from orientation.drawing.committing import Commit, MakeDraw
from orientation.drawing.elapsing import pass_draws
from orientation.drawing.revealing import Freeze, Reveal, export
from orientation.drawing.verifying import verify
from orientation.elapsing import pass_requests
from orientation.erasing import erase_requests
from orientation.following import Cancel, CancelReason
from orientation.model.counts import PartyGroup
from orientation.model.draw import DrawState
from orientation.model.household import Age, Gender, Household, Member, Relation, Urgency
from orientation.model.placement import Party
from orientation.model.policy import OrientationPolicy
from orientation.model.request import Outcome, UnmetReason
from orientation.model.sharing import DrawRules, Match, Tickets
from orientation.policing import SetOrientationPolicy
from tests.integration.inventory.acting import at, check_journal, set_clock
from tests.integration.orientation.conftest import ALONE, Desk, make_lane, party, said
from tests.integration.orientation.drawing import SECRETS, Drawing
from tests.integration.orientation.sweeping import sweep, swept

WOMAN = Household((Member(Age.ADULT, Gender.WOMAN, Relation.SELF),))
COLD = Household(ALONE.party, urgency=(Urgency.COLD,))
NEXT = timedelta(days=1)


@pytest.fixture
def drawing(desk: Desk) -> Drawing:
    return Drawing(desk.lane, desk.pool, desk.region_id)


async def _slug(doing: Any) -> str:
    with pytest.raises(Problem) as refused:
        await doing
    return refused.value.slug


async def _close(desk: Desk, request_id: UUID, outcome: Outcome, reason: UnmetReason | None) -> None:
    work = CloseRequest(
        id=new_id(), actor_id=SYSTEM, request_id=request_id, body_hash=b"", outcome=outcome, reason=reason
    )
    await desk.lane.submit(work)


async def test_who_waits_is_drawn_for_by_the_rules_in_force_and_the_file_holds(desk: Desk, drawing: Drawing) -> None:
    await set_clock(desk.pool, at("17:59") - NEXT)
    long_ago = await desk.ask()
    await _close(desk, long_ago, Outcome.UNMET, UnmetReason.NO_PLACE)
    await set_clock(desk.pool, at("20:00") - NEXT)
    refused = [await desk.ask() for _ in range(3)]
    reasons = (UnmetReason.NO_PLACE, UnmetReason.REFUSED_BY_HOUSEHOLD)
    for request_id, reason in zip(refused, reasons, strict=False):
        await _close(desk, request_id, Outcome.UNMET, reason)
    await set_clock(desk.pool, at("18:00"))
    # The third one was not heard of again.
    await sweep(swept(desk), pass_requests)
    rules = DrawRules(
        strata=(Match(urgency=(Urgency.COLD,)),),
        tickets=(Tickets(Match(turned_away=True), 3), Tickets(Match(parties=(PartyGroup.MAN,)), 2)),
    )
    policy = OrientationPolicy(draw=rules)
    await desk.lane.submit(SetOrientationPolicy(new_id(), SYSTEM, policy, 0, "as agreed", b"rules"))
    again, said_no, unheard, before, cold, plain = (
        await desk.ask(continues=refused[0]),
        await desk.ask(continues=refused[1]),
        await desk.ask(continues=refused[2]),
        await desk.ask(continues=long_ago),
        await desk.ask(COLD),
        await desk.ask(),
    )
    # These are not drawn for: about to expire, not heard of tonight, not men alone, for admission, held.
    await desk.pool.execute("UPDATE request SET expires_at = asked_at WHERE id = $1", await desk.ask())
    await desk.pool.execute("UPDATE request SET refreshed_at = $2 WHERE id = $1", await desk.ask(), at("11:59"))
    await desk.ask(WOMAN)
    await desk.ask(party(2))
    await desk.ask(regime=Regime.ADMISSION)
    unit_id = await desk.unit()
    await desk.report(unit_id, 1)
    await desk.place(await desk.ask(), unit_id)
    draw_id = await drawing.drawn()
    record = await drawing.read(draw_id)
    entries = {entry.request_id: (entry.stratum, entry.tickets) for entry in record.entries}
    assert entries == {again: (1, 3), said_no: (1, 2), unheard: (1, 3), before: (1, 2), cold: (0, 2), plain: (1, 2)}
    assert [entry.position for entry in record.entries] == list(range(len(entries)))
    assert record.entries[0].request_id == cold
    assert [entry.pseudonym for entry in sorted(record.entries, key=lambda one: one.place)] == sorted(
        entry.pseudonym for entry in record.entries
    )
    content = canonical(export(record.draw, record.entries))
    assert verify(content).order == [entry.pseudonym for entry in record.entries]
    assert not any(str(id).encode() in content for id in (*entries, *drawing.people))


async def test_i10_each_act_is_done_once_under_its_id(desk: Desk, drawing: Drawing) -> None:
    await desk.ask()
    draw_id = await drawing.make()
    acts: list[Any] = [
        MakeDraw(draw_id, drawing.people[0], PartyGroup.MAN, b"make"),
        *(drawing.act(Commit, draw_id, who, commitment=commitment(SECRETS[who])) for who in (0, 1)),
        drawing.act(Freeze, draw_id),
        *(drawing.act(Reveal, draw_id, who, secret=SECRETS[who]) for who in (0, 1)),
    ]
    for act in acts[1:]:
        assert not (await desk.lane.submit(act)).repeated
    before = await drawing.read(draw_id)
    for act in acts:
        told = await desk.lane.submit(replace(act, actor_id=new_id()))
        assert (told.repeated, told.draw) == (True, before.draw)
        with pytest.raises(IdReused):
            await desk.lane.submit(replace(act, body_hash=b"other"))
    assert await drawing.read(draw_id) == before
    assert await desk.pool.fetchval("SELECT count(*) FROM sharing_event") == len(acts)
    with pytest.raises(IdReused):
        await drawing.make(id=await desk.ask(WOMAN))
    await check_journal(desk.pool, desk.region_id)


async def test_what_comes_too_early_too_late_or_from_somebody_else_is_refused(desk: Desk, drawing: Drawing) -> None:
    draw_id, stranger = await drawing.make(), new_id()
    assert await _slug(drawing.make()) == "draw-exists"
    assert await _slug(drawing.do(Freeze, new_id())) == "unknown-draw"
    await drawing.commit(draw_id, 0)
    alone = drawing.do(Commit, draw_id, 0, commitment=commitment(SECRETS[1]))
    assert await _slug(alone) == "commitment-made"
    same = drawing.do(Commit, draw_id, 1, commitment=commitment(SECRETS[0]))
    assert await _slug(same) == "commitment-made"
    assert await _slug(drawing.do(Freeze, draw_id)) == "commitment-missing"
    assert await _slug(drawing.reveal(draw_id, 0)) == "draw-moved-on"
    await drawing.commit(draw_id, 1)
    third = drawing.do(Commit, draw_id, actor_id=stranger, commitment="33" * 32)
    assert await _slug(third) == "commitment-made"
    await desk.ask(WOMAN)
    assert await _slug(drawing.do(Freeze, draw_id)) == "nobody-waits"
    await desk.ask()
    frozen = await drawing.do(Freeze, draw_id)
    assert (frozen.state, frozen.size, frozen.seed) == (DrawState.FROZEN, 1, None)
    assert await _slug(drawing.do(Freeze, draw_id)) == "draw-moved-on"
    assert await _slug(drawing.do(Reveal, draw_id, actor_id=stranger, secret=SECRETS[0])) == "not-committed"
    assert await _slug(drawing.do(Reveal, draw_id, 0, secret=SECRETS[1])) == "secret-wrong"
    assert (await drawing.reveal(draw_id, 0)).state is DrawState.FROZEN
    assert (await drawing.reveal(draw_id, 1)).state is DrawState.DRAWN
    assert await _slug(drawing.abandon(draw_id)) == "draw-moved-on"
    await set_clock(desk.pool, at("12:00") + NEXT)
    other = await drawing.make()
    await set_clock(desk.pool, at("12:00") + 2 * NEXT)
    assert await _slug(drawing.commit(other, 0)) == "draw-moved-on"


async def test_a_draw_that_is_given_up_stays_to_be_seen_and_makes_room(desk: Desk, drawing: Drawing) -> None:
    request_id = await desk.ask()
    first = await drawing.frozen()
    await drawing.reveal(first, 0)
    given_up = await drawing.abandon(first)
    assert (given_up.state, given_up.why, given_up.key) == (DrawState.ABANDONED, "One of us lost the secret", None)
    assert await _slug(drawing.reveal(first, 1)) == "draw-moved-on"
    second = await drawing.drawn()
    named = [(await drawing.read(id)).entries[0] for id in (first, second)]
    assert {one.request_id for one in named} == {request_id}
    # Nobody can say from two lists that it is the same household.
    assert named[0].pseudonym != named[1].pseudonym
    rows = await desk.pool.fetch("SELECT state, why FROM draw ORDER BY made_at")
    assert [tuple(row) for row in rows] == [("abandoned", "One of us lost the secret"), ("drawn", None)]


async def test_late_ones_come_after_all_others_as_they_asked(desk: Desk, drawing: Drawing) -> None:
    unit_id = await desk.unit()
    await desk.report(unit_id, 1)
    held, waiting = await desk.ask(), await desk.ask()
    placed = await desk.place(held, unit_id)
    draw_id = await drawing.drawn()
    late = [await desk.ask() for _ in range(2)]
    await desk.ask(WOMAN)
    assert [line.request_id for line in (await drawing.read(draw_id)).lines] == [waiting, *late]
    # Whoever had a place at the freeze and has lost it asked before those who were late.
    await _close(desk, waiting, Outcome.WITHDRAWN, None)
    await _lose(desk, placed.placement.id)
    lines = (await drawing.read(draw_id)).lines
    assert [(line.request_id, line.entry is None, line.state) for line in lines] == [
        (waiting, False, "closed"),
        (held, True, "waiting"),
        *((one, True, "waiting") for one in late),
    ]


async def _lose(desk: Desk, placement_id: UUID) -> None:
    await desk.act(Cancel(said(placement_id, party=Party.DESK), CancelReason.SHELTER_ASKED))


async def test_after_its_night_nothing_links_it_and_after_the_retention_nobody_is_named(
    desk: Desk, drawing: Drawing
) -> None:
    await set_clock(desk.pool, at("18:00"))
    region = swept(desk, settings=Settings(request_retention_days=100))
    await desk.ask()
    draw_id = await drawing.drawn()
    assert (await drawing.read(draw_id)).draw.key is not None
    await sweep(region, pass_draws)
    before = await drawing.read(draw_id)
    assert before.draw.ended_at is None
    content = canonical(export(before.draw, before.entries))
    await set_clock(desk.pool, at("12:00") + NEXT)
    await sweep(region, pass_requests, pass_draws)
    ended = (await drawing.read(draw_id)).draw
    assert (ended.key, ended.ended_at is None, ended.gone) == (None, False, False)
    await sweep(region, pass_draws)
    assert (await drawing.read(draw_id)).draw == ended
    await set_clock(desk.pool, at("00:01") + 2 * NEXT)
    await sweep(region, pass_requests, pass_draws)
    assert (await drawing.read(draw_id)).draw.gone
    assert await desk.pool.fetchval("SELECT gone FROM subject WHERE id = $1", draw_id)
    await set_clock(desk.pool, at("18:00") + 101 * NEXT)
    await sweep(region, erase_requests)
    left = await drawing.read(draw_id)
    assert [(line.request_id, line.code, line.state) for line in left.lines] == [(None, None, "closed")]
    assert canonical(export(left.draw, left.entries)) == content


async def test_on_two_nodes_at_once_each_thing_happens_once(desk: Desk, drawing: Drawing) -> None:
    lane = make_lane(desk.pool, desk.region_id, desk.lane._settings, [])
    lane.start()
    nodes = (drawing, Drawing(lane, desk.pool, desk.region_id, drawing.people)) * 3
    waiting = {await desk.ask() for _ in range(20)}
    for _ in range(3):
        assert await _race(node.make() for node in nodes) == ["draw-exists"] * 5
        draw_id = await desk.pool.fetchval("SELECT id FROM draw WHERE state = 'open'")
        assert await _race([node.commit(draw_id, 0) for node in nodes]) == ["commitment-made"] * 5
        await drawing.commit(draw_id, 1)
        assert await _race([node.do(Freeze, draw_id) for node in nodes]) == ["draw-moved-on"] * 5
        assert {entry.request_id for entry in (await drawing.read(draw_id)).entries} == waiting
        # Both reveal at once, and again: drawn once, and whoever comes after that is told so.
        told = await _race([node.reveal(draw_id, who) for node in nodes[:2] for who in (0, 1)])
        assert set(told) <= {"draw-moved-on"}
        record = await drawing.read(draw_id)
        assert record.draw.state is DrawState.DRAWN
        verify(canonical(export(record.draw, record.entries)))
        await desk.pool.execute("UPDATE draw SET state = 'abandoned', seed = NULL WHERE id = $1", draw_id)
    await lane.stop()
    await check_journal(desk.pool, desk.region_id)


async def _race(doing: Iterable[Awaitable[Any]]) -> list[str]:
    """Do all of it at once; return the refusals."""
    told = await asyncio.gather(*doing, return_exceptions=True)
    return [one.slug for one in told if isinstance(one, Problem)]
