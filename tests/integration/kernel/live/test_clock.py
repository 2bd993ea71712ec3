"""The shown clock on a real database: real time, the demo's time, and no database."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

from click.testing import CliRunner

from kernel.access.model import COMMAND_LINE
from kernel.clock import ClockWatch, Reading, ShownClock
from kernel.clock_cli import clock as clock_command
from kernel.postgres import Pool
from kernel.settings import Settings
from tests.integration.kernel.live.servers import Gate
from tests.integration.kernel.live.waiting import eventually

EVENING = datetime(2026, 1, 15, 17, 0, tzinfo=UTC)


async def test_it_shows_the_time_of_the_database(pool: Pool) -> None:
    watch = ClockWatch()
    clock = ShownClock(pool, watch)
    await clock.start()
    assert abs(clock.now() - await pool.fetchval("SELECT halte_now()")) < timedelta(seconds=0.1)
    assert watch.sweeps_allowed
    await clock.stop()


async def test_i12_it_runs_at_the_speed_of_the_demo(pool: Pool) -> None:
    await pool.execute("INSERT INTO demo_clock VALUES (1, clock_timestamp(), $1, 60)", EVENING)
    watch = ClockWatch()
    clock = ShownClock(pool, watch)
    await clock.refresh()
    first = clock.now()
    await asyncio.sleep(0.2)
    passed = (clock.now() - first).total_seconds()
    assert 11 < passed < 25
    assert abs(clock.now() - await pool.fetchval("SELECT halte_now()")) < timedelta(seconds=5)
    await pool.execute("UPDATE demo_clock SET real_anchor = clock_timestamp(), shown_anchor = $1", EVENING)
    await clock.refresh()
    assert watch.sweeps_allowed, "a demo that jumps is no broken clock"


async def test_i12_an_operators_command_restarts_the_sweeps(settings: Settings, pool: Pool) -> None:
    watch = ClockWatch()
    clock = ShownClock(pool, watch)
    await clock.refresh()
    real, monotonic = datetime.now(UTC), time.monotonic()
    watch.observe(Reading(real + timedelta(seconds=90), monotonic, monotonic))
    await clock.refresh()
    assert not watch.sweeps_allowed, "a clock that is right again has still jumped"
    said = await asyncio.to_thread(CliRunner().invoke, clock_command, ["restart"], obj=settings)
    assert (said.exit_code, "sweep by it again" in said.output) == (0, True), said.output
    assert await pool.fetchval("SELECT actor_id FROM sweep_restart") == COMMAND_LINE
    await clock.refresh()
    assert watch.sweeps_allowed


async def test_without_postgres_it_goes_on(gate: Gate, gated_pool: Pool) -> None:
    clock = ShownClock(gated_pool)
    await gate.shut()
    await clock.start()
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=1)
    await gate.open()
    await eventually(lambda: clock._anchor is not None, 5.0)
    await gate.shut()
    shown = clock.now()
    await asyncio.sleep(0.1)
    assert clock.now() - shown > timedelta(seconds=0.09)
    await clock.stop()
