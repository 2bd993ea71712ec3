"""Running whole nights through a demonstration, and holding its board against what was said, unit by unit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from halte.simulate.comparing import Difference, compare, read_board
from halte.simulate.evening import Evening
from halte.simulate.ledger import Ledger, Shown
from halte.simulate.pacing import accompany, hasten, known_by, stretches
from halte.simulate.speaking import Told
from halte.simulate.staging import Stage
from halte.simulate.staying import DAY, noon

# A node follows the journal: the board may lag behind the last answer, never lead it (I6).
_LOOKS = 8
_LOOK_AGAIN_S = 0.5
# The board is looked at so many hours after noon: before most doors open, when most people have come, in the morning
# when the surge units have ended, just before noon, and at noon itself.
_LATE_H = 11.0
_LOOKED_AT_H = (6.0, _LATE_H, 22.5, 23.99, 24.0)
# Whoever has this many on a screen does not read on.
_SHOWN_MAX = 100

Notice = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which region, how many nights, and how fast: a speed of 0 is as fast as the server takes it."""

    seed: int = 1
    size: float = 1
    nights: int = 1
    speed: float = 0.0


@dataclass(slots=True)
class Outcome:
    """What came of it. `told` is what the server answered, `differences` when and where the board was otherwise.

    `untold`: of how many open units the board was not the truth when most people had come, and of how many it was.
    `left_alone`: how many units were somebody else's to speak for.
    """

    told: Told
    differences: list[tuple[datetime, Difference]] = field(default_factory=list)
    untold: tuple[int, int] = (0, 0)
    left_alone: int = 0

    @property
    def fine(self) -> bool:
        return not self.differences and not self.told.refusals


async def simulate(stage: Stage, wanted: Wanted, notice: Notice) -> Outcome:
    """Let whole nights pass one after the other; the first from where the last run stopped."""
    now = await _first_noon(stage)
    night = stage.night_of(now)
    ledger = Ledger(stage.world, stage.zone, await read_board(stage.crew))
    watching = _Watching(stage, ledger, Outcome(stage.speaker.told), notice)
    for nth in range(wanted.nights):
        evening = stage.draw(night + nth * DAY)
        notice(f"The night of {evening.night}: {len(evening.events)} events.")
        await watching.through(evening, max(now, evening.begins), wanted.speed)
    return watching.outcome


async def _first_noon(stage: Stage) -> datetime:
    """Return from when on: where the evening before stopped, else the next noon, from which a night can be whole."""
    now = stage.clock.now()
    night = stage.night_of(now)
    if stage.crew.took_over or now == noon(night, stage.zone):
        return now
    first = noon(night + DAY, stage.zone)
    await stage.clock.put(first)
    return first


@dataclass(frozen=True, slots=True)
class _Watching:
    """Says the nights, hears what is said, and looks at the board."""

    stage: Stage
    ledger: Ledger
    outcome: Outcome
    notice: Notice

    async def through(self, evening: Evening, now: datetime, speed: float) -> None:
        said = await self._again(evening, now) if now > evening.begins else 0
        if speed > 0:
            await self.stage.clock.put(now, speed)
            await accompany(self.stage.clock, self.stage.speaker, evening, said)
            self.ledger.hear(evening.events[said:])
            await self.stage.clock.put(evening.ends)
            await self._look(evening.ends)
            return
        for hours in _LOOKED_AT_H:
            until = evening.begins + (evening.ends - evening.begins) * (hours / 24)
            if until < now:
                continue
            steps = stretches(evening, now - timedelta(microseconds=1), until)
            upto = await hasten(self.stage.clock, self.stage.speaker, evening, steps, said)
            self.ledger.hear(evening.events[said:upto])
            said, now = upto, until
            await self._look(until)
            if hours == _LATE_H:
                self.outcome.untold = _untold(evening, self.ledger.shown(until), until)

    async def _again(self, evening: Evening, now: datetime) -> int:
        """Say again what was said of this night before an interruption; return how many events that is."""
        events, said = known_by(evening, now)
        await self.stage.speaker.say(events)
        self.ledger.hear(evening.events[:said])
        return said

    async def _look(self, at: datetime) -> None:
        made_way = self.stage.manners.made_way
        left = {room.id for house in self.stage.world.houses if house.id in made_way for room in house.rooms}
        said = {unit: shown for unit, shown in self.ledger.shown(at).items() if unit not in left}
        for _ in range(_LOOKS):
            differences = compare(said, await read_board(self.stage.crew))
            if not differences:
                break
            await asyncio.sleep(_LOOK_AGAIN_S)
        self.outcome.differences += [(at.astimezone(self.stage.zone), one) for one in differences]
        self.outcome.left_alone = len(left)
        what = f"differs from what was said {len(differences)} times" if differences else "is what was said"
        self.notice(f"{at.astimezone(self.stage.zone):%Y-%m-%d %H:%M}: the board {what}, {len(said)} units.")


def _untold(evening: Evening, shown: Mapping[UUID, Shown], at: datetime) -> tuple[int, int]:
    wrong = [
        one.free - one.over_by != evening.stays[unit].rest(at) for unit, one in shown.items() if one.status == "open"
    ]
    return sum(wrong), len(wrong) - sum(wrong)


def tell(outcome: Outcome) -> Iterator[str]:
    """Yield the lines that say what came of it."""
    tally = ", ".join(f"{count} {what}" for what, count in outcome.told.tally.most_common())
    yield f"Told: {tally}."
    yield from (f"  refused: {one}" for one in outcome.told.refusals)
    wrong, right = outcome.untold
    if wrong:
        yield f"At 23:00 {right} open units were as the board had them, and {wrong} not: nobody had told it yet."
    if outcome.left_alone:
        yield f"{outcome.left_alone} units were left to somebody who spoke there, and not compared."
    yield from (f"  {at:%Y-%m-%d %H:%M}, {one}" for at, one in outcome.differences[:_SHOWN_MAX])
    if len(outcome.differences) > _SHOWN_MAX:
        yield f"  and {len(outcome.differences) - _SHOWN_MAX} more like these"
    if not outcome.differences:
        yield "Whenever it was looked at, the board was what was said."
