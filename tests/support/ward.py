"""A shelter with one unit, in memory: the real use cases on a real working set, without Postgres."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from inventory.lane.working import SYSTEM, Live, Working
from inventory.lane.writer import Work
from inventory.model.counting import Stated
from inventory.model.freshness import Policy
from inventory.model.state import Known, Moment, UnitState, fold
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

    def do(self, work: Work, now: datetime) -> Any:
        """Apply a work at `now` and return its answer; a refusal is raised and leaves nothing behind."""
        self.working.moment = Moment(now, BRUSSELS, self.policy)
        finish = work.apply(self.working)
        answer = finish(self._settle())
        if isinstance(answer, Problem):
            raise answer
        return answer

    def _settle(self) -> dict[UUID, Subject]:
        """End the batch as the lane does: number what changed, then look at it afresh."""
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
