"""Planning: what each hourly file asks of the server, and what the board must say in the end. Pure.

The source pushes for all sites with one key. A site is its permit number: a new one is another unit, another name under
the same one is the same unit. A site that a file does not name is late, not closed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from halte.replay.comparing import CAPACITY, CONFIRMED_AT, FREE, FRESHNESS, OVER_BY, STATUS, STUCK
from halte.replay.hourly.gathering import Push
from halte.replay.hourly.reading import Contents, Row, Site
from halte.replay.naming import commune_code, named
from halte.replay.plans import Counted, Defined, Definition, Plan
from halte.visiting.keying import Holder
from inventory.model.freshness import Ageing
from inventory.model.unit import Admits, Allotment, Regime, Turnover

_SOURCE = "Relevé horaire des urgences"
# Emergency rooms are no shelters. What counts is that everybody may come, at any hour, and stays over noon.
_UNIT: Mapping[str, Any] = {
    "name": "Civières",
    "audience": [Admits.EVERYONE.value],
    "allotment": Allotment.PLACE.value,
    # Of the two, the regime whose counts age within hours, as an hourly source's do.
    "regime": Regime.NIGHT.value,
    "turnover": Turnover.CONTINUING.value,
}


def source_id(region: UUID) -> UUID:
    return named(region, "source", _SOURCE)


def shelter_id(region: UUID, permit: str) -> UUID:
    return named(region, "permit", permit, "shelter")


def unit_id(region: UUID, permit: str) -> UUID:
    return named(region, "permit", permit, "unit")


def holder_of(region: UUID, permits: frozenset[str]) -> Holder:
    return Holder(source_id(region), _SOURCE, {shelter_id(region, permit) for permit in permits})


@dataclass(frozen=True, slots=True)
class Rules:
    """What the server goes by: how a count ages, and after how many same words in a row their source is stuck."""

    night: Ageing
    stuck_after: int


@dataclass(slots=True)
class Standing:
    """What the files came to for one site: its newest statement, and how often the source said just that again."""

    holder_id: UUID
    rules: Rules
    site: Site
    said: Row
    at: datetime
    repeats: int = 0
    stuck: bool = False

    @property
    def ref(self) -> str:
        return self.site.permit

    @property
    def name(self) -> str:
        return self.site.name

    @property
    def untold(self) -> bool:
        return False

    def facts(self, now: datetime) -> dict[str, object]:
        return {
            STATUS: "open",
            FREE: self.said.free,
            OVER_BY: self.said.over_by,
            CAPACITY: self.said.capacity,
            CONFIRMED_AT: self.at,
            FRESHNESS: self._freshness((now - self.at).total_seconds()),
            STUCK: "yes" if self.stuck else "no",
        }

    def hear(self, row: Row, arrived_at: datetime) -> None:
        """Take one more statement. The newest stands; of two for the same time the second corrects the first."""
        said = (row.updated_at, row.capacity, row.occupied)
        if said == (self.said.updated_at, self.said.capacity, self.said.occupied):
            self.repeats += 1
            self.stuck = self.stuck or self.repeats + 1 >= self.rules.stuck_after
            return
        self.stuck = False
        at = self.at if row.updated_at == self.said.updated_at else min(row.updated_at, arrived_at)
        if at >= self.at:
            self.said, self.at, self.repeats = row, at, 0

    def _freshness(self, age_s: float) -> str:
        bounds = (
            ("silent", self.rules.night.silent_after_s),
            ("stale", self.rules.night.stale_after_s),
            ("ageing", self.rules.night.aging_after_s),
        )
        return next((word for word, after_s in bounds if age_s >= after_s), "fresh")


class Planner:
    """Folds files in the order of their arrival."""

    def __init__(self, region_id: UUID, rules: Rules) -> None:
        self._region_id = region_id
        self._rules = rules
        self._defined = Defined()
        self._permits: dict[str, str] = {}
        self._last: tuple[str, frozenset[str]] = ("", frozenset())
        self._notes: list[str] = []
        self.expected: dict[UUID, Standing] = {}

    def plan(self, contents: Contents) -> Plan:
        push, rows = contents.push, contents.rows
        for row in rows:
            self._note(row, push)
        operators, shelters = self._define_operators(rows), self._define_shelters(rows)
        units = self._define_units(rows)
        counts = tuple(self._count(row, push, contents.digest) for row in rows)
        if contents.row_count:
            self._last = push.name, frozenset(row.site.permit for row in rows)
        else:
            self._notes.append(f"{push.name} is empty: a push with nothing in it")
        return Plan(
            push.name,
            # A definition states a capacity, too: it must not be newer than the first row's.
            min([push.arrived_at, *(row.updated_at for row in rows)]) if units else push.arrived_at,
            push.arrived_at,
            operators,
            shelters,
            units,
            counts=counts,
            in_own_time=False,
        )

    def notes(self) -> Iterator[str]:
        yield from self._notes
        name, permits = self._last
        late = [one for one in self.expected.values() if one.site.permit not in permits]
        if late:
            yield f"{len(late)} units say nothing in {name}: their counts age, and nobody closes them"

    def _note(self, row: Row, push: Push) -> None:
        """Note a site that is called otherwise, and a name that stands under another permit."""
        site = row.site
        known = self.expected.get(unit_id(self._region_id, site.permit))
        if known is not None:
            if known.site.name != site.name:
                self._notes.append(f"permit {site.permit} is {site.name} since {push.name}, and was {known.site.name}")
            known.site = site
        former = self._permits.setdefault(site.name, site.permit)
        if former != site.permit:
            self._notes.append(f"{site.name} is permit {site.permit} since {push.name}, and was {former}: another unit")
            self._permits[site.name] = site.permit

    def _define_operators(self, rows: tuple[Row, ...]) -> tuple[Definition, ...]:
        wanted = {}
        for row in rows:
            id = self._operator_id(row.site)
            wanted[id] = Definition("operators", id, {"name": row.site.establishment}, row.line)
        return self._defined.changed(wanted.values())

    def _define_shelters(self, rows: tuple[Row, ...]) -> tuple[Definition, ...]:
        return self._defined.changed(
            Definition("shelters", shelter_id(self._region_id, row.site.permit), self._shelter(row.site), row.line)
            for row in rows
        )

    def _define_units(self, rows: tuple[Row, ...]) -> tuple[Definition, ...]:
        """Define what was never named; capacity is a dated change that each count carries after that."""
        new = [row for row in rows if unit_id(self._region_id, row.site.permit) not in self.expected]
        return tuple(
            Definition("units", unit_id(self._region_id, row.site.permit), self._unit(row), row.line) for row in new
        )

    def _operator_id(self, site: Site) -> UUID:
        return named(self._region_id, "establishment", site.establishment.casefold())

    def _shelter(self, site: Site) -> dict[str, Any]:
        return {
            "operator": str(self._operator_id(site)),
            "name": site.name,
            "commune": commune_code(site.region),
            "external_ref": site.permit,
        }

    def _unit(self, row: Row) -> dict[str, Any]:
        shelter = str(shelter_id(self._region_id, row.site.permit))
        return {**_UNIT, "shelter": shelter, "external_ref": row.site.permit, "capacity": row.capacity}

    def _count(self, row: Row, push: Push, digest: str) -> Counted:
        permit = row.site.permit
        unit, shelter = unit_id(self._region_id, permit), shelter_id(self._region_id, permit)
        if known := self.expected.get(unit):
            known.hear(row, push.arrived_at)
        else:
            at = min(row.updated_at, push.arrived_at)
            self.expected[unit] = Standing(source_id(self._region_id), self._rules, row.site, row, at)
        return Counted(
            report_id=named(shelter, "report", push.name, push.arrived_at.isoformat(), digest),
            shelter_id=shelter,
            unit_id=unit,
            holder_id=source_id(self._region_id),
            line=row.line,
            ref=permit,
            observed_at=row.updated_at,
            free=row.free,
            over_by=row.over_by,
            capacity=row.capacity,
        )
