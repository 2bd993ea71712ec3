"""Accounting: what became of every row of the file, so that nothing is dropped in silence. Pure.

Rows in the file = applied + superseded + pinned + repeated + refused + those outside the chosen days.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import msgspec

from halte.replay.gathering import Reading

APPLIED, REFUSED, OUTSIDE = "applied", "refused", "outside the chosen days"
# In this order they are told; what else a server may come to answer stands behind them.
_ORDER = (APPLIED, "superseded", "pinned", "repeated", REFUSED)


class Fate(msgspec.Struct, frozen=True, array_like=True):
    """A row that was not applied: what became of it instead, and why. An array, for there may be one for every row."""

    line: int
    day: date
    programme_id: str
    became: str
    reason: str = ""

    def __str__(self) -> str:
        return f"line {self.line} {self.became}{self.reason and f': {self.reason}'}"


@dataclass(slots=True)
class Told:
    """What the server made of the rows it was sent; `steps` are definitions, closings, openings that it refused."""

    tally: dict[str, int] = field(default_factory=dict)
    fates: list[Fate] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)

    def note(self, fate: Fate) -> None:
        self.tally[fate.became] = self.tally.get(fate.became, 0) + 1
        if fate.became != APPLIED:
            self.fates.append(fate)

    def add(self, later: Told) -> None:
        for became, count in later.tally.items():
            self.tally[became] = self.tally.get(became, 0) + count
        self.fates += later.fates
        self.steps += later.steps


@dataclass(frozen=True, slots=True)
class Account:
    """All rows of the file, by what became of them; `fates` are those that were not applied, by line."""

    rows: int
    tally: Mapping[str, int]
    fates: tuple[Fate, ...]

    @property
    def missing(self) -> int:
        """Return how many rows are in the file and not in the account: none, unless we are wrong."""
        return self.rows - sum(self.tally.values())

    def __str__(self) -> str:
        return f"{self.rows} rows in the file = {' + '.join(f'{count} {what}' for what, count in self.tally.items())}"


def balance(reading: Reading, first: date, last: date, told: Told) -> Account:
    """Put what was refused in reading beside what the server told of the days from first to last."""
    whole = Told(dict(told.tally), list(told.fates))
    outside = sum(len(day.rows) for day in reading.days if not first <= day.date <= last)
    for refusal in reading.refused:
        if refusal.day is None or not first <= refusal.day <= last:
            outside += 1
        else:
            whole.note(Fate(refusal.line, refusal.day, refusal.programme_id, REFUSED, refusal.reason))
    known = {what: whole.tally[what] for what in _ORDER if what in whole.tally}
    tally = known | whole.tally | ({OUTSIDE: outside} if outside else {})
    return Account(reading.row_count, tally, tuple(sorted(whole.fates, key=lambda one: one.line)))


def listing(account: Account) -> bytes:
    """Return all rows that were not applied as a CSV file."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(("line", "date", "programme", "became", "reason"))
    writer.writerows((one.line, one.day, one.programme_id, one.became, one.reason) for one in account.fates)
    return stream.getvalue().encode()
