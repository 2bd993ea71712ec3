"""Comparing the board with what a source came to in the end, unit by unit and fact by fact.

A secret shelter's units are read with its own key: an administrator, too, sees only their band (I11).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from halte.visiting.calling import Administrator, Key

# The facts of a unit, by the words in which a difference is told.
STATUS, FREE, OVER_BY, CAPACITY, OUT = "status", "free", "over by", "capacity", "out of service"
CONFIRMED_AT, FRESHNESS, STUCK = "confirmed at", "freshness", "stuck"


class Out(msgspec.Struct):
    places: int


class Shown(msgspec.Struct):
    """What we read of a unit on the board; a masked one has a band instead of numbers."""

    id: UUID
    status: str
    masked: bool = False
    free: int | None = None
    over_by: int | None = None
    capacity: int | None = None
    out_of_service: list[Out] = []
    confirmed_at: datetime | None = None
    aging_at: datetime | None = None
    stale_at: datetime | None = None
    silent_at: datetime | None = None
    flags: list[str] = []

    def facts(self, now: datetime) -> dict[str, object]:
        return {
            STATUS: self.status,
            FREE: self.free,
            OVER_BY: self.over_by,
            CAPACITY: self.capacity,
            OUT: sum(one.places for one in self.out_of_service),
            CONFIRMED_AT: self.confirmed_at,
            FRESHNESS: self.freshness(now),
            STUCK: "yes" if "stuck" in self.flags else "no",
        }

    def freshness(self, now: datetime) -> str:
        """Say how old the count is, from the instants, as a screen does (I7)."""
        words = ("silent", self.silent_at), ("stale", self.stale_at), ("ageing", self.aging_at)
        fresh = "never" if self.confirmed_at is None else "fresh"
        return next((word for word, since in words if since is not None and now >= since), fresh)


class Board(msgspec.Struct):
    now: datetime
    units: list[Shown]


class Expected(Protocol):
    """What a source says of one unit in the end; `untold` where it does not."""

    @property
    def ref(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def holder_id(self) -> UUID: ...
    @property
    def untold(self) -> bool: ...
    def facts(self, now: datetime) -> Mapping[str, object]: ...


@dataclass(frozen=True, slots=True)
class Difference:
    """One fact of one unit on which source and board differ."""

    ref: str
    name: str
    fact: str
    source: object
    board: object


async def read_board(reader: Administrator | Key) -> Board:
    """Return every unit as the reader sees it."""
    return await reader.ask("GET", "/board", Board)


async def read_exactly(
    administrator: Administrator, keys: Mapping[UUID, Key], expected: Mapping[UUID, Expected]
) -> Board:
    """Return every unit as whoever may see it exactly sees it."""
    board = await read_board(administrator)
    units = {unit.id: unit for unit in board.units}
    masked = {expected[id].holder_id for id, unit in units.items() if unit.masked and id in expected}
    for holder in masked & keys.keys():
        seen = await read_board(keys[holder])
        units |= {unit.id: unit for unit in seen.units if not unit.masked}
    return Board(board.now, list(units.values()))


def compare(expected: Mapping[UUID, Expected], board: Board) -> list[Difference]:
    """Return all differences; what the source does not tell is none: a refused row, the numbers of a closed unit."""
    units = {unit.id: unit for unit in board.units}
    return [
        difference for id, wanted in expected.items() for difference in _differences(wanted, units.get(id), board.now)
    ]


def _differences(wanted: Expected, shown: Shown | None, now: datetime) -> Iterable[Difference]:
    if wanted.untold:
        return
    if shown is None:
        yield Difference(wanted.ref, wanted.name, "on the board", "yes", "no")
        return
    seen = shown.facts(now)
    for fact, in_source in wanted.facts(now).items():
        if in_source != seen[fact]:
            yield Difference(wanted.ref, wanted.name, fact, in_source, seen[fact])
