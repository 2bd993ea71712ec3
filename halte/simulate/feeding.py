"""Feeding: what the software of a shelter sends in a night, by itself: every half hour, late, twice, or stuck."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from halte.simulate.happening import Event, Reported, Said, Scene, Voice, name
from halte.simulate.housing import House, Room
from halte.simulate.staying import DAY, Stay, noon

_EVERY = timedelta(minutes=30)
# A program that has hung repeats itself so soon, at first; later somebody has seen it.
_STUCK_EVERY = timedelta(minutes=5)
_STUCK_TIMES = 30


def feed(
    house: House,
    stays: Sequence[tuple[Room, Stay]],
    night: date,
    zone: ZoneInfo,
    chance: random.Random,
    *,
    late: bool,
    stuck: bool,
) -> Iterator[Event]:
    """Yield what a house's software sends. In `stuck` it hangs in the afternoon, and for the rest of the night."""
    begins, ends = noon(night, zone), noon(night + DAY, zone)
    hangs = begins + timedelta(hours=chance.uniform(4.2, 5.2)) if stuck else ends
    at, nth = begins + timedelta(seconds=chance.randint(60, 1_700)), 0
    last: Reported | None = None
    while at < min(ends, hangs):
        last = _report(house, stays, night, at, nth, chance)
        yield from _sent(last, chance, late=late, ends=ends)
        at, nth = at + _EVERY, nth + 1
    if stuck and last is not None:
        yield from _hanging(last, night)


def _report(
    house: House, stays: Sequence[tuple[Room, Stay]], night: date, at: datetime, nth: int, chance: random.Random
) -> Reported:
    lines = []
    for room, stay in stays:
        rest = stay.rest(at)
        lines.append(Said(unit=room.id, free=max(0, rest), over_by=max(0, -rest), out=stay.out_at(at)))
    return Reported(
        at=at + timedelta(seconds=chance.randint(5, 240)),
        scene=Scene.FEED,
        shelter=house.id,
        id=name(house.id, night, "feed", nth),
        observed_at=at,
        voice=Voice.FEED,
        lines=tuple(lines),
    )


def _sent(report: Reported, chance: random.Random, *, late: bool, ends: datetime) -> Iterator[Event]:
    """Send it; now and then twice, and where the line is bad, after the next one."""
    draw = chance.random()
    if late and draw < 0.3:
        after = min(report.at + _EVERY + timedelta(minutes=chance.randint(8, 25)), ends - timedelta(seconds=1))
        yield _again(report, after, Scene.LATE_FEED)
        return
    yield report
    if draw > 0.97 and report.at < ends - timedelta(minutes=3):
        yield _again(report, report.at + timedelta(seconds=chance.randint(20, 90)), Scene.TWICE)


def _hanging(last: Reported, night: date) -> Iterator[Event]:
    """Say the same of the same instant, again and again: nobody has looked, and it must not look as if."""
    for nth in range(1, _STUCK_TIMES + 1):
        again = _again(last, last.at + nth * _STUCK_EVERY, Scene.STUCK)
        yield Reported(
            at=again.at,
            scene=Scene.STUCK,
            shelter=last.shelter,
            id=name(last.shelter, night, "stuck", nth),
            observed_at=last.observed_at,
            voice=Voice.FEED,
            lines=last.lines,
        )


def _again(report: Reported, at: datetime, scene: Scene) -> Reported:
    return Reported(
        at=at,
        scene=scene,
        shelter=report.shelter,
        id=report.id,
        observed_at=report.observed_at,
        voice=report.voice,
        lines=report.lines,
    )
