"""A shelter with one unit, in memory: the real use cases on a real working set, without Postgres."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from inventory import tables
from inventory.lane.loading import Touches
from inventory.lane.looking import late_from, told_from
from inventory.lane.rows import said_of
from inventory.lane.working import SYSTEM, Live, Working
from inventory.lane.writer import Work
from inventory.model.counting import Stated
from inventory.model.policy import Policy
from inventory.model.state import Known, Moment, UnitState, fold
from inventory.model.story import Outcome, Said
from inventory.model.unit import Admits, Allotment, Regime, Turnover, Unit
from kernel.journal import Subject
from kernel.problems import Problem

BRUSSELS = ZoneInfo("Europe/Brussels")
REGION, SHELTER, UNIT = UUID(int=0xA1), UUID(int=0xA2), UUID(int=0xA3)


class Ward:
    """Takes one work at a time, each as a batch of its own, and remembers everything it was told."""

    def __init__(
        self, opened_at: datetime, *, capacity: int = 25, turnover: Turnover = Turnover.CONTINUING, secret: bool = False
    ) -> None:
        self.policy = Policy()
        unit = Unit(
            id=UNIT,
            region_id=REGION,
            shelter_id=SHELTER,
            name="Dormitory",
            audience=(Admits.EVERYONE,),
            allotment=Allotment.PLACE,
            regime=Regime.NIGHT,
            turnover=turnover,
        )
        known = Known(UNIT, SHELTER, Regime.NIGHT, turnover, Stated(capacity, opened_at, UNIT))
        moment = Moment(opened_at, BRUSSELS, self.policy)
        self.live = Live(
            unit=unit,
            known=known,
            secret=secret,
            removed=False,
            seq=0,
            visible_seq=0,
            before=None,
            reports=0,
            count_prior_seq=0,
            held_before=0,
            shown_before=fold(known, (), (), moment).shown,
        )
        self.working = Working(REGION, moment, units={UNIT: self.live})
        self.night = self.working.night
        # Every line that tells something, as the table has them.
        self.lines: list[Said] = []

    def do(self, work: Work, now: datetime) -> Any:
        """Apply a work at `now` and return its answer; a refusal is raised and leaves nothing behind."""
        self.working.moment = Moment(now, BRUSSELS, self.policy)
        self._load(work)
        finish = work.apply(self.working)
        answer = finish(self._settle())
        if isinstance(answer, Problem):
            raise answer
        return answer

    def _load(self, work: Work) -> None:
        """Bring what the lane would read for this work: the older lines only where it comes out of order."""
        touches = Touches()
        work.touch(touches)
        live = self.live
        self.working.turn(live, self.night, self.policy.version)
        self.night = self.working.night
        late = late_from(live.known, live.feeds, touches.looks.get(UNIT, ()), self.working.moment)
        live.lines = live.lines_since = None
        if late is not None:
            live.retell_since(told_from(late, self.working.moment))
            live.lines = self._lines_for(late, told_from(late, self.working.moment))

    def _lines_for(self, late: datetime, since: datetime) -> list[Said]:
        """What the lane's statements would find, one by one."""
        old = sorted((one for one in self.lines if one.at < since), key=lambda one: (one.at, one.nth))
        free = [one for one in old if not one.pinned]
        found = [one for one in free if one.count is not None][-20:]
        by_rank = sorted(free, key=lambda one: one.rank)
        found += [one for one in by_rank if one.out_of_service is not None][-1:]
        found += [one for one in by_rank if one.intake is not None][-1:]
        for source_id, memory in self.live.feeds.items():
            if memory.at >= since:
                numbers = [one for one in old if one.source_id == source_id and one.count is not None and not one.far]
                found += numbers[-1:]
        found += [one for one in self.lines if one.at >= since]
        return [replace(one, settled=one.at < late) for one in {one.report_id: one for one in found}.values()]

    def _remember(self) -> None:
        for row in self.working.inserts.get(tables.report_unit, []):
            report = next(one for one in self.working.inserts[tables.report] if one["id"] == row["report_id"])
            if row["outcome"] != Outcome.REPEATED:
                self.lines.append(said_of(report | row))

        changed = self.working.pinned
        self.lines = [replace(one, pinned=changed.get((one.report_id, UNIT), one.pinned)) for one in self.lines]
        self.working.pinned = {}

    def _settle(self) -> dict[UUID, Subject]:
        """End the batch as the lane does: number what changed, then look at it afresh."""
        self._remember()
        self.working.settle()
        live, entries = self.live, self.working.entries
        for entry in entries:
            live.seq += 1
            live.visible_seq = live.seq if entry.visible else live.visible_seq
        numbered = {e.id: Subject(e.kind, e.id, live.seq, live.visible_seq, e.gone, e.body) for e in entries}
        live.causes, live.dirty, live.held_before = [], False, live.known.held
        live.shown_before = live.fold(self.working.moment).shown
        self.working.entries, self.working.voided = [], []
        self.working.ended, self.working.inserts = {}, {}
        return numbered

    def state(self, now: datetime) -> UnitState:
        return self.live.fold(Moment(now, BRUSSELS, self.policy))


__all__ = ["BRUSSELS", "REGION", "SHELTER", "SYSTEM", "UNIT", "Ward"]
