"""Performing evening after evening, for whoever watches a demonstration."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, time, timedelta

from halte.simulate.evening import Evening
from halte.simulate.orienting import Orienting
from halte.simulate.pacing import accompany, hasten, known_by, stretches
from halte.simulate.staging import Stage
from halte.simulate.staying import DAY, moment

_NOON = time(12)


async def perform(stage: Stage, at: time, speed: float, notice: Callable[[str], None]) -> None:
    """Let the first evening pass fast until `at`, or go on where it was stopped; then each at a speed, for ever."""
    evening = stage.draw(stage.night_of(stage.clock.now()))
    desk = Orienting(stage, notice)
    said = await _raise_curtain(stage, desk, evening, at)
    await stage.clock.put(stage.clock.now(), speed)
    working = asyncio.create_task(desk.run(), name="desk") if speed > 0 else None
    try:
        while True:
            await accompany(stage.clock, stage.speaker, evening, said)
            for words in stage.speaker.told.refusals:
                notice(words)
            stage.speaker.told.refusals.clear()
            said = 0
            evening = stage.draw(max(evening.night + DAY, stage.night_of(stage.clock.now())))
    finally:
        if working is not None:
            working.cancel()


async def _raise_curtain(stage: Stage, desk: Orienting, evening: Evening, at: time) -> int:
    """Bring board and queue to where the evening is shown from; return how many events were said."""
    now: datetime = stage.clock.now()
    said = 0
    if now > evening.begins:
        events, said = known_by(evening, now)
        await stage.speaker.say(events)
    curtain = moment(evening.night, at, stage.zone, morning=at < _NOON)
    steps = stretches(evening, now - timedelta(microseconds=1), curtain)
    for step in steps:
        said = await hasten(stage.clock, stage.speaker, evening, [step], said)
        await desk.look(step)
    return said
