"""Working: starts workers, listens to them, and ends them in time. The event loop waits for nothing else.

Each is a process for one task, and ends with it. Where one has worked another is likely to be wanted soon (planning
again, why), and starting takes longer than some tasks: so one, with all it needs loaded, waits for the next.
"""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable

import msgspec
import structlog

from orientation.distributing.problems import PlanFailed, PlanOutOfTime
from orientation.distributing.results import Progress, Task

log = structlog.get_logger(__name__)

_COMMAND = ("-m", "orientation.distributing.worker")
# A result of 20,000 households, with room to spare.
_LINE_MAX = 256 * 1024 * 1024
# What libraries would take of a machine that serves people.
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

OnProgress = Callable[[Progress], None]
_progress = msgspec.json.Decoder(Progress).decode


class Workers:
    """Those of a region on this node. What waits has been told nothing yet, and leaves when the node closes its end."""

    def __init__(self) -> None:
        self._waiting: Process | None = None
        self._starting: asyncio.Task[None] | None = None
        self._stopped = False

    async def work(self, task: Task, case: bytes, within_s: float, on_progress: OnProgress | None = None) -> bytes:
        """Return the result of a task as JSON. However this ends, also by being cancelled, its process has ended."""
        process = self._take() or await _start()
        try:
            async with asyncio.timeout(within_s):
                result = await _converse(process, task, case, on_progress)
        except TimeoutError:
            raise PlanOutOfTime from None
        finally:
            await _end(process)
        self._prepare()
        return result

    async def stop(self) -> None:
        """End whoever waits; nobody waits after that."""
        self._stopped = True
        if self._starting is not None:
            await self._starting
        if self._waiting is not None:
            await _end(self._waiting)

    def _take(self) -> Process | None:
        process, self._waiting = self._waiting, None
        return process if process is not None and process.returncode is None else None

    def _prepare(self) -> None:
        """Have one wait for the next task, unless one does or is about to."""
        if not self._stopped and self._waiting is None and (self._starting is None or self._starting.done()):
            self._starting = asyncio.create_task(self._wait())

    async def _wait(self) -> None:
        try:
            self._waiting = await _start()
        except OSError as error:
            log.warning("plan.no_worker_waits", error=type(error).__name__)


async def _start() -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, *_COMMAND, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, limit=_LINE_MAX, env=_environment()
    )


async def _converse(process: Process, task: Task, case: bytes, on_progress: OnProgress | None) -> bytes:
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("a worker is started with pipes")
    try:
        process.stdin.write(msgspec.json.encode(task) + b"\n" + case)
        await process.stdin.drain()
    except ConnectionError:
        raise _failed("ended before it had read its task") from None
    while line := await process.stdout.readline():
        mark, said = line[:1], line[1:]
        if mark == b"r":
            return said
        if mark == b"f":
            raise _failed(msgspec.json.decode(said, type=str))
        if on_progress is not None:
            on_progress(_progress(said))
    raise _failed(f"ended with {await process.wait()}")


def _failed(where: str) -> PlanFailed:
    log.error("plan.worker_failed", error=where)
    return PlanFailed()


async def _end(process: Process) -> None:
    if process.returncode is None:
        process.kill()
    await process.wait()
    if process.stdin is not None:
        process.stdin.close()


def _environment() -> dict[str, str]:
    """The node's own code, and none of its secrets."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LD_LIBRARY_PATH") if name in os.environ}
    return kept | dict.fromkeys(_ONE_THREAD, "1") | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
