"""Applying: a whole import as one work of the lane, in one transaction: all of it, or nothing (I1).

It is composed of the works that everybody else uses. What the region had when it was planned is compared once the
locks are had: an import never writes over what somebody has changed meanwhile.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from inventory.defining import DefineOperator, DefineShelter, DefineUnit
from inventory.importing.planning import Step
from inventory.importing.problems import ImportChanged, ImportRefused
from inventory.lane.loading import Touches
from inventory.lane.working import Working
from inventory.lane.writer import WholeWork
from inventory.reporting import Report, ReportAnswer
from kernel.journal import Subject
from kernel.lane import Finish
from kernel.problems import Problem

# After so many steps whoever else waits for this processor is let in: screens go on being told.
_BREATH = 50


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of the counts of an import, by outcome."""

    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Import(WholeWork):
    source_id: UUID
    steps: tuple[Step, ...]

    def touch(self, touches: Touches) -> None:
        for step in self.steps:
            step.work.touch(touches)

    async def apply_whole(self, working: Working) -> Finish:
        self._admit(working)
        # A list of yesterday comes out of order for every unit, and no next try would have less of it.
        working.retold_max = sys.maxsize
        finishes = []
        for number, step in enumerate(self.steps):
            if number % _BREATH == 0:
                await asyncio.sleep(0)
            if _moved(step, working):
                raise ImportChanged
            try:
                finish = step.work.apply(working)
            except Problem as problem:
                if step.line is None:
                    # What no row asks for, closing what is absent, is refused only where somebody was quicker.
                    raise ImportChanged from problem
                raise ImportRefused(line=step.line, problem=problem.slug) from problem
            if isinstance(step.work, Report):
                finishes.append(finish)

        def told(numbered: Mapping[UUID, Subject]) -> Imported:
            counts: Counter[str] = Counter()
            for finish in finishes:
                answer: ReportAnswer = finish(numbered)
                counts.update(unit.outcome for unit in answer.units)
            return Imported(dict(counts))

        return told

    def _admit(self, working: Working) -> None:
        """The source counts for whatever its administrator imports: the route has let no other in."""
        shelters = {live.unit.shelter_id for live in working.units.values()}
        shelters |= {step.work.shelter_id for step in self.steps if isinstance(step.work, Report)}
        working.grants |= {(self.source_id, shelter_id) for shelter_id in shelters}


def _moved(step: Step, working: Working) -> bool:
    """Tell whether a thing is not any more what the plan was made on."""
    match step.work:
        case DefineOperator(operator=operator):
            return working.operators.get(operator.id) != step.before
        case DefineShelter(shelter=shelter):
            site = working.sites.get(shelter.id)
            return (site.shelter if site else None) != step.before
        case DefineUnit(unit=unit):
            live = working.units.get(unit.id)
            there = (live.unit, live.known.capacity.value) if live and not live.removed else (None, None)
            return there != (step.before, step.capacity)
        case _:
            return False
