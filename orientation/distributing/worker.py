"""The worker: a process of its own in which a plan is worked out: `python -m orientation.distributing.worker`.

A task and its case come on standard input, then progress and one result or failure leave on standard output, a line
each, marked by its first sign. Nothing is written to any log: all of it is about people (I9). It goes when whoever
started it goes: standard input is kept open, and its end is the end. The solver is loaded here and nowhere else.
"""

from __future__ import annotations

import os
import sys
import threading
import traceback
from typing import BinaryIO

import msgspec

from orientation.distributing.reckoning import Planner, answer
from orientation.distributing.results import Progress, Task
from orientation.planning.comparing import compare, price_of_fairness
from orientation.planning.explaining import why
from orientation.planning.replanning import replan
from orientation.planning.solving import plan

PROGRESS, RESULT, FAILURE = b"p", b"r", b"f"
_PLANNER = Planner(plan, replan, compare, price_of_fairness, why)
# Below whatever serves people; by this it can be seen from outside, too, which one has a task.
_WAITING, _WORKING = 5, 10
_ABANDONED = 3


def main() -> None:
    os.nice(_WAITING)
    source, sink = sys.stdin.buffer, _own_output()
    line = source.readline()
    if not line:
        return
    os.nice(_WORKING - _WAITING)
    task = msgspec.json.decode(line, type=Task)
    content = source.read(task.size)
    threading.Thread(target=_leave_with, args=(source,), daemon=True).start()

    def tell(progress: Progress) -> None:
        _say(sink, PROGRESS, msgspec.json.encode(progress))

    try:
        _say(
            sink,
            RESULT,
            answer(task, content, tell, _PLANNER),
        )
    except Exception as error:  # noqa: BLE001 -- whatever it is, the node is told where, and nothing of whom
        _say(sink, FAILURE, msgspec.json.encode(_where(error)))


def _own_output() -> BinaryIO:
    """Keep standard output for ourselves: solvers print there, from below Python."""
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return sink


def _leave_with(source: BinaryIO) -> None:
    """End at once when the node has closed its end, or is dead."""
    source.read()
    os._exit(_ABANDONED)


def _say(sink: BinaryIO, mark: bytes, line: bytes) -> None:
    sink.write(mark + line + b"\n")
    sink.flush()


def _where(error: Exception) -> str:
    """Name the error and the line, without its words: they may quote a household."""
    frames = traceback.extract_tb(error.__traceback__)
    last = frames[-1]
    return f"{type(error).__name__} in {last.name}, {os.path.basename(last.filename)}:{last.lineno}"  # noqa: PTH119


if __name__ == "__main__":
    main()
