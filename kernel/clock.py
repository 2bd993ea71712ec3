"""Clocks: the time that screens are shown, and the watch over the clock that decides (I12).

The database's clock decides; this node reads it once a second and extrapolates by its own
monotonic clock, at the demo's speed where there is one. A database clock that jumps against the
monotonic one would expire holds and begin nights at once: sweeps stop until somebody has looked.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from prometheus_client import Gauge

from kernel.postgres import POSTGRES_GONE, Pool
from kernel.supervising import Supervisor

log = structlog.get_logger(__name__)

REFRESH_S = 1.0
JUMP_S = 5.0
# Two disciplined clocks still drift apart; what creeps slower than this is no jump.
_CREEP = 0.001

_SWEEPS_ALLOWED = Gauge("halte_sweeps_allowed", "0 while the database's clock has jumped (I12)")
_APART = Gauge("halte_clock_apart_seconds", "How far this machine's clock is ahead of the database's")
_READ = """
SELECT halte_now() AS shown, clock_timestamp() AS real, coalesce((SELECT speed FROM demo_clock), 1.0) AS speed,
       (SELECT count(*) FROM sweep_restart) AS restarts
"""


@dataclass(frozen=True, slots=True)
class Reading:
    """The database's real clock, read at some moment between `before` and `after` of the monotonic clock.

    `restarts` is how often an operator has let the sweeps go on.
    """

    real: datetime
    before: float
    after: float
    restarts: int = 0


class ClockWatch:
    """Compares the database's clock with this node's monotonic clock. Not allowed until both were seen once."""

    def __init__(self) -> None:
        self._offset: float | None = None
        self._seen_at = 0.0
        self._halted = False
        self._restarts = 0

    @property
    def sweeps_allowed(self) -> bool:
        return self._offset is not None and not self._halted

    def observe(self, reading: Reading) -> None:
        """Take one reading; halt when it cannot be explained by less than a jump of JUMP_S."""
        if reading.restarts != self._restarts:
            self._restart(reading.restarts)
        real = reading.real.timestamp()
        lowest, highest = real - reading.after, real - reading.before
        if self._offset is None:
            self._offset = (lowest + highest) / 2
        elif not self._halted:
            apart = max(lowest - self._offset, self._offset - highest, 0.0)
            if apart > JUMP_S:
                self._halt(apart)
            else:
                self._offset = self._creep(self._offset, (lowest + highest) / 2, reading.after)
        self._seen_at = reading.after
        _SWEEPS_ALLOWED.set(self.sweeps_allowed)

    def _restart(self, restarts: int) -> None:
        """An operator has looked: this reading is the new normal."""
        if self._halted:
            log.warning("clock.restarted")
            self._offset = None
            self._halted = False
        self._restarts = restarts

    def _halt(self, apart_s: float) -> None:
        self._halted = True
        log.critical("clock.jumped", apart_s=round(apart_s, 3), sweeps="stopped until restarted by an operator")

    def _creep(self, known: float, offset: float, at: float) -> float:
        room = _CREEP * max(at - self._seen_at, 0.0)
        return known + min(max(offset - known, -room), room)


class ShownClock:
    """`now()` without a query: the last `halte_now()` plus what has passed since, times the speed."""

    def __init__(self, pool: Pool, watch: ClockWatch | None = None, monotonic: Callable[[], float] = time.monotonic):
        self._pool = pool
        self._watch = watch
        self._monotonic = monotonic
        self._anchor: datetime | None = None
        self._anchored_at = 0.0
        self._speed = 1.0
        # By how much this machine's own clock is ahead of the database's.
        self.apart_s = 0.0
        self._is_apart = False
        self._supervisor = Supervisor("clock")

    @property
    def silent_s(self) -> float:
        """How long ago Postgres last told the time, by this node's clock; before it ever did, for ever."""
        return math.inf if self._anchor is None else self._monotonic() - self._anchored_at

    def now(self) -> datetime:
        """Return the time to show. Before Postgres was ever reached: this machine's own clock."""
        if self._anchor is None:
            return datetime.now(UTC)
        return self._anchor + timedelta(seconds=(self._monotonic() - self._anchored_at) * self._speed)

    async def refresh(self) -> None:
        async with asyncio.timeout(2 * REFRESH_S), self._pool.acquire(timeout=REFRESH_S) as connection:
            before = self._monotonic()
            (row,) = await connection.fetch(_READ)
            after = self._monotonic()
        # Read somewhere between the two; the middle is wrong by half the round trip at most.
        self._anchor, self._anchored_at = row["shown"], (before + after) / 2
        self._speed = row["speed"]
        self._compare(row["real"], datetime.now(UTC), after - before)
        if self._watch is not None:
            self._watch.observe(Reading(row["real"], before, after, row["restarts"]))

    def _compare(self, real: datetime, ours: datetime, waited_s: float) -> None:
        """Tell an operator of a machine whose clock is wrong. Nothing goes by it but the times in its log."""
        self.apart_s = (ours - real).total_seconds()
        _APART.set(self.apart_s)
        apart = abs(self.apart_s) > JUMP_S + waited_s
        if apart != self._is_apart:
            log.log(
                logging.CRITICAL if apart else logging.WARNING,
                "clock.apart" if apart else "clock.together",
                apart_s=round(self.apart_s, 3),
            )
        self._is_apart = apart

    async def start(self) -> None:
        """Read once if Postgres answers, then once a second."""
        await self._try_refresh()
        self._supervisor.start("refresh", self._run)

    async def stop(self) -> None:
        await self._supervisor.stop()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(REFRESH_S)
            await self._try_refresh()

    async def _try_refresh(self) -> None:
        try:
            await self.refresh()
        except POSTGRES_GONE as error:
            log.debug("clock.postgres_away", error=type(error).__name__)
