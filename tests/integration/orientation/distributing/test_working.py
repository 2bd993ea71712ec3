"""The worker as a process: it ends whatever happens, is given no secret, and tells nothing but where it failed."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import psutil
import pytest
from structlog.testing import capture_logs

from orientation.distributing.drafting import rules_of
from orientation.distributing.problems import PlanFailed, PlanOutOfTime
from orientation.distributing.results import Progress, Result, Task
from orientation.distributing.working import Workers
from orientation.model.policy import OrientationPolicy
from orientation.planning.case import encode
from orientation.planning.inventing import invent
from tests.support.queue import workers_of

_WITHIN_S = 60.0


def _task(content: bytes, time_limit_s: float = 2.0) -> Task:
    return Task(len(content), rules_of(OrientationPolicy()), time_limit_s)


async def _one_worker() -> psutil.Process:
    async with asyncio.timeout(_WITHIN_S):
        while True:
            found = workers_of(os.getpid())
            if found:
                return found[0]
            await asyncio.sleep(0.01)


@pytest.fixture
async def workers() -> AsyncIterator[Workers]:
    workers = Workers()
    yield workers
    await workers.stop()
    assert workers_of(os.getpid()) == []


async def test_a_case_becomes_a_result_and_progress_comes_before_it(workers: Workers) -> None:
    content, told = encode(invent(1, shelters=6, units=15, households=40)), list[Progress]()
    result = msgspec.json.decode(await workers.work(_task(content), content, _WITHIN_S, told.append), type=Result)
    assert len(result.rows) == 40
    assert (told[0].phase, told[-1].phase) == ("reading", "comparing")
    assert result.summary.people_placed >= result.against.first_come.people_placed
    assert result.summary.value <= result.summary.bound


async def test_one_waits_for_the_next_task_and_none_lives_on_after_its_own(workers: Workers) -> None:
    content = encode(invent(1, shelters=3, units=5, households=5))
    told = [
        *await asyncio.gather(*[workers.work(_task(content), content, _WITHIN_S) for _ in range(2)]),
        await workers.work(_task(content), content, _WITHIN_S),
    ]
    assert len({msgspec.json.encode(msgspec.json.decode(one, type=Result).rows) for one in told}) == 1
    waiting = await _one_worker()
    assert workers_of(os.getpid()) == [waiting]
    # One that is gone is not asked, and the one that was asked is not asked again.
    assert workers._waiting is not None
    waiting.kill()
    await workers._waiting.wait()
    await workers.work(_task(content), content, _WITHIN_S)
    assert waiting.pid != (await _one_worker()).pid


async def test_it_ends_when_its_time_is_over_and_when_nobody_waits_any_more(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DATABASE_URL", "HALTE_SECRET_KEY", "HALTE_CONTACT_KEY"):
        monkeypatch.setenv(name, "not to be told")
    content = encode(invent(1))
    with pytest.raises(PlanOutOfTime):
        await workers.work(_task(content, 60), content, 0.2)
    assert workers_of(os.getpid()) == []
    asked = asyncio.create_task(workers.work(_task(content, 60), content, _WITHIN_S))
    worker = await _one_worker()
    assert "not to be told" not in worker.environ().values()
    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)
    assert not worker.is_running()
    assert workers_of(os.getpid()) == []


async def test_what_it_cannot_do_is_told_without_words(workers: Workers) -> None:
    content = encode(invent(1, shelters=3, units=5, households=5))
    task: Any = msgspec.structs.replace(_task(content), rules=rules_of(OrientationPolicy()), size=len(content) - 40)
    with capture_logs() as logs, pytest.raises(PlanFailed):
        await workers.work(task, content[: task.size], _WITHIN_S)
    (entry,) = [entry for entry in logs if entry["event"] == "plan.worker_failed"]
    assert entry["error"].startswith("error in decode, case.py:")


def test_a_worker_whose_node_is_gone_ends_too() -> None:
    content = encode(invent(1))
    command = [sys.executable, "-m", "orientation.distributing.worker"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as worker:
        assert worker.stdin is not None
        assert worker.stdout is not None
        worker.stdin.write(msgspec.json.encode(_task(content, 60)) + b"\n" + content)
        worker.stdin.flush()
        assert b"reading" in worker.stdout.readline()
        worker.stdin.close()
        assert worker.wait(_WITHIN_S) == 3


def test_one_that_waits_ends_too_when_its_node_is_gone() -> None:
    command = [sys.executable, "-m", "orientation.distributing.worker"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as worker:
        told, _ = worker.communicate(timeout=_WITHIN_S)
        assert (worker.returncode, told) == (0, b"")


def test_no_node_has_the_solver() -> None:
    asked = "import sys, halte.app, halte.serving; sys.exit('highspy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked], check=False).returncode == 0
