"""Pushing one step: the clock to its beginning, definitions and turns; the clock to its counts, every row as a report.

Every id was made by the plan, so a step may be pushed again after an interruption, whole or in part (I10). Reports
travel with the key of their holder, and holders beside each other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from halte.replay.accounting import Told
from halte.replay.calling import Administrator, Key, Problem, Refused, ServerAway, backoff_s
from halte.replay.plans import Counted, Definition, Plan, Turn
from halte.replay.steps import REFUSED, Fate

# Well below the 1,000 items and the 1 MiB that the server takes at once.
_BATCH_MAX = 250
_TRIES = 8
_MEANINGS = {
    "superseded": "the server has a newer count of this unit",
    "pinned": "a person's count of this unit stands for now",
    "repeated": "the source said the same before",
}


class _UnitAnswer(msgspec.Struct):
    outcome: str


class _Answer(msgspec.Struct):
    report: UUID | None
    status: int
    repeated: bool = False
    units: list[_UnitAnswer] = []
    problem: Problem | None = None


class _Answers(msgspec.Struct):
    answers: list[_Answer]


class Clock:
    """The demo server's clock, set to the steps of the source. Another server lives in its own time."""

    def __init__(self, administrator: Administrator, not_ours: Callable[[], None]) -> None:
        self._administrator = administrator
        self._not_ours = not_ours
        self._shown: datetime | None = None
        self.ours = True

    async def turn_to(self, instant: datetime) -> None:
        """Show this instant, and stand still: the board then stays in the night it is compared in."""
        if not self.ours or instant == self._shown:
            return
        try:
            await self._administrator.ask("PUT", "/clock", object, {"now": instant, "speed": 0.0})
            self._shown = instant
        except Refused as refused:
            if refused.slug != "demo-only":
                raise
            self.ours = False
            self._not_ours()


class Pusher:
    """Pushes the steps of one replay to one server."""

    def __init__(self, administrator: Administrator, keys: Mapping[UUID, Key], clock: Clock) -> None:
        self._administrator = administrator
        self._keys = keys
        self._clock = clock

    async def push(self, plan: Plan) -> Told:
        told = Told()
        await self._clock.turn_to(plan.begins_at)
        for definitions in (plan.operators, plan.shelters, plan.units):
            await self._all(self._define(one, plan, told) for one in definitions)
        await self._all(self._turn(one, plan, told) for one in plan.turns)
        await self._clock.turn_to(plan.counted_at)
        await self._all(self._report(plan, holder, batch, told) for holder, batch in _batches(plan.counts))
        return told

    async def _all(self, works: Iterable[Any]) -> None:
        """Do things beside each other; the first failure ends the others, and is raised as itself."""
        try:
            async with asyncio.TaskGroup() as group:
                for work in works:
                    group.create_task(work)
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None

    async def _define(self, one: Definition, plan: Plan, told: Told) -> None:
        try:
            await self._administrator.ask("PUT", f"/{one.kind}/{one.id}", object, one.body)
        except Refused as refused:
            told.steps.append(f"{plan.name}, line {one.line}: {one.kind} {one.id} not defined: {refused}")

    async def _turn(self, turn: Turn, plan: Plan, told: Told) -> None:
        verb = "close" if turn.closed else "reopen"
        try:
            await self._keys[turn.holder_id].ask("POST", f"/units/{turn.unit_id}/{verb}", object)
        except Refused as refused:
            told.steps.append(f"{plan.name}, programme {turn.ref}: {verb} refused: {refused}")

    async def _report(self, plan: Plan, holder: UUID, batch: Sequence[Counted], told: Told) -> None:
        """Send a batch; what the server could not take just now is sent again, with the same ids."""
        waiting = {one.report_id: one for one in batch}
        for tried in range(1, _TRIES + 1):
            body = {"reports": [self._body(one, plan) for one in waiting.values()]}
            answers = (await self._keys[holder].ask("POST", "/reports", _Answers, body)).answers
            for answer in answers:
                one = waiting.get(answer.report) if answer.report else None
                if one is not None and (answer.status != 503 or tried == _TRIES):
                    del waiting[one.report_id]
                    became, reason = _fate(answer)
                    told.note(Fate(one.line, plan.name, one.ref, became, reason))
            if not waiting:
                return
            await asyncio.sleep(backoff_s(tried))
        raise ServerAway(f"The server left {len(waiting)} reports of {plan.name} unanswered.")

    def _body(self, one: Counted, plan: Plan) -> dict[str, Any]:
        line: dict[str, Any] = {"unit": one.unit_id, "free": one.free, "capacity": one.capacity}
        if one.over_by:
            line["over_by"] = one.over_by
        if one.out is not None:
            line["out_of_service"] = [{"reason": "other", "places": one.out}] if one.out else []
        said: dict[str, Any] = {
            "report": one.report_id,
            "shelter": one.shelter_id,
            "observed_at": one.observed_at,
            "units": [line],
        }
        if one.night is not None:
            said["night"] = one.night
        # Where the server's clock is ours, it shows the very moment of the count: there is no skew to be found.
        return said if self._clock.ours or not plan.in_own_time else said | {"sent_at": datetime.now(UTC)}


def _batches(counts: Sequence[Counted]) -> list[tuple[UUID, list[Counted]]]:
    by_holder: dict[UUID, list[Counted]] = {}
    for one in counts:
        by_holder.setdefault(one.holder_id, []).append(one)
    return [
        (holder, own[start : start + _BATCH_MAX])
        for holder, own in by_holder.items()
        for start in range(0, len(own), _BATCH_MAX)
    ]


def _fate(answer: _Answer) -> tuple[str, str]:
    """Return what became of a row, and why: the server's reason, or what its word means here."""
    if answer.status != 200:
        return REFUSED, str((answer.problem or Problem(status=answer.status)).refused())
    outcome = answer.units[0].outcome
    if answer.repeated:
        return "repeated", f"the server had this very report already, {outcome}"
    return outcome, _MEANINGS.get(outcome, "")
