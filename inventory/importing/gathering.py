"""Gathering: what a file's rows say of operators, shelters, units and counts, each with the line that says it. Pure.

Several rows may speak of one operator or shelter; where they contradict each other, the later row is a fault. A unit
stands in one row: named twice, neither is taken. Rows are told apart by ids, never by their position.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import UNSET

from inventory.importing.faults import Fault, Unusable
from inventory.importing.mapping import Field, FileMapping, NounFields
from inventory.importing.reading import Row, clean
from inventory.importing.shaping import Shape
from inventory.importing.values import READERS, Manner, Unfit, shown, text

# What one import may bring: measured against the database's timeouts, see docs/decisions/0009.
SUBJECTS_MAX = 5_000
FAULTS_MAX = 1_000

_JOINTS = {"id": " / ", "operator": " / ", "shelter": " / ", "address": ", "}


@dataclass(slots=True)
class Told:
    """What the file says of one thing: only the fields that the mapping names; None where the cell is blank."""

    noun: str
    ref: str
    line: int
    values: dict[str, Any] = field(default_factory=dict)
    # The id of the operator of a shelter, of the shelter of a unit.
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class ToldCount:
    """What a row says of how many are free in one unit."""

    ref: str
    line: int
    values: Mapping[str, Any]


@dataclass(slots=True)
class Gathered:
    operators: dict[str, Told] = field(default_factory=dict)
    shelters: dict[str, Told] = field(default_factory=dict)
    units: dict[str, Told] = field(default_factory=dict)
    counts: dict[str, ToldCount] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    # Beyond those that are listed.
    faults_more: int = 0
    rows: int = 0
    left_out: int = 0
    # Units whose row was refused: they were there. And whether there were rows that do not tell their unit.
    doubted: set[str] = field(default_factory=set)
    blind: bool = False

    def refuse(self, fault: Fault) -> None:
        if len(self.faults) < FAULTS_MAX:
            self.faults.append(fault)
        else:
            self.faults_more += 1

    def of(self, noun: str) -> dict[str, Told]:
        return {"operator": self.operators, "shelter": self.shelters, "unit": self.units}[noun]


class _Refused(Exception):
    """This row is not taken."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.what)
        self.fault = fault


def gather(items: Iterable[Row | Fault], shape: Shape, mapping: FileMapping, zone: ZoneInfo) -> Gathered:
    """Read all rows as the mapping says. Raises Unusable where the mapping names a column that the file has not."""
    _check_columns(shape, mapping)
    gatherer = _Gatherer(mapping, Manner.of(shape, mapping.zone or zone))
    for item in items:
        gatherer.take(item)
    return gatherer.done()


def _check_columns(shape: Shape, mapping: FileMapping) -> None:
    known = {name for name in shape.columns if name}
    for column, field_name in mapping.columns():
        if clean(column) not in known:
            listed = ", ".join(name for name in shape.columns[:40] if name)
            raise Unusable("column-missing", column=column, field=field_name, columns=listed)


class _Gatherer:
    def __init__(self, mapping: FileMapping, manner: Manner) -> None:
        self._mapping = mapping
        self._manner = manner
        self._gathered = Gathered()
        self._twice: dict[str, int] = {}
        self._full = False
        self._folded: dict[int, Mapping[str, Any]] = {}

    def take(self, item: Row | Fault) -> None:
        told = self._gathered
        if isinstance(item, Fault):
            told.rows += 1
            told.blind = True
            told.refuse(item)
            return
        if not self._is_meant(item):
            told.left_out += 1
            return
        told.rows += 1
        if self._full:
            return
        try:
            self._read(item)
        except _Refused as refused:
            told.refuse(refused.fault)
            self._doubt(item)

    def done(self) -> Gathered:
        """Drop units that stand in two rows: nobody knows which of them is meant."""
        told = self._gathered
        for ref in self._twice:
            told.units.pop(ref, None)
            told.counts.pop(ref, None)
            told.doubted.add(ref)
        return told

    def _is_meant(self, row: Row) -> bool:
        def cell(name: str) -> str:
            return row.cells[clean(name)].casefold()

        mapping = self._mapping
        return all(cell(name) in wanted for name, wanted in mapping.only.items()) and not any(
            cell(name) in unwanted for name, unwanted in mapping.skip.items()
        )

    def _doubt(self, row: Row) -> None:
        unit = self._mapping.noun("unit")
        if unit is None:
            return
        ref = _cell(row, unit.id, "id")
        if ref:
            self._gathered.doubted.add(ref)
        else:
            self._gathered.blind = True

    def _read(self, row: Row) -> None:
        """Read everything of a row before anything of it is taken."""
        refs = {noun.noun: self._ref(row, noun) for noun in self._mapping.nouns}
        read = [self._told(row, noun, refs) for noun in self._mapping.nouns]
        count = self._count(row, refs["unit"]) if self._mapping.count is not None else None
        merged = [self._merged(told) for told in read]
        if any(told.noun == "unit" and told.ref in self._gathered.units for told in read):
            ref = refs["unit"]
            self._twice.setdefault(ref, self._gathered.units[ref].line)
            raise _Refused(Fault(row.line, "doubled-id", {"id": shown(ref), "first": self._twice[ref]}))
        for told in merged:
            known = self._gathered.of(told.noun)
            if told.ref not in known and len(known) >= SUBJECTS_MAX:
                self._full = True
                raise _Refused(Fault(row.line, "too-many", {"noun": told.noun, "most": SUBJECTS_MAX}))
        for told in merged:
            self._gathered.of(told.noun)[told.ref] = told
        if count is not None:
            self._gathered.counts[count.ref] = count

    def _ref(self, row: Row, noun: NounFields) -> str:
        where = f"{noun.noun}.id"
        ref = self._value(row, where, noun.id, text)
        if ref is None:
            raise _Refused(Fault(row.line, "blank-id", {"field": where, "column": _columns(noun.id)}))
        return str(ref)

    def _told(self, row: Row, noun: NounFields, refs: Mapping[str, str]) -> Told:
        readers = READERS[noun.noun]
        values = {
            name: self._value(row, f"{noun.noun}.{name}", source, readers[name]) for name, source in noun.fields.items()
        }
        above = {"shelter": "operator", "unit": "shelter"}.get(noun.noun, "")
        parent = values.pop(above, None) or refs.get(above)
        return Told(noun.noun, refs[noun.noun], row.line, values, parent)

    def _merged(self, told: Told) -> Told:
        """Add what a row says to what earlier rows said of the same thing; silence unsays nothing."""
        known = self._gathered.of(told.noun).get(told.ref)
        if known is None or told.noun == "unit":
            return told
        values = dict(known.values)
        for name, value in (*told.values.items(), (_ABOVE[told.noun], told.parent)):
            before = known.parent if name == _ABOVE[told.noun] else values.get(name)
            if value is None or before == value:
                continue
            if before is not None:
                facts = {"noun": told.noun, "id": shown(told.ref), "field": f"{told.noun}.{name}", "first": known.line}
                facts |= {"one": shown(str(before)), "other": shown(str(value))}
                raise _Refused(Fault(told.line, "contradiction", facts))
            values[name] = value
        values.pop(_ABOVE[told.noun], None)
        return Told(told.noun, told.ref, known.line, values, known.parent or told.parent)

    def _count(self, row: Row, ref: str) -> ToldCount | None:
        sources, readers = self._mapping.count or {}, READERS["count"]
        values = {name: self._value(row, f"count.{name}", source, readers[name]) for name, source in sources.items()}
        # Whose number is blank said nothing, not even that it was looked at.
        spoke = any(values.get(name) is not None for name in ("free", "occupied", "out_of_service", "paused"))
        return ToldCount(ref, row.line, values) if spoke else None

    def _value(self, row: Row, where: str, source: Field, reader: Any) -> Any:
        """Return what a cell means; None where it is blank."""
        manner = self._manner
        if source.time is not None:
            manner = replace(manner, time=source.time, days_later=source.days_later)
        try:
            cell = self._meant(_cell(row, source, where.partition(".")[2]), source)
            return None if not cell else reader(cell, manner)
        except Unfit as unfit:
            raise _Refused(unfit.fault(row.line, where, _columns(source))) from None

    def _meant(self, cell: str, source: Field) -> str:
        """Translate a cell by the mapping's own words; one that is translated to nothing is blank."""
        if source.constant is not UNSET:
            return self._written(source.constant)
        translated = self._words(source).get(cell.casefold(), UNSET) if source.values else UNSET
        if translated is not UNSET:
            cell = self._written(translated)
        elif cell and source.otherwise is not UNSET:
            cell = self._written(source.otherwise)
        return self._written(source.blank) if not cell and source.blank is not UNSET else cell

    def _words(self, source: Field) -> Mapping[str, Any]:
        """Return a field's own words as cells are compared with them; made once, not for each cell."""
        if id(source) not in self._folded:
            self._folded[id(source)] = {clean(word).casefold(): meant for word, meant in source.values.items()}
        return self._folded[id(source)]

    def _written(self, given: Any) -> str:
        """Write what TOML says as a cell of this file would say it."""
        match given:
            case bool():
                return "yes" if given else "no"
            case float():
                return str(given).replace(".", self._manner.decimal or ".")
            case list():
                return ",".join(given)
            case datetime() | date() | time():
                return given.isoformat()
            case _:
                return clean(str(given))


_ABOVE = {"operator": "", "shelter": "operator", "unit": "shelter"}


def _columns(source: Field) -> str:
    return " + ".join(map(clean, source.names))


def _cell(row: Row, source: Field, field_name: str) -> str:
    cells: Iterator[str] = (row.cells[clean(name)] for name in source.names)
    if source.first is not None:
        return next(filter(None, cells), "")
    return _JOINTS.get(field_name, " ").join(filter(None, cells))
