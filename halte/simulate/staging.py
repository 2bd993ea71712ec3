"""Staging: everything that an evening needs of a server, and the refusal of every server it must not happen on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from halte.demo.inventing import InventedRegion, invent
from halte.demo.seeding import ZONE
from halte.simulate.evening import Evening, draw
from halte.simulate.hiring import Crew, Person, hire
from halte.simulate.housing import World, furnish
from halte.simulate.manners import Manners
from halte.simulate.pacing import ShownClock
from halte.simulate.speaking import Speaker
from halte.visiting.calling import Caller
from inventory.model.night import night_of


class AnotherRegion(Exception):
    """The server's region is not the one that this seed and size invent."""

    def __init__(self) -> None:
        super().__init__(
            "The server's region is not the invented one of this seed and size: name the --seed and --size with which "
            "it was made."
        )


@dataclass(frozen=True, slots=True)
class Stage:
    """A demonstration that is ready for an evening."""

    world: World
    zone: ZoneInfo
    clock: ShownClock
    crew: Crew
    manners: Manners
    speaker: Speaker

    def draw(self, night: date) -> Evening:
        return draw(self.world, night, self.zone)

    def night_of(self, instant: datetime) -> date:
        return night_of(instant, self.zone)


class _Site(msgspec.Struct):
    id: UUID
    name: str
    invented: bool


class _Sites(msgspec.Struct):
    shelters: list[_Site]


async def prepare(caller: Caller, login: str, password: str, seed: int, size: float) -> Stage:
    """Sign in, make sure that this is a demonstration and whose region it is, stop its clock, and hire its people."""
    _, region_id = await caller.sign_in(login, password)
    administrator = Person(caller, login, password)
    clock = ShownClock(administrator)
    await clock.hold()
    region = invent(region_id, seed, size)
    await _refuse_another(administrator, region)
    await clock.put(clock.now())
    world = furnish(region_id, region, seed)
    crew = await hire(caller, administrator, world)
    zone = ZoneInfo(ZONE)
    manners = Manners(crew, zone)
    return Stage(world, zone, clock, crew, manners, Speaker(crew, manners))


async def _refuse_another(administrator: Person, region: InventedRegion) -> None:
    """Refuse any region but the invented one: every shelter in it must be one of ours, and say so."""
    ours = {shelter.id: shelter.name for shelter in region.shelters}
    found = (await administrator.ask("GET", "/shelters", _Sites)).shelters
    if {one.id: one.name for one in found} != ours or not all(one.invented for one in found):
        raise AnotherRegion
