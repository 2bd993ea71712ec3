"""A plan as people handle it: a draft that is made beside the work, looked at, and applied or discarded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID


class PlanState(StrEnum):
    SOLVING = "solving"
    DRAFT = "draft"
    APPLYING = "applying"
    APPLIED = "applied"
    DISCARDED = "discarded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDraft:
    """The row of a plan. `version` moves with every change that screens are told of; progress moves nothing.

    What stands about households is in `content` (a case) and `result`, compressed, and is erased with them.
    `links`, `progress` and `summary` are JSON; a summary has numbers only.
    """

    id: UUID
    region_id: UUID
    night: date
    made_at: datetime
    actor_id: UUID
    body_hash: bytes
    time_limit_s: int
    version: int = 0
    state: PlanState = PlanState.SOLVING
    after: UUID | None = None
    followed_by: UUID | None = None
    links: str = "[]"
    policy_version: int | None = None
    policy_hash: str | None = None
    seq: int | None = None
    epoch: UUID | None = None
    progress: str | None = None
    failure: str | None = None
    summary: str | None = None
    content: bytes | None = None
    result: bytes | None = None
    # When the node that works on it last said so, by the real clock: a demonstration's runs faster than a solver.
    heard_at: datetime | None = None
    # Nobody works on it any more.
    ended_at: datetime | None = None
    # Off the screens.
    gone: bool = False
