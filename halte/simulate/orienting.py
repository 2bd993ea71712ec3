"""Orienting: in a demonstration, households ask, a simulated desk holds places for them, and shelters answer.

Along with the shown clock, over the public interface, in looks at what is open. What a person of the demonstration has
taken over, or a shelter where somebody spoke, is left to them (manners.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from halte.simulate.happening import name
from halte.simulate.hiring import DESK
from halte.simulate.seeking import Seeker, seekers
from halte.simulate.staging import Stage
from halte.simulate.staying import noon
from halte.visiting.calling import Refused, ServerAway

_LOOK_S = 1.5
# Whoever has a log-in of a shelter gets so much longer to answer for it.
_PATIENCE = timedelta(minutes=20)
# Nobody asks again for what was hours ago.
_STALE = timedelta(hours=4)
_TRIES_MAX = 4
# So long after noon the desk has a plan drafted of who waits just then, for a person to look at; it applies none.
_PLANNED = (timedelta(hours=6.5), timedelta(hours=8.5), timedelta(hours=10.5))


class _Holder(msgspec.Struct):
    login: str


class _Placement(msgspec.Struct):
    id: UUID
    request: UUID
    shelter: UUID
    state: str
    held_at: datetime
    seen_at: datetime | None
    accepted_at: datetime | None


class _Request(msgspec.Struct):
    id: UUID
    state: str
    assignee: _Holder | None
    placement: _Placement | None
    refreshed_at: datetime
    expires_at: datetime


class _Queue(msgspec.Struct):
    requests: list[_Request]


class _Suggested(msgspec.Struct):
    unit: UUID


class _Suggestions(msgspec.Struct):
    suggestions: list[_Suggested]


@dataclass(slots=True)
class Orienting:
    """`tried`: how often a place was held for a request already, so that each hold has an id of its own."""

    stage: Stage
    notice: Callable[[str], None]
    _night: date | None = None
    _drawn: dict[UUID, Seeker] = field(default_factory=dict)
    _asked: set[UUID] = field(default_factory=set)
    _tried: dict[UUID, int] = field(default_factory=dict)
    _planned: set[UUID] = field(default_factory=set)

    async def run(self) -> None:
        """Look and act for as long as the demonstration lasts."""
        while True:
            await self.look(await self.stage.clock.look())
            await asyncio.sleep(_LOOK_S)

    async def look(self, now: datetime) -> None:
        """Do what is due now; what is refused, or does not go through, is due again at the next look."""
        self._turn(now)
        try:
            await self._ask(now)
            for request in await self._ours():
                await self._attend(request, self._drawn[request.id], now)
            await self._plan(now)
        except ServerAway as away:
            self.notice(f"The desk waits: {away}")
        except Refused as refused:
            self.notice(f"The desk was refused: {refused}")

    def _turn(self, now: datetime) -> None:
        night = self.stage.night_of(now)
        if night != self._night:
            self._night = night
            self._drawn = {one.id: one for one in seekers(self.stage.world, night, self.stage.zone)}

    async def _ask(self, now: datetime) -> None:
        for one in self._drawn.values():
            if one.id not in self._asked and now - _STALE < one.at <= now:
                await self.stage.crew.desk.ask("POST", "/requests", object, one.body)
                self._asked.add(one.id)

    async def _plan(self, now: datetime) -> None:
        """Only the last that is due: an earlier one would be of this moment, too."""
        night = self.stage.night_of(now)
        due = [after for after in _PLANNED if noon(night, self.stage.zone) + after <= now]
        plan_id = name(self.stage.world.id, night, "plan", len(due))
        if not due or plan_id in self._planned:
            return
        self._planned.add(plan_id)
        with suppress(Refused):  # somebody has one worked out already
            await self.stage.crew.desk.ask("POST", "/plans", object, {"id": plan_id})

    async def _ours(self) -> Iterable[_Request]:
        """Return the open requests of this night that nobody has taken out of our hands."""
        queue = await self.stage.crew.desk.ask("GET", "/requests?state=open", _Queue)
        return [
            one
            for one in queue.requests
            if one.id in self._drawn and one.assignee is not None and one.assignee.login == DESK
        ]

    async def _attend(self, request: _Request, seeker: Seeker, now: datetime) -> None:
        try:
            if request.placement is not None:
                await self._answer(request.placement, seeker, now)
            elif now >= seeker.at + seeker.desk_takes:
                await self._place(request, seeker, now)
        except Refused as refused:
            # Somebody was quicker, or it has ended: the next look sees how it stands.
            if refused.status not in {404, 409}:
                raise

    async def _place(self, request: _Request, seeker: Seeker, now: datetime) -> None:
        tried = self._tried.get(request.id, 0)
        if tried >= _TRIES_MAX:
            return
        if request.expires_at - now < timedelta(hours=1):
            await self._desk(f"/requests/{request.id}/refresh", name(request.id, "refresh", now.isoformat()))
        found = await self.stage.crew.desk.ask("GET", f"/requests/{request.id}/suggestions?limit=3", _Suggestions)
        if not found.suggestions:
            return
        self._tried[request.id] = tried + 1
        body = {"request": request.id, "unit": found.suggestions[0].unit, "replaces": None}
        placement_id = name(seeker.id, "placement", tried, now.isoformat())
        await self.stage.crew.desk.ask("PUT", f"/placements/{placement_id}", object, body)

    async def _answer(self, placement: _Placement, seeker: Seeker, now: datetime) -> None:
        """Let the shelter see, answer, and note who comes or does not."""
        if not await self.stage.manners.may_speak(placement.shelter, now):
            return
        due = placement.held_at + seeker.shelter_takes
        if placement.shelter in self.stage.crew.minded:
            due += _PATIENCE
        if placement.accepted_at is not None:
            await self._await(placement, seeker, now)
        elif now >= due:
            if placement.seen_at is None:
                await self._shelter(placement, "seen")
            if seeker.declined is not None and self._tried.get(seeker.id, 1) == 1:
                said = {"reason": seeker.declined} | ({"free": 0} if seeker.declined == "full" else {})
                await self._shelter(placement, "decline", said)
            else:
                await self._shelter(placement, "accept")

    async def _await(self, placement: _Placement, seeker: Seeker, now: datetime) -> None:
        if placement.accepted_at is None or now < placement.accepted_at + seeker.way_takes:
            return
        if seeker.comes:
            moment = now.isoformat()
            await self._shelter(placement, "arrive", {"occurred_at": moment, "sent_at": moment, "counted_in": None})
        elif now >= placement.accepted_at + 2 * seeker.way_takes:
            await self._shelter(placement, "no-show")

    async def _shelter(self, placement: _Placement, act: str, said: dict[str, Any] | None = None) -> None:
        phone = self.stage.crew.phones[placement.shelter]
        body = {"id": name(placement.id, act)} | (said or {})
        await phone.ask("POST", f"/placements/{placement.id}/{act}", object, body)

    async def _desk(self, path: str, event_id: UUID) -> None:
        await self.stage.crew.desk.ask("POST", path, object, {"id": event_id})
