"""Rules change while everybody writes: in one order with the reports, once per unit, and never back (I5, I7, I8)."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from inventory.defining import Refresh
from inventory.lane.working import SYSTEM
from inventory.model.freshness import Ageing
from inventory.model.policy import Policy
from inventory.model.unit import Turnover
from inventory.policing import SetPolicy
from inventory.problems import PolicyChanged, PolicyUnsound
from inventory.store import count_behind, due_units
from inventory.verifying import verify_region
from kernel.ids import new_id
from kernel.journal import read_board
from kernel.lane import Lane
from kernel.postgres import Pool
from kernel.problems import IdReused
from kernel.settings import Settings
from tests.integration.inventory.acting import (
    NIGHT,
    at,
    check_journal,
    held,
    journal,
    node,
    rule,
    set_clock,
    slugs,
    tell,
)
from tests.integration.inventory.conftest import Place
from tests.integration.inventory.histories import History

SHORT, SHORTER = Policy(night=Ageing(60, 120, 180)), Policy(night=Ageing(61, 122, 183), stuck_after=5)


def change(policy: Policy, base_version: int, *, id: UUID | None = None) -> SetPolicy:
    return SetPolicy(id or new_id(), SYSTEM, policy, base_version, "a test", repr((policy, base_version)).encode())


async def body_of(place: Place, unit: UUID) -> dict[str, Any]:
    async with place.pool.acquire() as connection:
        _, subjects = await read_board(connection, place.region_id)
    (found,) = (subject for subject in subjects if subject.id == unit)
    decoded: dict[str, Any] = msgspec.json.decode(found.body)
    return decoded


async def sweep(place: Place, lane: Lane, at_once: int = 10) -> int:
    """Fold anew what is behind, as a node's sweep does, but with less patience; return how many portions there were."""
    portions = 0
    while due := await due_units(place.pool, place.region_id, NIGHT, at_once):
        await lane.submit(Refresh(tuple(due)), bulk=True)
        portions += 1
    return portions


async def differences(pool: Pool, region_id: UUID) -> list[str]:
    return [str(one) for one in (await verify_region(pool, None, region_id)).differences]


async def test_a_change_is_of_the_next_batch_and_reaches_what_nobody_touches(place: Place) -> None:
    await set_clock(place.pool, at("18:00"))
    touched, untouched = await place.unit(), await place.unit()
    for unit in (touched, untouched):
        await place.report(unit, 5)
    before = await body_of(place, touched)
    assert await rule(place.lane, SHORT) == 1
    assert await body_of(place, touched) == before, "a change of the rules alone tells of no unit"
    assert await count_behind(place.pool, place.region_id, 1) == 2
    assert await differences(place.pool, place.region_id) == []
    await held(place, touched)
    after = await body_of(place, touched)
    assert after["confirmed_at"] == before["confirmed_at"], "no change of rules makes a count fresh (I8)"
    assert after["aging_at"] != before["aging_at"]
    assert await due_units(place.pool, place.region_id, NIGHT, 10) == [untouched]
    assert await sweep(place, place.lane) == 1
    assert await count_behind(place.pool, place.region_id, 1) == 0
    causes = msgspec.json.decode((await journal(place.pool, place.region_id))[-1]["causes"])
    assert [cause["verb"] for cause in causes] == ["policy"]
    policy_id = await place.pool.fetchval("SELECT id FROM policy")
    assert causes[0]["ref"] == str(policy_id)


async def test_a_shown_number_stays_good_where_only_the_rules_have_changed(place: Place) -> None:
    """What a person looked at was the count: nobody is asked again because it now ages sooner."""
    unit = await place.unit()
    answer = await place.report(unit, 5)
    await rule(place.lane, SHORT)
    await sweep(place, place.lane)
    again = await place.report(unit, 4, base_seq=answer.units[0].subject.seq)
    assert again.units[0].outcome == "applied"


async def test_no_node_folds_by_older_rules_than_another_has(place: Place, settings: Settings) -> None:
    """One batch waits for a unit while the rules change and the unit is folded by the new ones: it must see them."""
    unit = await place.unit()
    await place.report(unit, 5)
    async with node(settings, place.region_id) as other:
        await tell(other, place.make_report(unit, 6))  # it knows the rules of before
        async with place.pool.acquire() as connection, connection.transaction():
            await connection.execute("SELECT FROM unit_state WHERE unit_id = $1 FOR UPDATE", unit)
            waiting = asyncio.create_task(tell(other, place.make_report(unit, 7)))
            await asyncio.sleep(0.1)
            await rule(place.lane, SHORT)
        answer = await waiting
    body = msgspec.json.decode(answer.units[0].subject.body)
    assert (await place.state(unit))["policy"] == 1
    assert _ages(body) == [60, 120, 180]


def _ages(body: dict[str, Any]) -> list[int]:
    names = ("confirmed_at", "aging_at", "stale_at", "silent_at")
    confirmed, *ages = (datetime.fromisoformat(body[name]) for name in names)
    return [round((age - confirmed).total_seconds()) for age in ages]


@pytest.mark.parametrize("seed", range(2))
async def test_rules_change_under_a_stream_on_two_nodes(place: Place, settings: Settings, seed: int) -> None:
    """Whatever is in flight: the versions of a unit only rise, and verify never finds anything (I5, I7)."""
    chance = random.Random(seed)
    history = History(place, chance)
    await history.begin()
    done = asyncio.Event()

    async def ruling(lane: Lane) -> None:
        version = 0
        while not done.is_set():
            ages = chance.randint(60, 9_000)
            version = await rule(lane, Policy(night=Ageing(ages, ages + 60, ages + 120), stuck_after=3), version)
            await asyncio.sleep(0.03)

    async def sweeping(lane: Lane) -> None:
        while not done.is_set():
            for due in await due_units(place.pool, place.region_id, NIGHT, 3):
                await tell(lane, Refresh((due,)))
            await asyncio.sleep(0.01)

    async def looking() -> None:
        while not done.is_set():
            assert await differences(place.pool, place.region_id) == []

    async with node(settings, place.region_id) as second, node(settings, place.region_id) as third:
        beside = [
            asyncio.create_task(one) for one in (ruling(third), sweeping(second), sweeping(place.lane), looking())
        ]
        await history.go_on(60, (place.lane, second))
        done.set()
        await asyncio.gather(*beside)
        await place.lane.submit(Refresh(tuple(unit.id for unit in history.units)))
    await check_journal(place.pool, place.region_id)
    versions = await place.pool.fetch("SELECT id, version FROM policy ORDER BY version")
    assert len(versions) > 5
    order = {str(row["id"]): row["version"] for row in versions}
    last: dict[UUID, int] = {}
    for row in await journal(place.pool, place.region_id):
        for cause in msgspec.json.decode(row["causes"]):
            if cause["verb"] == "policy":
                assert order[cause["ref"]] > last.get(row["subject_id"], 0), "a unit went back to older rules"
                last[row["subject_id"]] = order[cause["ref"]]
    assert len(last) > 1
    assert await differences(place.pool, place.region_id) == []


async def test_another_node_goes_on_where_one_was_cut_off(place: Place, settings: Settings) -> None:
    await set_clock(place.pool, at("18:00"))
    units = [await place.unit() for _ in range(40)]
    for unit in units:
        await place.report(unit, 5)
    await rule(place.lane, SHORT)
    async with node(settings, place.region_id) as dying:
        for _ in range(2):
            due = await due_units(place.pool, place.region_id, NIGHT, 10)
            await dying.submit(Refresh(tuple(due)), bulk=True)
    assert await count_behind(place.pool, place.region_id, 1) == 20
    assert await differences(place.pool, place.region_id) == []
    assert await sweep(place, place.lane) == 2
    folded = await place.pool.fetch("SELECT causes FROM journal WHERE causes::text LIKE '%\"policy\"%'")
    assert len(folded) == 40, "each once"


async def test_of_two_who_started_from_the_same_version_one_wins(place: Place, settings: Settings) -> None:
    async with node(settings, place.region_id) as other:
        for version in range(10):
            works = [change(replace(SHORT, pin_s=version), version), change(replace(SHORTER, pin_s=version), version)]
            outcomes = await asyncio.gather(tell(place.lane, works[0]), tell(other, works[1]))
            assert sorted(slugs(outcomes)) == ["granted", "policy-changed"]
            (refused,) = (one for one in outcomes if isinstance(one, PolicyChanged))
            (won,) = (work for work, one in zip(works, outcomes, strict=True) if one is not refused)
            assert (refused.facts["version"], refused.facts["policy"]) == (version + 1, won.policy.rules)
    assert await place.pool.fetchval("SELECT count(*) FROM policy") == 10


async def test_one_batch_changes_the_rules_once_from_a_version(place: Place) -> None:
    outcomes = await place.lane.submit_all([change(SHORT, 0), change(SHORTER, 0), change(SHORTER, 1)], bulk=False)
    assert slugs(outcomes) == ["granted", "policy-changed", "granted"]


async def test_the_same_id_is_the_same_change_on_two_nodes(place: Place, settings: Settings) -> None:
    work = change(SHORT, 0)
    async with node(settings, place.region_id) as other:
        outcomes = await asyncio.gather(*(tell(lane, work) for lane in (place.lane, other) * 4))
        assert {one.version for one in outcomes} == {1}
        assert sum(not one.repeated for one in outcomes) == 1
        with pytest.raises(IdReused):
            await other.submit(change(SHORTER, 1, id=work.id))
    assert await place.pool.fetchval("SELECT count(*) FROM policy") == 1


async def test_what_cannot_be_meant_changes_nothing(place: Place) -> None:
    with pytest.raises(PolicyUnsound) as refused:
        await place.lane.submit(change(Policy(night=Ageing(120, 60, 180)), 0))
    assert refused.value.facts == {"field": "night.stale_after_s", "least": 121, "most": 366 * 86_400 - 1}
    assert await place.pool.fetchval("SELECT count(*) FROM policy") == 0


async def test_what_may_be_held_unconfirmed_shows_in_the_state(place: Place) -> None:
    await set_clock(place.pool, at("18:00"))
    unit = await place.unit(turnover=Turnover.NIGHTLY)
    await place.report(unit, 0)
    await set_clock(place.pool, at("12:30", NIGHT + timedelta(days=1)))
    await place.lane.submit(Refresh((unit,)))
    body = await body_of(place, unit)
    assert (body["status"], body["free"], body["holdable"]) == ("unconfirmed", 25, False)
    await rule(place.lane, Policy(hold_unconfirmed=True))
    await place.lane.submit(Refresh((unit,)))
    body = await body_of(place, unit)
    assert (body["status"], body["free"], body["holdable"]) == ("unconfirmed", 25, True)
