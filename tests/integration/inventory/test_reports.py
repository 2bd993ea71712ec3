"""A report: all its units or none, on the number that was shown, and nothing absurd."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from inventory.defining import CloseUnit, Refresh, RemoveUnit
from inventory.lane.working import SYSTEM
from inventory.model.facts import Intake, OutOfService, OutReason
from inventory.model.unit import Turnover
from inventory.problems import (
    AbsurdCount,
    ChangedMeanwhile,
    ObservedAfterSent,
    RepeatedUnit,
    UnknownUnit,
    WrongNight,
)
from inventory.reporting import Line, Report, ReportAnswer
from kernel.ids import new_id
from kernel.problems import IdReused
from tests.integration.inventory.acting import NIGHT, at, hold_of, machine, move_of, recount, set_clock, slugs, tell
from tests.integration.inventory.conftest import PERSON, Place

MINUTE = timedelta(minutes=1)


def _report(place: Place, *lines: Line, id: UUID | None = None) -> Report:
    return Report(id or new_id(), PERSON, place.shelter_id, lines, repr(lines).encode())


def _seq(answer: ReportAnswer) -> int:
    return answer.units[0].subject.seq


def _body(answer: ReportAnswer) -> dict[str, Any]:
    body: dict[str, Any] = msgspec.json.decode(answer.units[0].subject.body)
    return body


async def test_all_units_of_a_report_in_one_change(place: Place) -> None:
    units = [await place.unit() for _ in range(3)]
    answer = await place.lane.submit(_report(place, *(Line(unit, n) for n, unit in enumerate(units))))
    assert [(one.unit_id, one.outcome) for one in answer.units] == [(unit, "applied") for unit in units]
    seqs = sorted(one.subject.seq for one in answer.units)
    assert seqs == list(range(seqs[0], seqs[0] + 3))
    assert [(await place.state(unit))["free"] for unit in units] == [0, 1, 2]


@pytest.mark.parametrize(
    "bad, problem",
    [
        pytest.param(lambda _: Line(new_id(), 1), UnknownUnit, id="an unknown unit"),
        pytest.param(lambda units: Line(units[0], 1), RepeatedUnit, id="a unit named twice"),
        pytest.param(lambda units: Line(units[2], 9_000), AbsurdCount, id="an absurd number"),
        pytest.param(lambda units: Line(units[2], 4, base_seq=0), ChangedMeanwhile, id="changed meanwhile"),
    ],
)
async def test_all_units_or_none(place: Place, bad: Any, problem: type[Exception]) -> None:
    units = [await place.unit() for _ in range(3)]
    await place.lane.submit(_report(place, *(Line(unit, 5) for unit in units)))
    before = [await place.state(unit) for unit in units]
    entries = await place.pool.fetchval("SELECT seq FROM region")
    report = _report(place, Line(units[0], 1), Line(units[1], 1), bad(units))
    with pytest.raises(problem):
        await place.lane.submit(report)
    assert [await place.state(unit) for unit in units] == before
    assert await place.pool.fetchval("SELECT seq FROM region") == entries
    assert await place.pool.fetchval("SELECT count(*) FROM report") == 1
    repaired = _report(place, Line(units[0], 1), id=report.id)
    assert not (await place.lane.submit(repaired)).repeated, "a refusal does not use up its id"


async def test_a_removed_unit_is_unknown(place: Place) -> None:
    unit = await place.unit()
    await place.lane.submit(RemoveUnit(unit, SYSTEM))
    with pytest.raises(UnknownUnit):
        await place.report(unit, 5)


async def test_two_phones_saw_five_and_both_say_four(place: Place) -> None:
    unit = await place.unit()
    shown = _seq(await place.report(unit, 5))
    first = await place.report(unit, 4, base_seq=shown)
    with pytest.raises(ChangedMeanwhile) as refused:
        await place.report(unit, 4, base_seq=shown)
    assert refused.value.status == 409
    (now,) = refused.value.subjects
    assert now == first.units[0].subject
    again = await place.report(unit, 3, base_seq=now.seq)
    assert again.units[0].outcome == "applied"


async def test_two_phones_in_one_batch(place: Place) -> None:
    unit = await place.unit()
    shown = _seq(await place.report(unit, 5))
    ids = sorted(new_id() for _ in range(2))
    outcomes = await place.lane.submit_all([place.make_report(unit, 4, id=id, base_seq=shown) for id in ids])
    assert slugs(outcomes) == ["granted", "changed-meanwhile"]
    assert outcomes[1].subjects[0] == outcomes[0].units[0].subject, "with the state as it is after the batch"


@pytest.mark.parametrize("what", ["movement", "closing", "out of service", "capacity"])
async def test_what_makes_a_shown_number_old(place: Place, what: str) -> None:
    unit = await place.unit()
    shown = _seq(await place.report(unit, 5))
    work: Any = {
        "movement": move_of(unit),
        "closing": CloseUnit(unit, SYSTEM, closed=True),
        "out of service": place.make_report(unit, 5, out_of_service=(OutOfService(OutReason.REPAIR, 1),)),
        "capacity": place.make_report(unit, 5, capacity=24),
    }[what]
    await place.lane.submit(work)
    with pytest.raises(ChangedMeanwhile):
        await place.report(unit, 4, base_seq=shown)


@pytest.mark.parametrize("what", ["hold", "the same number", "intake"])
async def test_what_leaves_a_shown_number_as_it_is(place: Place, what: str) -> None:
    unit = await place.unit()
    shown = _seq(await place.report(unit, 5))
    work: Any = {
        "hold": hold_of(unit),
        "the same number": place.make_report(unit, 5),
        "intake": place.make_report(unit, 5, intake=Intake(paused=True)),
    }[what]
    await place.lane.submit(work)
    await place.lane.submit(move_of(await place.unit()))
    assert (await place.report(unit, 4, base_seq=shown)).units[0].outcome == "applied"


async def test_a_number_that_went_and_came_back_is_not_the_one_that_was_shown(place: Place) -> None:
    unit = await place.unit()
    shown = _seq(await place.report(unit, 5))
    await place.report(unit, 4)
    back = _seq(await place.report(unit, 5))
    with pytest.raises(ChangedMeanwhile):
        await place.report(unit, 3, base_seq=shown)
    await place.report(unit, 3, base_seq=back)


async def test_a_late_report_is_not_asked_again(place: Place) -> None:
    """Superseded anyway: what it was based on does not matter."""
    unit = await place.unit()
    shown = _seq(await place.report(unit, 5))
    await place.report(unit, 4)
    late = await place.report(unit, 3, base_seq=shown, at=await place.now() - 60 * MINUTE)
    assert late.units[0].outcome == "superseded"


async def test_noon_makes_a_shown_number_old(place: Place) -> None:
    await set_clock(place.pool, at("11:00"))
    unit = await place.unit(turnover=Turnover.NIGHTLY)
    shown = _seq(await place.report(unit, 5))
    await set_clock(place.pool, at("12:05"))
    with pytest.raises(ChangedMeanwhile) as refused:
        await place.report(unit, 5, base_seq=shown)
    (now,) = refused.value.subjects
    assert b'"status":"unconfirmed","free":25' in now.body
    assert now.seq > shown, "the turn of the night is told although the report was refused"
    confirmed = await place.report(unit, 5, base_seq=now.seq)
    assert _body(confirmed)["status"] == "open"


@pytest.mark.parametrize(
    "capacity, free, accepted",
    [
        (25, 25, True),
        (25, 26, True),
        (25, 75, True),
        (25, 76, False),
        (2, 20, True),
        (2, 21, False),
        (5000, 10_001, False),
    ],
)
async def test_more_than_fits_is_flagged_and_much_more_is_refused(
    place: Place, capacity: int, free: int, accepted: bool
) -> None:
    unit = await place.unit(capacity=capacity)
    outcome = await tell(place.lane, place.make_report(unit, free))
    assert slugs([outcome]) == ["granted" if accepted else "absurd-count"]
    if accepted:
        assert _body(outcome)["flags"] == (["above-capacity"] if free > capacity else [])


@pytest.mark.parametrize("free, over_by", [(0, 76), (3, 2)], ids=["over by too many", "free and over at once"])
async def test_an_absurd_surplus_is_refused(place: Place, free: int, over_by: int) -> None:
    unit = await place.unit()
    with pytest.raises(AbsurdCount):
        await place.report(unit, free, over_by=over_by)


async def test_over_capacity_is_no_free_place_and_says_by_how_many(place: Place) -> None:
    unit = await place.unit()
    body = _body(await place.report(unit, 0, over_by=2))
    assert (body["free"], body["over_by"], body["flags"]) == (0, 2, ["over-capacity"])
    assert slugs([await tell(place.lane, hold_of(unit))]) == ["place-taken"]
    assert (await recount(place.pool, unit)).over_by == 2


async def test_a_clock_that_cannot_be_put_right_is_refused(place: Place) -> None:
    unit, now = await place.unit(), await place.now()
    with pytest.raises(ObservedAfterSent):
        await place.report(unit, 5, at=now, sent=now - MINUTE)
    with pytest.raises(ObservedAfterSent):
        await place.lane.submit(move_of(unit, occurred_at=now, sent_at=now - MINUTE))


async def test_a_wrong_clock_is_put_right_kept_raw_and_flagged(place: Place) -> None:
    unit, now = await place.unit(), await place.now()
    ahead = timedelta(hours=5)
    report = place.make_report(unit, 5, at=now - 30 * MINUTE + ahead, sent=now + ahead)
    body = _body(await place.lane.submit(report))
    assert body["flags"] == ["clock-skew"]
    row = await place.pool.fetchrow("SELECT * FROM report WHERE id = $1", report.id)
    assert row is not None
    assert (row["observed_at"], row["sent_at"], row["skewed"]) == (report.observed_at, report.sent_at, True)
    assert abs(row["at"] - (now - 30 * MINUTE)) < timedelta(seconds=5)
    assert row["at"] <= row["received_at"] - 30 * MINUTE
    assert _body(await place.report(unit, 5))["flags"] == []


async def test_the_same_report_sent_again_later_is_the_same_report(place: Place) -> None:
    """`sent_at` says how late it is, not what it says."""
    unit, now, id = await place.unit(), await place.now(), new_id()
    first = place.make_report(unit, 5, id=id, at=now - 9 * MINUTE, sent=now)
    again = place.make_report(unit, 5, id=id, at=now - 9 * MINUTE, sent=now + MINUTE)
    await place.lane.submit(first)
    assert (await place.lane.submit(again)).repeated
    with pytest.raises(IdReused):
        await place.lane.submit(place.make_report(unit, 5, id=id, at=now - 8 * MINUTE, sent=now))


@pytest.mark.parametrize("nights, accepted", [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
async def test_a_report_may_speak_of_this_night_and_its_neighbours(place: Place, nights: int, accepted: bool) -> None:
    await set_clock(place.pool, at("18:00"))
    unit = await place.unit()
    night = NIGHT + timedelta(days=nights)
    if not accepted:
        with pytest.raises(WrongNight):
            await place.report(unit, 5, night=night)
        return
    answer = await place.report(unit, 5, night=night)
    if nights == 1:
        assert answer.units[0].outcome == "coming"
        assert (await place.state(unit))["count_night"] is None, "what is of tomorrow says nothing of tonight"
        await set_clock(place.pool, at("12:00", night))
        await place.lane.submit(Refresh((unit,)))
    assert (await place.state(unit))["count_night"] == night


async def test_facts_stated_late_do_not_undo_newer_ones(place: Place) -> None:
    await set_clock(place.pool, at("08:00"))
    unit = await place.unit()
    await set_clock(place.pool, at("18:00"))
    now = await place.now()
    newer = (OutOfService(OutReason.CLEANING, 2),)
    await place.report(unit, 5, at=now - MINUTE, out_of_service=newer, capacity=24)
    older = (OutOfService(OutReason.STAFF, 9),)
    body = _body(
        await place.report(unit, 9, at=now - 9 * MINUTE, out_of_service=older, capacity=30, intake=Intake(paused=True))
    )
    assert [(one["reason"], one["places"]) for one in body["out_of_service"]] == [("cleaning", 2)]
    assert (body["free"], body["capacity"]) == (5, 24)
    assert body["intake"] == "paused", "of intake nothing newer was said"
    body = _body(await place.report(unit, 5, out_of_service=()))
    assert (body["out_of_service"], body["intake"], body["capacity"]) == ([], "paused", 24)


async def test_a_capacity_by_feed_is_dated_and_the_newest_stands(place: Place) -> None:
    await set_clock(place.pool, at("08:00"))
    unit, key = await place.unit(), await machine(place)
    await set_clock(place.pool, at("18:00"))
    for clock, capacity in (("10:00", 20), ("12:00", 30), ("11:00", 22)):
        await place.report(unit, 5, by=key, at=at(clock), capacity=capacity)
    rows = await place.pool.fetch("SELECT at, capacity FROM capacity_change WHERE unit_id = $1 ORDER BY at", unit)
    assert [row["capacity"] for row in rows] == [25, 20, 22, 30]
    assert [row["at"] for row in rows][1:] == [at("10:00"), at("11:00"), at("12:00")]
    assert (await place.state(unit))["capacity"] == 30
    await place.report(unit, 5, by=key, at=at("12:30"), capacity=30)
    await place.report(unit, 5, by=key, at=at("12:20"), capacity=31)
    last = "SELECT capacity FROM capacity_change WHERE unit_id = $1 ORDER BY at DESC LIMIT 1"
    assert await place.pool.fetchval(last, unit) == 30, "what was stated since stands behind a late change"
    body = _body(await place.report(unit, 31, by=key, at=at("13:00"), capacity=40))
    assert (body["capacity"], body["flags"]) == (40, [])
