"""What is remembered of a feed: enough to see it repeat itself, change its mind, or correct what it said (I8)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from inventory.model.story import Run, Said


@dataclass(frozen=True, slots=True)
class FeedMemory:
    """The newest thing a feed said about a unit; `repeats` is how often it has said just that again."""

    free: int | None
    over_by: int | None
    at: datetime
    value_since: datetime
    as_of: datetime | None
    body_hash: bytes
    repeats: int

    @property
    def run(self) -> Run:
        value = None if self.free is None or self.over_by is None else (self.free, self.over_by)
        return Run(value, self.value_since, self.at)


def corrected_at(memory: FeedMemory | None, at: datetime, as_of: datetime | None) -> datetime:
    """Return the time of a line: a second statement of the same as-of may change the number, never the time,
    however long either of them was under way.
    """
    return memory.at if memory is not None and as_of is not None and as_of == memory.as_of else at


def corrects(memory: FeedMemory | None, at: datetime) -> bool:
    """Tell whether a line is of the very instant of its feed's last word."""
    return memory is not None and memory.at == at


def repeat(memory: FeedMemory) -> FeedMemory:
    return replace(memory, repeats=memory.repeats + 1)


def remember(memory: FeedMemory | None, said: Said, run: Run, as_of: datetime | None, body_hash: bytes) -> FeedMemory:
    """Return the memory of a feed after it said `said`; `run` is how long it has been saying its present number."""
    free, over_by = run.value or (None, None)
    if memory is not None and said.at < memory.at:
        if run.value is None or said.far:
            return memory
        return replace(memory, free=free, over_by=over_by, value_since=run.since)
    # A line that came too late to be told anew makes no run longer, and is what the feed said last all the same.
    return FeedMemory(free, over_by, said.at, run.since, as_of, body_hash, 0)
