"""Gathering: the rows of a file put into days, in the order of time whatever the order of the file.

A day knows who was there though the row could not be read, and whether absence from it tells anything at all.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from halte.replay.daily.reading import Refusal, Row, read_rows
from halte.replay.steps import NotThisFile

# Stands among the programmes of a day for a row that does not tell its own.
UNTOLD = ""


@dataclass(frozen=True, slots=True)
class Day:
    """`doubted`: programmes that were there that day, in rows that could not be read; UNTOLD for one without a name."""

    date: date
    rows: tuple[Row, ...]
    doubted: frozenset[str] = frozenset()

    @property
    def tells_absence(self) -> bool:
        """Say whether who is not named was not there: a row that could not be read may have named anybody."""
        return bool(self.rows) and UNTOLD not in self.doubted


@dataclass(frozen=True, slots=True)
class Reading:
    """A whole file. `digest` is its identity: a replay of the same bytes is the same replay (I10)."""

    digest: str
    days: tuple[Day, ...]
    refused: tuple[Refusal, ...]

    @property
    def row_count(self) -> int:
        return sum(len(day.rows) for day in self.days) + len(self.refused)


def read_file(path: Path) -> Reading:
    """Read a file whole: it is needed twice, and its identity is that of all of its bytes."""
    if not path.is_file():
        raise NotThisFile(f"{path} is not a file that can be read twice: save it to one first.")
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        days, refused = gather_days(read_rows(lines))
    if not days:
        why = f" Line {refused[0].line}: {refused[0].reason}." if refused else ""
        raise NotThisFile(f"The file has no day in it.{why}")
    return Reading(digest.hexdigest(), days, refused)


def gather_days(items: Iterable[Row | Refusal]) -> tuple[tuple[Day, ...], tuple[Refusal, ...]]:
    """Put rows into days; return these, and what was refused, each with a day if there is any."""
    gathered = _Gathered()
    for item in items:
        gathered.take(item)
    return gathered.days(), tuple(gathered.refused)


class _Gathered:
    def __init__(self) -> None:
        self.refused: list[Refusal] = []
        self._rows: defaultdict[date, list[Row]] = defaultdict(list)
        self._doubted: defaultdict[date, set[str]] = defaultdict(set)
        self._undated: list[Refusal] = []
        self._last: date | None = None

    def take(self, item: Row | Refusal) -> None:
        if item.day is None:
            self._undated.append(item)
            return
        self._place_undated(item.day)
        self._last = item.day
        if isinstance(item, Row):
            self._rows[item.day].append(item)
        else:
            self._doubted[item.day].add(item.programme_id)
            self.refused.append(item)

    def days(self) -> tuple[Day, ...]:
        self._place_undated(None)
        return tuple(
            Day(day, tuple(self._rows.get(day, ())), frozenset(self._doubted.get(day, ())))
            for day in sorted(self._rows.keys() | self._doubted.keys())
        )

    def _place_undated(self, following: date | None) -> None:
        """Count a row without a date to the day it stands behind, and doubt both days that it stands between."""
        for one in self._undated:
            self.refused.append(replace(one, day=self._last or following))
            for day in filter(None, (self._last, following)):
                self._doubted[day].add(one.programme_id)
        self._undated.clear()
