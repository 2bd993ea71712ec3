"""Pushing one step: the clock to its beginning, definitions and turns; the clock to its counts, every row as a report.

Every id was made by the plan, so a step may be pushed again after an interruption, whole or in part (I10). Reports
travel with the key of their holder, and holders beside each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from halte.replay.accounting import Told
from halte.replay.plans import Counted, Definition, Plan, Turn
from halte.replay.steps import REFUSED, Fate
from halte.visiting.batching import ReportAnswer, report_all, together
from halte.visiting.calling import Administrator, Key, Problem, Refused

# Well below the 1,000 items and the 1 MiB that the server takes at once.
_BATCH_MAX = 250
_MEANINGS = {
    "superseded": "the server has a newer count of this unit",
    "pinned": "a person's count of this unit stands for now",
    "repeated": "the source said the same before",
}


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
            await together(self._define(one, plan, told) for one in definitions)
        await together(self._turn(one, plan, told) for one in plan.turns)
        await self._clock.turn_to(plan.counted_at)
        await together(self._report(plan, holder, batch, told) for holder, batch in _batches(plan.counts))
        return told

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
        answers = await report_all(self._keys[holder], [self._body(one, plan) for one in batch])
        for one, answer in zip(batch, answers, strict=True):
            became, reason = _fate(answer)
            told.note(Fate(one.line, plan.name, one.ref, became, reason))

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


def _fate(answer: ReportAnswer) -> tuple[str, str]:
    """Return what became of a row, and why: the server's reason, or what its word means here."""
    if answer.status != 200:
        return REFUSED, str((answer.problem or Problem(status=answer.status)).refused())
    outcome = answer.units[0].outcome
    if answer.repeated:
        return "repeated", f"the server had this very report already, {outcome}"
    return outcome, _MEANINGS.get(outcome, "")
