"""Reporting: a shelter says how many places are free, for one or several of its units (I8, I10).

All units of a report or none. The answer says for each unit what became of its line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from inventory import tables
from inventory.lane.loading import Touches
from inventory.lane.looking import Look, is_far
from inventory.lane.rows import to_json
from inventory.lane.working import Live, StoredReport, Working, current
from inventory.model.counting import Basis, Count, Spoke, Stated, Timing, newest, place
from inventory.model.facts import Intake, OutOfService
from inventory.model.feeds import FeedMemory, corrected_at, corrects, remember, repeat
from inventory.model.night import night_of
from inventory.model.story import Outcome, Said, Story, Told
from inventory.model.unit import PLACES_MAX
from inventory.problems import AbsurdCount, ChangedMeanwhile, ObservedAfterSent, RepeatedUnit, UnknownUnit, WrongNight
from kernel.journal import Cause, Subject
from kernel.lane import Finish
from kernel.problems import IdReused

# A count may exceed the capacity (real feeds do it daily), but not by so much that it must be a slip.
ABSURD_FACTOR = 3
ABSURD_FLOOR = 20


@dataclass(frozen=True, slots=True)
class Line:
    """What a report says of one unit. None: not said, so what was said before stands.

    A line without `free` states facts only: it is no count, and confirms none.
    """

    unit_id: UUID
    free: int | None
    over_by: int = 0
    out_of_service: tuple[OutOfService, ...] | None = None
    intake: Intake | None = None
    capacity: int | None = None
    base_seq: int | None = None
    body_hash: bytes = b""


@dataclass(frozen=True, slots=True)
class Reporter:
    """Who reports: a person, or a machine key with what it declared about its counts.

    `blind` to a secret shelter's numbers: it reports for it by telephone, and sees a band.
    """

    id: UUID
    spoke: Spoke
    basis: Basis = Basis.PHYSICAL
    settle_lag_s: int = 0
    blind: bool = False


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
    """A line with its verdict, before anything is recorded. `story` is none for a repeated line: it tells nothing."""

    line: Line
    live: Live
    said: Said
    story: Story | None
    told: Told
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Report:
    """One report as work for the lane. `received_at` is when it reached us, before it waited for its turn."""

    id: UUID
    reporter: Reporter
    shelter_id: UUID
    lines: tuple[Line, ...]
    body_hash: bytes
    observed_at: datetime | None = None
    sent_at: datetime | None = None
    night: date | None = None
    received_at: datetime | None = None

    @property
    def weight(self) -> int:
        """How many units a batch works on for this report."""
        return len(self.lines)

    def touch(self, touches: Touches) -> None:
        touches.reports.add(self.id)
        touches.grants.add((self.reporter.id, self.shelter_id))
        touches.units.update(line.unit_id for line in self.lines)
        if self.reporter.spoke is Spoke.FEED:
            touches.feeds.add(self.reporter.id)
        look = Look(
            self.reporter.id, self.reporter.spoke, self.received_at, self.observed_at, self.sent_at, self.night,
            timedelta(seconds=self.reporter.settle_lag_s),
        )  # fmt: skip
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
        return place(working.received(self.received_at), self.observed_at, self.sent_at)

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
        blind = live.secret and self.reporter.blind
        _check_size(line, live, blind=blind)
        memory = live.feeds.get(self.reporter.id)
        said = self._said(working, line, live, timing, night, memory)
        if memory is not None and memory.body_hash == line.body_hash:
            return _Decided(line, live, said, None, live.known.told, Outcome.REPEATED)
        working.retell(live)
        story = live.tell(said, memory.run if memory is not None else None)
        told = story.told(working.night)
        outcome = _outcome(said, line, live, story, told)
        if outcome is Outcome.APPLIED and not blind:
            _check_base(working, line, live)
        return _Decided(line, live, said, story, told, outcome)

    def _said(
        self, working: Working, line: Line, live: Live, timing: Timing, night: date, memory: FeedMemory | None
    ) -> Said:
        at = corrected_at(memory, timing.at, self.observed_at)
        return Said(
            report_id=self.id,
            nth=live.reports + 1,
            at=at,
            spoke=self.reporter.spoke,
            source_id=self.reporter.id,
            night=night,
            pin=working.moment.policy.pin,
            count=self._count(line, at, night, skewed=timing.skewed),
            out_of_service=line.out_of_service,
            intake=line.intake,
            far=is_far(live.known, at),
        )

    def _count(self, line: Line, at: datetime, night: date, *, skewed: bool) -> Count | None:
        if line.free is None:
            return None
        return Count(
            report_id=self.id,
            at=at,
            spoke=self.reporter.spoke,
            source_id=self.reporter.id,
            free=line.free,
            over_by=line.over_by,
            night=night,
            basis=self.reporter.basis,
            known_until=at - timedelta(seconds=self.reporter.settle_lag_s),
            skewed=skewed,
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
            received_at=working.received(self.received_at),
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
        line, live, said = one.line, one.live, one.said
        live.reports += 1
        working.insert(
            tables.report_unit,
            report_id=self.id,
            unit_id=line.unit_id,
            nth=said.nth,
            outcome=one.outcome.value,
            pinned=one.outcome is Outcome.PINNED,
            far=said.far,
            free=line.free,
            over_by=line.over_by,
            basis=self.reporter.basis.value,
            at=said.at,
            known_until=said.at - timedelta(seconds=self.reporter.settle_lag_s),
            body_hash=line.body_hash,
            capacity=line.capacity,
            out_of_service=None if line.out_of_service is None else to_json(line.out_of_service),
            intake=None if line.intake is None else to_json(line.intake),
            pin_s=working.moment.policy.pin_s,
        )
        if one.story is None:
            self._repeat(working, live)
        else:
            live.keep(replace(said, pinned=one.outcome is Outcome.PINNED))
            for changed in one.story.changed:
                working.judge_anew(live, changed)
            live.causes.append(Cause("report", self.id, self.reporter.id))
            live.know(None, told=one.told, **self._learnt(working, one, one.story))

    def _repeat(self, working: Working, live: Live) -> None:
        """A source that says the same body again confirms nothing; after a few times it is stuck, and that is news."""
        memory = live.feeds[self.reporter.id] = repeat(live.feeds[self.reporter.id])
        live.know(None)
        if memory.repeats + 1 >= working.moment.policy.stuck_after and live.known.stuck_by is None:
            live.know(Cause("stuck", self.id, self.reporter.id), stuck_by=self.reporter.id)

    def _learnt(self, working: Working, one: _Decided, story: Story) -> dict[str, Any]:
        """Return what changes beside what is told: the capacity, and whether a feed is stuck."""
        line, live, said = one.line, one.live, one.said
        changes: dict[str, Any] = {}
        if line.capacity is not None:
            stated = Stated(line.capacity, said.at, self.id)
            memory = live.feeds.get(self.reporter.id)
            correcting = corrects(memory, said.at)
            changes["capacity"] = working.state_capacity(live, stated, self.reporter.id, corrects=correcting)
        if said.spoke is Spoke.FEED:
            memory = live.feeds.get(self.reporter.id)
            run = story.runs[self.reporter.id]
            live.feeds[self.reporter.id] = remember(memory, said, run, self.observed_at, line.body_hash)
        if said.spoke is Spoke.PERSON or live.known.stuck_by == self.reporter.id:
            changes["stuck_by"] = None
        return changes


def _outcome(said: Said, line: Line, live: Live, story: Story, told: Told) -> Outcome:
    """Say what became of a line: of its count where it has one, else of the facts it states."""
    if story.pinned:
        return Outcome.PINNED
    if told.coming is not None and told.coming == said.count:
        return Outcome.COMING
    capacity = None
    if line.capacity is not None:
        correcting = corrects(live.feeds.get(said.source_id), said.at)
        capacity = newest(live.known.capacity, Stated(line.capacity, said.at, said.report_id), corrects=correcting)
    stands = (told.count,) if said.count is not None else (told.out_of_service, told.intake, capacity)
    return (
        Outcome.APPLIED
        if any(one is not None and one.report_id == said.report_id for one in stands)
        else Outcome.SUPERSEDED
    )


def most_believable(capacity: int) -> int:
    """Return the largest number that may be meant of a unit with so many places."""
    return min(PLACES_MAX, max(ABSURD_FLOOR, ABSURD_FACTOR * capacity))


def _check_size(line: Line, live: Live, *, blind: bool) -> None:
    """Refuse a slip of the finger, and a unit that would be free and overfull at once."""
    capacity = line.capacity if line.capacity is not None else live.known.capacity.value
    most = most_believable(capacity)
    free = line.free or 0
    if max(free, line.over_by) > most or (free and line.over_by):
        problem = AbsurdCount(unit=str(line.unit_id), free=free, over_by=line.over_by, capacity=capacity, most=most)
        raise problem.without("capacity", "most") if blind else problem


def _check_base(working: Working, line: Line, live: Live) -> None:
    """Refuse a number based on a state that has moved since: both phones saw 5, both say 4.

    Whoever is blind to the number based nothing on it, and would learn by the refusal that it moved (I11).
    """
    if line.base_seq is not None and live.moved_since(line.base_seq, working.moment):
        raise ChangedMeanwhile(unit=str(line.unit_id))
