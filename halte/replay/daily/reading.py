"""Reading the City of Toronto's "Daily Shelter & Overnight Service Occupancy & Capacity": lines to rows. Pure.

Columns are found by name, never by position. A row that cannot be meant is refused with its line, and with as much of
its date and programme as can be told. A line is a row: a stray quote spoils one row, not the rest of the file.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from halte.replay.steps import NotThisFile
from inventory.importing.reading import clean

NEEDED = ("OCCUPANCY_DATE", "ORGANIZATION_ID", "ORGANIZATION_NAME", "LOCATION_NAME", "PROGRAM_ID", "PROGRAM_NAME")
_BED = ("CAPACITY_FUNDING_BED", "UNOCCUPIED_BEDS", "UNAVAILABLE_BEDS")
_ROOM = ("CAPACITY_FUNDING_ROOM", "UNOCCUPIED_ROOMS", "UNAVAILABLE_ROOMS")
# Spreadsheets write 12 as 12.0.
_WHOLE = re.compile(r"(-?)([0-9]{1,9})(?:\.0*)?", re.ASCII)
_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ].*)?", re.ASCII)
_YEARS = range(2000, 2200)
_LABEL_MAX = 200


class _Unfit(Exception):
    """This row cannot be meant; the message says why."""


@dataclass(frozen=True, slots=True)
class Programme:
    """What a row says a programme is. Empty: not said."""

    id: str
    name: str
    organisation_id: str
    organisation: str
    location_id: str
    location: str
    address: str
    city: str
    sector: str
    model: str
    service: str
    area: str
    rooms: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One programme on one day, in places or in rooms; `people` is how many slept there, where the row tells it."""

    line: int
    day: date
    programme: Programme
    capacity: int
    free: int
    out: int
    people: int | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that was not taken, and why. `day` is None, `programme_id` empty where the row does not tell it."""

    line: int
    day: date | None
    programme_id: str
    reason: str


def read_rows(lines: Iterable[str]) -> Iterator[Row | Refusal]:
    """Yield every row as it was meant, or why it was not taken."""
    numbered = enumerate(lines, start=1)
    reader = _Reader(_columns(_header(numbered)))
    for number, line in numbered:
        if line.strip():
            yield reader.read(number, line)


def _header(numbered: Iterable[tuple[int, str]]) -> list[str]:
    number, line = next(((number, line) for number, line in numbered if line.strip()), (0, ""))
    if not number:
        raise NotThisFile("The file is empty.")
    if "\0" in line or "\ufffd" in line:
        raise NotThisFile("The file is not a text in UTF-8: an occupancy file as CSV is needed.")
    try:
        return _fields(line)
    except csv.Error as error:
        raise NotThisFile(
            f"Line {number} should name the columns, and is not a line of a CSV file ({error})."
        ) from None


def _columns(header: Sequence[str]) -> dict[str, int]:
    names = [name.strip().upper() for name in header]
    missing = [name for name in NEEDED if name not in names]
    if missing:
        raise NotThisFile(f"This is no daily occupancy file of Toronto's: it has no column {', '.join(missing)}.")
    if not set(names) >= set(_BED) and not set(names) >= set(_ROOM):
        raise NotThisFile(f"The file has neither the columns {', '.join(_BED)} nor {', '.join(_ROOM)}.")
    doubled = sorted({name for name in names if name and names.count(name) > 1})
    if doubled:
        raise NotThisFile(f"The file has two columns named {', '.join(doubled)}.")
    return {name: place for place, name in enumerate(names)}


@dataclass(slots=True)
class _Reader:
    """What was read so far: to see a key come twice, and to share what most rows say again."""

    columns: dict[str, int]
    seen: dict[tuple[date, str], int] = field(default_factory=dict)
    programmes: dict[Programme, Programme] = field(default_factory=dict)

    def read(self, number: int, line: str) -> Row | Refusal:
        cells: dict[str, str] = {}
        day = None
        try:
            cells = self._cells(line)
            day = _date(cells["OCCUPANCY_DATE"])
            return self._row(number, day, cells)
        except _Unfit as unfit:
            return Refusal(number, day, cells.get("PROGRAM_ID", ""), str(unfit))

    def _cells(self, line: str) -> dict[str, str]:
        try:
            fields = _fields(line)
        except csv.Error as error:
            raise _Unfit(f"not a row of a CSV file ({error})") from None
        if len(fields) != len(self.columns):
            raise _Unfit(f"{len(fields)} columns where the header has {len(self.columns)}")
        return {name: clean(fields[place])[:_LABEL_MAX] for name, place in self.columns.items()}

    def _row(self, number: int, day: date, cells: dict[str, str]) -> Row:
        programme_id = cells["PROGRAM_ID"]
        if not programme_id:
            raise _Unfit("PROGRAM_ID is blank")
        if first := self.seen.get((day, programme_id)):
            raise _Unfit(f"programme {programme_id} stands already in line {first} on {day}")
        rooms = _in_rooms(cells)
        capacity, free, out = (_number(name, cells) for name in (_ROOM if rooms else _BED))
        programme = _programme(cells, rooms=rooms)
        self.seen[day, programme_id] = number
        told = _WHOLE.fullmatch(cells.get("SERVICE_USER_COUNT", ""))
        people = int(told[2]) if told and not told[1] else None
        return Row(number, day, self.programmes.setdefault(programme, programme), capacity, free, out, people)


def _programme(cells: dict[str, str], *, rooms: bool) -> Programme:
    if not cells["ORGANIZATION_ID"] and not cells["ORGANIZATION_NAME"]:
        raise _Unfit("neither ORGANIZATION_ID nor ORGANIZATION_NAME is given")
    address = ", ".join(filter(None, (cells.get("LOCATION_ADDRESS", ""), cells.get("LOCATION_POSTAL_CODE", ""))))
    return Programme(
        id=cells["PROGRAM_ID"],
        name=cells["PROGRAM_NAME"],
        organisation_id=cells["ORGANIZATION_ID"],
        organisation=cells["ORGANIZATION_NAME"],
        location_id=cells.get("LOCATION_ID", ""),
        location=cells["LOCATION_NAME"],
        # A postal code alone is not an address.
        address=address if cells.get("LOCATION_ADDRESS") else "",
        city=cells.get("LOCATION_CITY", ""),
        sector=cells.get("SECTOR", ""),
        model=cells.get("PROGRAM_MODEL", ""),
        service=cells.get("OVERNIGHT_SERVICE_TYPE", ""),
        area=cells.get("PROGRAM_AREA", ""),
        rooms=rooms,
    )


def _in_rooms(cells: dict[str, str]) -> bool:
    """Say in which columns the row's numbers stand; CAPACITY_TYPE decides only where both are filled."""
    beds, rooms = (any(cells.get(name) for name in names) for names in (_BED, _ROOM))
    if not beds and not rooms:
        raise _Unfit("no number, neither of beds nor of rooms")
    if beds and rooms:
        return cells.get("CAPACITY_TYPE", "").lower().startswith("room")
    return rooms


def _number(name: str, cells: dict[str, str]) -> int:
    written = cells.get(name, "")
    if not written:
        raise _Unfit(f"{name} is blank")
    match = _WHOLE.fullmatch(written)
    if match is None:
        raise _Unfit(f"{name} is not a whole number: {written[:40]!r}")
    if match[1]:
        raise _Unfit(f"{name} is negative: {written}")
    return int(match[2])


def _date(written: str) -> date:
    match = _DATE.fullmatch(written)
    try:
        day = date.fromisoformat(match[1] if match else "")
    except ValueError:
        raise _Unfit(f"OCCUPANCY_DATE is not a date: {written[:40]!r}") from None
    if day.year not in _YEARS:
        raise _Unfit(f"OCCUPANCY_DATE is not of this time: {day}")
    return day


def _fields(line: str) -> list[str]:
    return next(csv.reader([line], strict=True), [])
