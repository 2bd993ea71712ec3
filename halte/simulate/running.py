"""A simulation from sign-in to comparison: whole nights as fast as they are taken, or one after the other for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from halte.demo.inventing import InventedRegion, invent
from halte.demo.seeding import ZONE
from halte.replay.calling import Caller
from halte.simulate.comparing import Difference, compare, read_board
from halte.simulate.evening import Evening, draw
from halte.simulate.hiring import Crew, Person, hire
from halte.simulate.housing import World, furnish
from halte.simulate.ledger import Ledger, Shown
from halte.simulate.manners import Manners
from halte.simulate.pacing import ShownClock, accompany, hasten, known_by, stretches
from halte.simulate.speaking import Speaker, Told
from halte.simulate.staying import DAY, moment, noon
from inventory.model.night import night_of

# A node follows the journal: the board may lag behind the last answer, never lead it (I6).
_LOOKS = 8
_LOOK_AGAIN_S = 0.5
# The board is held against what was said at these hours after noon: before the doors open, when most have come, in the
# morning when the surge units have ended, just before noon and just after it.
_LOOKED_AT_H = (6.0, 11.0, 22.5, 23.99)

Notice = Callable[[str], None]


class AnotherRegion(Exception):
    """The server's region is not the one that this seed and size invent."""

    def __init__(self) -> None:
        super().__init__(
            "The server's region is not the invented one of this seed and size: name the --seed and --size with which "
            "it was made."
        )


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which region, how many nights, and how fast: a speed of 0 is as fast as the server takes it."""

    seed: int = 1
    size: float = 1
    nights: int = 1
    speed: float = 0.0


@dataclass(slots=True)
class Outcome:
    """What came of it. `told` is what the server answered, `looks` when how many units were compared.

    `untold`: of how many open units the board was not the truth when most people had come, and of how many it was.
    """

    told: Told
    looks: list[tuple[datetime, int]] = field(default_factory=list)
    differences: list[tuple[datetime, Difference]] = field(default_factory=list)
    left_alone: int = 0
    untold: tuple[int, int] = (0, 0)

    @property
    def fine(self) -> bool:
        return not self.differences and not self.told.refusals


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything that an evening needs of a server."""

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
    await _check(administrator, region)
    await clock.put(clock.now())
    world = furnish(region_id, region, seed)
    crew = await hire(caller, administrator, world)
    zone = ZoneInfo(ZONE)
    manners = Manners(crew, zone)
    return Stage(world, zone, clock, crew, manners, Speaker(crew, manners))


async def _check(administrator: Person, region: InventedRegion) -> None:
    """Refuse any region but the invented one: every shelter in it must be one of ours, and say so."""
    ours = {shelter.id: shelter.name for shelter in region.shelters}
    found = (await administrator.ask("GET", "/shelters", _Sites)).shelters
    if {one.id: one.name for one in found} != ours or not all(one.invented for one in found):
        raise AnotherRegion


async def simulate(stage: Stage, wanted: Wanted, notice: Notice) -> Outcome:
    """Let whole nights pass, and hold the board against what was said."""
    outcome = Outcome(stage.speaker.told)
    now = await _first_noon(stage)
    night = stage.night_of(now)
    ledger = Ledger(stage.world, stage.zone, await read_board(stage.crew))
    for nth in range(wanted.nights):
        evening = stage.draw(night + nth * DAY)
        notice(f"The night of {evening.night}: {len(evening.events)} events.")
        said = await _go_on(stage, ledger, evening, now) if now > evening.begins else 0
        now = max(now, evening.begins)
        if wanted.speed > 0:
            await stage.clock.put(now, wanted.speed)
            await accompany(stage.clock, stage.speaker, evening, said)
            ledger.hear(evening.events[said:])
            await stage.clock.put(evening.ends)
        else:
            await _by_looks(stage, ledger, evening, now, said, outcome)
        await _look(stage, ledger, evening.ends, outcome)
        now = evening.ends
    return outcome


async def _first_noon(stage: Stage) -> datetime:
    """Return from when on: where the evening before stopped, else the next noon, from which a night can be whole."""
    now = stage.clock.now()
    night = stage.night_of(now)
    if stage.crew.took_over or now == noon(night, stage.zone):
        return now
    first = noon(night + DAY, stage.zone)
    await stage.clock.put(first)
    return first


async def _go_on(stage: Stage, ledger: Ledger, evening: Evening, now: datetime) -> int:
    """Say again what was said of this night before an interruption; return how many events that is."""
    events, said = known_by(evening, now)
    await stage.speaker.say(events)
    ledger.hear(evening.events[:said])
    return said


async def _by_looks(stage: Stage, ledger: Ledger, evening: Evening, now: datetime, said: int, outcome: Outcome) -> None:
    """Hasten through a night, and stop to compare."""
    for hours in (*_LOOKED_AT_H, 24.0):
        until = evening.begins + (evening.ends - evening.begins) * (hours / 24)
        steps = stretches(evening, now - timedelta(microseconds=1), until)
        upto = await hasten(stage.clock, stage.speaker, evening, steps, said)
        ledger.hear(evening.events[said:upto])
        said, now = upto, max(now, until)
        if steps and until < evening.ends:
            await _look(stage, ledger, until, outcome)
            if hours == 11.0:
                outcome.untold = _untold(evening, ledger.shown(until), until)


async def _look(stage: Stage, ledger: Ledger, at: datetime, outcome: Outcome) -> None:
    left = {room.id for house in stage.world.houses if house.id in stage.manners.made_way for room in house.rooms}
    said = {unit: shown for unit, shown in ledger.shown(at).items() if unit not in left}
    for _ in range(_LOOKS):
        differences = compare(said, await read_board(stage.crew))
        if not differences:
            break
        await asyncio.sleep(_LOOK_AGAIN_S)
    outcome.looks.append((at, len(said)))
    outcome.differences += [(at, one) for one in differences]
    outcome.left_alone = len(left)


def _untold(evening: Evening, shown: Mapping[UUID, Shown], at: datetime) -> tuple[int, int]:
    """Return of how many open units the board is not the truth, and of how many it is."""
    wrong = [
        one.free - one.over_by != evening.stays[unit].rest(at) for unit, one in shown.items() if one.status == "open"
    ]
    return sum(wrong), len(wrong) - sum(wrong)


async def perform(stage: Stage, at: time, speed: float, notice: Notice) -> None:
    """Let evening follow evening for whoever watches: fast until `at` in the first one, then at a speed, for ever."""
    now = stage.clock.now()
    evening = stage.draw(stage.night_of(now))
    said = 0
    if now > evening.begins:
        events, said = known_by(evening, now)
        await stage.speaker.say(events)
    curtain = moment(evening.night, at, stage.zone, morning=at < time(12))
    if now < curtain:
        steps = stretches(evening, now - timedelta(microseconds=1), curtain)
        said = await hasten(stage.clock, stage.speaker, evening, steps, said)
    await stage.clock.put(max(now, curtain), speed)
    while True:
        await accompany(stage.clock, stage.speaker, evening, said)
        evening = stage.draw(max(evening.night + DAY, stage.night_of(stage.clock.now())))
        said = 0
        if stage.speaker.told.refusals:
            notice(stage.speaker.told.refusals.pop(0))


def tell(outcome: Outcome) -> Iterator[str]:
    """Yield the lines that say what came of it."""
    tally = ", ".join(f"{count} {what}" for what, count in outcome.told.tally.most_common())
    yield f"Told: {tally}."
    yield from (f"  refused: {one}" for one in outcome.told.refusals)
    wrong, right = outcome.untold
    if wrong:
        yield (
            f"At 23:00 the board had {right} open units as they were, and {wrong} as they were last said to be: "
            "nobody had told it yet."
        )
    if outcome.left_alone:
        yield f"{outcome.left_alone} units were left to somebody who spoke there, and not compared."
    for at, units in outcome.looks:
        differences = [one for when, one in outcome.differences if when == at]
        yield f"{at.astimezone(ZoneInfo(ZONE)):%Y-%m-%d %H:%M}: the board {_verdict(differences)}, {units} units."
        yield from (f"  {one}" for one in differences[:20])


def _verdict(differences: list[Difference]) -> str:
    return f"differs from what was said {len(differences)} times" if differences else "is what was said"
