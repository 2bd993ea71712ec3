"""Comparing the board with what was said, unit by unit. Each unit is read by somebody who sees it exactly (I11)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from halte.simulate.hiring import Crew
from halte.simulate.ledger import Shown
from inventory.model.facts import Intake, OutOfService


class _Unit(msgspec.Struct):
    """A unit as its own people see it."""

    id: UUID
    shelter: UUID
    status: str
    masked: bool = False
    free: int = 0
    over_by: int = 0
    capacity: int = 0
    out_of_service: tuple[OutOfService, ...] = ()
    intake: str = "open"
    intake_until: datetime | None = None
    confirmed_at: datetime | None = None
    flags: list[str] = []

    def shown(self) -> Shown:
        return Shown(
            status=self.status,
            free=self.free,
            over_by=self.over_by,
            capacity=self.capacity,
            out=tuple(OutOfService(one.reason, one.places, _utc(one.until)) for one in self.out_of_service),
            intake=Intake(self.intake == "paused", _utc(self.intake_until)),
            confirmed_at=_utc(self.confirmed_at),
            stuck="stuck" in self.flags,
        )


class _Board(msgspec.Struct):
    units: list[_Unit]


@dataclass(frozen=True, slots=True)
class Difference:
    """One fact of one unit on which the board is not what was said."""

    unit: UUID
    fact: str
    said: object
    board: object

    def __str__(self) -> str:
        return f"unit {self.unit}: {self.fact} should be {self.said}, and is {self.board}"


async def read_board(crew: Crew) -> dict[UUID, Shown]:
    """Return every unit, each as the log-in of its own shelter sees it."""
    board: dict[UUID, Shown] = {}
    for person in dict.fromkeys(crew.phones.values()):
        for unit in (await person.ask("GET", "/board", _Board)).units:
            if crew.phones.get(unit.shelter) is person and not unit.masked:
                board[unit.id] = unit.shown()
    return board


def compare(said: Mapping[UUID, Shown], board: Mapping[UUID, Shown]) -> list[Difference]:
    return [difference for unit, wanted in said.items() for difference in _differences(unit, wanted, board.get(unit))]


def _differences(unit: UUID, wanted: Shown, found: Shown | None) -> Iterator[Difference]:
    if found is None:
        yield Difference(unit, "on the board", "yes", "no")
        return
    for one in fields(Shown):
        said, shown = getattr(wanted, one.name), getattr(found, one.name)
        if said != shown:
            yield Difference(unit, one.name, said, shown)


def _utc(instant: datetime | None) -> datetime | None:
    return None if instant is None else instant.astimezone(UTC)
