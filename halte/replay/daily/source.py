"""A daily file as a source: its days are the steps, its operators hold the keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from halte.replay.comparing import read_board
from halte.replay.daily.gathering import Day, Reading, read_file
from halte.replay.daily.planning import Expected, Home, Planner
from halte.replay.plans import Plan
from halte.replay.steps import REFUSED, Fate, Step, Words
from halte.visiting.calling import Administrator
from halte.visiting.keying import Holder

REGION_SLUG, REGION_NAME = "toronto", "Toronto"


class _Site(msgspec.Struct):
    class Operator(msgspec.Struct):
        id: UUID

    class Unit(msgspec.Struct):
        id: UUID

    id: UUID
    operator: Operator
    units: list[Unit]


class _Sites(msgspec.Struct):
    shelters: list[_Site]


class DailyFile:
    """The whole file, read."""

    words = Words(steps="days", step="date", ref="programme", source="the file")
    region = (REGION_SLUG, REGION_NAME)

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self.digest = reading.digest
        self.row_count = reading.row_count

    @classmethod
    def read(cls, path: Path) -> DailyFile:
        return cls(read_file(path))

    @property
    def found(self) -> str:
        days = self._reading.days
        return f"A daily file: {len(days)} days, {days[0].date} to {days[-1].date}."

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        asides: dict[str, list[Fate]] = {}
        for one in self._reading.refused:
            fate = Fate(one.line, str(one.day), one.programme_id, REFUSED, one.reason)
            asides.setdefault(fate.step, []).append(fate)
        return tuple(
            Step(str(day.date), day.date, len(day.rows), tuple(asides.get(str(day.date), ())))
            for day in self._reading.days
        )

    async def course(
        self, administrator: Administrator, region_id: UUID, steps: Sequence[Step], zone: ZoneInfo
    ) -> DailyCourse:
        """Plan with what the server has: of an earlier file, or of this one before an interruption."""
        sites = (await administrator.ask("GET", "/shelters", _Sites)).shelters
        homes = {unit.id: Home(site.id, site.operator.id) for site in sites for unit in site.units}
        closed = {unit.id for unit in (await read_board(administrator)).units if unit.status == "closed"}
        chosen = {step.name for step in steps}
        days = [day for day in self._reading.days if str(day.date) in chosen]
        return DailyCourse(Planner(region_id, self.digest, zone, homes, closed), days)


class DailyCourse:
    """Planned whole before the first day goes out: who holds which key follows from all days."""

    def __init__(self, planner: Planner, days: Sequence[Day]) -> None:
        self._planner = planner
        self._plans = [planner.plan(day) for day in days]

    @property
    def expected(self) -> Mapping[UUID, Expected]:
        return self._planner.expected

    @property
    def holders(self) -> dict[UUID, Holder]:
        shelters: dict[UUID, set[UUID]] = {}
        names: dict[UUID, str] = {}
        for one in self.expected.values():
            shelters.setdefault(one.holder_id, set()).add(one.home.shelter_id)
            names[one.holder_id] = one.programme.organisation
        return {id: Holder(id, names[id], own) for id, own in shelters.items()}

    def plans(self) -> Iterator[Plan]:
        yield from self._plans

    def notes(self) -> Iterator[str]:
        """Yield which programmes came to name another site, and on which days how many were not closed."""
        for programme, day in self._planner.moved.items():
            yield f"programme {programme} names another site since {day}: its unit stays where it was defined"
        for day, count in self._planner.kept_open.items():
            yield f"{day}: {count} programmes seem absent and were not closed, for a refused row may be theirs"
