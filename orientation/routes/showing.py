"""Showing: requests and placements as they stand in the tables, of one moment, for those who may know."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from uuid import UUID

import asyncpg
import msgspec

from inventory.holding import Ending
from inventory.region import Region
from kernel.access.model import Principal, Role
from kernel.postgres import Connection
from orientation.model.contact import SealedContact
from orientation.model.household import AwayFrom, Household, Needs
from orientation.model.placement import BARS_SHELTER
from orientation.placement_records import placements_by_id
from orientation.region import desk_of
from orientation.routes.views import (
    BarView,
    ColleagueView,
    ContactView,
    DeclineView,
    PlacedView,
    PlacementView,
    RequestMarkView,
    RequestView,
    StepView,
)
from orientation.sealing import Sealer

_REQUESTS = """
SELECT r.*, a.login FROM request r LEFT JOIN account a ON a.id = r.assignee_id
WHERE r.region_id = $1 AND r.id = ANY($2::uuid[]) ORDER BY r.asked_at, r.id
"""
_BARS = """
SELECT * FROM request_bar WHERE request_id = ANY($1::uuid[]) AND until > halte_now() ORDER BY until, unit_id
"""
_CONTACTS = "SELECT request_id, key_id, alias, contact, twin FROM contact WHERE request_id = ANY($1::uuid[])"
_STEPS = "SELECT * FROM request_step WHERE request_id = ANY($1::uuid[]) ORDER BY at NULLS LAST, changed_at"
# Of the same contact tonight, or one that continues the other while both are open.
_TWINS = """
WITH pair AS (
  SELECT c.request_id AS id, o.request_id AS other FROM contact c JOIN contact o USING (region_id, twin)
  WHERE c.request_id = ANY($1::uuid[])
  UNION SELECT id, continues FROM request WHERE id = ANY($1::uuid[])
  UNION SELECT continues, id FROM request WHERE region_id = $2 AND NOT gone AND continues = ANY($1::uuid[])
)
SELECT pair.id, r.code FROM pair JOIN request r ON r.id = pair.other
WHERE pair.other <> pair.id AND r.region_id = $2 AND r.state <> 'closed' ORDER BY r.code
"""
_DRAWN = """
SELECT e.request_id, min(e.position) AS position FROM draw_entry e JOIN draw d ON d.id = e.draw_id
WHERE e.request_id = ANY($1::uuid[]) AND d.region_id = $2 AND d.state = 'drawn' AND d.ended_at IS NULL
GROUP BY e.request_id
"""
_household = msgspec.json.Decoder(Household).decode
# After these nobody comes; after a lapse or a no-show somebody still may (I3).
_GIVEN_UP = frozenset({Ending.DECLINED, Ending.CANCELLED})


@dataclass(slots=True)
class _Beside:
    """What stands in other tables, by request."""

    placements: dict[UUID, PlacementView]
    bars: dict[UUID, list[BarView]] = field(default_factory=dict)
    contacts: dict[UUID, ContactView] = field(default_factory=dict)
    steps: dict[UUID, list[StepView]] = field(default_factory=dict)
    twins: dict[UUID, list[str]] = field(default_factory=dict)
    drawn: dict[UUID, int] = field(default_factory=dict)


async def show_requests(region: Region, ids: Sequence[UUID]) -> list[RequestView]:
    """Return those of this region, in the order in which they were asked."""
    async with (
        region.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        rows = await connection.fetch(_REQUESTS, region.id, ids)
        beside = await _beside(connection, region, rows)
    return [_request(row, beside) for row in rows]


async def show_placements(connection: Connection, region_id: UUID, ids: Iterable[UUID]) -> list[PlacementView]:
    """Return those of this region, the oldest first."""
    return [placement_view(row) for row in await placements_by_id(connection, region_id, list(ids))]


def colleague(id: UUID | None, login: str | None) -> ColleagueView | None:
    return None if id is None or login is None else ColleagueView(id, login)


def bar_view(row: asyncpg.Record) -> BarView:
    """Return a bar, and whether it is about the unit alone or, as matching takes it, about the whole house."""
    scope: Literal["unit", "shelter"] = "shelter" if row["reason"] in BARS_SHELTER else "unit"
    return BarView(row["unit_id"], row["shelter_id"], scope, row["reason"], row["until"])


async def _beside(connection: Connection, region: Region, rows: Sequence[asyncpg.Record]) -> _Beside:
    ids = [row["id"] for row in rows]
    open_ones = [row["placement_id"] for row in rows if row["placement_id"] is not None]
    shown = await show_placements(connection, region.id, open_ones) if open_ones else []
    beside = _Beside({view.request: view for view in shown})
    for row in await connection.fetch(_BARS, ids):
        beside.bars.setdefault(row["request_id"], []).append(bar_view(row))
    for row in await connection.fetch(_STEPS, ids):
        step = StepView(
            row["id"], row["kind"], row["shelter_id"], row["at"], row["result"], row["reason"], row["changed_at"]
        )
        beside.steps.setdefault(row["request_id"], []).append(step)
    for row in await connection.fetch(_TWINS, ids, region.id):
        beside.twins.setdefault(row["id"], []).append(row["code"])
    for row in await connection.fetch(_DRAWN, ids, region.id):
        beside.drawn[row["request_id"]] = row["position"]
    sealer = desk_of(region).sealer
    if sealer is not None:
        beside.contacts = _opened(sealer, await connection.fetch(_CONTACTS, ids))
    return beside


def _opened(sealer: Sealer, rows: Iterable[asyncpg.Record]) -> dict[UUID, ContactView]:
    found = {}
    for row in rows:
        contact = sealer.open(
            row["request_id"], SealedContact(row["key_id"], row["alias"], row["contact"], row["twin"])
        )
        if contact is not None:
            found[row["request_id"]] = ContactView(contact.alias, contact.contact)
    return found


def _request(row: asyncpg.Record, beside: _Beside) -> RequestView:
    household = _household(row["household"])
    same: dict[str, Any] = {name: row[name] for name in RequestView.__struct_fields__ if name in row}
    return RequestView(
        **same,
        assignee=colleague(row["assignee_id"], row["login"]),
        party=household.party,
        party_size=household.party_size,
        needs=household.needs,
        urgency=household.urgency,
        bars=beside.bars.get(row["id"], []),
        placement=beside.placements.get(row["id"]),
        twins=beside.twins.get(row["id"], []),
        contact=beside.contacts.get(row["id"]),
        steps=beside.steps.get(row["id"], []),
        drawn=beside.drawn.get(row["id"]),
    )


def placement_view(row: asyncpg.Record, reader: Principal | None = None) -> PlacementView:
    """Return a placement and what stands beside it (placement_records.py) as somebody may read it who may at all.

    Shelters read what is to be ready when people come; from whom they stay away is the desk's to know, and who these
    people are is no longer theirs once nobody will come.
    """
    household = _household(row["household"])
    party, needs = household.party, household.needs
    ours = reader is not None and reader.role is Role.STAFF
    if ours:
        needs = replace(needs, near=None, away_from=AwayFrom())
        if row["ending"] in _GIVEN_UP:
            party, needs = (), Needs()
    same: dict[str, Any] = {name: row[name] for name in PlacementView.__struct_fields__ if name in row}
    reason = row["decline_reason"]
    # A secret shelter's number is its own people's (I11).
    free = None if row["secret"] and not ours else row["decline_free"]
    return PlacementView(
        **same,
        request=row["request_id"],
        unit=row["unit_id"],
        shelter=row["shelter_id"],
        extended=row["extended_at"] is not None,
        arrive_by=row["expires_at"] if row["accepted_at"] is not None else None,
        decline=None if reason is None else DeclineView(reason, free),
        made_by=colleague(row["made_by_id"], row["made_by_login"]),
        holder=colleague(row["holder_id"], row["holder_login"]),
        party=party,
        needs=needs,
    )


def placed_view(row: asyncpg.Record, reader: Principal, *, repeated: bool) -> PlacedView:
    request = RequestMarkView(row["request_id"], row["request_version"], row["request_state"])
    return PlacedView(placement_view(row, reader), request, repeated)
