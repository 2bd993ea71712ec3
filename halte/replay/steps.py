"""Steps: a source cut into what is pushed one after the other, and what became of its rows. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import msgspec

APPLIED, REFUSED = "applied", "refused"


class NotThisFile(Exception):
    """What lies at the path is not what it should be; the message says why."""


class Fate(msgspec.Struct, frozen=True, array_like=True):
    """A row that was not applied: what became of it instead, and why. An array, for there may be one for every row.

    `step` is the day or the file it stands in, `ref` what it calls its unit.
    """

    line: int
    step: str
    ref: str
    became: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """A day, or a file: so many rows to push, and what became of the others when they were read."""

    name: str
    date: date
    rows: int
    asides: tuple[Fate, ...] = ()


@dataclass(frozen=True, slots=True)
class Words:
    """What a kind of source calls its parts: its steps, one of them, what a row is about, and itself."""

    steps: str
    step: str
    ref: str
    source: str
    # Whether a line's number alone says which line it is.
    one_file: bool = True
    # What is set aside by design: listed, and not shown one by one.
    routine: frozenset[str] = frozenset()
