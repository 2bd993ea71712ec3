"""The mapping: which column of a file says what, as a small TOML file. docs/importing.md is its reference.

Strict: a word that is not known is refused by its place, because a misspelt field would silently not be imported.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Annotated, Any, Literal, TypeAlias
from zoneinfo import ZoneInfo, available_timezones

import msgspec
from msgspec import UNSET, UnsetType

from inventory.importing.faults import Unusable
from inventory.importing.shaping import Told

MAPPING_MAX_BYTES = 256 * 1024
# Of a number in the mapping: longer ones take long to write down as digits, and nobody means them.
_NUMBER_MAX = 10**15 - 1

_Column = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
_Columns = Annotated[list[_Column], msgspec.Meta(min_length=1, max_length=10)]
# What TOML can say; it is read as if it stood in a cell.
Given: TypeAlias = str | int | float | bool | list[str] | date | datetime | time


class _Strict(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    pass


class Field(_Strict, frozen=True):
    """Where a value comes from: one column, several joined, the first that is not blank, or always the same."""

    column: _Column | None = None
    columns: _Columns | None = None
    first: _Columns | None = None
    constant: Any = UNSET
    # What stands in a cell -> what it means. `otherwise` is for what is not among them, `blank` for an empty cell.
    values: dict[str, Any] = {}
    otherwise: Any = UNSET
    blank: Any = UNSET
    # For instants of which the file has the date only.
    time: time | None = None
    days_later: Annotated[int, msgspec.Meta(ge=0, le=7)] = 0

    def __post_init__(self) -> None:
        ways = [self.column, self.columns, self.first, None if self.constant is UNSET else self.constant]
        if sum(way is not None for way in ways) != 1:
            raise ValueError("say exactly one of `column`, `columns`, `first` and `constant`")
        for given in (self.constant, self.otherwise, self.blank, *self.values.values()):
            _check_given(given)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that are looked at."""
        return (self.column,) if self.column else tuple(self.columns or self.first or ())


def _check_given(given: Any) -> None:
    one_of = str | int | float | bool | date | datetime | time | UnsetType
    if isinstance(given, list) and all(isinstance(one, str) for one in given):
        return
    if isinstance(given, int) and abs(given) > _NUMBER_MAX:
        raise ValueError("a number has 15 digits at most")
    if not isinstance(given, one_of):
        raise ValueError("a value is a text, a number, true or false, a date, or a list of texts")  # noqa: TRY004


Source: TypeAlias = _Column | _Columns | Field


class FileTable(_Strict, frozen=True):
    encoding: str | None = None
    separator: Annotated[str, msgspec.Meta(min_length=1, max_length=1)] | None = None
    header_line: Annotated[int, msgspec.Meta(ge=1, le=1_000)] | None = None
    decimal: Literal[".", ","] | None = None
    dates: Literal["dmy", "mdy", "ymd"] | None = None
    timezone: str | None = None

    def __post_init__(self) -> None:
        if self.timezone is not None and self.timezone not in available_timezones():
            raise ValueError("`timezone` is written like Europe/Brussels")

    @property
    def told(self) -> Told:
        return Told(self.encoding, self.separator, self.header_line, self.decimal, self.dates)

    @property
    def zone(self) -> ZoneInfo | None:
        return None if self.timezone is None else ZoneInfo(self.timezone)


class RowsTable(_Strict, frozen=True):
    """Which rows are meant: all that have one of these values in each of these columns, and none of those."""

    only: dict[str, list[str]] = {}
    skip: dict[str, list[str]] = {}


class OperatorTable(_Strict, frozen=True):
    id: Source
    name: Source | None = None


class ShelterTable(_Strict, frozen=True):
    id: Source
    operator: Source | None = None
    name: Source | None = None
    commune: Source | None = None
    secret: Source | None = None
    invented: Source | None = None
    closed: Source | None = None
    address: Source | None = None
    latitude: Source | None = None
    longitude: Source | None = None
    phone: Source | None = None
    languages: Source | None = None
    opens: Source | None = None
    closes: Source | None = None
    intake_from: Source | None = None
    intake_to: Source | None = None


class UnitTable(_Strict, frozen=True):
    id: Source
    shelter: Source | None = None
    name: Source | None = None
    audience: Source | None = None
    capacity: Source | None = None
    allotment: Source | None = None
    regime: Source | None = None
    turnover: Source | None = None
    room_size: Source | None = None
    age_min: Source | None = None
    age_max: Source | None = None
    party_min: Source | None = None
    party_max: Source | None = None
    step_free: Source | None = None
    pets: Source | None = None
    tolerance: Source | None = None
    medical_care: Source | None = None
    max_stay_nights: Source | None = None
    surge: Source | None = None
    expires_at: Source | None = None
    # What becomes of a unit of this source that the file does not name.
    absent: Literal["keep", "close"] = "keep"
    # "reference": the units are not this source's; they are found by their `external_ref`, whoever defined them.
    known_by: Literal["source", "reference"] = "source"


class CountTable(_Strict, frozen=True):
    free: Source | None = None
    occupied: Source | None = None
    over_by: Source | None = None
    out_of_service: Source | None = None
    out_reason: Source | None = None
    out_until: Source | None = None
    paused: Source | None = None
    observed_at: Source | None = None
    night: Source | None = None

    def __post_init__(self) -> None:
        if (self.free is None) == (self.occupied is None):
            raise ValueError("say either `free` or `occupied`")


class MappingFile(_Strict, frozen=True):
    source: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}\Z")]
    file: FileTable = FileTable()
    rows: RowsTable = RowsTable()
    operator: OperatorTable | None = None
    shelter: ShelterTable | None = None
    unit: UnitTable | None = None
    count: CountTable | None = None

    def __post_init__(self) -> None:
        if self.operator is None and self.shelter is None and self.unit is None:
            raise ValueError("say at least one of [operator], [shelter] and [unit]")
        if self.count is not None and self.unit is None:
            raise ValueError("[count] needs [unit] with its `id`: a count is of a unit")
        if self.unit is not None and self.unit.known_by == "reference":
            told = {name for name in self.unit.__struct_fields__ if getattr(self.unit, name) is not None}
            if told != {"id", "absent", "known_by"} or self.unit.absent != "keep" or self.shelter or self.operator:
                raise ValueError('with `known_by = "reference"` a file says `id` of [unit] and a [count], no more')


@dataclass(frozen=True, slots=True)
class NounFields:
    """One noun as the mapping has it: where its id and each of its fields come from."""

    noun: str
    id: Field
    fields: Mapping[str, Field]


@dataclass(frozen=True, slots=True)
class FileMapping:
    """The mapping, ready to be used."""

    source: str
    told: Told
    zone: ZoneInfo | None
    only: Mapping[str, frozenset[str]]
    skip: Mapping[str, frozenset[str]]
    nouns: tuple[NounFields, ...]
    count: Mapping[str, Field] | None
    close_absent: bool
    by_reference: bool

    def noun(self, name: str) -> NounFields | None:
        return next((one for one in self.nouns if one.noun == name), None)

    def columns(self) -> Iterator[tuple[str, str]]:
        """Yield every column that is named, and by what."""
        for noun in self.nouns:
            for field, source in {"id": noun.id, **noun.fields}.items():
                yield from ((name, f"{noun.noun}.{field}") for name in source.names)
        for field, source in (self.count or {}).items():
            yield from ((name, f"count.{field}") for name in source.names)
        yield from ((name, "rows.only") for name in self.only)
        yield from ((name, "rows.skip") for name in self.skip)


_NOT_FIELDS = {"id", "absent", "known_by"}


def read_mapping(text: bytes) -> FileMapping:
    """Return what a mapping file says; raise Unusable where it cannot be meant."""
    if len(text) > MAPPING_MAX_BYTES:
        raise Unusable("mapping-too-large", most_kb=MAPPING_MAX_BYTES // 1024)
    try:
        # A BOM is what some editors put before it.
        body = msgspec.convert(tomllib.loads(text.decode("utf-8-sig")), MappingFile)
    except msgspec.ValidationError as error:
        why, _, where = str(error).partition(" - at ")
        raise Unusable("mapping-invalid", where=where.strip("`").removeprefix("$.") or "mapping", why=why) from None
    except (ValueError, RecursionError) as error:
        # A ValueError is whatever is no TOML, no UTF-8, or a number of more digits than Python reads.
        raise Unusable("mapping-not-toml", why=str(error)) from None
    unit = body.unit
    return FileMapping(
        source=body.source,
        told=body.file.told,
        zone=body.file.zone,
        only={name: frozenset(map(_folded, wanted)) for name, wanted in body.rows.only.items()},
        skip={name: frozenset(map(_folded, wanted)) for name, wanted in body.rows.skip.items()},
        nouns=tuple(
            NounFields(noun, _field(table.id), _fields(table))
            for noun, table in (("operator", body.operator), ("shelter", body.shelter), ("unit", unit))
            if table is not None
        ),
        count=None if body.count is None else _fields(body.count),
        close_absent=unit is not None and unit.absent == "close",
        by_reference=unit is not None and unit.known_by == "reference",
    )


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _fields(table: msgspec.Struct) -> dict[str, Field]:
    sources = {name: getattr(table, name) for name in table.__struct_fields__ if name not in _NOT_FIELDS}
    return {name: _field(source) for name, source in sources.items() if source is not None}


def _field(source: str | list[str] | Field) -> Field:
    if isinstance(source, str):
        return Field(column=source)
    return Field(columns=source) if isinstance(source, list) else source
