"""Reporting: a shelter says how many places are free, for one or several of its units (I8, I10).

All units of a report or none. The answer says for each unit what became of its line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from inventory import tables
from inventory.lane.loading import Look, Touches
from inventory.lane.rows import to_json
from inventory.lane.working import Live, StoredReport, Working, current
from inventory.model.counting import (
    Basis,
    Count,
    Outcome,
    Spoke,
    Stated,
    Timing,
    judge,
    newest,
    place,
    place_in_time,
    remember,
)
from inventory.model.night import night_of
from inventory.model.state import Intake, OutOfService
from inventory.model.unit import PLACES_MAX
from inventory.problems import AbsurdCount, ChangedMeanwhile, ObservedAfterSent, RepeatedUnit, UnknownUnit, WrongNight
from kernel.ids import new_id
from kernel.journal import Cause, Subject
from kernel.lane import Finish
from kernel.problems import IdReused

# A count may exceed the capacity (real feeds do it daily), but not by so much that it must be a slip.
ABSURD_FACTOR = 3
ABSURD_FLOOR = 20


@dataclass(frozen=True, slots=True)
class Line:
    """What a report says of one unit. None: not said, so what was said before stands."""

    unit_id: UUID
    free: int
    over_by: int = 0
    out_of_service: tuple[OutOfService, ...] | None = None
    intake: Intake | None = None
    capacity: int | None = None
    base_seq: int | None = None
    body_hash: bytes = b""


@dataclass(frozen=True, slots=True)
class Reporter:
    """Who reports: a person, or a machine key with what it declared about its counts."""

    id: UUID
    spoke: Spoke
    basis: Basis = Basis.PHYSICAL
    settle_lag_s: int = 0


@dataclass(frozen=True, slots=True)
class UnitAnswer:
    unit_id: UUID
    outcome: str
    subject: Subject


@dataclass(frozen=True, slots=True)
class ReportAnswer:
    report_id: UUID
    repeated: bool
    units: tuple[UnitAnswer, ...]


@dataclass(frozen=True, slots=True)
class _Decided:
    """A line with its verdict, before anything is recorded."""

    line: Line
    live: Live
    count: Count
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Report:
    """One report as work for the lane."""

    id: UUID
    reporter: Reporter
    shelter_id: UUID
    lines: tuple[Line, ...]
    body_hash: bytes
    observed_at: datetime | None = None
    sent_at: datetime | None = None
    night: date | None = None

    def touch(self, touches: Touches) -> None:
        touches.reports.add(self.id)
        touches.grants.add((self.reporter.id, self.shelter_id))
        touches.units.update(line.unit_id for line in self.lines)
        if self.reporter.spoke is Spoke.FEED:
            touches.feeds.add(self.reporter.id)
        look = Look(self.observed_at, self.sent_at, timedelta(seconds=self.reporter.settle_lag_s))
        for line in self.lines:
            touches.looks.setdefault(line.unit_id, []).append(look)

    def apply(self, working: Working) -> Finish:
        working.authorise(self.reporter.id, self.shelter_id)
        stored = working.reports.get(self.id)
        if stored is not None:
            return self._replay(working, stored)
        timing = self._timing(working)
        night = self._night(working, timing)
        decided = [self._decide(working, line, timing, night) for line in self._lines()]
        return self._record(working, timing, night, decided)

    def _replay(self, working: Working, stored: StoredReport) -> Finish:
        if stored.body_hash != self.body_hash:
            raise IdReused(id=str(self.id))
        return self._finish(working, stored.outcomes, repeated=True)

    def _finish(self, working: Working, outcomes: tuple[tuple[UUID, str], ...], *, repeated: bool) -> Finish:
        def finish(numbered: Mapping[UUID, Subject]) -> ReportAnswer:
            units = tuple(
                UnitAnswer(unit_id, outcome, current(working, working.units[unit_id], numbered))
                for unit_id, outcome in outcomes
            )
            return ReportAnswer(self.id, repeated, units)

        return finish

    def _timing(self, working: Working) -> Timing:
        if self.observed_at is not None and self.sent_at is not None and self.observed_at > self.sent_at:
            raise ObservedAfterSent(observed_at=self.observed_at.isoformat(), sent_at=self.sent_at.isoformat())
        return place(working.now, self.observed_at, self.sent_at)

    def _night(self, working: Working, timing: Timing) -> date:
        """A report may speak of the night it was made in or of the coming one, never of one after that."""
        spoken_in = night_of(timing.at, working.moment.zone)
        night = self.night or spoken_in
        if not spoken_in - timedelta(days=1) <= night <= spoken_in + timedelta(days=1):
            raise WrongNight(night=night.isoformat(), expected=spoken_in.isoformat())
        return night

    def _lines(self) -> tuple[Line, ...]:
        named = [line.unit_id for line in self.lines]
        for unit_id in named:
            if named.count(unit_id) > 1:
                raise RepeatedUnit(unit=str(unit_id))
        return self.lines

    def _decide(self, working: Working, line: Line, timing: Timing, night: date) -> _Decided:
        live = working.live(line.unit_id)
        if live.unit.shelter_id != self.shelter_id:
            # Said as if it did not exist: whoever reports for one shelter learns nothing of another.
            raise UnknownUnit(unit=str(line.unit_id))
        _check_size(line, live)
        count = self._count(line, timing, night)
        memory = live.feeds.get(self.reporter.id)
        if memory is not None and memory.body_hash == line.body_hash:
            return _Decided(line, live, place_in_time(count, memory, self.observed_at), Outcome.REPEATED)
        count = place_in_time(count, memory, self.observed_at)
        outcome = judge(live.known.count, count, working.moment.policy.pin)
        if outcome is Outcome.APPLIED:
            _check_base(working, line, live)
        return _Decided(line, live, count, outcome)

    def _count(self, line: Line, timing: Timing, night: date) -> Count:
        lag = timedelta(seconds=self.reporter.settle_lag_s)
        return Count(
            report_id=self.id,
            at=timing.at,
            spoke=self.reporter.spoke,
            source_id=self.reporter.id,
            free=line.free,
            over_by=line.over_by,
            night=night,
            basis=self.reporter.basis,
            known_until=timing.at - lag,
            value_since=timing.at,
            skewed=timing.skewed,
        )

    def _record(self, working: Working, timing: Timing, night: date, decided: list[_Decided]) -> Finish:
        outcomes = tuple((d.line.unit_id, d.outcome.value) for d in decided)
        working.reports[self.id] = StoredReport(self.body_hash, outcomes)
        working.insert(
            tables.report,
            id=self.id,
            region_id=working.region_id,
            shelter_id=self.shelter_id,
            actor_id=self.reporter.id,
            spoke=self.reporter.spoke.value,
            received_at=working.now,
            sent_at=self.sent_at,
            observed_at=self.observed_at,
            at=timing.at,
            skewed=timing.skewed,
            night=night,
            body_hash=self.body_hash,
        )
        for one in decided:
            self._record_line(working, one)
        return self._finish(working, outcomes, repeated=False)

    def _record_line(self, working: Working, one: _Decided) -> None:
        line, live, count = one.line, one.live, one.count
        live.reports += 1
        working.insert(
            tables.report_unit,
            report_id=self.id,
            unit_id=line.unit_id,
            nth=live.reports,
            outcome=one.outcome.value,
            free=line.free,
            over_by=line.over_by,
            basis=count.basis.value,
            at=count.at,
            known_until=count.known_until,
            value_since=count.value_since,
            body_hash=line.body_hash,
            capacity=line.capacity,
            out_of_service=None if line.out_of_service is None else to_json(line.out_of_service),
            intake=None if line.intake is None else to_json(line.intake),
            pin_s=working.moment.policy.pin_s,
        )
        live.know(None, **self._learnt(working, one))
        if one.outcome is not Outcome.REPEATED:
            live.causes.append(Cause("report", self.id, self.reporter.id))

    def _learnt(self, working: Working, one: _Decided) -> dict[str, Any]:
        """Return what changes in what is known: the count if it won, and the facts stated beside it."""
        line, live, count = one.line, one.live, one.count
        changes: dict[str, Any] = {}
        if one.outcome is Outcome.APPLIED:
            changes["count"] = count
        if one.outcome is not Outcome.REPEATED:
            changes |= self._facts(working, line, live, count.at)
        if self.reporter.spoke is Spoke.FEED:
            memory = remember(live.feeds.get(self.reporter.id), count, self.observed_at, line.body_hash)
            live.feeds[self.reporter.id] = memory
            stuck = memory.repeats >= working.moment.policy.stuck_after
            if stuck and not live.known.stuck:
                live.causes.append(Cause("stuck", self.id, self.reporter.id))
            changes["stuck"] = stuck
        return changes

    def _facts(self, working: Working, line: Line, live: Live, at: datetime) -> dict[str, Any]:
        changes: dict[str, Any] = {}
        known = live.known
        if line.out_of_service is not None:
            changes["out_of_service"] = newest(known.out_of_service, Stated(line.out_of_service, at, self.id))
        if line.intake is not None:
            changes["intake"] = newest(known.intake, Stated(line.intake, at, self.id))
        if line.capacity is not None:
            changes["capacity"] = newest(known.capacity, Stated(line.capacity, at, self.id))
            if line.capacity != known.capacity.value:
                working.insert(
                    tables.capacity_change,
                    id=new_id(),
                    unit_id=line.unit_id,
                    at=at,
                    report_id=self.id,
                    capacity=line.capacity,
                    actor_id=self.reporter.id,
                )
        return changes


def _check_size(line: Line, live: Live) -> None:
    """Refuse a slip of the finger, and a unit that would be free and overfull at once."""
    capacity = line.capacity if line.capacity is not None else live.known.capacity.value
    most = min(PLACES_MAX, max(ABSURD_FLOOR, ABSURD_FACTOR * capacity))
    if max(line.free, line.over_by) > most or (line.free and line.over_by):
        raise AbsurdCount(unit=str(line.unit_id), free=line.free, over_by=line.over_by, capacity=capacity, most=most)


def _check_base(working: Working, line: Line, live: Live) -> None:
    """Refuse a number based on a state that has moved since: both phones saw 5, both say 4."""
    if line.base_seq is not None and live.moved_since(line.base_seq, working.moment):
        raise ChangedMeanwhile(unit=str(line.unit_id))
