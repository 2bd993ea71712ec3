"""The steps of an admission that is negotiated: days, not minutes, and each a coded fact."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class StepKind(StrEnum):
    INTERVIEW = "interview"
    VISIT = "visit"
    DECISION = "decision"
    APPEAL = "appeal"


class StepResult(StrEnum):
    """What came of it; none as long as it is to come."""

    DONE = "done"
    MISSED = "missed"
    CALLED_OFF = "called-off"
    ADMITTED = "admitted"
    REFUSED = "refused"


class RefusalReason(StrEnum):
    """Why a house does not admit."""

    NO_PLACE = "no-place"
    NOT_FOR_US = "not-for-us"
    KNOWN_CONFLICT = "known-conflict"
    RULES_BROKEN = "rules-broken"
    TOO_LITTLE_INCOME = "too-little-income"
    CARE_NEEDED = "care-needed"
    OTHER = "other"


# An appointment takes place or does not; only a decision, or the appeal against it, says yes or no.
_APPOINTMENT = frozenset({StepResult.DONE, StepResult.MISSED, StepResult.CALLED_OFF})
_VERDICT = frozenset({StepResult.ADMITTED, StepResult.REFUSED, StepResult.CALLED_OFF})
RESULTS = {
    StepKind.INTERVIEW: _APPOINTMENT,
    StepKind.VISIT: _APPOINTMENT,
    StepKind.DECISION: _VERDICT,
    StepKind.APPEAL: _VERDICT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    request_id: UUID
    id: UUID
    kind: StepKind
    shelter_id: UUID | None
    at: datetime | None
    result: StepResult | None
    reason: RefusalReason | None
    changed_at: datetime
    actor_id: UUID
