"""Reading the three files of a folder into one month: occupancy by programme, calls by day, flow by group."""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

from halte.replay.daily.gathering import Day, read_file
from halte.replay.daily.reading import Programme
from halte.replay.steps import NotThisFile

CALLS = "central-intake-wrapup-codes.csv"
_FLOW = "shelter-system-flow*.csv"
_OCCUPANCY = "*snap*.csv"
# Codes of a wrap-up that are a household asking for a place tonight, by how their columns begin.
_REFERRED, _DECLINED, _FAMILIES, _OTHERS = "Code 1A", "Code 1D", "Code 3A", "Code 3B"


@dataclass(frozen=True, slots=True)
class Calls:
    """One day of the central intake: `referred` to a place, `declined` one, turned away as `families` or `others`."""

    referred: int
    declined: int
    families: int
    others: int

    @property
    def asking(self) -> int:
        return self.referred + self.declined + self.families + self.others

    @property
    def family_share(self) -> float:
        """Only those who were turned away are told apart; the others are taken to be as those."""
        unserved = self.families + self.others
        return self.families / unserved if unserved else 0.0


@dataclass(frozen=True, slots=True)
class Flow:
    """One group of the flow file in one month. `leaving` is the share of them that leaves in a day."""

    people: int
    leaving: float
    men: int
    women: int
    neither: int


@dataclass(frozen=True, slots=True)
class Month:
    """`days` begin with the one before the first evening. `calls` has one entry for each evening, in their order."""

    days: tuple[Day, ...]
    calls: tuple[Calls, ...]
    weeks_back: int
    flows: dict[str, Flow]
    room_sizes: dict[str, int]
    family_size: float

    @property
    def evenings(self) -> tuple[date, ...]:
        return tuple(day.date for day in self.days[1:])


def read_month(folder: Path, month: date, weeks_back: int | None, nights: int | None, spare: int) -> Month:
    """Read the nights of one month that have a day before them in the file, or the first `nights` of these."""
    first, last = month.replace(day=1), _next_month(month) - timedelta(days=1)
    reading = read_file(_only(folder, _OCCUPANCY))
    days = tuple(day for day in reading.days if first - timedelta(days=1) <= day.date <= last)
    days = days[: None if nights is None else nights + 1]
    if len(days) < 2 or any(later.date - day.date != timedelta(days=1) for day, later in pairwise(days)):
        raise NotThisFile(f"The occupancy file does not have {month:%Y-%m} without a gap.")
    volumes = _read_calls(_only(folder, CALLS))
    back = _weeks_back(last, max(volumes)) if weeks_back is None else weeks_back
    try:
        calls = tuple(volumes[day.date - timedelta(weeks=back)] for day in days[1:])
    except KeyError as missing:
        raise NotThisFile(f"{CALLS} has no {missing.args[0]}: choose another number of weeks back.") from None
    sizes, family_size = _rooms(days, spare)
    return Month(days, calls, back, _read_flow(_only(folder, _FLOW), first), sizes, family_size)


def _only(folder: Path, pattern: str) -> Path:
    """Return the file of this kind; of several snapshots the last one, by its name."""
    found = sorted(folder.glob(pattern))
    if not found:
        raise NotThisFile(f"{folder} has no file {pattern}.")
    return found[-1]


def _next_month(month: date) -> date:
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)


def _weeks_back(last: date, newest: date) -> int:
    """Return by how many weeks the calls must be older, so that every evening has some, of its own day of the week."""
    return max(0, math.ceil((last - newest).days / 7))


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        yield from csv.DictReader(lines)


def _read_calls(path: Path) -> dict[date, Calls]:
    volumes = {}
    for row in _rows(path):
        codes = [_code(row, code, path) for code in (_REFERRED, _DECLINED, _FAMILIES, _OTHERS)]
        volumes[date.fromisoformat(row["Date"])] = Calls(*codes)
    if not volumes:
        raise NotThisFile(f"{path.name} has no day in it.")
    return volumes


def _code(row: dict[str, str], code: str, path: Path) -> int:
    for name, cell in row.items():
        if name.startswith(code):
            return int(cell or 0)
    raise NotThisFile(f"{path.name} has no column {code}.")


def _read_flow(path: Path, first: date) -> dict[str, Flow]:
    nights = (_next_month(first) - first).days
    flows = {
        row["population_group"]: Flow(
            people := int(row["actively_homeless"]),
            (int(row["moved_to_housing"]) + int(row["became_inactive"])) / people / nights,
            int(row["gender_male"]),
            int(row["gender_female"]),
            int(next(cell for name, cell in row.items() if name.startswith("gender_trans"))),
        )
        for row in _rows(path)
        if row["date(mmm-yy)"] == f"{first:%b-%y}"
    }
    if missing := {"Families", "Youth", "Single Adult"} - flows.keys():
        raise NotThisFile(f"{path.name} does not tell {', '.join(sorted(missing))} for {first:%b-%y}.")
    return flows


def flow_group(programme: Programme) -> str:
    """Return what the flow file calls those who sleep in a programme's sector."""
    return {"families": "Families", "youth": "Youth"}.get(programme.sector.lower(), "Single Adult")


def _rooms(days: tuple[Day, ...], spare: int) -> tuple[dict[str, int], float]:
    """Return for how many a programme's rooms are taken to be, and how many a family is on the mean."""
    people, rooms, families = defaultdict[str, int](int), defaultdict[str, int](int), [0, 0]
    spares = {}
    for row in (row for day in days for row in day.rows if row.programme.rooms and row.people is not None):
        occupied = row.capacity - row.out - row.free
        people[row.programme.id] += row.people or 0
        rooms[row.programme.id] += occupied
        family = flow_group(row.programme) == "Families"
        spares[row.programme.id] = spare if family else 0
        if family:
            families = [families[0] + (row.people or 0), families[1] + occupied]
    sizes = {
        id: math.ceil(people[id] / rooms[id]) + spares[id] for id in people if rooms[id] and people[id] >= rooms[id]
    }
    return sizes, families[0] / families[1] if families[1] else 2.0
