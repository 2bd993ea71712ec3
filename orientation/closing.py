"""Closing: a request has exactly one outcome, and no place stays held for it (I4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar
from uuid import UUID

from inventory.holding import Ending, end
from inventory.lane.working import Working
from kernel.ids import new_id
from orientation.handling import RequestAct
from orientation.model.request import Outcome, Request, RequestState, UnmetReason


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseRequest(RequestAct):
    """Somebody at the desk says how it ended. What was held is cancelled in the same act."""

    verb: ClassVar[str] = "close"
    outcome: Outcome
    reason: UnmetReason | None = None

    @property
    def facts(self) -> Mapping[str, Any]:
        return {"outcome": self.outcome, "reason": self.reason}

    def change(self, working: Working, request: Request) -> Request:
        return closed(
            working, request, self.outcome, self.reason,
            ending=Ending.CANCELLED, actor_id=self.actor_id, body_hash=self.body_hash,
        )  # fmt: skip


def closed(
    working: Working, request: Request, outcome: Outcome, reason: UnmetReason | None,
    *, ending: Ending, actor_id: UUID, body_hash: bytes,
) -> Request:  # fmt: skip
    """Return the request with its outcome; a hold that is open for it ends so."""
    hold_id = working.open_holds.get(request.id)
    if hold_id is not None:
        end(working, working.holds[hold_id], ending, end_id=new_id(), actor_id=actor_id, body_hash=body_hash)
    return replace(
        request,
        state=RequestState.CLOSED,
        outcome=outcome,
        outcome_reason=reason,
        closed_at=working.now,
        paused_until=None,
        placement_id=None,
    )
