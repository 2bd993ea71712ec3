"""Supervising: tasks that must never be silently dead. A crash is logged and the task started again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog
from prometheus_client import Counter

log = structlog.get_logger(__name__)

_CRASHES = Counter("halte_task_crashes_total", "Loops that ended, and were started again", ["task"])

_FIRST_BACKOFF_S = 0.1
_LAST_BACKOFF_S = 5.0
# A task that ran this long was healthy: its next crash starts again at the first back-off.
_HEALTHY_S = 30.0
_CANCEL_AGAIN_S = 0.2

Run = Callable[[], Awaitable[None]]


class Supervisor:
    """Keeps loops running until `stop`. A loop that returns is taken for one that crashed."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._up: set[str] = set()

    def start(self, name: str, run: Run) -> None:
        """Run `run` for ever; a name that runs already is left alone."""
        if name not in self._tasks:
            _CRASHES.labels(name)  # there from its start, so that its first crash is an increase
            task = asyncio.create_task(self._keep(name, run), name=f"{self._name} {name}")
            self._tasks[name] = task

    def running(self, name: str) -> bool:
        """False before its start, after the stop, and between a crash and the next attempt."""
        return name in self._up

    async def stop(self) -> None:
        """Cancel every task, again and again: before Python 3.12 a cancellation may get lost in wait_for."""
        left = set(self._tasks.values())
        self._tasks.clear()
        while left:
            for task in left:
                task.cancel()
            _, left = await asyncio.wait(left, timeout=_CANCEL_AGAIN_S)

    async def _keep(self, name: str, run: Run) -> None:
        backoff_s = _FIRST_BACKOFF_S
        while True:
            started = time.monotonic()
            self._up.add(name)
            try:
                await run()
                log.error("supervisor.task_ended", owner=self._name, task=name)
            except asyncio.CancelledError:
                if _is_cancelled():
                    raise
                # It awaited something that somebody else cancelled. Taken for our own end, it would be one for ever.
                log.exception("supervisor.task_crashed", owner=self._name, task=name)
            except Exception:
                log.exception("supervisor.task_crashed", owner=self._name, task=name)
            finally:
                self._up.discard(name)
            _CRASHES.labels(name).inc()
            if time.monotonic() - started > _HEALTHY_S:
                backoff_s = _FIRST_BACKOFF_S
            await asyncio.sleep(backoff_s)
            backoff_s = min(backoff_s * 2, _LAST_BACKOFF_S)


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
