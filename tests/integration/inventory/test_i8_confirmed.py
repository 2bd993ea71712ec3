"""I8: only an applied report moves `confirmed_at`; what is counted does not depend on when it was read."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from inventory.holding import Ending
from inventory.lane.working import SYSTEM
from inventory.model.counting import Basis, Direction
from inventory.model.policy import Policy
from inventory.model.unit import Turnover
from inventory.moving import VoidMovement
from inventory.reporting import Reporter
from kernel.ids import new_id
from kernel.lane import Lane
from kernel.settings import Settings
from tests.integration.inventory.acting import (
    BRUSSELS,
    at,
    end_of,
    held,
    hold_of,
    journal,
    machine,
    move_of,
    node,
    recount,
    rule,
    set_clock,
    tell,
)
from tests.integration.inventory.conftest import Place

MINUTE = timedelta(minutes=1)


async def test_nothing_but_an_applied_report_makes_a_count_fresh(place: Place) -> None:
    unit = await place.unit()
    observed = await place.now() - 10 * MINUTE
    await place.report(unit, 5, at=observed)
    lapsing, arriving, walk_in = await held(place, unit, minutes=-1), await held(place, unit), move_of(unit)
    works = [
        end_of(lapsing, Ending.LAPSED),
        move_of(unit, hold_id=arriving),
        walk_in,
        VoidMovement(walk_in.id, SYSTEM),
        move_of(unit, direction=Direction.OUT),
        place.make_report(unit, 9, at=observed - MINUTE),
    ]
    for work in works:
        await place.lane.submit(work)
        row = await place.state(unit)
        assert (row["count_at"], row["count_spoke"]) == (observed, "person")
    bodies = [msgspec.json.decode(row["body"]) for row in await journal(place.pool, place.region_id)]
    told = {body["confirmed_at"] for body in bodies if body["id"] == str(unit)}
    assert len(told - {None}) == 1
    assert (await recount(place.pool, unit)).free == 5
    await place.report(unit, 5)
    assert (await place.state(unit))["count_at"] > observed


async def test_a_feed_that_repeats_itself_is_never_fresher_and_then_stuck(place: Place, settings: Settings) -> None:
    unit, key = await place.unit(), await machine(place)
    started = await place.now() - 60 * MINUTE
    await rule(place.lane, Policy(stuck_after=3))
    async with node(settings, place.region_id) as lane:

        async def says(minute: int, free: int, body: bytes) -> tuple[str, dict[str, Any]]:
            report = place.make_report(unit, free, by=key, at=started + minute * MINUTE)
            answer = await lane.submit(replace(report, lines=(replace(report.lines[0], body_hash=body),)))
            return answer.units[0].outcome, msgspec.json.decode(answer.units[0].subject.body)

        outcomes = [await says(minute, 5, b"same") for minute in range(4)]
        assert [outcome for outcome, _ in outcomes] == ["applied", "repeated", "repeated", "repeated"]
        assert {body["confirmed_at"] for _, body in outcomes} == {outcomes[0][1]["confirmed_at"]}
        assert [body["flags"] for _, body in outcomes] == [[], [], ["stuck"], ["stuck"]], "the third of three"
        verbs = [
            cause["verb"] for cause in msgspec.json.decode((await journal(place.pool, place.region_id))[-1]["causes"])
        ]
        assert verbs == ["stuck"]
        outcome, body = await says(10, 5, b"it looks again")
        assert (outcome, body["flags"]) == ("applied", [])
        assert body["confirmed_at"] > outcomes[0][1]["confirmed_at"]


async def test_two_feeds_of_a_unit_are_remembered_apart(place: Place) -> None:
    unit, one, other = await place.unit(), await machine(place), await machine(place)
    now = await place.now()
    for n, key in enumerate((one, other, one, other)):
        answer = await place.report(unit, 5, by=key, at=now - (10 - n) * MINUTE)
        assert answer.units[0].outcome == "applied"
    assert await place.pool.fetchval("SELECT count(*) FROM feed WHERE unit_id = $1", unit) == 2


async def test_a_corrected_number_of_the_same_as_of_is_no_fresher(place: Place) -> None:
    unit, key = await place.unit(), await machine(place)
    as_of = await place.now() - 30 * MINUTE
    await place.report(unit, 5, by=key, at=as_of)
    for free in (4, 6):
        answer = await place.report(unit, free, by=key, at=as_of, id=UUID(int=free))
        assert answer.units[0].outcome == "applied"
        row = await place.state(unit)
        assert (row["free"], row["count_at"], row["count_report"]) == (free, as_of, UUID(int=free))


@pytest.mark.parametrize("person_first", [True, False], ids=["person first", "feed first"])
async def test_a_person_pins_a_feed_that_goes_on_saying_the_same(place: Place, person_first: bool) -> None:
    unit, key = await place.unit(), await machine(place)
    now = await place.now()
    await place.report(unit, 5, by=key, at=now - 40 * MINUTE)
    said = [
        place.make_report(unit, 3, at=now - 20 * MINUTE),
        place.make_report(unit, 5, by=key, at=now - 10 * MINUTE),
    ]
    outcomes = [(await place.lane.submit(one)).units[0].outcome for one in (said if person_first else said[::-1])]
    assert outcomes == (["applied", "pinned"] if person_first else ["applied", "applied"])
    row = await place.state(unit)
    assert (row["free"], row["count_spoke"], row["count_at"]) == (3, "person", now - 20 * MINUTE)
    changed = await place.report(unit, 6, by=key, at=now - 5 * MINUTE)
    assert changed.units[0].outcome == "applied"
    assert (await recount(place.pool, unit)).free == 6


async def test_a_late_report_of_yesterdays_night_does_not_confirm_tonight(place: Place) -> None:
    await set_clock(place.pool, at("18:00"))
    unit = await place.unit(turnover=Turnover.NIGHTLY)
    await set_clock(place.pool, at("13:00") + timedelta(days=1))
    answer = await place.report(unit, 5, at=at("23:00"), sent=await place.now())
    body = msgspec.json.decode(answer.units[0].subject.body)
    assert (answer.units[0].outcome, body["status"], body["free"]) == ("applied", "unconfirmed", 25)
    answer = await place.report(unit, 5)
    assert msgspec.json.decode(answer.units[0].subject.body)["status"] == "open"


async def test_a_settle_lag_needs_the_movements_before_the_last_count(place: Place) -> None:
    """A person counted five minutes ago; the feed that speaks now has not looked for half an hour."""
    unit, key = await place.unit(), await machine(place, settle_lag_s=1800)
    now = await place.now()
    await place.report(unit, 9, at=now - 5 * MINUTE)
    await place.lane.submit(move_of(unit, 2, occurred_at=now - 15 * MINUTE))
    answer = await place.report(unit, 9, by=key)
    assert b'"free":7' in answer.units[0].subject.body
    assert (await recount(place.pool, unit)).free == 7


async def test_expected_needs_the_movements_since_noon(place: Place) -> None:
    """At one o'clock somebody still reports last night's count; who came at half past twelve stays counted."""
    await set_clock(place.pool, at("12:30"))
    unit = await place.unit(turnover=Turnover.NIGHTLY)
    await place.lane.submit(move_of(unit, 4))
    await set_clock(place.pool, at("13:00"))
    await place.report(unit, 3, night=at("09:00").date() - timedelta(days=1))
    assert (await recount(place.pool, unit)).free == 21
    await place.lane.submit(move_of(unit, 1))
    assert (await recount(place.pool, unit)).free == 20


async def test_an_arrival_recorded_late_is_counted_the_same_now_and_later(place: Place) -> None:
    unit, key = await place.unit(), await machine(place, Basis.NET)
    await set_clock(place.pool, at("18:00"))
    await place.report(unit, 6, at=at("17:00"))
    hold_id = await held(place, unit, 2)
    await set_clock(place.pool, at("18:30"))
    assert b'"free":6' in (await place.report(unit, 4, by=key)).units[0].subject.body
    await set_clock(place.pool, at("19:00"))
    came = await place.lane.submit(move_of(unit, 2, hold_id=hold_id, occurred_at=at("18:20"), sent_at=at("19:00")))
    assert came.outcome == "earlier"
    assert b'"free":4,"held":0' in came.subject.body, "the feed had seen people there, not a hold"
    assert (await recount(place.pool, unit)).free == 4


class Street:
    """Random events about some units over a day, told late, twice and from wrong clocks, to two nodes."""

    def __init__(self, place: Place, units: list[UUID], machines: list[Reporter], chance: random.Random) -> None:
        self.place, self.units, self.machines, self.chance = place, units, machines, chance
        self.holds: list[tuple[UUID, UUID]] = []
        self.moves: list[UUID] = []
        self.reports: list[UUID] = []

    def next(self, now: datetime) -> Any:
        unit = self.chance.choice(self.units)
        make = self.chance.choices(
            (self._report, self._feed, self._move, self._hold, self._end, self._arrive, self._void),
            (3, 4, 6, 4, 2, 3, 1),
        )[0]
        return make(unit, now)

    def _times(self, now: datetime, most_min: int) -> tuple[datetime, datetime]:
        """When it was so, and when it was sent, both by a clock that may be wrong."""
        ahead = timedelta(minutes=self.chance.choice((0, 0, 0, -90, 3000)))
        return now - self.chance.randint(0, most_min) * MINUTE + ahead, now + ahead

    def _report(self, unit: UUID, now: datetime) -> Any:
        observed, sent = self._times(now, 90)
        night = now.astimezone(BRUSSELS).date() - timedelta(days=1) if self.chance.random() < 0.2 else None
        timed = self.chance.random() < 0.6
        report = self.place.make_report(
            unit, self.chance.randint(0, 25), at=observed if timed else None, sent=sent if timed else None, night=night
        )
        self.reports.append(report.id)
        return report

    def _feed(self, unit: UUID, now: datetime) -> Any:
        key = self.chance.choice(self.machines)
        as_of = now - self.chance.choice((0, 5, 20)) * MINUTE if self.chance.random() < 0.6 else None
        return self.place.make_report(unit, self.chance.randint(3, 6), by=key, at=as_of)

    def _move(self, unit: UUID, now: datetime) -> Any:
        occurred, sent = self._times(now, 120)
        counted_in = self.chance.choice(self.reports) if self.reports and self.chance.random() < 0.2 else None
        move = move_of(
            unit,
            self.chance.randint(1, 3),
            self.chance.choice(list(Direction)),
            occurred_at=occurred,
            sent_at=sent,
            counted_in=counted_in,
        )
        self.moves.append(move.id)
        return move

    def _hold(self, unit: UUID, _now: datetime) -> Any:
        hold = hold_of(unit, self.chance.randint(1, 2), minutes=-1, expires_at=at("00:00"))
        self.holds.append((hold.id, unit))
        return hold

    def _end(self, _unit: UUID, _now: datetime) -> Any:
        hold_id, _ = self.chance.choice(self.holds or [(new_id(), _unit)])
        return end_of(hold_id, self.chance.choice((Ending.LAPSED, Ending.CANCELLED, Ending.NO_SHOW)))

    def _arrive(self, _unit: UUID, now: datetime) -> Any:
        hold_id, unit = self.chance.choice(self.holds or [(new_id(), _unit)])
        occurred, sent = self._times(now, 40)
        return move_of(unit, 1, hold_id=hold_id, occurred_at=occurred, sent_at=sent)

    def _void(self, _unit: UUID, _now: datetime) -> Any:
        return VoidMovement(self.chance.choice(self.moves or [new_id()]), SYSTEM)


@pytest.mark.parametrize("seed", range(2))
async def test_whatever_happens_each_state_is_what_its_whole_history_says(
    place: Place, settings: Settings, seed: int
) -> None:
    """The lane reads only what it thinks it needs; every state is counted anew from everything."""
    await set_clock(place.pool, at("08:00"))
    turnovers = (Turnover.NIGHTLY, Turnover.CONTINUING)
    units = [await place.unit(turnover=turnovers[n % 2]) for n in range(6)]
    for unit in units:
        await place.report(unit, 12)
    machines = [await machine(place, basis, lag) for basis in Basis for lag in (0, 900, 1800)]
    street = Street(place, units, machines, random.Random(seed))
    async with node(settings, place.region_id) as other:
        for quarter in range(40):
            now = at("08:00") + quarter * 15 * MINUTE
            await set_clock(place.pool, now)
            works = [street.next(now) for _ in range(12)]
            works += street.chance.sample(works, 2)
            await asyncio.gather(*(_tell_one_of((place.lane, other), work, street.chance) for work in works))
            for unit in units:
                await recount(place.pool, unit)


async def _tell_one_of(lanes: tuple[Lane, ...], work: Any, chance: random.Random) -> None:
    outcome = await tell(chance.choice(lanes), work)
    assert getattr(outcome, "slug", None) in {None, "place-taken", "hold-ended", "unknown-hold", "unknown-movement"}
