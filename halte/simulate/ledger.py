"""The ledger: what the board must show, if it shows what was said. Written without the inventory's own rules of
counting, so that the two can be held against each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

from halte.simulate.happening import Activated, Event, Moved, Reported, Said, Turned, Voice
from halte.simulate.housing import Room, World
from halte.simulate.staying import noon
from inventory.model.counting import Direction
from inventory.model.facts import Intake, OutOfService
from inventory.model.night import night_of

# As often in a row a feed says the same before it counts as stuck (the region's policy may say otherwise).
STUCK_AFTER = 12


# When it was true, by which report, how many were free, how many were there beyond the places.
_Count: TypeAlias = tuple[datetime, UUID, int, int]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a unit shows on the board, or should."""

    status: str
    free: int
    over_by: int
    capacity: int
    out: tuple[OutOfService, ...]
    intake: Intake
    confirmed_at: datetime | None
    stuck: bool


@dataclass(slots=True)
class _Entry:
    """All that was said of one unit. Of a night before the first one heard only the sum is known: `before`."""

    room: Room
    before: Shown
    count: _Count | None = None
    moves: dict[UUID, Moved] = field(default_factory=dict)
    out: tuple[datetime, tuple[OutOfService, ...]] | None = None
    intake: tuple[datetime, Intake] | None = None
    closed: bool = False
    reopened_at: datetime | None = None
    expires_at: datetime | None = None
    last_fed: Said | None = None
    last_fed_at: datetime | None = None
    alike: int = 0
    heard: bool = False


class Ledger:
    """Takes events in the order in which they are sent, and says what they come to."""

    def __init__(self, world: World, zone: ZoneInfo, before: Mapping[UUID, Shown]) -> None:
        self._zone = zone
        self._reported_at: dict[UUID, datetime] = {}
        self._entries = {
            room.id: _Entry(room, before[room.id], closed=before[room.id].status == "closed")
            for house in world.houses
            for room in house.rooms
            if room.id in before
        }

    def hear(self, events: Iterable[Event]) -> None:
        for event in events:
            if isinstance(event, Activated):
                self._activate(event)
            elif isinstance(event, Reported):
                self._reported_at[event.id] = event.observed_at
                for line in event.lines:
                    self._report(self._entries[line.unit], event, line)
            else:
                self._happen(self._entries[event.unit], event)

    def _activate(self, event: Activated) -> None:
        for unit in event.units:
            entry = self._entries[unit]
            entry.heard, entry.closed, entry.expires_at = True, False, event.expires_at
            entry.reopened_at = event.at

    def _happen(self, entry: _Entry, event: Event) -> None:
        entry.heard = True
        if isinstance(event, Moved):
            entry.moves[event.id] = event
        elif isinstance(event, Turned):
            if entry.closed and not event.closed:
                entry.reopened_at = event.at
            entry.closed = event.closed
        elif not isinstance(event, Reported | Activated):
            entry.moves.pop(event.movement, None)

    def _report(self, entry: _Entry, event: Reported, line: Said) -> None:
        at = event.observed_at
        if event.voice is Voice.FEED:
            alike = (line, at) == (entry.last_fed, entry.last_fed_at)
            entry.alike = entry.alike + 1 if alike else 1
            entry.last_fed, entry.last_fed_at = line, at
            if alike:
                return
        if line.free is not None:
            entry.heard = True
            count = (at, event.id, line.free, line.over_by)
            entry.count = count if entry.count is None else max(entry.count, count)
        if line.out is not None and (entry.out is None or at >= entry.out[0]):
            entry.out = (at, line.out)
        if line.intake is not None and (entry.intake is None or at >= entry.intake[0]):
            entry.intake = (at, line.intake)

    def shown(self, at: datetime) -> dict[UUID, Shown]:
        """Return what the board must show at an instant, when all that was heard has been said."""
        return {id: self._shown(entry, at) for id, entry in self._entries.items()}

    def _shown(self, entry: _Entry, at: datetime) -> Shown:
        night = night_of(at, self._zone)
        before = entry.before
        out = entry.out[1] if entry.out else before.out
        status = self._status(entry, at, night)
        if status == "unconfirmed":
            rest = entry.room.capacity - sum(one.places for one in out)
        elif entry.count is not None:
            rest = self._rest(entry, entry.count)
        else:
            rest = before.free - before.over_by
        return Shown(
            status=status,
            free=max(0, rest),
            over_by=max(0, -rest),
            capacity=entry.room.capacity,
            out=out,
            intake=entry.intake[1] if entry.intake else before.intake,
            confirmed_at=entry.count[0] if entry.count else before.confirmed_at,
            stuck=entry.alike >= STUCK_AFTER or (before.stuck and entry.last_fed is None),
        )

    def _status(self, entry: _Entry, at: datetime, night: date) -> str:
        counted_at = entry.count[0] if entry.count else entry.before.confirmed_at
        if entry.closed or (entry.expires_at is not None and entry.expires_at <= at):
            return "closed"
        if counted_at is None or (entry.reopened_at is not None and counted_at < entry.reopened_at):
            return "awaiting-report"
        if not entry.heard and entry.before.status == "awaiting-report":
            return "awaiting-report"
        if entry.room.nightly and night_of(counted_at, self._zone) < night:
            return "unconfirmed"
        return "open"

    def _rest(self, entry: _Entry, count: _Count) -> int:
        """Return the newest count, less who came after it, plus who left."""
        at, report, free, over_by = count
        begins = noon(night_of(at, self._zone), self._zone)
        rest = free - over_by
        for move in entry.moves.values():
            counted_at = self._reported_at.get(move.counted_in) if move.counted_in else None
            known_at = min(move.occurred_at, counted_at) if counted_at else move.occurred_at
            if move.counted_in == report or known_at <= at or (entry.room.nightly and move.occurred_at < begins):
                continue
            rest += move.places if move.direction is Direction.OUT else -move.places
        return rest
