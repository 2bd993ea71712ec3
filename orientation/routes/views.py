"""Views: the shapes of orientation's answers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from orientation.model.household import Member, Needs, Urgency


class ColleagueView(msgspec.Struct):
    id: UUID
    login: str


class DeclineView(msgspec.Struct):
    reason: str
    free: int | None


class PlacementView(msgspec.Struct):
    """`arrive_by` stands once it is accepted; `party` and `needs` are for whoever is to receive them.

    `holder` follows it: whoever made it, or to whom it was handed over since.
    """

    id: UUID
    request: UUID
    code: str
    version: int
    unit: UUID
    shelter: UUID
    places: int
    allotment: str
    state: str
    ending: str | None
    late: bool
    held_at: datetime
    expires_at: datetime
    extended: bool
    seen_at: datetime | None
    accepted_at: datetime | None
    arrive_by: datetime | None
    escalated_at: datetime | None
    ended_at: datetime | None
    decline: DeclineView | None
    made_by: ColleagueView | None
    holder: ColleagueView | None
    party: tuple[Member, ...]
    needs: Needs
    replaces: UUID | None


class BarView(msgspec.Struct):
    """`scope`: nothing in this unit is offered any more, or with "shelter" nothing in the whole house."""

    unit: UUID
    shelter: UUID
    scope: Literal["unit", "shelter"]
    reason: str
    until: datetime


class ContactView(msgspec.Struct):
    alias: str | None
    contact: str | None

    def __repr__(self) -> str:
        return "ContactView(…)"


class StepView(msgspec.Struct):
    id: UUID
    kind: str
    shelter: UUID | None
    at: datetime | None
    result: str | None
    reason: str | None
    changed_at: datetime


class RequestView(msgspec.Struct):
    """`twins` are codes of open requests that may be of the same household; `drawn` is its place in a draw."""

    id: UUID
    code: str
    version: int
    regime: str
    channel: str
    night: date
    state: str
    outcome: str | None
    outcome_reason: str | None
    asked_at: datetime
    refreshed_at: datetime
    expires_at: datetime
    paused_until: datetime | None
    closed_at: datetime | None
    assignee: ColleagueView | None
    party: tuple[Member, ...]
    party_size: int
    needs: Needs
    urgency: tuple[Urgency, ...]
    continues: UUID | None
    bars: list[BarView]
    placement: PlacementView | None
    twins: list[str]
    contact: ContactView | None
    steps: list[StepView]
    drawn: int | None


class RequestAsked(msgspec.Struct):
    """`receipt` is shown this once; where the same was asked before, it is null."""

    request: RequestView
    receipt: str | None
    repeated: bool

    def __repr__(self) -> str:
        return "RequestAsked(…)"


class RequestAnswered(msgspec.Struct):
    request: RequestView
    repeated: bool


class RequestsView(msgspec.Struct):
    """`more`: there are others that were asked later."""

    requests: list[RequestView]
    more: bool
    now: datetime


class RequestEventView(msgspec.Struct):
    """`actor` is null where time or the household itself did it."""

    id: UUID
    verb: str
    at: datetime
    actor: ColleagueView | None
    placement: UUID | None
    facts: dict[str, Any]


class RequestEventsView(msgspec.Struct):
    events: list[RequestEventView]


class RequestMarkView(msgspec.Struct):
    id: UUID
    version: int
    state: str


class PlacedView(msgspec.Struct):
    """What was done is done; the placement and its request are as they are now."""

    placement: PlacementView
    request: RequestMarkView
    repeated: bool


class AllPlacedView(msgspec.Struct):
    placements: list[PlacedView]


class PlacementsView(msgspec.Struct):
    placements: list[PlacementView]
    now: datetime


class AddressView(msgspec.Struct):
    address: str | None
    phone: str | None


class MustMoveView(msgspec.Struct):
    placement: PlacementView
    why: str


class MustMovesView(msgspec.Struct):
    must_moves: list[MustMoveView]
    now: datetime
