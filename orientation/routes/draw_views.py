"""The edge of draws: what is sent to make one and to act on one, and how it is answered."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec

from inventory.schemas import Body, Reason, check_reason
from orientation.drawing.placing import Outcomes
from orientation.drawing.store import DrawRecord, Line
from orientation.model.counts import PartyGroup
from orientation.model.draw import DrawState
from orientation.routes.showing import colleague
from orientation.routes.views import ColleagueView

Hex64 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]


class DrawBody(Body):
    id: UUID
    audience: PartyGroup


class DrawActBody(Body):
    """`id` is the act's own: the same act sent again has the same one."""

    id: UUID


class CommitBody(DrawActBody, kw_only=True):
    commitment: Hex64


class RevealBody(DrawActBody, kw_only=True):
    secret: Hex64

    def __repr__(self) -> str:
        return "RevealBody(…)"


class AbandonBody(DrawActBody, kw_only=True):
    why: Reason

    def check(self) -> None:
        check_reason(self.why)


class CommitmentView(msgspec.Struct):
    by: ColleagueView | None
    at: datetime
    commitment: str
    revealed: bool


class DrawPolicyView(msgspec.Struct):
    version: int
    hash: str


class DrawEntryView(msgspec.Struct):
    """`position` counts from 0. Of late ones it is null, as is all that the list would say of them; they come after."""

    position: int | None
    pseudonym: str | None
    stratum: int | None
    tickets: int | None
    request: UUID | None
    code: str | None
    party_size: int | None
    state: str
    outcome: str | None
    late: bool


class DrawView(msgspec.Struct):
    """`policy`, the list and its hash stand once it is frozen. A secret is told with the file, once it is drawn."""

    id: UUID
    version: int
    state: DrawState
    night: date
    audience: PartyGroup
    made_at: datetime
    made_by: ColleagueView | None
    commitments: list[CommitmentView]
    policy: DrawPolicyView | None
    list_hash: str | None
    frozen_at: datetime | None
    drawn_at: datetime | None
    seed: str | None
    why: str | None
    size: int
    entries: list[DrawEntryView]


class DrawsView(msgspec.Struct):
    draws: list[DrawView]
    now: datetime


class DrawPlacedView(msgspec.Struct):
    request: UUID
    code: str | None
    unit: UUID
    placement: UUID


class DrawLeftView(msgspec.Struct):
    request: UUID
    code: str | None
    reason: str


class DrawPlacingView(msgspec.Struct):
    placed: list[DrawPlacedView]
    left: list[DrawLeftView]
    repeated: bool


def draw_view(record: DrawRecord) -> DrawView:
    draw = record.draw
    policy = None
    if draw.policy_version is not None and draw.policy_hash is not None:
        policy = DrawPolicyView(draw.policy_version, draw.policy_hash)
    return DrawView(
        id=draw.id,
        version=draw.version,
        state=draw.state,
        night=draw.night,
        audience=draw.audience,
        made_at=draw.made_at,
        made_by=colleague(draw.actor_id, record.logins.get(draw.actor_id)),
        commitments=[
            CommitmentView(colleague(one.by, record.logins.get(one.by)), one.at, one.commitment, one.secret is not None)
            for one in draw.commitments
        ],
        policy=policy,
        list_hash=None if draw.list_hash is None else draw.list_hash.hex(),
        frozen_at=draw.frozen_at,
        drawn_at=draw.drawn_at,
        seed=None if draw.seed is None else draw.seed.hex(),
        why=draw.why,
        size=draw.size,
        entries=[_entry(line) for line in record.lines],
    )


def _entry(line: Line) -> DrawEntryView:
    entry = line.entry
    return DrawEntryView(
        position=None if entry is None else entry.position,
        pseudonym=None if entry is None else entry.pseudonym,
        stratum=None if entry is None else entry.stratum,
        tickets=None if entry is None else entry.tickets,
        request=line.request_id,
        code=line.code,
        party_size=None if line.household is None else line.household.party_size,
        state=line.state,
        outcome=line.outcome,
        late=entry is None,
    )


def placing_view(outcomes: Outcomes) -> DrawPlacingView:
    return DrawPlacingView(
        [DrawPlacedView(one.request_id, one.code, one.unit_id, one.placement_id) for one in outcomes.placed],
        [DrawLeftView(one.request_id, one.code, one.reason) for one in outcomes.left],
        outcomes.repeated,
    )
