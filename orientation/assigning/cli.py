"""`halte plan solve FILE`: the solver core on anybody's instance, so that it can be held to published optima."""

from __future__ import annotations

import json
import os
import resource
import sys
import threading
import time
from pathlib import Path
from typing import Any

import click
import numpy as np

from orientation.assigning.assignment import Assignment, Found
from orientation.assigning.files import NotAnInstanceError, read_instances

_TIME_LIMIT_S = 30.0
_INTERRUPTED = 130


@click.group()
def plan() -> None:
    """The distribution of a whole queue, and what it is computed with."""


@plan.command("solve")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--most", is_flag=True, help="The numbers are gains, and the most is asked for; without it, costs.")
@click.option("--time-limit", type=click.FloatRange(0.1), default=_TIME_LIMIT_S, show_default=True,
              help="Seconds, after which the best so far is told with what is proven of it.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Tell all of it as JSON, with the agent of each job.")
@click.option("--out", type=click.Path(dir_okay=False, writable=True, path_type=Path),
              help="Write that JSON to a file.")  # fmt: skip
def solve_file(file: Path, *, most: bool, time_limit: float, as_json: bool, out: Path | None) -> None:
    """Solve an assignment or generalised assignment FILE, alone or in a zip archive.

    Needs no server. Ends with 1 where nothing was found. Ctrl-C tells the best so far.
    """
    try:
        instances = read_instances(file, most=most)
    except (NotAnInstanceError, OSError) as error:
        raise click.ClickException(str(error)) from None
    answers = [_answer(one, time_limit, most=most) for one in instances]
    text = json.dumps(answers[0] if len(answers) == 1 else answers)
    if out is not None:
        try:
            out.write_text(f"{text}\n", "utf-8")
        except OSError as error:
            raise click.ClickException(f"The answer cannot be written: {error}") from None
    click.echo(text if as_json else "\n\n".join(_told(answer) for answer in answers))
    sys.stdout.flush()
    if any(answer["interrupted"] for answer in answers):
        # The solver's thread is in the midst of its work, and is not waited for.
        os._exit(_INTERRUPTED)
    if any(answer["value"] is None for answer in answers):
        raise SystemExit(1)


def _answer(assignment: Assignment, time_limit_s: float, *, most: bool) -> dict[str, Any]:
    begun = time.monotonic()
    found, interrupted = _solved(assignment, time_limit_s)
    there = np.isfinite(found.value)
    sign = -1.0 if most else 1.0
    agent = np.where(found.pair >= 0, assignment.agent[found.pair] + 1, 0) if assignment.pairs else found.pair
    return {
        "agents": assignment.agents,
        "jobs": assignment.jobs,
        "asked": "most" if most else "least",
        "status": found.status,
        "value": sign * found.value if there else None,
        "bound": sign * found.bound if np.isfinite(found.bound) else None,
        "gap": found.gap if there and np.isfinite(found.bound) else None,
        "seconds": round(time.monotonic() - begun, 3),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "interrupted": interrupted,
        # Counted from 1, in the order of the file.
        "agent_of_job": agent.tolist() if there else None,
    }


def _solved(assignment: Assignment, time_limit_s: float) -> tuple[Found, bool]:
    """Solve in a thread, for this one must hear Ctrl-C while HiGHS runs."""
    # Loaded here: no other command needs it, and it takes half a second.
    from orientation.assigning.solving import Run

    run, failed = Run(assignment, time_limit_s), []

    def work() -> None:
        try:
            run.solve()
        except BaseException as error:  # noqa: BLE001  it is raised again where it is heard
            failed.append(error)

    thread = threading.Thread(target=work, daemon=True)
    try:
        thread.start()
        while thread.is_alive():
            thread.join(0.2)
    except KeyboardInterrupt:
        return run.found(), True
    if failed:
        raise failed[0]
    return run.found(), False


def _told(answer: dict[str, Any]) -> str:
    head = f"{answer['agents']:,} agents, {answer['jobs']:,} jobs, the {answer['asked']} is asked for"
    gap = "none known" if answer["gap"] is None else f"{100 * answer['gap']:.4f} %"
    rows = [
        ("value", "none" if answer["value"] is None else f"{answer['value']:.12g}"),
        ("bound", "none" if answer["bound"] is None else f"{answer['bound']:.12g}"),
        ("gap", gap),
        ("status", answer["status"] + (", interrupted" if answer["interrupted"] else "")),
        ("seconds", f"{answer['seconds']:.2f}"),
        ("peak memory", f"{answer['peak_mb']:.0f} MB"),
    ]
    return "\n".join([head, *(f"{name:<12} {value}" for name, value in rows)])
