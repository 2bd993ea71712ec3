"""Comparing the board with the last day of the file, unit by unit.

A secret shelter's units are read with its operator's key: an administrator, too, sees only their band (I11).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

import msgspec

from halte.replay.calling import Administrator, Key
from halte.replay.planning import Expected


class Out(msgspec.Struct):
    places: int


class Shown(msgspec.Struct):
    """What we read of a unit on the board; a masked one has a band instead of numbers."""

    id: UUID
    status: str
    masked: bool = False
    free: int | None = None
    capacity: int | None = None
    out_of_service: list[Out] = []


class _Board(msgspec.Struct):
    units: list[Shown]


@dataclass(frozen=True, slots=True)
class Difference:
    """One fact of one unit on which file and board differ."""

    programme_id: str
    name: str
    fact: str
    file: object
    board: object


async def read_board(reader: Administrator | Key) -> dict[UUID, Shown]:
    """Return every unit as the reader sees it."""
    return {unit.id: unit for unit in (await reader.ask("GET", "/board", _Board)).units}


async def read_exactly(
    administrator: Administrator, keys: Mapping[UUID, Key], expected: Mapping[UUID, Expected]
) -> dict[UUID, Shown]:
    """Return every unit as whoever may see it exactly sees it."""
    board = await read_board(administrator)
    masked = {expected[id].home.operator_id for id, unit in board.items() if unit.masked and id in expected}
    for operator in masked & keys.keys():
        seen = await read_board(keys[operator])
        board |= {id: unit for id, unit in seen.items() if not unit.masked}
    return board


def compare(expected: Mapping[UUID, Expected], board: Mapping[UUID, Shown]) -> list[Difference]:
    """Return all differences; what the file does not tell is none: a refused row, the numbers of a closed unit."""
    return [difference for id, wanted in expected.items() for difference in _differences(wanted, board.get(id))]


def _differences(wanted: Expected, shown: Shown | None) -> Iterable[Difference]:
    if wanted.doubted:
        return
    name = (wanted.programme.id, wanted.programme.name)
    if shown is None:
        yield Difference(*name, "on the board", "yes", "no")
        return
    facts: list[tuple[str, object, object]] = [("status", "closed" if wanted.closed else "open", shown.status)]
    if not wanted.closed:
        facts += [
            ("free", wanted.free, shown.free),
            ("capacity", wanted.capacity, shown.capacity),
            ("out of service", wanted.out, sum(one.places for one in shown.out_of_service)),
        ]
    for fact, in_file, on_board in facts:
        if in_file != on_board:
            yield Difference(*name, fact, in_file, on_board)
