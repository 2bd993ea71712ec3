"""Amending: what a household says later, who looks after it, and how long it still waits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from inventory.lane.working import Working
from inventory.model.unit import Regime
from orientation.handling import RequestAct, heard
from orientation.lane.records import records_of
from orientation.model.contact import SealedContact
from orientation.model.household import Member, Needs, Urgency
from orientation.model.request import Request, RequestState
from orientation.model.step import RefusalReason, Step, StepKind, StepResult
from orientation.problems import CannotPause, PartyHeld

_PAUSE_MAX = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendRequest(RequestAct):
    """Members left out stay as they were. `contact` counts only where `with_contact` says so: none erases it."""

    verb: ClassVar[str] = "amend"
    party: tuple[Member, ...] | None = None
    needs: Needs | None = None
    urgency: tuple[Urgency, ...] | None = None
    regime: Regime | None = None
    contact: SealedContact | None = None
    with_contact: bool = False

    @property
    def facts(self) -> Mapping[str, Any]:
        named = ("party", "needs", "urgency", "regime")
        return {
            "changed": [name for name in named if getattr(self, name) is not None] + ["contact"] * self.with_contact
        }

    def change(self, working: Working, request: Request) -> Request:
        was = request.household
        if request.state is RequestState.HELD and len(self.party or was.party) != was.party_size:
            raise PartyHeld(placement=str(request.placement_id), party_size=was.party_size)
        household = replace(
            was,
            party=self.party or was.party,
            needs=was.needs if self.needs is None else self.needs,
            urgency=was.urgency if self.urgency is None else self.urgency,
        )
        regime = self.regime or request.regime
        records = records_of(working)
        if self.with_contact:
            records.contacts[request.id] = self.contact
        amended = replace(request, household=household, regime=regime)
        if request.paused_until is not None and regime is Regime.ADMISSION:
            return amended
        # What is for tonight does not rest.
        return heard(replace(amended, paused_until=None), working.now, records.policy.times(regime))


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeOver(RequestAct):
    """Whoever acts looks after it from now on: on purpose, and of what they have seen."""

    verb: ClassVar[str] = "take"

    def change(self, _working: Working, request: Request) -> Request:
        return replace(request, assignee_id=self.actor_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshRequest(RequestAct):
    """The household still looks for a place. That ends a pause, too."""

    verb: ClassVar[str] = "refresh"

    def change(self, working: Working, request: Request) -> Request:
        return replace(heard(request, working.now, records_of(working).policy.times(request.regime)), paused_until=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseRequest(RequestAct):
    """An admission that rests until an instant, and is to be refreshed from then on. The clock ends it."""

    verb: ClassVar[str] = "pause"
    until: datetime

    @property
    def facts(self) -> Mapping[str, Any]:
        return {"until": self.until}

    def change(self, working: Working, request: Request) -> Request:
        latest = working.now + _PAUSE_MAX
        waits = request.regime is Regime.ADMISSION and request.state is RequestState.WAITING
        if not waits or not working.now < self.until <= latest:
            raise CannotPause(latest=latest.isoformat(timespec="minutes"))
        within = timedelta(seconds=records_of(working).policy.times(request.regime).refresh_within_s)
        return replace(request, paused_until=self.until, expires_at=self.until + within)


@dataclass(frozen=True, slots=True, kw_only=True)
class PutStep(RequestAct):
    """A step of an admission as it is now, in the place of what was said of it before. The household was in touch."""

    verb: ClassVar[str] = "step"
    step_id: UUID
    kind: StepKind
    shelter_id: UUID | None = None
    at: datetime | None = None
    result: StepResult | None = None
    reason: RefusalReason | None = None

    @property
    def facts(self) -> Mapping[str, Any]:
        return {"step": self.step_id, "kind": self.kind, "at": self.at, "result": self.result, "reason": self.reason}

    def change(self, working: Working, request: Request) -> Request:
        step = Step(
            request_id=request.id,
            id=self.step_id,
            kind=self.kind,
            shelter_id=self.shelter_id,
            at=self.at,
            result=self.result,
            reason=self.reason,
            changed_at=working.now,
            actor_id=self.actor_id,
        )
        records = records_of(working)
        records.steps[request.id, step.id] = step
        if request.paused_until is not None:
            return request
        return heard(request, working.now, records.policy.times(request.regime))
