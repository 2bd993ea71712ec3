"""A request: a household asks for a place. In the end it has exactly one outcome (I4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from inventory.model.unit import Regime
from orientation.model.household import Household


class Channel(StrEnum):
    """How the household asked."""

    PHONE = "phone"
    WEB = "web"
    OUTREACH = "outreach"
    WALK_IN = "walk-in"
    PARTNER = "partner"


class RequestState(StrEnum):
    WAITING = "waiting"
    HELD = "held"
    CLOSED = "closed"


class Outcome(StrEnum):
    """How a request ends. A search that finds nothing is no outcome: somebody still waits."""

    ARRIVED = "arrived"
    UNMET = "unmet"
    WITHDRAWN = "withdrawn"
    DUPLICATE = "duplicate"
    SELF_RESOLVED = "self-resolved"
    EXPIRED = "expired"


class UnmetReason(StrEnum):
    NO_PLACE = "no-place"
    NONE_FITS = "none-fits"
    REFUSED_BY_SHELTERS = "refused-by-shelters"
    REFUSED_BY_HOUSEHOLD = "refused-by-household"
    NIGHT_OVER = "night-over"
    OTHER = "other"


# What a person at the desk may say; that people came, and that nobody refreshed a request, the house finds out itself.
SAID = frozenset({Outcome.UNMET, Outcome.WITHDRAWN, Outcome.DUPLICATE, Outcome.SELF_RESOLVED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """`version` moves with every change, also with those of its placement; `placement_id` is the open one."""

    id: UUID
    region_id: UUID
    code: str
    night: date
    regime: Regime
    channel: Channel
    household: Household
    asked_at: datetime
    refreshed_at: datetime
    expires_at: datetime
    actor_id: UUID
    body_hash: bytes
    version: int = 0
    state: RequestState = RequestState.WAITING
    paused_until: datetime | None = None
    closed_at: datetime | None = None
    outcome: Outcome | None = None
    outcome_reason: str | None = None
    assignee_id: UUID | None = None
    continues: UUID | None = None
    receipt_hash: bytes | None = None
    placement_id: UUID | None = None
    gone: bool = False

    @property
    def open(self) -> bool:
        return self.state is not RequestState.CLOSED


# Closed ones stay on the screens for as long as somebody may ask about them in the same night.
SHOWN_CLOSED = timedelta(hours=12)


class Due(StrEnum):
    """What time alone does to a request (I12)."""

    RESUME = "resume"
    EXPIRE = "expire"
    CLOSE_OUT = "close-out"
    GO = "go"


def due(request: Request, now: datetime, noon: datetime, held_until: datetime | None = None) -> Due | None:
    """Return what is due; `noon` is when this night began, `held_until` when the clock ends what is held for it.

    A request for a night that was not heard of since is over with it, but for a promise that still runs: somebody may
    be on the way. One that waits expires; held, it does not.
    """
    if request.closed_at is not None:
        return Due.GO if not request.gone and request.closed_at <= now - SHOWN_CLOSED else None
    promised = held_until is not None and held_until > now
    if request.regime is Regime.NIGHT and request.refreshed_at < noon and not promised:
        return Due.CLOSE_OUT
    if request.state is RequestState.WAITING and request.expires_at <= now:
        return Due.EXPIRE
    paused = request.paused_until is not None and request.paused_until <= now
    return Due.RESUME if paused else None


@dataclass(frozen=True, slots=True)
class Bar:
    """A unit that is not offered to this household before `until`: it was declined there for a reason that stays."""

    request_id: UUID
    unit_id: UUID
    shelter_id: UUID
    reason: str
    until: datetime
