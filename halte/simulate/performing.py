"""Performing evening after evening, for whoever watches a demonstration."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta

from halte.simulate.evening import Evening
from halte.simulate.pacing import accompany, hasten, known_by, stretches
from halte.simulate.staging import Stage
from halte.simulate.staying import DAY, moment

_NOON = time(12)


async def perform(stage: Stage, at: time, speed: float, notice: Callable[[str], None]) -> None:
    """Let the first evening pass fast until `at`, or go on where it was stopped; then each at a speed, for ever."""
    evening = stage.draw(stage.night_of(stage.clock.now()))
    said = await _raise_curtain(stage, evening, at)
    await stage.clock.put(stage.clock.now(), speed)
    while True:
        await accompany(stage.clock, stage.speaker, evening, said)
        for words in stage.speaker.told.refusals:
            notice(words)
        stage.speaker.told.refusals.clear()
        said = 0
        evening = stage.draw(max(evening.night + DAY, stage.night_of(stage.clock.now())))


async def _raise_curtain(stage: Stage, evening: Evening, at: time) -> int:
    """Bring the board to where the evening is shown from; return how many events were said."""
    now: datetime = stage.clock.now()
    said = 0
    if now > evening.begins:
        events, said = known_by(evening, now)
        await stage.speaker.say(events)
    curtain = moment(evening.night, at, stage.zone, morning=at < _NOON)
    steps = stretches(evening, now - timedelta(microseconds=1), curtain)
    return await hasten(stage.clock, stage.speaker, evening, steps, said)
