"""The records of one batch: requests and placements that were loaded, and what will be written of them.

Like the inventory's working set: use cases read and change it, nothing here talks to Postgres, and a use
case that refuses must not have changed anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from inventory.lane.working import Working
from kernel.journal import Cause
from orientation.model.contact import SealedContact
from orientation.model.draw import Draw, DrawEntry, Waiting
from orientation.model.placement import Placement
from orientation.model.plan import PlanDraft
from orientation.model.policy import OrientationPolicy
from orientation.model.request import Bar, Request
from orientation.model.step import Step
from orientation.model.times import IntakeHours


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """What was done already under a client's id; `request_id` is none where it is another region's."""

    request_id: UUID | None
    placement_id: UUID | None
    verb: str
    body_hash: bytes


@dataclass(frozen=True, slots=True)
class StoredSharing:
    """What was done already with a draw or a plan; `subject_id` is none where it is another region's."""

    subject_id: UUID | None
    verb: str
    body_hash: bytes


@dataclass(slots=True)
class Records:
    """`requests_before` and the like are the versions that were found: none for those that begin here.

    `draws` and `plans`: those that works named as turns, and all of tonight.
    """

    policy: OrientationPolicy
    requests: dict[UUID, Request] = field(default_factory=dict)
    placements: dict[UUID, Placement] = field(default_factory=dict)
    events: dict[UUID, StoredEvent] = field(default_factory=dict)
    # When the shelters let people in whose placements are acted on.
    intake: dict[UUID, IntakeHours] = field(default_factory=dict)
    # Ids that cannot become a request's or a placement's: another region's, or another kind's.
    elsewhere: set[UUID] = field(default_factory=set)
    # Codes of this night that are taken, among those that the batch may give.
    codes: set[str] = field(default_factory=set)
    # What each request is barred from so far, and what this batch adds.
    standing_bars: dict[UUID, list[Bar]] = field(default_factory=dict)
    bars: list[Bar] = field(default_factory=list)
    # What each request's contact becomes; none where it is erased.
    contacts: dict[UUID, SealedContact | None] = field(default_factory=dict)
    # By request and step, as the batch leaves them.
    steps: dict[tuple[UUID, UUID], Step] = field(default_factory=dict)
    requests_before: dict[UUID, int] = field(default_factory=dict)
    placements_before: dict[UUID, int] = field(default_factory=dict)
    draws: dict[UUID, Draw] = field(default_factory=dict)
    plans: dict[UUID, PlanDraft] = field(default_factory=dict)
    draws_before: dict[UUID, int] = field(default_factory=dict)
    plans_before: dict[UUID, int] = field(default_factory=dict)
    # The lists of those draws that may be drawn, as they were found; and who waits, where a list is made.
    lists: dict[UUID, list[DrawEntry]] = field(default_factory=dict)
    queue: list[Waiting] = field(default_factory=list)
    # Lines of lists, as the batch leaves them, by draw and place.
    draw_entries: dict[tuple[UUID, int], DrawEntry] = field(default_factory=dict)
    sharings: dict[UUID, StoredSharing] = field(default_factory=dict)
    causes: dict[UUID, list[Cause]] = field(default_factory=dict)
    policy_rows: list[dict[str, Any]] = field(default_factory=list)
    event_rows: list[dict[str, Any]] = field(default_factory=list)
    sharing_rows: list[dict[str, Any]] = field(default_factory=list)

    def put_request(self, request: Request, cause: Cause) -> Request:
        """Note a request as it is now; its version moves once a batch."""
        moved = replace(request, version=self.requests_before.get(request.id, 0) + 1)
        self.requests[request.id] = moved
        self.causes.setdefault(request.id, []).append(cause)
        return moved

    def put_placement(self, placement: Placement, cause: Cause) -> Placement:
        moved = replace(placement, version=self.placements_before.get(placement.id, 0) + 1)
        self.placements[placement.id] = moved
        self.causes.setdefault(placement.id, []).append(cause)
        return moved

    def put_draw(self, draw: Draw, cause: Cause) -> Draw:
        moved = replace(draw, version=self.draws_before.get(draw.id, 0) + 1)
        self.draws[draw.id] = moved
        self.causes.setdefault(draw.id, []).append(cause)
        return moved

    def put_plan(self, plan: PlanDraft, cause: Cause) -> PlanDraft:
        moved = replace(plan, version=self.plans_before.get(plan.id, 0) + 1)
        self.plans[plan.id] = moved
        self.causes.setdefault(plan.id, []).append(cause)
        return moved

    def record_event(
        self, event_id: UUID, verb: str, at: datetime, actor_id: UUID, body_hash: bytes,
        *, request: Request, placement_id: UUID | None = None, facts: str = "{}",
    ) -> None:  # fmt: skip
        """Keep an act under its id. `facts` is JSON of coded facts."""
        self.events[event_id] = StoredEvent(request.id, placement_id, verb, body_hash)
        self.event_rows.append(
            {
                "id": event_id,
                "region_id": request.region_id,
                "request_id": request.id,
                "placement_id": placement_id,
                "at": at,
                "verb": verb,
                "facts": facts,
                "actor_id": actor_id,
                "body_hash": body_hash,
            }
        )

    def record_sharing(
        self, event_id: UUID, verb: str, at: datetime, actor_id: UUID, body_hash: bytes,
        *, region_id: UUID, subject_id: UUID,
    ) -> None:  # fmt: skip
        """Keep what was done with a draw or a plan under its id."""
        self.sharings[event_id] = StoredSharing(subject_id, verb, body_hash)
        self.sharing_rows.append(
            {
                "id": event_id,
                "region_id": region_id,
                "subject_id": subject_id,
                "at": at,
                "verb": verb,
                "actor_id": actor_id,
                "body_hash": body_hash,
            }
        )


def records_of(working: Working) -> Records:
    """Return orientation's part of the batch; there is one wherever a work names a request, a placement or an act."""
    records = working.beside
    if not isinstance(records, Records):
        raise TypeError("this lane writes no requests: it needs an OrientationWriter")
    return records
