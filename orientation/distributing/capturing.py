"""Capturing: who waits, what is free and what holds already, as one case of one moment.

All of it is read in one snapshot of Postgres, the board too: a mirror may lag behind the holds that it is read with, or
be ahead of them, and then a place would be counted twice (I6). Nothing here keeps the event loop for long.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeAlias
from uuid import UUID

import asyncpg
import msgspec
import structlog

from inventory.bodies import ShelterBody
from inventory.model.night import night_of
from inventory.region import Region
from kernel.postgres import Connection
from kernel.problems import InvalidBody
from orientation.distributing.plan_records import read_result
from orientation.matching.context import Bar
from orientation.matching.seeing import State
from orientation.model.household import Household
from orientation.model.placement import BARS_SHELTER
from orientation.model.policy import OrientationPolicy
from orientation.planning.case import Case, Seeker
from orientation.store import TURNED_AWAY, policy_of

log = structlog.get_logger(__name__)

Links: TypeAlias = tuple[tuple[UUID, ...], ...]

# Decoded in one go: a millisecond or two.
_PORTION = 250
_YESTERDAY = timedelta(hours=24)
_MOMENT = "SELECT epoch, seq, halte_now() AS now, clock_timestamp() AS real FROM region WHERE id = $1"
_BOARD = """
SELECT s.kind, j.body FROM subject s JOIN journal j ON j.region_id = s.region_id AND j.seq = s.seq
WHERE s.region_id = $1 AND s.kind IN ('shelter', 'unit') AND NOT s.gone ORDER BY s.id
"""
# As suggesting has it (store.py): the house of the night before is where they arrived last by the request that this
# one continues.
_SEEKERS = f"""
SELECT r.id, r.code, r.household, r.asked_at, p.unit_id, p.places, p.state = 'accepted' AS accepted,
       (SELECT c.shelter_id FROM placement c WHERE c.request_id = r.continues AND c.ending = 'arrived' AND NOT c.voided
        ORDER BY c.ended_at DESC LIMIT 1) AS continued,
       {TURNED_AWAY} AS turned_away,
       ARRAY(SELECT (b.unit_id, b.until, b.reason, b.shelter_id) FROM request_bar b
             WHERE b.request_id = r.id AND b.until > $2) AS bars
FROM request r LEFT JOIN placement p ON p.id = r.placement_id
WHERE r.region_id = $1 AND r.regime = 'night' AND (r.state = 'held' OR r.state = 'waiting' AND r.expires_at > $2)
ORDER BY r.asked_at, r.id
"""  # noqa: S608 -- of constants
# In which place of its draw: nobody is in two of a night.
_DRAWN = """
SELECT e.request_id, row_number() OVER (PARTITION BY d.id ORDER BY e.position) - 1 AS place
FROM draw d JOIN draw_entry e ON e.draw_id = d.id
WHERE d.region_id = $1 AND d.night = $2 AND d.state = 'drawn' AND e.position IS NOT NULL
"""
_RULES = """
SELECT version, id, body FROM orientation_policy WHERE region_id = $1 AND set_at <= $2 ORDER BY version DESC LIMIT 1
"""
_read_shelter = msgspec.json.Decoder(ShelterBody).decode
_read_state = msgspec.json.Decoder(State).decode
_read_household = msgspec.json.Decoder(Household).decode


@dataclass(frozen=True, slots=True)
class Captured:
    """`yesterday`: the rules of a day ago, where a plan by them would be made of other points. `real`: no demo's."""

    case: Case
    policy: OrientationPolicy
    yesterday: OrientationPolicy | None
    real: datetime


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """Rows as they were read, all of one moment."""

    moment: asyncpg.Record
    board: Sequence[asyncpg.Record]
    seekers: Sequence[asyncpg.Record]
    policy: OrientationPolicy
    before: OrientationPolicy
    drawn: Mapping[UUID, int]
    proposed: Mapping[UUID, UUID | None]


async def capture(region: Region, after: UUID | None = None) -> Captured:
    """Return the night regime of this moment, and the rules by which it is planned; `after`: the plan before."""
    card = await region.card.read()
    points = {} if card.map is None else {one.code: one.point for one in card.map.communes}
    before = None if after is None else await read_result(region.pool, region.id, after)
    proposed = {} if before is None else {row.request: row.unit for row in before.rows}
    async with (
        region.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        snapshot = await _read(connection, region, proposed)
    shelters, states = await _board(snapshot.board)
    now = snapshot.moment["now"]
    case = Case(
        night_of(now, region.zone), now, str(region.zone), snapshot.moment["seq"], snapshot.moment["epoch"],
        shelters, states, points, await _seekers(snapshot),
    )  # fmt: skip
    same = snapshot.policy.plans_like(snapshot.before)
    return Captured(case, snapshot.policy, None if same else snapshot.before, snapshot.moment["real"])


def restrict(captured: Captured, links: Links, *, lenient: bool = False) -> Captured:
    """Add links; refuse those of households that do not wait tonight, or leave those out of them."""
    waiting = {seeker.request for seeker in captured.case.seekers}
    named = [request for link in links for request in link]
    if not lenient and (not waiting.issuperset(named) or len(set(named)) < len(named)):
        raise InvalidBody(where="links", why="requests for this night that are open, each in one link")
    left = (tuple(one for one in link if one in waiting) for link in links)
    return replace(captured, case=replace(captured.case, links=tuple(link for link in left if len(link) > 1)))


async def _read(connection: Connection, region: Region, proposed: Mapping[UUID, UUID | None]) -> _Snapshot:
    moment = await connection.fetchrow(_MOMENT, region.id)
    if moment is None:
        raise LookupError(f"no region {region.id}")
    now: datetime = moment["now"]
    night = night_of(now, region.zone)
    return _Snapshot(
        moment,
        await connection.fetch(_BOARD, region.id),
        await connection.fetch(_SEEKERS, region.id, now),
        await _policy_of(connection, region.id, now),
        await _policy_of(connection, region.id, now - _YESTERDAY),
        {row["request_id"]: row["place"] for row in await connection.fetch(_DRAWN, region.id, night)},
        proposed,
    )


async def _policy_of(connection: Connection, region_id: UUID, at: datetime) -> OrientationPolicy:
    row = await connection.fetchrow(_RULES, region_id, at)
    return OrientationPolicy() if row is None else policy_of(row)


async def _board(rows: Sequence[asyncpg.Record]) -> tuple[tuple[ShelterBody, ...], tuple[State, ...]]:
    shelters: list[ShelterBody] = []
    states: list[State] = []
    async for row in _unhurried(rows):
        try:
            if row["kind"] == "shelter":
                shelters.append(_read_shelter(row["body"]))
            else:
                states.append(_read_state(row["body"]))
        except msgspec.MsgspecError as error:
            # As on every screen: what cannot be read keeps nobody from the rest.
            log.error("plan.body_refused", reason=row["kind"], error=type(error).__name__)  # noqa: TRY400
    return tuple(shelters), tuple(states)


async def _seekers(snapshot: _Snapshot) -> tuple[Seeker, ...]:
    return tuple([_seeker(row, snapshot) async for row in _unhurried(snapshot.seekers)])


def _seeker(row: asyncpg.Record, snapshot: _Snapshot) -> Seeker:
    bars = tuple(
        Bar(unit_id, until, reason, shelter_id if reason in BARS_SHELTER else None)
        for unit_id, until, reason, shelter_id in row["bars"]
    )
    return Seeker(
        row["id"],
        row["code"],
        _read_household(row["household"]),
        row["asked_at"],
        row["continued"],
        bars,
        row["turned_away"],
        row["unit_id"],
        row["places"] or 0,
        bool(row["accepted"]),
        snapshot.proposed.get(row["id"]),
        snapshot.drawn.get(row["id"]),
        bool(snapshot.proposed) and row["id"] not in snapshot.proposed,
    )


async def _unhurried(rows: Sequence[asyncpg.Record]) -> AsyncIterator[asyncpg.Record]:
    """Let others have the processor after every portion."""
    for place, row in enumerate(rows, start=1):
        yield row
        if place % _PORTION == 0:
            await asyncio.sleep(0)
