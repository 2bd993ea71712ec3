"""Remembering how far a replay came, so that the next run goes on there: after Ctrl-C, and after a kill -9.

Written whole and put in place after every finished day; a day that was under way is pushed again, with the same ids.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from uuid import UUID

import msgspec

from halte.replay.pushing import Told
from halte.replay.reading import Refusal


class NotOurs(Exception):
    """There is a file at the state's path, and it is not a replay's; the message says which."""


@dataclass(slots=True)
class Progress:
    """Of which file into which region, from which day on, up to which day, and what became of its rows."""

    file: str
    region: UUID
    first: date
    finished: date | None = None
    tally: dict[str, int] = field(default_factory=dict)
    refused: list[Refusal] = field(default_factory=list)

    def finish(self, day: date, told: Told) -> None:
        self.finished = day
        self.tally = dict(Counter(self.tally) + told.tally)
        self.refused += told.refused


def recall(path: Path) -> Progress | None:
    """Return what the last run left; None where there was none."""
    try:
        written = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        return msgspec.json.decode(written, type=Progress)
    except msgspec.MsgspecError:
        # It was put in place whole, so this was never ours: it is not for us to overwrite.
        raise NotOurs(f"{path} is not the state of a replay. Name another file with --state.") from None


def remember(path: Path, progress: Progress) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.part")
    with partial.open("wb") as stream:
        stream.write(msgspec.json.encode(progress))
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(path)
