"""Planning: what each day of the file asks of the server, and what the board must say in the end. Pure.

A programme absent from a day is closed from that day; one that comes back is reopened, then counted. A programme whose
row was refused was there: it is neither closed nor counted. A day that is missing altogether closes nothing, nor does
one with a row that does not tell its programme: that may be the programme that seems absent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from halte.replay.comparing import CAPACITY, FREE, OUT, STATUS
from halte.replay.daily import naming
from halte.replay.daily.gathering import Day
from halte.replay.daily.reading import Programme, Row
from halte.replay.daily.translating import is_refuge, unit_body
from halte.replay.naming import commune_code
from halte.replay.plans import Counted, Defined, Definition, Plan, Turn


@dataclass(frozen=True, slots=True)
class Home:
    """Where a programme's unit stands on the board: for good, because a unit does not move."""

    shelter_id: UUID
    operator_id: UUID


@dataclass(frozen=True, slots=True)
class Expected:
    """What the board must say of one unit. `doubted`: its last row could not be read, so the file does not tell."""

    programme: Programme
    home: Home
    capacity: int
    free: int
    out: int
    closed: bool = False
    doubted: bool = False

    @property
    def ref(self) -> str:
        return self.programme.id

    @property
    def name(self) -> str:
        return self.programme.name

    @property
    def untold(self) -> bool:
        return self.doubted

    @property
    def holder_id(self) -> UUID:
        return self.home.operator_id

    def facts(self, _now: datetime) -> dict[str, object]:
        """Return what the board must say; of a closed unit, no numbers."""
        if self.closed:
            return {STATUS: "closed"}
        return {STATUS: "open", FREE: self.free, CAPACITY: self.capacity, OUT: self.out}


@dataclass(frozen=True, slots=True)
class _Site:
    operator_id: UUID
    name: str
    commune: str
    secret: bool
    address: str
    external_ref: str

    def body(self) -> dict[str, Any]:
        return {
            "operator": str(self.operator_id),
            "name": self.name,
            "commune": self.commune,
            "secret": self.secret,
            "address": self.address or None,
            "external_ref": self.external_ref or None,
        }


class Planner:
    """Folds days, in order. `homes` is where units that the server already has stand, `closed` those closed there.

    `moved` names the programmes whose rows came to speak of another site, and the day: their units stay. `kept_open`
    says on which days how many seemed absent and were not closed, because the day does not tell absence.
    """

    def __init__(
        self,
        region_id: UUID,
        digest: str,
        zone: ZoneInfo,
        homes: Mapping[UUID, Home] | None = None,
        closed: AbstractSet[UUID] = frozenset(),
    ) -> None:
        self._region_id = region_id
        self._digest = digest
        self._zone = zone
        self._homes = dict(homes or {})
        self._closed = closed
        self._sites: dict[UUID, _Site] = {}
        self._defined = Defined()
        self.expected: dict[UUID, Expected] = {}
        self.moved: dict[str, date] = {}
        self.kept_open: dict[date, int] = {}

    def plan(self, day: Day) -> Plan:
        homes = [self._home(row.programme) for row in day.rows]
        for row, home in zip(day.rows, homes, strict=True):
            if self._away(row, home):
                self.moved.setdefault(row.programme.id, day.date)
        operators = self._operators(day.rows, homes)
        shelters = self._shelters(day.rows, homes)
        units = self._units(day.rows, homes)
        turns = self._turns(day)
        counts = [self._count(row, home) for row, home in zip(day.rows, homes, strict=True)]
        begins_at, counted_at = naming.begins_at(day.date, self._zone), naming.counted_at(day.date, self._zone)
        return Plan(str(day.date), begins_at, counted_at, operators, shelters, units, turns, tuple(counts))

    def _home(self, programme: Programme) -> Home:
        unit_id = naming.unit_id(self._region_id, programme.id)
        home = Home(naming.shelter_id(self._region_id, programme), naming.operator_id(self._region_id, programme))
        return self._homes.setdefault(unit_id, home)

    def _away(self, row: Row, home: Home) -> bool:
        return naming.shelter_id(self._region_id, row.programme) != home.shelter_id

    def _operators(self, rows: Sequence[Row], homes: Sequence[Home]) -> tuple[Definition, ...]:
        """Name the operators of homes; one whose programmes all stand with another is not needed."""
        wanted: dict[UUID, Definition] = {}
        for row, home in zip(rows, homes, strict=True):
            programme = row.programme
            if home.operator_id == naming.operator_id(self._region_id, programme):
                name = programme.organisation or f"Organisation {programme.organisation_id}"
                wanted[home.operator_id] = Definition("operators", home.operator_id, {"name": name}, row.line)
        return self._defined.changed(wanted.values())

    def _shelters(self, rows: Sequence[Row], homes: Sequence[Home]) -> tuple[Definition, ...]:
        at: dict[Home, list[Row]] = {}
        for row, home in zip(rows, homes, strict=True):
            at.setdefault(home, []).append(row)
        wanted = []
        for home, there in at.items():
            # What a programme says that has moved away is said of another site, unless nobody stayed.
            telling = [row for row in there if not self._away(row, home)] or there
            for row in telling:
                self._sites[home.shelter_id] = _tell(self._sites.get(home.shelter_id), row.programme, home.operator_id)
            body = self._sites[home.shelter_id].body()
            wanted.append(Definition("shelters", home.shelter_id, body, telling[-1].line))
        return self._defined.changed(wanted)

    def _units(self, rows: Sequence[Row], homes: Sequence[Home]) -> tuple[Definition, ...]:
        wanted = {}
        for row, home in zip(rows, homes, strict=True):
            unit_id = naming.unit_id(self._region_id, row.programme.id)
            wanted[unit_id] = Definition("units", unit_id, unit_body(row.programme, home.shelter_id), row.line)
        capacities = {naming.unit_id(self._region_id, row.programme.id): row.capacity for row in rows}
        # Capacity is a dated change that each count carries, and no reason to define a unit anew.
        changed = self._defined.changed(wanted.values())
        return tuple(replace(one, body=one.body | {"capacity": capacities[one.id]}) for one in changed)

    def _turns(self, day: Day) -> tuple[Turn, ...]:
        """Close what is absent, reopen what came back, be it from before this file."""
        counted = {row.programme.id for row in day.rows}
        turns = [self._reopened(row) for row in day.rows if self._was_closed(row)]
        for unit_id, known in self.expected.items():
            back = known.closed and known.programme.id in counted
            absent = known.programme.id not in counted | day.doubted
            gone = absent and day.tells_absence and not known.closed
            if back or gone:
                turns.append(Turn(unit_id, known.home.operator_id, known.programme.id, closed=gone))
            if absent and not gone and not known.closed:
                self.kept_open[day.date] = self.kept_open.get(day.date, 0) + 1
            doubted = known.programme.id in day.doubted - counted or (absent and not day.tells_absence)
            self.expected[unit_id] = replace(known, closed=gone or (known.closed and not back), doubted=doubted)
        return tuple(turns)

    def _was_closed(self, row: Row) -> bool:
        """Say whether a programme that this file names for the first time was closed by another."""
        unit_id = naming.unit_id(self._region_id, row.programme.id)
        return unit_id in self._closed and unit_id not in self.expected

    def _reopened(self, row: Row) -> Turn:
        unit_id = naming.unit_id(self._region_id, row.programme.id)
        return Turn(unit_id, self._homes[unit_id].operator_id, row.programme.id, closed=False)

    def _count(self, row: Row, home: Home) -> Counted:
        unit_id = naming.unit_id(self._region_id, row.programme.id)
        self.expected[unit_id] = Expected(row.programme, home, row.capacity, row.free, row.out)
        return Counted(
            report_id=naming.report_id(self._digest, row.day, home.shelter_id, row.programme.id),
            shelter_id=home.shelter_id,
            unit_id=unit_id,
            holder_id=home.operator_id,
            line=row.line,
            ref=row.programme.id,
            observed_at=naming.counted_at(row.day, self._zone),
            free=row.free,
            capacity=row.capacity,
            out=row.out,
            night=row.day,
        )


def _tell(site: _Site | None, programme: Programme, operator_id: UUID) -> _Site:
    """Add what a row says of its site. Silence unsays nothing; and what was secret once stays so."""
    secret = is_refuge(programme) or (site is not None and site.secret)
    address = "" if secret else programme.address or (site.address if site else "")
    commune = commune_code(programme.city)
    return _Site(
        operator_id=operator_id,
        name=programme.location or (site.name if site else programme.name) or f"Programme {programme.id}",
        commune=site.commune if site and commune == "unknown" else commune,
        secret=secret,
        address=address,
        external_ref=programme.location_id or (site.external_ref if site else ""),
    )
