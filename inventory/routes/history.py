"""GET /units/{id}/history: what a unit's state was, newest first, as the asker may see it (I11)."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import asyncpg
import msgspec
from litestar import Response, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, QueryParameter

from inventory.model.audience import Audience, sees_exactly
from inventory.problems import UnknownUnit
from inventory.routes.answering import ApiRequest, answer, audience_of, region_of, wire
from inventory.routes.refusals import WHO
from inventory.routes.views import HistoryEntryView, HistoryView
from inventory.store import read_history as read_rows
from kernel.access.model import ACCOUNT_ROLES, Verb
from kernel.access.policies import allow
from kernel.access.schemas import refusals
from kernel.journal import Subject
from kernel.problems import InvalidParameter

_LATEST = 2**62


@get(
    "/units/{unit_id:uuid}/history",
    opt={"policy": allow(*ACCOUNT_ROLES, verb=Verb.READ)},
    responses={200: ResponseSpec(HistoryView, generate_examples=False)} | refusals(*WHO, InvalidParameter, UnknownUnit),
    summary="Read what a unit's state was",
)
async def read_history(
    request: ApiRequest,
    unit_id: FromPath[UUID],
    before: Annotated[int | None, QueryParameter(ge=1, le=_LATEST)] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=500)] = 100,
) -> Response[bytes]:
    region = await region_of(request)
    audience = audience_of(request.user)
    rows = await read_rows(region.pool, region.id, unit_id, audience.own, before or _LATEST, limit)
    if not rows and before is None:
        raise UnknownUnit(unit=str(unit_id))
    entries = [_view(unit_id, row, audience) for row in rows]
    # The cursor is the last entry that is shown: one that is not shown would tell that it exists.
    return answer(HistoryView(unit_id, entries, entries[-1].seq if len(entries) == limit else None))


def _view(unit_id: UUID, row: asyncpg.Record, audience: Audience) -> HistoryEntryView:
    """Return one entry; who did what is for those who see all of it."""
    body = row["body"].encode()
    subject = Subject("unit", unit_id, row["seq"], row["visible_seq"], row["gone"], body)
    exact = sees_exactly("unit", body, audience)
    causes = [cause["verb"] for cause in msgspec.json.decode(row["causes"])] if exact else []
    return HistoryEntryView(row["seq"], row["at"], causes, wire(subject, audience))
