"""Changing: what becomes of a plan, through the lane, each step once (I10). Of a region one is worked out at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar
from uuid import UUID

from inventory.lane.loading import Touches
from inventory.lane.working import SYSTEM, Working
from kernel.journal import Cause, Subject
from kernel.lane import Finish
from kernel.problems import IdReused
from orientation.distributing.problems import PlanMovedOn, PlanNightOver, PlanRunning, UnknownPlan
from orientation.lane.records import Records, records_of
from orientation.model.plan import PlanDraft, PlanState
from orientation.model.request import SHOWN_CLOSED


@dataclass(frozen=True, slots=True)
class PlanAnswer:
    """The plan as it is after the batch; `repeated` where this had been said before."""

    plan: PlanDraft
    repeated: bool


def _tell(records: Records, plan_id: UUID, *, repeated: bool) -> Finish:
    def finish(_numbered: Mapping[UUID, Subject]) -> PlanAnswer:
        return PlanAnswer(records.plans[plan_id], repeated)

    return finish


@dataclass(frozen=True, slots=True)
class BeginPlan:
    """A plan is worked out from now on. With `after`, that one is followed by it."""

    plan: PlanDraft

    def touch(self, touches: Touches) -> None:
        # The region itself: only one plan is worked out in it.
        touches.turns.update({self.plan.id, self.plan.region_id})
        touches.acts.add(self.plan.id)
        if self.plan.after is not None:
            touches.turns.add(self.plan.after)

    def apply(self, working: Working) -> Finish:
        records, plan = records_of(working), self.plan
        stored = records.plans.get(plan.id)
        if stored is not None:
            if stored.body_hash != plan.body_hash:
                raise IdReused(id=str(plan.id))
            return _tell(records, plan.id, repeated=True)
        if plan.id in records.elsewhere or plan.id in records.events or plan.id in records.sharings:
            raise IdReused(id=str(plan.id))
        if plan.id in records.draws:
            raise IdReused(id=str(plan.id))
        running = next((one for one in records.plans.values() if one.state is PlanState.SOLVING), None)
        if running is not None:
            raise PlanRunning(plan=str(running.id))
        before = None if plan.after is None else records.plans.get(plan.after)
        if plan.after is not None and before is None:
            raise UnknownPlan(plan=str(plan.after))
        cause = Cause("plan", plan.id, plan.actor_id)
        records.put_plan(plan, cause)
        if before is not None:
            records.put_plan(replace(before, followed_by=plan.id), cause)
        return _tell(records, plan.id, repeated=False)


class _Step(ABC):
    """A step that a plan takes once, out of the states in which it may."""

    __slots__ = ()
    source: ClassVar[frozenset[PlanState]]
    verb: ClassVar[str]
    plan_id: UUID

    @abstractmethod
    def change(self, plan: PlanDraft) -> PlanDraft: ...

    def check(self, plan: PlanDraft, working: Working) -> None:  # noqa: B027 -- most may be taken at any time
        """Refuse it where its time is over."""

    def touch(self, touches: Touches) -> None:
        touches.turns.add(self.plan_id)

    def apply(self, working: Working) -> Finish:
        return self._take(working, Cause(self.verb, None, SYSTEM))

    def _take(self, working: Working, cause: Cause) -> Finish:
        records = records_of(working)
        plan = _known(records, self.plan_id)
        if plan.state not in self.source:
            raise PlanMovedOn(plan=str(plan.id), state=plan.state)
        self.check(plan, working)
        changed = self.change(plan)
        over = changed.state not in {PlanState.SOLVING, PlanState.DRAFT, PlanState.APPLYING}
        records.put_plan(replace(changed, ended_at=working.now if over else None), cause)
        return _tell(records, plan.id, repeated=False)


def _known(records: Records, plan_id: UUID) -> PlanDraft:
    plan = records.plans.get(plan_id)
    if plan is None:
        raise UnknownPlan(plan=str(plan_id))
    return plan


@dataclass(frozen=True, slots=True)
class Propose(_Step):
    """It is worked out, and a person may decide."""

    source = frozenset({PlanState.SOLVING})
    verb = "propose"
    plan_id: UUID
    summary: str
    result: bytes

    def change(self, plan: PlanDraft) -> PlanDraft:
        return replace(plan, state=PlanState.DRAFT, summary=self.summary, result=self.result, progress=None)


@dataclass(frozen=True, slots=True)
class GiveUp(_Step):
    """It will not be worked out: `failure` is the slug of a problem."""

    source = frozenset({PlanState.SOLVING})
    verb = "give-up"
    plan_id: UUID
    failure: str

    def change(self, plan: PlanDraft) -> PlanDraft:
        return replace(plan, state=PlanState.FAILED, failure=self.failure, progress=None)


@dataclass(frozen=True, slots=True)
class Settle(_Step):
    """All that it says has been tried."""

    source = frozenset({PlanState.APPLYING})
    verb = "settle"
    plan_id: UUID
    summary: str
    result: bytes

    def change(self, plan: PlanDraft) -> PlanDraft:
        return replace(plan, state=PlanState.APPLIED, summary=self.summary, result=self.result)


@dataclass(frozen=True, slots=True)
class _Decision(_Step):
    """What a person decides of it, under an id of their own."""

    id: UUID
    actor_id: UUID
    plan_id: UUID
    body_hash: bytes

    def touch(self, touches: Touches) -> None:
        _Step.touch(self, touches)
        touches.acts.add(self.id)

    def apply(self, working: Working) -> Finish:
        records = records_of(working)
        stored = records.sharings.get(self.id)
        if stored is not None:
            if (stored.subject_id, stored.verb, stored.body_hash) != (self.plan_id, self.said, self.body_hash):
                raise IdReused(id=str(self.id))
            return _tell(records, self.plan_id, repeated=True)
        _known(records, self.plan_id)
        if self.id in records.events:
            raise IdReused(id=str(self.id))
        finish = self._take(working, Cause(self.verb, self.id, self.actor_id))
        records.record_sharing(
            self.id, self.said, working.now, self.actor_id, self.body_hash, region_id=working.region_id,
            subject_id=self.plan_id,
        )  # fmt: skip
        return finish

    @property
    def said(self) -> str:
        """What is kept of it."""
        return self.verb


@dataclass(frozen=True, slots=True)
class Discard(_Decision):
    """It is not what anybody wants; one that is being worked out stops."""

    source = frozenset({PlanState.SOLVING, PlanState.DRAFT, PlanState.FAILED})
    verb = "discard"

    def change(self, plan: PlanDraft) -> PlanDraft:
        return replace(plan, state=PlanState.DISCARDED, progress=None)


APPLY, APPLY_AND_REPLAN = "apply", "apply-replan"


@dataclass(frozen=True, slots=True)
class Apply(_Decision):
    """Hold all of it that is still free; with `replan`, plan anew for whom it was not."""

    source = frozenset({PlanState.DRAFT})
    verb = "apply"
    replan: bool = False

    @property
    def said(self) -> str:
        return APPLY_AND_REPLAN if self.replan else APPLY

    def change(self, plan: PlanDraft) -> PlanDraft:
        return replace(plan, state=PlanState.APPLYING)

    def check(self, plan: PlanDraft, working: Working) -> None:
        # From noon until the next sweep a draft of last night still stands: what it says is of another queue.
        if plan.night < working.night:
            raise PlanNightOver(plan=str(plan.id), night=plan.night.isoformat())


@dataclass(frozen=True, slots=True)
class EndPlans:
    """Take off the screens what ended long ago, and let drafts end with their night, where it is still due."""

    plans: tuple[UUID, ...]

    def touch(self, touches: Touches) -> None:
        touches.turns.update(self.plans)

    def apply(self, working: Working) -> Finish:
        records = records_of(working)
        for plan_id in self.plans:
            plan = records.plans.get(plan_id)
            if plan is None or plan.gone:
                continue
            if plan.state is PlanState.DRAFT and plan.night < working.night:
                changed = replace(plan, state=PlanState.DISCARDED, ended_at=working.now)
                records.put_plan(changed, Cause("close-out", None, SYSTEM))
            elif plan.ended_at is not None and plan.ended_at <= working.now - SHOWN_CLOSED:
                records.put_plan(replace(plan, gone=True), Cause("go", None, SYSTEM))
        return lambda _numbered: None
