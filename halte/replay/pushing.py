"""Pushing one day: the clock to its noon, definitions and turns; the clock to its count, every row as a report.

Every id was made by the plan, so a day may be pushed again after an interruption, whole or in part (I10). An operator's
reports travel with its own key, and operators beside each other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from halte.replay import naming
from halte.replay.accounting import REFUSED, Fate, Told
from halte.replay.calling import Administrator, Key, Problem, Refused, ServerAway, backoff_s
from halte.replay.planning import Counted, DayPlan, Definition, Turn

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
    """The demo server's clock, set to the days of the file. Another server lives in its own time."""

    def __init__(self, administrator: Administrator) -> None:
        self._administrator = administrator
        self.ours = True

    async def turn_to(self, instant: datetime) -> None:
        """Show this instant, and stand still: the board then stays in the night it is compared in."""
        if not self.ours:
            return
        try:
            await self._administrator.ask("PUT", "/clock", object, {"now": instant, "speed": 0.0})
        except Refused as refused:
            if refused.slug != "demo-only":
                raise
            self.ours = False


class Pusher:
    """Pushes the days of one replay to one server."""

    def __init__(self, administrator: Administrator, keys: Mapping[UUID, Key], clock: Clock, zone: ZoneInfo) -> None:
        self._administrator = administrator
        self._keys = keys
        self._clock = clock
        self._zone = zone

    async def push(self, plan: DayPlan) -> Told:
        told = Told()
        await self._clock.turn_to(naming.begins_at(plan.day, self._zone))
        for definitions in (plan.operators, plan.shelters, plan.units):
            await self._all(self._define(one, plan, told) for one in definitions)
        await self._all(self._turn(one, plan, told) for one in plan.turns)
        await self._clock.turn_to(naming.counted_at(plan.day, self._zone))
        await self._all(self._report(self._keys[operator], batch, told) for operator, batch in _batches(plan.counts))
        return told

    async def _all(self, works: Iterable[Any]) -> None:
        """Do things beside each other; the first failure ends the others, and is raised as itself."""
        try:
            async with asyncio.TaskGroup() as group:
                for work in works:
                    group.create_task(work)
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None

    async def _define(self, one: Definition, plan: DayPlan, told: Told) -> None:
        try:
            await self._administrator.ask("PUT", f"/{one.kind}/{one.id}", object, one.body)
        except Refused as refused:
            told.steps.append(f"{plan.day}, line {one.line}: {one.kind} {one.id} not defined: {refused}")

    async def _turn(self, turn: Turn, plan: DayPlan, told: Told) -> None:
        verb = "close" if turn.closed else "reopen"
        try:
            await self._keys[turn.operator_id].ask("POST", f"/units/{turn.unit_id}/{verb}", object)
        except Refused as refused:
            told.steps.append(f"{plan.day}, programme {turn.programme_id}: {verb} refused: {refused}")

    async def _report(self, key: Key, batch: Sequence[Counted], told: Told) -> None:
        """Send a batch; what the server could not take just now is sent again, with the same ids."""
        waiting = {one.report_id: one for one in batch}
        for tried in range(1, _TRIES + 1):
            body = {"reports": [self._body(one) for one in waiting.values()]}
            answers = (await key.ask("POST", "/reports", _Answers, body)).answers
            for answer in answers:
                one = waiting.get(answer.report) if answer.report else None
                if one is not None and (answer.status != 503 or tried == _TRIES):
                    del waiting[one.report_id]
                    _note(one, answer, told)
            if not waiting:
                return
            await asyncio.sleep(backoff_s(tried))
        raise ServerAway(f"The server left {len(waiting)} reports of {batch[0].row.day} unanswered.")

    def _body(self, one: Counted) -> dict[str, Any]:
        row = one.row
        out = [{"reason": "other", "places": row.out}] if row.out else []
        said: dict[str, Any] = {
            "report": one.report_id,
            "shelter": one.home.shelter_id,
            "observed_at": naming.counted_at(row.day, self._zone),
            "night": row.day,
            "units": [{"unit": one.unit_id, "free": row.free, "out_of_service": out, "capacity": row.capacity}],
        }
        # Where the server's clock is ours, it shows the very moment of the count: there is no skew to be found.
        return said if self._clock.ours else said | {"sent_at": datetime.now(UTC)}


def _batches(counts: Sequence[Counted]) -> list[tuple[UUID, list[Counted]]]:
    by_operator: dict[UUID, list[Counted]] = {}
    for one in counts:
        by_operator.setdefault(one.home.operator_id, []).append(one)
    return [
        (operator, own[start : start + _BATCH_MAX])
        for operator, own in by_operator.items()
        for start in range(0, len(own), _BATCH_MAX)
    ]


def _note(one: Counted, answer: _Answer, told: Told) -> None:
    became, reason = _fate(answer)
    told.note(Fate(one.row.line, one.row.day, one.row.programme.id, became, reason))


def _fate(answer: _Answer) -> tuple[str, str]:
    """Return what became of a row, and why: the server's reason, or what its word means here."""
    if answer.status != 200:
        return REFUSED, str((answer.problem or Problem(status=answer.status)).refused())
    outcome = answer.units[0].outcome
    if answer.repeated:
        return "repeated", f"the server had this very report already, {outcome}"
    return outcome, _MEANINGS.get(outcome, "")
