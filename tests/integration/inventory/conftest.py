"""A lane on real Postgres without Redis, and a small region to write into."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from inventory.defining import DefineOperator, DefineShelter, DefineUnit
from inventory.lane.working import SYSTEM
from inventory.lane.writer import InventoryWriter
from inventory.model.counting import Basis, Spoke
from inventory.model.unit import Admits, Allotment, Operator, Regime, Shelter, Turnover, Unit
from inventory.reporting import Line, Report, ReportAnswer, Reporter
from inventory.verifying import verify_region
from kernel.ids import new_id
from kernel.journal import Range
from kernel.lane import Lane
from kernel.postgres import Pool
from kernel.problems import Busy
from kernel.settings import Settings

PERSON = Reporter(SYSTEM, Spoke.PERSON)


@dataclass(slots=True)
class Place:
    """A region with one shelter, its lane, and everything the lane published."""

    lane: Lane
    pool: Pool
    region_id: UUID
    operator_id: UUID
    shelter_id: UUID
    published: list[Range] = field(default_factory=list)
    # A test that breaks something by hand says so; after every other one all must be as it should be.
    broken: bool = False

    async def unit(self, capacity: int = 25, **attributes: Any) -> UUID:
        unit = self.make_unit(**attributes)
        try:
            await self.lane.submit(DefineUnit(unit, capacity, SYSTEM))
        except Busy:
            # The machine stood still for a second, and the transaction was ended: nothing was written.
            await self.lane.submit(DefineUnit(unit, capacity, SYSTEM))
        return unit.id

    def make_unit(self, **attributes: Any) -> Unit:
        unit = Unit(
            id=new_id(),
            region_id=self.region_id,
            shelter_id=self.shelter_id,
            name="Dormitory",
            audience=(Admits.MEN,),
            allotment=Allotment.PLACE,
            regime=Regime.NIGHT,
            turnover=Turnover.CONTINUING,
        )
        return replace(unit, **attributes)

    async def report(
        self, unit_id: UUID, free: int, *, id: UUID | None = None, by: Reporter = PERSON, **said: Any
    ) -> ReportAnswer:
        """Report one unit; `at`, `sent` and `night` belong to the report, the rest to its line."""
        answer: ReportAnswer = await self.lane.submit(self.make_report(unit_id, free, id=id, by=by, **said))
        return answer

    def make_report(
        self, unit_id: UUID, free: int, *, id: UUID | None = None, by: Reporter = PERSON, **said: Any
    ) -> Report:
        at, sent, night = said.pop("at", None), said.pop("sent", None), said.pop("night", None)
        words = repr((unit_id, free, night, sorted(said.items(), key=str), at)).encode()
        line = Line(unit_id, free, body_hash=words, **said)
        return Report(id or new_id(), by, self.shelter_id, (line,), words, at, sent, night)

    async def state(self, unit_id: UUID) -> dict[str, Any]:
        row = await self.pool.fetchrow("SELECT * FROM unit_state WHERE unit_id = $1", unit_id)
        assert row is not None
        return dict(row)

    async def now(self) -> datetime:
        now: datetime = await self.pool.fetchval("SELECT halte_now()")
        return now


def feed(basis: Basis = Basis.PHYSICAL, settle_lag_s: int = 0) -> Reporter:
    return Reporter(new_id(), Spoke.FEED, basis, settle_lag_s)


def make_lane(pool: Pool, region_id: UUID, settings: Settings, published: list[Range]) -> Lane:
    async def publish(changes: Range) -> None:
        published.append(changes)

    writer = InventoryWriter(region_id, ZoneInfo("Europe/Brussels"))
    return Lane(pool, region_id, writer, publish, settings)


@pytest.fixture
async def place(pool: Pool, region_id: UUID, settings: Settings) -> AsyncIterator[Place]:
    published: list[Range] = []
    lane = make_lane(pool, region_id, settings, published)
    lane.start()
    operator = Operator(id=new_id(), region_id=region_id, name="Invented Operator")
    shelter = Shelter(
        id=new_id(), region_id=region_id, operator_id=operator.id, name="Invented House", commune="21004", invented=True
    )
    await lane.submit(DefineOperator(operator, SYSTEM))
    await lane.submit(DefineShelter(shelter, SYSTEM))
    place = Place(lane, pool, region_id, operator.id, shelter.id, published)
    yield place
    await lane.stop()
    if not place.broken:
        found = await verify_region(pool, None, region_id)
        assert [str(difference) for difference in found.differences] == []
