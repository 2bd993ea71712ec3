"""Cold reads of draws: each with its list, and with those who came too late for it, as their requests stand now."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import date, datetime
from uuid import UUID

import asyncpg
import msgspec

from kernel.postgres import Connection, Pool
from orientation.model.counts import group_of
from orientation.model.draw import Draw, DrawEntry, DrawState
from orientation.model.household import Household
from orientation.model.request import RequestState
from orientation.rows import draw_of

_DRAWS = "SELECT * FROM draw WHERE region_id = $1 AND id = ANY($2::uuid[]) ORDER BY made_at, id"
_OF_NIGHT = "SELECT id FROM draw WHERE region_id = $1 AND night = $2"
_LINES = """
SELECT e.*, r.code, r.household, r.state, r.outcome, r.asked_at
FROM draw_entry e LEFT JOIN request r ON r.id = e.request_id
WHERE e.draw_id = ANY($1::uuid[]) ORDER BY e.position, e.place
"""
# Who asked after the freeze, and who has been without a place again since: whoever of them stands in a list is dropped.
_LATE = """
SELECT id AS request_id, code, household, state, outcome, asked_at
FROM request
WHERE region_id = $1 AND regime = 'night' AND NOT gone AND (state = 'waiting' OR asked_at > $2)
ORDER BY asked_at, id
"""
_LOGINS = "SELECT id, login FROM account WHERE id = ANY($1::uuid[])"
_household = msgspec.json.Decoder(Household).decode


@dataclass(frozen=True, slots=True)
class Line:
    """An entry and its request as it is now. Late ones have no entry; of an erased request only the entry is left."""

    entry: DrawEntry | None
    request_id: UUID | None
    code: str | None
    household: Household | None
    state: str
    outcome: str | None
    asked_at: datetime | None


@dataclass(frozen=True, slots=True)
class DrawRecord:
    """`lines` in the order in which they come: as drawn, then late ones as they asked."""

    draw: Draw
    lines: tuple[Line, ...]
    logins: dict[UUID, str]

    @property
    def entries(self) -> list[DrawEntry]:
        return [line.entry for line in self.lines if line.entry is not None]


async def draws_of_night(pool: Pool, region_id: UUID, night: date) -> list[DrawRecord]:
    """Return all of a night, the first begun first; abandoned ones too."""
    return await read_draws(pool, region_id, [row["id"] for row in await pool.fetch(_OF_NIGHT, region_id, night)])


async def read_draws(pool: Pool, region_id: UUID, ids: Collection[UUID]) -> list[DrawRecord]:
    """Return those of this region, of one moment."""
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        draws = [draw_of(row) for row in await connection.fetch(_DRAWS, region_id, list(ids))]
        lines: dict[UUID, list[Line]] = {draw.id: [] for draw in draws}
        for row in await connection.fetch(_LINES, list(lines)) if lines else ():
            lines[row["draw_id"]].append(_line(row, _entry(row)))
        late = await _late(connection, region_id, draws)
        people = {by for draw in draws for by in (draw.actor_id, *(one.by for one in draw.commitments))}
        logins = {row["id"]: row["login"] for row in await connection.fetch(_LOGINS, list(people))}
    return [DrawRecord(draw, (*lines[draw.id], *_after(draw, lines[draw.id], late)), logins) for draw in draws]


async def _late(connection: Connection, region_id: UUID, draws: Collection[Draw]) -> list[Line]:
    frozen = [draw.frozen_at for draw in draws if _runs(draw) and draw.frozen_at is not None]
    rows = await connection.fetch(_LATE, region_id, min(frozen)) if frozen else []
    return [_line(row, None) for row in rows]


def _after(draw: Draw, lines: Collection[Line], late: Collection[Line]) -> list[Line]:
    if not _runs(draw):
        return []
    listed = {line.request_id for line in lines}
    return [line for line in late if line.request_id not in listed and _comes_after(draw, line)]


def _comes_after(draw: Draw, line: Line) -> bool:
    """Tell whether a request is of those for whom it is drawn: others have another draw, or had a place."""
    if line.household is None or group_of(line.household) is not draw.audience:
        return False
    asked_since = draw.frozen_at is not None and line.asked_at is not None and line.asked_at > draw.frozen_at
    return asked_since or line.state == RequestState.WAITING


def _runs(draw: Draw) -> bool:
    return draw.state in {DrawState.FROZEN, DrawState.DRAWN} and draw.ended_at is None


def _entry(row: asyncpg.Record) -> DrawEntry:
    return DrawEntry(*(row[field.name] for field in fields(DrawEntry)))


def _line(row: asyncpg.Record, entry: DrawEntry | None) -> Line:
    household = None if row["household"] is None else _household(row["household"])
    state = row["state"] or RequestState.CLOSED
    return Line(entry, row["request_id"], row["code"], household, state, row["outcome"], row["asked_at"])
