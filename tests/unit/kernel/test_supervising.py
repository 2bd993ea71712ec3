from __future__ import annotations

import asyncio

import pytest
import structlog

from kernel.supervising import Supervisor


async def test_a_crashed_task_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kernel.supervising._FIRST_BACKOFF_S", 0.001)
    runs = 0
    settled = asyncio.Event()

    async def crash_thrice() -> None:
        nonlocal runs
        runs += 1
        if runs == 2:
            return
        if runs <= 3:
            raise RuntimeError(f"crash {runs}")
        settled.set()
        await asyncio.Event().wait()

    supervisor = Supervisor("test")
    supervisor.start("crashing", crash_thrice)
    async with asyncio.timeout(2):
        await settled.wait()
    await supervisor.stop()
    assert runs == 4


async def test_the_back_off_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    sleep = asyncio.sleep

    async def remember(seconds: float) -> None:
        pauses.append(seconds)
        await sleep(0)

    async def crash() -> None:
        raise RuntimeError

    monkeypatch.setattr("kernel.supervising.asyncio.sleep", remember)
    supervisor = Supervisor("test")
    supervisor.start("crashing", crash)
    while len(pauses) < 10:
        await sleep(0)
    await supervisor.stop()
    assert pauses[:4] == [0.1, 0.2, 0.4, 0.8]
    assert max(pauses) == 5.0


async def test_a_name_runs_once_and_stop_ends_it() -> None:
    running = 0

    async def run() -> None:
        nonlocal running
        running += 1
        try:
            await asyncio.Event().wait()
        finally:
            running -= 1

    supervisor = Supervisor("test")
    supervisor.start("one", run)
    supervisor.start("one", run)
    await asyncio.sleep(0)
    assert running == 1
    await supervisor.stop()
    assert running == 0


async def test_stop_insists_where_a_cancellation_got_lost() -> None:
    lost = asyncio.Event()

    async def run() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            lost.set()
        await asyncio.Event().wait()

    supervisor = Supervisor("test")
    supervisor.start("deaf", run)
    await asyncio.sleep(0)
    async with asyncio.timeout(2):
        await supervisor.stop()
    assert lost.is_set()


async def test_a_cancellation_that_was_not_meant_for_the_task_is_a_crash() -> None:
    runs = 0
    settled = asyncio.Event()

    async def await_what_somebody_else_cancels() -> None:
        nonlocal runs
        runs += 1
        if runs == 1:
            other: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            other.cancel()
            await other
        settled.set()
        await asyncio.Event().wait()

    supervisor = Supervisor("test")
    with structlog.testing.capture_logs() as logged:
        supervisor.start("startled", await_what_somebody_else_cancels)
        async with asyncio.timeout(2):
            await settled.wait()
    assert [entry["event"] for entry in logged] == ["supervisor.task_crashed"]
    assert supervisor.running("startled")
    async with asyncio.timeout(2):
        await supervisor.stop()
    assert not supervisor.running("startled")


async def test_between_a_crash_and_the_next_attempt_it_does_not_run() -> None:
    async def crash() -> None:
        raise RuntimeError

    supervisor = Supervisor("test")
    supervisor.start("crashing", crash)
    await asyncio.sleep(0.05)
    assert not supervisor.running("crashing")
    await supervisor.stop()
