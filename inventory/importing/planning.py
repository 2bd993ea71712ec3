"""Planning: what a file would change in the region, before anything is written. Pure.

Things are matched by their ids alone. What the mapping does not name stays as the region has it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from hashlib import blake2b
from typing import Any, TypeVar
from uuid import UUID

from inventory.defining import CloseUnit, DefineOperator, DefineShelter, DefineUnit
from inventory.importing.counting import count_of
from inventory.importing.faults import Fault
from inventory.importing.gathering import Gathered, Told
from inventory.importing.knowing import KnownRegion, KnownUnit
from inventory.importing.mapping import FileMapping
from inventory.importing.naming import id_of, source_id
from inventory.importing.values import Unfit, shown
from inventory.model.unit import Allotment, Operator, Regime, Shelter, Turnover, Unit
from inventory.reporting import Report

T = TypeVar("T", Operator, Shelter, Unit)

# Fields of which a thing must have a value: for these, blank is not "unknown".
_NEVER_UNKNOWN: Mapping[str, frozenset[str]] = {
    "operator": frozenset({"name"}),
    "shelter": frozenset({"name", "commune", "secret", "invented", "closed"}),
    "unit": frozenset({"name", "audience", "capacity", "allotment", "regime", "turnover", "party_min", "surge"}),
}
# And those that nobody may leave out when a thing is new.
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "operator": ("name",),
    "shelter": ("name", "commune"),
    "unit": ("name", "audience", "capacity"),
}
_NEW_UNIT = {"allotment": Allotment.PLACE, "regime": Regime.NIGHT, "turnover": Turnover.NIGHTLY}
_PLACE = frozenset({"operator_id", "commune", "address", "latitude", "longitude"})
# What Halte has of a secret shelter an administrator reads elsewhere, where each look is noted, and not here (I11).
_SECRET = frozenset({"address", "latitude", "longitude", "phone", "capacity"})
_UNSAID = "(secret)"
_NOTHING = UUID(int=0)
_HIDDEN = frozenset({"id", "region_id", "external_ref"})


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that would change, in words: `what` is of new, renamed, moved, changed, vanished, closed, reopened."""

    line: int | None
    noun: str
    ref: str
    id: UUID
    name: str
    what: tuple[str, ...]
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """One work of the transaction, the line that asks for it, and what it was decided on."""

    line: int | None
    work: Any
    before: Operator | Shelter | Unit | None = None
    # Of a unit that is there: feeds change it too.
    capacity: int | None = None


@dataclass(slots=True)
class Plan:
    source: UUID
    changes: list[Change] = field(default_factory=list)
    definitions: list[Step] = field(default_factory=list)
    turns: list[Step] = field(default_factory=list)
    counts: list[Step] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    # How the operators and shelters are called that changes name by their ids.
    names: dict[UUID, str] = field(default_factory=dict)
    unchanged: Counter[str] = field(default_factory=Counter)
    # Counts that somebody has told already, and counts of before what stands.
    told_before: int = 0
    older: int = 0
    # Units that the file does not name and that are left open.
    kept_open: int = 0

    @property
    def steps(self) -> tuple[Step, ...]:
        return (*self.definitions, *self.turns, *self.counts)

    def forget(self, stored: Collection[UUID]) -> None:
        """Leave out counts that have been reported already: applying a file twice changes nothing."""
        left = [step for step in self.counts if step.work.id not in stored]
        self.told_before += len(self.counts) - len(left)
        self.counts = left

    def digest(self, *parts: bytes) -> str:
        """Name exactly this: the file, the mapping, and what they would change."""
        named = blake2b(digest_size=16)
        for part in parts:
            named.update(blake2b(part, digest_size=16).digest())
        for change in self.changes:
            told = (change.id, change.what, sorted(change.before.items()), sorted(change.after.items()))
            named.update(repr(told).encode())
        for step in self.counts:
            named.update(step.work.id.bytes)
        return named.hexdigest()


def plan(gathered: Gathered, mapping: FileMapping, known: KnownRegion, actor_id: UUID) -> Plan:
    planner = _Planner(mapping, known, actor_id)
    for told in gathered.operators.values():
        planner.define("operator", told)
    for told in gathered.shelters.values():
        planner.define("shelter", told)
    for told in gathered.units.values():
        planner.define("unit", told)
    planner.turn(gathered)
    planner.count(gathered)
    return planner.plan


class _Planner:
    def __init__(self, mapping: FileMapping, known: KnownRegion, actor_id: UUID) -> None:
        self._mapping = mapping
        self._known = known
        self._actor_id = actor_id
        self.plan = Plan(source_id(known.id, mapping.source))
        # What there will be, by id: what there is, and what the file adds.
        self._operators = dict(known.operators)
        self._shelters = dict(known.shelters)
        self._units = {id: one for id, one in known.units.items() if not one.removed}
        self._by_reference = self._references() if mapping.by_reference else {}

    def _references(self) -> dict[str, list[UUID]]:
        found: dict[str, list[UUID]] = {}
        for unit_id, one in self._units.items():
            if one.unit.external_ref is not None:
                found.setdefault(one.unit.external_ref, []).append(unit_id)
        return found

    def _id(self, noun: str, ref: str) -> UUID:
        return id_of(self._known.id, self._mapping.source, noun, ref)

    def _unit_id(self, ref: str) -> UUID:
        if not self._mapping.by_reference:
            return self._id("unit", ref)
        found = self._by_reference.get(ref, [])
        if len(found) > 1:
            raise Unfit("reference-ambiguous", id=shown(ref), units=len(found))
        return found[0] if found else self._id("unit", ref)

    def define(self, noun: str, told: Told) -> None:
        """Plan one operator, shelter or unit; what cannot be meant is a fault, and the thing stays as it is."""
        try:
            if noun == "operator":
                self._define_operator(told)
            elif noun == "shelter":
                self._define_shelter(told)
            else:
                self._define_unit(told)
        except Unfit as unfit:
            self.plan.faults.append(Fault(told.line, unfit.what, unfit.facts))

    def _define_operator(self, told: Told) -> None:
        operator_id = self._id("operator", told.ref)
        before = self._known.operators.get(operator_id)
        values = _checked(told, new=before is None)
        after = replace(before, **values) if before else Operator(id=operator_id, region_id=self._known.id, **values)
        self._operators[operator_id] = after
        self._change("operator", told, before, after, DefineOperator(after, self._actor_id))

    def _define_shelter(self, told: Told) -> None:
        shelter_id = self._id("shelter", told.ref)
        before = self._known.shelters.get(shelter_id)
        values = _checked(told, new=before is None)
        if before is not None and before.secret and values.get("secret") is False:
            # Its address would be on the board, and whoever wrote the list need not know that there is one.
            raise Unfit("stays-secret", id=shown(told.ref))
        parent = self._parent("operator", told.parent, self._operators, before.operator_id if before else None)
        if "languages" in values:
            values["languages"] = values["languages"] or ()
        values |= {"operator_id": parent, "external_ref": told.ref}
        after = replace(before, **values) if before else Shelter(id=shelter_id, region_id=self._known.id, **values)
        self._shelters[shelter_id] = after
        self._change("shelter", told, before, after, DefineShelter(after, self._actor_id))

    def _define_unit(self, told: Told) -> None:
        unit_id = self._unit_id(told.ref)
        standing = self._known.units.get(unit_id)
        before = standing.unit if standing and not standing.removed else None
        if before is None and told.parent is None and not told.values:
            raise Unfit("unknown-unit", id=shown(told.ref))
        values = _checked(told, new=before is None)
        capacity = values.pop("capacity", None)
        if capacity is None and standing is not None:
            capacity = standing.capacity
        parent = self._parent("shelter", told.parent, self._shelters, before.shelter_id if before else None)
        if standing is not None and standing.unit.shelter_id != parent:
            self._stays(told, standing, parent)
            parent = standing.unit.shelter_id
        if before is None:
            values = _NEW_UNIT | values
        if not self._mapping.by_reference:
            values["external_ref"] = told.ref
        values["shelter_id"] = parent
        if before is not None and before.surge and values.get("expires_at", before) is None:
            # The end of a running surge is not the file's to take away.
            del values["expires_at"]
        after = replace(before, **values) if before else Unit(id=unit_id, region_id=self._known.id, **values)
        _check_unit(after)
        self._units[unit_id] = (
            replace(standing, unit=after, capacity=capacity) if before and standing else KnownUnit(after, capacity)
        )
        more = ({"capacity": standing.capacity} if before and standing else {}, {"capacity": capacity})
        self._change("unit", told, before, after, DefineUnit(after, capacity, self._actor_id), more)

    def _stays(self, told: Told, standing: KnownUnit, parent: UUID) -> None:
        """A unit never changes its shelter: who slept where would change with it."""
        facts = {"id": shown(told.ref), "unit": standing.unit.name}
        for name, shelter_id in (("here", standing.unit.shelter_id), ("there", parent)):
            shelter = self._shelters.get(shelter_id)
            facts[name] = shelter.name if shelter else "?"
        self.plan.faults.append(Fault(told.line, "unit-moved", facts))

    def _parent(self, noun: str, ref: str | None, there: Mapping[UUID, Any], standing: UUID | None) -> UUID:
        if ref is None:
            if standing is None:
                raise Unfit(f"{noun}-missing")
            return standing
        parent = self._id(noun, ref)
        if parent not in there:
            raise Unfit(f"unknown-{noun}", id=shown(ref))
        return parent

    def _change(
        self,
        noun: str,
        told: Told,
        before: Operator | Shelter | Unit | None,
        after: Operator | Shelter | Unit,
        work: Any,
        more: tuple[Mapping[str, Any], Mapping[str, Any]] = ({}, {}),
    ) -> None:
        was, becomes = _told(before) | dict(more[0]), _told(after) | dict(more[1])
        if before is not None:
            differ = {name for name in becomes if was.get(name) != becomes[name]}
            if not differ:
                self.plan.unchanged[noun] += 1
                return
            was, becomes = ({name: one[name] for name in becomes if name in differ} for one in (was, becomes))
            if self._is_secret(before):
                was |= dict.fromkeys(_SECRET & was.keys(), _UNSAID)
        what = ("new",) if before is None else tuple(_kinds(becomes))
        self.plan.changes.append(Change(told.line, noun, told.ref, after.id, after.name, what, was, becomes))
        self._name(was, becomes)
        self.plan.definitions.append(Step(told.line, work, before, more[0].get("capacity")))

    def _is_secret(self, thing: Operator | Shelter | Unit) -> bool:
        """Tell whether Halte has it as a secret shelter, or as a unit of one: the file cannot take that away."""
        match thing:
            case Shelter():
                return thing.secret
            case Unit():
                shelter = self._known.shelters.get(thing.shelter_id)
                return shelter is not None and shelter.secret
            case _:
                return False

    def _name(self, *values: Mapping[str, Any]) -> None:
        for one in values:
            if operator := self._operators.get(one.get("operator_id", _NOTHING)):
                self.plan.names[operator.id] = operator.name
            if shelter := self._shelters.get(one.get("shelter_id", _NOTHING)):
                self.plan.names[shelter.id] = shelter.name

    def turn(self, gathered: Gathered) -> None:
        """Tell what this source once had and does not name any more; close it where the mapping says so."""
        if self._mapping.noun("shelter") is not None:
            for shelter_id, shelter in self._known.shelters.items():
                ref = shelter.external_ref
                if ref is not None and ref not in gathered.shelters and self._id("shelter", ref) == shelter_id:
                    self._vanished("shelter", ref, shelter, closed=False)
        if self._mapping.noun("unit") is not None and not self._mapping.by_reference:
            for unit_id, one in self._known.units.items():
                ref = one.unit.external_ref
                if not one.removed and ref is not None and self._id("unit", ref) == unit_id:
                    self._turn_unit(ref, one, gathered)

    def _turn_unit(self, ref: str, one: KnownUnit, gathered: Gathered) -> None:
        if ref in gathered.units:
            # Closed because it was absent, it is open because it is back; what a person closed stays closed.
            if one.closed and one.closed_by == self.plan.source and self._mapping.close_absent:
                line = gathered.units[ref].line
                self.plan.changes.append(Change(line, "unit", ref, one.unit.id, one.unit.name, ("reopened",)))
                self.plan.turns.append(Step(line, CloseUnit(one.unit.id, self.plan.source, closed=False)))
            return
        if ref in gathered.doubted:
            return
        close = self._mapping.close_absent and not one.closed
        if close and (gathered.blind or gathered.rows == 0):
            self.plan.kept_open += 1
            close = False
        self._vanished("unit", ref, one.unit, closed=close)
        if close:
            self.plan.turns.append(Step(None, CloseUnit(one.unit.id, self.plan.source, closed=True)))

    def _vanished(self, noun: str, ref: str, thing: Shelter | Unit, *, closed: bool) -> None:
        what = ("vanished", "closed") if closed else ("vanished",)
        self.plan.changes.append(Change(None, noun, ref, thing.id, thing.name, what))

    def count(self, gathered: Gathered) -> None:
        for told in gathered.counts.values():
            try:
                one = self._units.get(self._unit_id(told.ref))
                if one is None:
                    # Why it is not there has been said of its row already.
                    continue
                blind = self._is_secret(one.unit)
                report: Report = count_of(told, one, self._known, self.plan.source, blind=blind)
            except Unfit as unfit:
                self.plan.faults.append(Fault(told.line, unfit.what, unfit.facts))
                continue
            if one.counted_at is not None and report.observed_at is not None and report.observed_at < one.counted_at:
                self.plan.older += 1
            self.plan.counts.append(Step(told.line, report))


def _checked(told: Told, *, new: bool) -> dict[str, Any]:
    """Return what the file says of a thing, where nothing that is needed is blank or left out."""
    for name in _NEEDED[told.noun] if new else ():
        if name not in told.values:
            raise Unfit("field-missing", field=f"{told.noun}.{name}", id=shown(told.ref))
    for name, value in told.values.items():
        if value is None and name in _NEVER_UNKNOWN[told.noun]:
            raise Unfit("blank-field", field=f"{told.noun}.{name}", id=shown(told.ref))
    return dict(told.values)


def _check_unit(unit: Unit) -> None:
    if unit.room_size is not None and unit.allotment is not Allotment.ROOM:
        raise Unfit("room-size-of-places", field="unit.room_size")
    for low, high in (("age_min", "age_max"), ("party_min", "party_max")):
        lowest, highest = getattr(unit, low), getattr(unit, high)
        if lowest is not None and highest is not None and lowest > highest:
            raise Unfit("low-above-high", low=f"unit.{low}", high=f"unit.{high}", lowest=lowest, highest=highest)


def _told(thing: Operator | Shelter | Unit | None) -> dict[str, Any]:
    if thing is None:
        return {}
    return {one.name: getattr(thing, one.name) for one in fields(thing) if one.name not in _HIDDEN}


def _kinds(differ: Collection[str]) -> Iterator[str]:
    if "name" in differ:
        yield "renamed"
    if _PLACE & set(differ):
        yield "moved"
    if set(differ) - _PLACE - {"name"}:
        yield "changed"
