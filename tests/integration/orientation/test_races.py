"""I2, I3, I4 when everybody comes at once, on two nodes: each place is promised once, each placement ends once."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from inventory.lane.working import SYSTEM
from inventory.model.counting import Spoke
from inventory.model.unit import Regime
from inventory.reporting import Reporter
from kernel.ids import new_id
from kernel.lane import Lane
from kernel.postgres import open_pool
from kernel.problems import Problem
from kernel.settings import Settings
from orientation.answering import Accept, Arrive, Decline, MissArrival, See
from orientation.asking import AskRequest
from orientation.following import Cancel, CancelReason, Extend
from orientation.lapsing import Escalate, Expect, Lapse, by_clock
from orientation.model.placement import DeclineReason, Party
from orientation.model.request import Channel
from orientation.placing import Place
from tests.integration.inventory.acting import at, check_journal, recount, set_clock, slugs, until_known
from tests.integration.orientation.conftest import ALONE, Desk, make_lane, said

# What a refusal of an act may be: somebody else was quicker, or it was done already.
_LATE = {"granted", "placement-moved-on", "already-extended"}
# Fewer than a queue takes, so that it is the rows that are fought for and not the queue.
_AT_ONCE = 800
_BY = Reporter(SYSTEM, Spoke.PERSON)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Small batches: more of them meet, and none thinks for so long on a busy machine that Postgres ends it."""
    return replace(settings, lane_batch_max=64)


@asynccontextmanager
async def _second(settings: Settings, region_id: UUID) -> AsyncIterator[Lane]:
    pool = await open_pool(settings, "second")
    lane = make_lane(pool, region_id, settings, [])
    lane.start()
    try:
        yield lane
    finally:
        await lane.stop()
        await pool.close()


async def _race(lanes: Iterable[Lane], works: Iterable[Any]) -> list[Any]:
    """Let all of them race, dealt out over the lanes."""
    nodes, gate = list(lanes), asyncio.Semaphore(_AT_ONCE)

    async def run(number: int, work: Any) -> Any:
        async with gate:
            return (await until_known(nodes[number % len(nodes)], work))[0]

    return await asyncio.gather(*(run(number, work) for number, work in enumerate(works)))


async def _ask(desk: Desk, count: int) -> list[UUID]:
    ids = [new_id() for _ in range(count)]
    asked = [AskRequest(id, SYSTEM, Regime.NIGHT, Channel.PHONE, ALONE, b"ask") for id in ids]
    assert set(slugs(await _race([desk.lane], asked))) <= {"granted"}
    return ids


@pytest.mark.parametrize("rounds", [2, pytest.param(20, marks=[pytest.mark.faults, pytest.mark.timeout(600)])])
async def test_a_thousand_households_race_for_25_places_on_two_nodes(
    desk: Desk, settings: Settings, rounds: int
) -> None:
    waiting = await _ask(desk, 1_000)
    async with _second(settings, desk.region_id) as other:
        for _ in range(rounds):
            unit_id = await desk.unit()
            await desk.report(unit_id, 25)
            works = [Place(new_id(), SYSTEM, request_id, unit_id, b"place") for request_id in waiting]
            outcomes = Counter(slugs(await _race((desk.lane, other), works)))
            assert outcomes == {"granted": 25, "place-taken": 975}
            state = await desk.state(unit_id)
            assert (state["held"], state["free"]) == (25, 25)
            found = await desk.pool.fetch("SELECT * FROM placement WHERE unit_id = $1", unit_id)
            assert len({row["request_id"] for row in found}) == len(found) == 25
            # They let go, and race for the next unit with all others.
            ends = [Cancel(said(row["id"], party=Party.DESK), CancelReason.MISTAKE) for row in found]
            assert set(slugs(await _race((desk.lane, other), ends))) == {"granted"}
            assert (await desk.state(unit_id))["held"] == 0
    await check_journal(desk.pool, desk.region_id)


def _acts(desk: Desk, placement_id: UUID, unit_id: UUID, chance: random.Random) -> list[Any]:
    """What people and clocks do with one placement, some of it sent twice, as a phone does."""
    reason = chance.choice(list(DeclineReason))
    free = 40 if reason is DeclineReason.FULL else None
    made: list[Any] = [
        Accept(said(placement_id)),
        Decline(said(placement_id), unit_id, _BY, desk.shelter_id, reason, free),
        Extend(said(placement_id, party=Party.DESK)),
        Cancel(said(placement_id, party=Party.DESK), CancelReason.WITHDRAWN),
        Arrive(said(placement_id), unit_id),
        Arrive(said(placement_id), unit_id),
        MissArrival(said(placement_id)),
        See(said(placement_id)),
        by_clock(Lapse, placement_id),
        by_clock(Expect, placement_id),
        by_clock(Escalate, placement_id),
    ]
    chosen = chance.sample(made, chance.randint(2, 5))
    return chosen + chance.sample(chosen, 1)


@pytest.mark.parametrize("count", [300, pytest.param(2_000, marks=[pytest.mark.faults, pytest.mark.timeout(600)])])
async def test_every_placement_ends_once_whoever_races(desk: Desk, settings: Settings, count: int) -> None:
    seed = random.randrange(1_000_000)
    print(f"seed {seed}")
    chance = random.Random(seed)
    await set_clock(desk.pool, at("20:00"))
    units = [await desk.unit(capacity=count) for _ in range(8)]
    for unit_id in units:
        await desk.report(unit_id, count)
    placed = {new_id(): chance.choice(units) for _ in range(count)}
    async with _second(settings, desk.region_id) as other:
        lanes = (desk.lane, other)
        requests = await _ask(desk, count)
        holds = [
            Place(id, SYSTEM, asker, unit, b"p") for asker, (id, unit) in zip(requests, placed.items(), strict=True)
        ]
        assert set(slugs(await _race(lanes, holds))) == {"granted"}
        await _race(lanes, [See(said(id)) for id in placed if chance.random() < 0.7])
        for minutes in (31, 360):
            # What was seen is overdue; later, so is what was accepted, and who comes then comes late.
            await set_clock(desk.pool, at("20:00") + timedelta(minutes=minutes))
            works = [work for id, unit in placed.items() for work in _acts(desk, id, unit, chance)]
            chance.shuffle(works)
            outcomes = await _race(lanes, works)
            refused = {one.slug for one in outcomes if isinstance(one, Problem)}
            assert refused <= _LATE, refused
    # A database this young has no statistics yet, and whatever looks through all of it would take its time.
    await desk.pool.execute("ANALYZE")
    await _assert_one_end_each(desk, count)
    for unit_id in units:
        await recount(desk.pool, unit_id)
    await check_journal(desk.pool, desk.region_id)


_STANDING = """
WITH ends AS (
  SELECT hold_id, count(*) FILTER (WHERE NOT late) AS ends, count(*) FILTER (WHERE late) AS late_ends
  FROM hold_end GROUP BY hold_id),
moved AS (SELECT hold_id, count(*) AS movements FROM movement GROUP BY hold_id),
done AS (SELECT placement_id, array_agg(verb) AS verbs FROM request_event GROUP BY placement_id)
SELECT p.id, p.state, p.ending, p.late, h.state AS hold_state, r.state AS request_state, r.outcome, r.placement_id,
       coalesce(ends, 0) AS ends, coalesce(late_ends, 0) AS late_ends, coalesce(movements, 0) AS movements, verbs
FROM placement p JOIN hold h ON h.id = p.id JOIN request r ON r.id = p.request_id
JOIN done d ON d.placement_id = p.id
LEFT JOIN ends e ON e.hold_id = p.id LEFT JOIN moved m ON m.hold_id = p.id
"""


async def _assert_one_end_each(desk: Desk, count: int) -> None:
    rows = await desk.pool.fetch(_STANDING)
    assert len(rows) == count
    for row in rows:
        arrived = row["ending"] == "arrived"
        ended = row["state"] == "ended"
        assert row["hold_state"] == (row["ending"] or "held")
        assert (row["ends"], row["late_ends"]) == (int(ended), int(row["late"])), dict(row)
        assert not row["late"] or arrived
        assert row["movements"] == int(arrived)
        assert (row["request_state"], row["outcome"]) == (
            ("closed", "arrived") if arrived else ("waiting" if ended else "held", None)
        )
        assert row["placement_id"] == (None if ended else row["id"])
        # An act that was told to be done is written down once, and only one of those that end it can have been.
        verbs = Counter(row["verbs"])
        assert max(verbs.values()) == 1
        endings = sum(verbs[verb] for verb in ("decline", "cancel", "lapse", "no-show", "arrive"))
        assert endings == int(ended) + int(row["late"])
    print(Counter(f"{row['ending']}{' late' if row['late'] else ''}" for row in rows))
