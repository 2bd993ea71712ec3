"""Pacing: when things are said. As fast as the server takes them, its clock put on from stretch to stretch; or along
with its shown clock, at its speed. The clock that decides is the server's, and only a demonstration lets itself be set.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from halte.simulate.evening import Evening
from halte.simulate.happening import Activated, Event, Turned
from halte.simulate.speaking import Speaker
from halte.visiting.calling import Asker, Refused

_STRETCH = timedelta(minutes=15)
# Somebody may set the clock of the demonstration by hand: it is read again so often.
_READ_AGAIN_S = 5.0
_WAIT_S = (0.05, 1.0)


class NoDemonstration(Exception):
    """The server lives in real time, among real shelters."""

    def __init__(self) -> None:
        super().__init__(
            "This server is no demonstration, and an invented evening never runs in a real region. "
            "Leave out --url for a server of the simulation's own, or start one with `halte demo --still`."
        )


class _Told(msgspec.Struct):
    now: datetime
    speed: float


class ShownClock:
    """The demonstration's clock, as it was last read or set."""

    def __init__(self, administrator: Asker) -> None:
        self._administrator = administrator
        self._told: _Told | None = None
        self._read_at = 0.0

    async def read(self) -> datetime:
        self._take(await self._administrator.ask("GET", "/clock", _Told))
        return self.now()

    async def hold(self) -> None:
        """Read the clock, and set it to what it shows: whatever is no demonstration refuses that."""
        self._take(await self._administrator.ask("GET", "/clock", _Told))
        if self._told is not None:
            await self.put(self.now(), self._told.speed)

    async def put(self, instant: datetime, speed: float = 0.0) -> None:
        """Show this instant, and go on from it at a speed; refused by whatever is no demonstration."""
        try:
            body = {"now": instant, "speed": speed}
            self._take(await self._administrator.ask("PUT", "/clock", _Told, body))
        except Refused as refused:
            if refused.slug == "demo-only":
                raise NoDemonstration from None
            raise

    async def look(self) -> datetime:
        """Return the shown time, read anew where that was long ago."""
        return await self.read() if time.monotonic() - self._read_at > _READ_AGAIN_S else self.now()

    def now(self) -> datetime:
        if self._told is None:
            raise RuntimeError("the clock was not read")
        return self._told.now + timedelta(seconds=(time.monotonic() - self._read_at) * self._told.speed)

    def wait_s(self, until: datetime) -> float:
        """Return how long to sleep until then: not so long that a clock set by hand would go unnoticed."""
        least, most = _WAIT_S
        speed = self._told.speed if self._told else 0.0
        return most if speed <= 0 else min(max((until - self.now()).total_seconds() / speed, least), most)

    def _take(self, told: _Told) -> None:
        self._told, self._read_at = told, time.monotonic()


def stretches(evening: Evening, after: datetime, until: datetime, marks: Iterable[datetime] = ()) -> list[datetime]:
    """Return where the clock must stand one after the other.

    What changes a unit by itself (a closing, a reopening, the cold plan) carries no time of its own: it is said when
    the clock shows the very instant.
    """
    count = int((evening.ends - evening.begins) / _STRETCH)
    grid = {evening.begins + n * _STRETCH for n in range(count + 1)}
    turns = {event.at for event in evening.events if isinstance(event, Turned | Activated)}
    return sorted(one for one in {*grid, *turns, *marks, until} if after < one <= until)


async def hasten(clock: ShownClock, speaker: Speaker, evening: Evening, steps: Sequence[datetime], said: int) -> int:
    """Say everything up to the last step, from event number `said` on; return how far it came."""
    for step in steps:
        await clock.put(step)
        upto = _upto(evening.events, said, step)
        await speaker.say(evening.events[said:upto])
        said = upto
    return said


async def accompany(clock: ShownClock, speaker: Speaker, evening: Evening, said: int) -> None:
    """Say the rest of a night as its time comes; returns when the night is over."""
    while (now := await clock.look()) < evening.ends:
        upto = _upto(evening.events, said, now)
        await speaker.say(evening.events[said:upto])
        said = upto
        following = evening.events[said].at if said < len(evening.events) else evening.ends
        await asyncio.sleep(clock.wait_s(following))
    await speaker.say(evening.events[said:])


def known_by(evening: Evening, now: datetime) -> tuple[list[Event], int]:
    """Return what should have been said by now, to say it again after an interruption, and how many events that is.

    What was said before counts once. Of a unit's closings and reopenings only the last one is told: telling all would
    close and open what is open, and ask for a count that was given.
    """
    count = _upto(evening.events, 0, now)
    last: dict[UUID, Turned] = {one.unit: one for one in evening.events[:count] if isinstance(one, Turned)}
    said = [one for one in evening.events[:count] if not isinstance(one, Turned) or last[one.unit] is one]
    return said, count


def _upto(events: Sequence[Event], said: int, now: datetime) -> int:
    while said < len(events) and events[said].at <= now:
        said += 1
    return said
