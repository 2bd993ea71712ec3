"""Looking: when the lines of a batch were true, whether they come in order, and how far back the past is needed.

A line that comes in order is told on top of what is known. For one that does not, the lines about
its unit are read again from a little before it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from inventory.model.counting import Spoke, place
from inventory.model.feeds import FeedMemory
from inventory.model.night import night_of
from inventory.model.policy import PIN_MAX_S
from inventory.model.state import Known, Moment
from inventory.model.story import Front

# No line is told anew with those that are newer by more than this (a pin is far shorter): so that a feed that
# catches up on a day does not have a day told again for each of its lines. Such a line is far too late.
RETOLD_WITHIN = timedelta(hours=6)
# No count overrules one that is newer by more than this, whose movements are then read (a settle lag is shorter).
OVERRULED_WITHIN = timedelta(days=2)
# A person this long before a line may still pin it, even by a rule that has been shortened since.
PINS_WITHIN = timedelta(seconds=PIN_MAX_S)


# Nothing waits longer than this for its turn: a stamp that is older was made by a clock that has been set since.
_WAITS_AT_MOST = timedelta(seconds=30)


def received(now: datetime, stamped: datetime | None) -> datetime:
    """Return when something reached us: as it was stamped at the edge, before it waited, and never in the future."""
    return stamped if stamped is not None and now - _WAITS_AT_MOST <= stamped <= now else now


@dataclass(frozen=True, slots=True)
class Look:
    """Who says something of a unit, and when they looked; put on our time line once the locks are had."""

    source_id: UUID
    spoke: Spoke
    received_at: datetime | None
    observed_at: datetime | None
    sent_at: datetime | None
    night: date | None
    lag: timedelta

    def at(self, now: datetime) -> datetime:
        return place(received(now, self.received_at), self.observed_at, self.sent_at).at


def late_from(known: Known, feeds: Mapping[UUID, FeedMemory], looks: Sequence[Look], moment: Moment) -> datetime | None:
    """Return from when on the lines about a unit must be judged anew; None where all come in order."""
    front = Front.of(known.told, {source_id: memory.run for source_id, memory in feeds.items()})
    as_ofs = {source_id: memory.as_of for source_id, memory in feeds.items()}
    ats = []
    late = False
    for look in looks:
        at = look.at(moment.now)
        if look.observed_at is not None and as_ofs.get(look.source_id) == look.observed_at:
            at = min(at, front.sources[look.source_id])
        if look.spoke is Spoke.FEED and look.observed_at is not None:
            as_ofs[look.source_id] = look.observed_at
        in_order = front.advance(look.source_id, look.spoke, at, look.night or night_of(at, moment.zone))
        if not is_far(known, at):
            late = late or not in_order
            ats.append(at)
    return min(ats) if late else None


def is_far(known: Known, at: datetime) -> bool:
    """Tell whether a line of that time comes too late to be told anew."""
    return known.told.count is not None and at < known.told.count.at - RETOLD_WITHIN


def told_from(late: datetime, moment: Moment) -> datetime:
    """Return from when on lines must be known to judge those since `late`: whoever may have pinned them is there."""
    return late - max(PINS_WITHIN, moment.policy.pin)


def looked_since(known: Known, feeds: Mapping[UUID, FeedMemory], looks: Sequence[Look], now: datetime) -> datetime:
    """Return until when the counts of `looks` know of movements: what came after is needed."""
    oldest = _oldest(known)
    instants = []
    for look in looks:
        at = look.at(now)
        memory = feeds.get(look.source_id)
        if memory is not None and memory.as_of is not None and memory.as_of == look.observed_at:
            at = min(at, memory.at)
        instants.append(at - look.lag)
    return max(min(instants, default=now), oldest) if oldest is not None else min(instants, default=now)


def _oldest(known: Known) -> datetime | None:
    return None if known.told.count is None else known.told.count.at - OVERRULED_WITHIN
