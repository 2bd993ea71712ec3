"""I12: the database's clock decides, and a clock that jumps stops the sweeps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import cast

import structlog

from kernel.clock import JUMP_S, ClockWatch, Reading, ShownClock
from kernel.postgres import Pool

START = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)


def reading(at: float, ahead: float = 0.0, took: float = 0.0, restarts: int = 0) -> Reading:
    """At `at` seconds of the monotonic clock, with the database `ahead` of it."""
    return Reading(START + timedelta(seconds=at + ahead), at - took / 2, at + took / 2, restarts)


def sweeps(watch: ClockWatch) -> bool:
    """Ask anew: the type checker believes that a property stays what it was."""
    return watch.sweeps_allowed


def test_sweeps_wait_for_the_first_reading() -> None:
    watch = ClockWatch()
    assert not watch.sweeps_allowed
    watch.observe(reading(0))
    assert watch.sweeps_allowed


def test_i12_a_jump_stops_sweeps_until_an_operator_restarts_them() -> None:
    for jump in (90.0, -90.0, JUMP_S + 0.1):
        watch = ClockWatch()
        watch.observe(reading(0))
        watch.observe(reading(1, ahead=jump))
        assert not sweeps(watch)
        watch.observe(reading(2))
        assert not sweeps(watch), "back again is no proof that all is well"
        watch.observe(reading(3, ahead=jump, restarts=1))
        assert sweeps(watch), "somebody has looked: this is the new normal"
        watch.observe(reading(4, ahead=jump, restarts=1))
        assert sweeps(watch)
        watch.observe(reading(5, restarts=1))
        assert not sweeps(watch), "one look answers for one jump"


def test_i12_a_restart_while_all_is_well_forgives_no_jump() -> None:
    watch = ClockWatch()
    watch.observe(reading(0, restarts=3))
    watch.observe(reading(1, ahead=90.0, restarts=4))
    assert not watch.sweeps_allowed


def test_i12_small_jumps_that_add_up_are_a_jump() -> None:
    watch = ClockWatch()
    for second in range(4):
        watch.observe(reading(second, ahead=2.0 * second))
    assert not watch.sweeps_allowed


def test_two_clocks_may_drift_apart_slowly() -> None:
    watch = ClockWatch()
    for second in range(0, 86_400, 10):
        watch.observe(reading(second, ahead=second * 0.0005))
    assert watch.sweeps_allowed


def test_a_slow_answer_is_no_jump() -> None:
    """The database read its clock somewhere in those 20 s: nothing is proven."""
    watch = ClockWatch()
    watch.observe(reading(0))
    watch.observe(reading(30, ahead=9.0, took=20.0))
    assert watch.sweeps_allowed


def test_a_long_silence_hides_no_jump() -> None:
    watch = ClockWatch()
    watch.observe(reading(0))
    watch.observe(reading(600, ahead=30.0))
    assert not watch.sweeps_allowed


async def test_a_machine_whose_own_clock_is_wrong_is_told_of() -> None:
    """Nothing goes by it, and an operator wants to know."""
    clock = ShownClock(cast("Pool", None))
    real = datetime(2026, 1, 15, 17, 0, tzinfo=UTC)
    with structlog.testing.capture_logs() as logged:
        for ahead_s, waited_s in ((0.2, 0.0), (7.0, 3.0), (-600.0, 0.0), (-600.0, 0.0), (0.0, 0.0)):
            clock._compare(real, real + timedelta(seconds=ahead_s), waited_s)
    assert [(line["event"], line["log_level"], line["apart_s"]) for line in logged] == [
        ("clock.apart", "critical", -600.0),
        ("clock.together", "warning", 0.0),
    ]
