"""Batching: many reports in one request, in their order, until each has its answer (I1, I10)."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from halte.visiting.calling import Key, Problem, ServerAway, backoff_s

_TRIES = 8
_BUSY = 503


class State(msgspec.Struct):
    id: UUID
    seq: int


class UnitAnswer(msgspec.Struct):
    outcome: str
    state: State


class ReportAnswer(msgspec.Struct):
    """What became of one report of a batch."""

    status: int
    repeated: bool = False
    units: list[UnitAnswer] = []
    problem: Problem | None = None


class _Answers(msgspec.Struct):
    answers: list[ReportAnswer]


async def report_all(key: Key, bodies: Sequence[Mapping[str, Any]]) -> list[ReportAnswer]:
    """Send the reports of one batch, and return an answer for each.

    From the first on that the server could not take just now they are sent again, so that what is said of a unit stays
    in its order; of what was answered before, the first answer counts. Raises `ServerAway` when it stays busy.
    """
    known: dict[int, ReportAnswer] = {}
    start = 0
    for tried in range(1, _TRIES + 1):
        answers = (await key.ask("POST", "/reports", _Answers, {"reports": bodies[start:]})).answers
        taken = [(place, answer) for place, answer in enumerate(answers, start) if answer.status != _BUSY]
        known = dict(taken) | known
        start = next((place for place in range(len(bodies)) if place not in known), len(bodies))
        if start == len(bodies):
            return [known[place] for place in range(start)]
        await asyncio.sleep(backoff_s(tried))
    raise ServerAway(f"The server left {len(bodies) - len(known)} reports unanswered.")


async def together(works: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Do things beside each other; the first failure ends the others, and is raised as itself."""
    try:
        async with asyncio.TaskGroup() as group:
            for work in works:
                group.create_task(work)
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
