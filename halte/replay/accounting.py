"""Accounting: what became of every row of a source, so that nothing is dropped in silence. Pure.

Rows in the source = applied + superseded + pinned + repeated + refused + set aside + those outside the chosen steps.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from halte.replay.sourcing import Source
from halte.replay.steps import APPLIED, REFUSED, Fate, Step, Words

# In this order they are told; what else a server may come to answer stands behind them.
_ORDER = (APPLIED, "superseded", "pinned", "repeated", REFUSED)


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
    """All rows of a source, by what became of them; `fates` are those that were not applied, in its order."""

    rows: int
    tally: Mapping[str, int]
    fates: tuple[Fate, ...]

    @property
    def missing(self) -> int:
        """Return how many rows are in the source and not in the account: none, unless we are wrong."""
        return self.rows - sum(self.tally.values())


def balance(source: Source, steps: Sequence[Step], told: Told) -> Account:
    """Put what was set aside in reading beside what the server told of the chosen steps."""
    whole = Told(dict(told.tally), list(told.fates))
    order = {step.name: nth for nth, step in enumerate(steps)}
    outside = sum(step.rows + len(step.asides) for step in source.steps if step.name not in order)
    for fate in (fate for step in steps for fate in step.asides):
        whole.note(fate)
    known = {what: whole.tally[what] for what in _ORDER if what in whole.tally}
    tally = known | whole.tally | ({f"outside the chosen {source.words.steps}": outside} if outside else {})
    fates = sorted(whole.fates, key=lambda one: (order[one.step], one.line))
    return Account(source.row_count, tally, tuple(fates))


def listing(account: Account, words: Words) -> bytes:
    """Return all rows that were not applied as a CSV file."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(("line", words.step, words.ref, "became", "reason"))
    writer.writerows((one.line, one.step, one.ref, one.became, one.reason) for one in account.fates)
    return stream.getvalue().encode()
