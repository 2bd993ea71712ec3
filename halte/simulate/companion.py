"""The companion of a demonstration: a process of its own that lets evening follow evening, and ends with its parent."""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import time
from types import FrameType

from halte.children import live_with_parent
from halte.demo.seeding import PASSWORD
from halte.simulate.pacing import NoDemonstration
from halte.simulate.performing import perform
from halte.simulate.staging import AnotherRegion, prepare
from halte.visiting.calling import Caller, Refused, ServerAway

# Twelve: an hour in five minutes. A number said on a phone stays fresh for ten, and something happens every second.
SPEED = 12.0
CURTAIN = time(18)
_LOGIN = "admin"
_ENDS_WITHIN_S = 5.0


@dataclass(frozen=True, slots=True)
class Show:
    """What a demonstration shows: which region, from what time of the first evening on, how fast."""

    seed: int = 1
    size: float = 1
    at: time = CURTAIN
    speed: float = SPEED

    def __str__(self) -> str:
        pace = f"{self.speed:g} times as fast as time (--speed)" if self.speed else "and stands still (--speed)"
        return f"It shows an evening from {self.at:%H:%M} on, {pace}; --still shows none."


@contextmanager
def accompanied(show: Show) -> Iterator[Callable[[str], None]]:
    """Yield what starts the evening once the server answers at an address; it ends with the block."""
    context = multiprocessing.get_context("spawn")
    started: list[multiprocessing.process.BaseProcess] = []

    def begin(url: str) -> None:
        process = context.Process(target=_perform, args=(show, url), name="evening", daemon=True)
        process.start()
        started.append(process)

    try:
        yield begin
    finally:
        for process in started:
            process.terminate()
            process.join(_ENDS_WITHIN_S)
            if process.is_alive():
                process.kill()
                process.join()


def _perform(show: Show, url: str) -> None:
    live_with_parent()
    signal.signal(signal.SIGTERM, _leave)
    try:
        asyncio.run(_evenings(show, url))
    except (Refused, ServerAway, NoDemonstration, AnotherRegion) as problem:
        _say(f"The evening ends: {problem}")


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


async def _evenings(show: Show, url: str) -> None:
    caller = Caller(url, "en", agent="halte-simulate")
    try:
        stage = await prepare(caller, _LOGIN, PASSWORD, show.seed, show.size)
        await perform(stage, show.at, show.speed, _say)
    finally:
        await caller.close()


def _say(words: str) -> None:
    sys.stderr.write(f"{words}\n")
