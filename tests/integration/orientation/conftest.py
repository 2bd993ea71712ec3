"""A region where people are oriented: the inventory's place, with a lane that knows requests and placements."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from inventory.defining import DefineOperator, DefineShelter
from inventory.lane.working import SYSTEM
from inventory.model.unit import Operator, Regime, Shelter
from inventory.verifying import verify_region
from kernel.ids import new_id
from kernel.journal import Range
from kernel.lane import Lane
from kernel.postgres import Pool
from kernel.settings import Settings
from orientation.acting import PlacementAct, Said
from orientation.asking import AskRequest
from orientation.handling import RequestAnswer
from orientation.lane.writer import OrientationWriter
from orientation.model.household import Age, Gender, Household, Member, Relation
from orientation.model.placement import Party
from orientation.model.request import Channel
from orientation.placing import Place, PlacementAnswer
from orientation.verifying import verify_orientation
from tests.integration.inventory.conftest import Place as Ground
from tests.support.running import halte

__all__ = ["halte"]

ALONE = Household((Member(Age.ADULT, Gender.MAN, Relation.SELF),))


def party(size: int) -> Household:
    """Return a household of that many men."""
    return Household(ALONE.party + (Member(Age.ADULT, Gender.MAN, Relation.FRIEND),) * (size - 1))


def said(
    placement_id: UUID,
    *,
    id: UUID | None = None,
    by: UUID = SYSTEM,
    party: Party = Party.SHELTER,
    words: bytes = b"act",
) -> Said:
    return Said(id or new_id(), by, party, placement_id, words)


@dataclass(slots=True)
class Desk(Ground):
    """What a desk does, with the least words."""

    async def ask(self, household: Household = ALONE, **said: Any) -> UUID:
        answer = await self.asked(household, **said)
        return answer.request.id

    async def asked(self, household: Household = ALONE, **said: Any) -> RequestAnswer:
        body: dict[str, Any] = {"regime": Regime.NIGHT, "channel": Channel.PHONE, "body_hash": b"ask"} | said
        answer: RequestAnswer = await self.lane.submit(
            AskRequest(body.pop("id", None) or new_id(), SYSTEM, household=household, **body)
        )
        return answer

    async def place(self, request_id: UUID, unit_id: UUID, **said: Any) -> PlacementAnswer:
        body: dict[str, Any] = {"body_hash": b"place"} | said
        placement_id = body.pop("id", None) or new_id()
        answer: PlacementAnswer = await self.lane.submit(Place(placement_id, SYSTEM, request_id, unit_id, **body))
        return answer

    async def announced(self, free: int = 5, size: int = 1, **attributes: Any) -> tuple[UUID, UUID, UUID]:
        """A unit with places, a request, and a placement of it there."""
        unit_id = await self.unit(**attributes)
        await self.report(unit_id, free)
        request_id = await self.ask(party(size))
        return unit_id, request_id, (await self.place(request_id, unit_id)).placement.id

    async def act(self, work: PlacementAct) -> PlacementAnswer:
        answer: PlacementAnswer = await self.lane.submit(work)
        return answer

    async def request(self, request_id: UUID) -> dict[str, Any]:
        row = await self.pool.fetchrow("SELECT * FROM request WHERE id = $1", request_id)
        assert row is not None
        return dict(row)

    async def placement(self, placement_id: UUID) -> dict[str, Any]:
        row = await self.pool.fetchrow("SELECT * FROM placement WHERE id = $1", placement_id)
        assert row is not None
        return dict(row)


def make_lane(pool: Pool, region_id: UUID, settings: Settings, published: list[Range]) -> Lane:
    async def publish(changes: Range) -> None:
        published.append(changes)

    return Lane(pool, region_id, OrientationWriter(region_id, ZoneInfo("Europe/Brussels")), publish, settings)


@pytest.fixture
async def desk(pool: Pool, region_id: UUID, settings: Settings) -> AsyncIterator[Desk]:
    published: list[Range] = []
    lane = make_lane(pool, region_id, settings, published)
    lane.start()
    operator = Operator(id=new_id(), region_id=region_id, name="Invented Operator")
    shelter = Shelter(
        id=new_id(), region_id=region_id, operator_id=operator.id, name="Invented House", commune="21004", invented=True
    )
    await lane.submit(DefineOperator(operator, SYSTEM))
    await lane.submit(DefineShelter(shelter, SYSTEM))
    desk = Desk(lane, pool, region_id, operator.id, shelter.id, published)
    yield desk
    await lane.stop()
    if not desk.broken:
        found = await verify_region(pool, None, region_id)
        await verify_orientation(pool, region_id, found)
        assert [str(difference) for difference in found.differences] == []
