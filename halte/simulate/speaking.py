"""Speaking: events said over HTTP, as people and programs say them. Whatever is said again, counts once (I1, I10)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec

from halte.simulate.happening import Activated, Event, Moved, Reported, Said, Turned, Voice
from halte.simulate.hiring import Crew
from halte.simulate.manners import Manners
from halte.visiting.batching import State, UnitAnswer, report_all, together
from halte.visiting.calling import Asker, Key, Refused
from inventory.model.facts import Intake

_BATCH_MAX = 100
_REFUSALS_KEPT = 50


@dataclass(slots=True)
class Told:
    """What the server made of what it was told; refusals in words, the first of them."""

    tally: Counter[str] = field(default_factory=Counter)
    refusals: list[str] = field(default_factory=list)

    def refuse(self, event: Event, refused: Refused) -> None:
        self.tally["refused"] += 1
        if len(self.refusals) < _REFUSALS_KEPT:
            self.refusals.append(f"{event.at:%H:%M} UTC, {event.scene.value}: {refused}")


class _Spoken(msgspec.Struct):
    repeated: bool
    units: list[UnitAnswer]


class _MoveAnswer(msgspec.Struct):
    outcome: str
    state: State


class _TurnAnswer(msgspec.Struct):
    state: State


class _SurgeUnit(msgspec.Struct):
    state: State


class _Surge(msgspec.Struct):
    units: list[_SurgeUnit]


class _SurgeAnswer(msgspec.Struct):
    surge: _Surge


class Speaker:
    """Says events: what one shelter says stays in its order, and shelters speak beside each other."""

    def __init__(self, crew: Crew, manners: Manners) -> None:
        self._crew = crew
        self._manners = manners
        self.told = Told()

    async def say(self, events: Sequence[Event]) -> None:
        """Say them all; returns when each has its answer."""
        by_house: defaultdict[UUID, list[Event]] = defaultdict(list)
        by_key: defaultdict[Key, list[Reported]] = defaultdict(list)
        for event in events:
            if isinstance(event, Activated):
                await self._activate(event)
            elif isinstance(event, Reported) and event.voice is Voice.FEED:
                by_key[self._crew.keys[event.shelter]].append(event)
            else:
                by_house[event.shelter].append(event)
        await together(
            [self._by_phone(own) for own in by_house.values()]
            + [self._by_software(key, own) for key, own in by_key.items()]
        )

    async def _by_phone(self, events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, Activated) or not await self._manners.may_speak(event.shelter, event.at):
                continue
            try:
                await self._say(self._crew.phones[event.shelter], event)
            except Refused as refused:
                self.told.refuse(event, refused)

    async def _say(self, phone: Asker, event: Event) -> None:
        if isinstance(event, Reported):
            answer = await phone.ask("PUT", f"/reports/{event.id}", _Spoken, _report_body(event))
            self._note(answer.units, repeated=answer.repeated)
            return
        if isinstance(event, Moved):
            moved = await phone.ask("PUT", f"/movements/{event.id}", _MoveAnswer, _move_body(event))
            outcome, state = moved.outcome, moved.state
        elif isinstance(event, Turned):
            verb = "close" if event.closed else "reopen"
            outcome, state = verb, (await phone.ask("POST", f"/units/{event.unit}/{verb}", _TurnAnswer)).state
        elif not isinstance(event, Activated):
            voided = await phone.ask("POST", f"/movements/{event.movement}/void", _MoveAnswer)
            outcome, state = voided.outcome, voided.state
        self.told.tally[outcome] += 1
        self._manners.note(state.id, state.seq)

    def _note(self, units: Iterable[UnitAnswer], *, repeated: bool = False) -> None:
        for one in units:
            self.told.tally["known already" if repeated else one.outcome] += 1
            self._manners.note(one.state.id, one.state.seq)

    async def _by_software(self, key: Key, reports: Sequence[Reported]) -> None:
        for start in range(0, len(reports), _BATCH_MAX):
            await self._send_batch(key, reports[start : start + _BATCH_MAX])

    async def _send_batch(self, key: Key, batch: Sequence[Reported]) -> None:
        answers = await report_all(key, [_report_body(one) | {"report": one.id} for one in batch])
        for report, answer in zip(batch, answers, strict=True):
            if answer.problem is not None:
                self.told.refuse(report, answer.problem.refused())
            self._note(answer.units, repeated=answer.repeated)

    async def _activate(self, event: Activated) -> None:
        body = {
            "id": event.id,
            "reason": "cold",
            "why": "Frost tonight, in an invented evening",
            "until": event.expires_at,
            "units": event.units,
        }
        try:
            surge = (await self._crew.supervisor.ask("POST", "/surges", _SurgeAnswer, body)).surge
        except Refused as refused:
            self.told.refuse(event, refused)
            return
        self.told.tally["asked to open"] += len(surge.units)
        for one in surge.units:
            # Of a secret shelter's unit a supervisor sees too little to know what came of it; none has a surge unit.
            self._manners.note(one.state.id, one.state.seq)


def _report_body(event: Reported) -> dict[str, Any]:
    return {
        "shelter": event.shelter,
        "observed_at": event.observed_at,
        "units": [_line_body(line) for line in event.lines],
    }


def _line_body(line: Said) -> dict[str, Any]:
    body: dict[str, Any] = {"unit": line.unit}
    if line.free is not None:
        body |= {"free": line.free, "over_by": line.over_by}
    if line.out is not None:
        body["out_of_service"] = line.out
    if line.intake is not None:
        body["intake"] = _intake_body(line.intake)
    return body


def _intake_body(intake: Intake) -> dict[str, Any]:
    return {"state": "paused", "until": intake.until} if intake.paused else {"state": "open"}


def _move_body(event: Moved) -> dict[str, Any]:
    return {
        "unit": event.unit,
        "direction": event.direction,
        "places": event.places,
        "occurred_at": event.occurred_at,
        "counted_in": event.counted_in,
    }
