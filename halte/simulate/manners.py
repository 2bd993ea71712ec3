"""Manners: where somebody of the demonstration has a log-in of their own, the simulated people make way for them.

Once anybody but the simulation has said something of such a shelter, it says nothing there until the next noon.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from halte.simulate.hiring import Crew
from inventory.model.night import night_of

# What people do; noon and expiry come by themselves, and defining is no word about the places.
_BY_PEOPLE = frozenset({"report", "movement", "void", "close", "reopen"})
_LOOKED_AT = 5


class _Unit(msgspec.Struct):
    id: UUID
    seq: int


class _Board(msgspec.Struct):
    units: list[_Unit]


class _Entry(msgspec.Struct):
    seq: int
    causes: list[str]


class _History(msgspec.Struct):
    entries: list[_Entry]


class Manners:
    """Only the shelters of `crew.minded` are looked at, before each word there."""

    def __init__(self, crew: Crew, zone: ZoneInfo) -> None:
        self._crew = crew
        self._zone = zone
        self._seqs: dict[UUID, int] = {}
        self._made_way: dict[UUID, date] = {}

    @property
    def made_way(self) -> frozenset[UUID]:
        """Return the shelters in which we made way for somebody."""
        return frozenset(self._made_way)

    def note(self, unit: UUID, seq: int) -> None:
        """Remember what we ourselves brought about."""
        self._seqs[unit] = max(seq, self._seqs.get(unit, 0))

    async def may_speak(self, shelter: UUID, at: datetime) -> bool:
        if shelter not in self._crew.minded:
            return True
        night = night_of(at, self._zone)
        if self._made_way.get(shelter) == night:
            return False
        board = await self._crew.phones[shelter].ask("GET", f"/board?shelter={shelter}", _Board)
        for unit in board.units:
            known = self._seqs.get(unit.id)
            self._seqs[unit.id] = max(unit.seq, known or 0)
            if known is not None and unit.seq > known and await self._somebody_spoke(shelter, unit.id, known):
                self._made_way[shelter] = night
                return False
        return True

    async def _somebody_spoke(self, shelter: UUID, unit: UUID, known: int) -> bool:
        path = f"/units/{unit}/history?limit={_LOOKED_AT}"
        entries = (await self._crew.phones[shelter].ask("GET", path, _History)).entries
        return any(entry.seq > known and _BY_PEOPLE & set(entry.causes) for entry in entries)
