"""Counting: a row's numbers as a report. Pure.

An import reports as its source, a feed: it names when it was counted, so that a file that is imported again confirms
nothing (I8), and a person who has just counted is not overruled by a list of this morning.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from inventory.importing.gathering import ToldCount
from inventory.importing.knowing import KnownRegion, KnownUnit
from inventory.importing.naming import report_id
from inventory.importing.values import Unfit
from inventory.model.counting import SKEW_MAX, Spoke
from inventory.model.facts import Intake, OutOfService, OutReason
from inventory.model.night import night_of
from inventory.model.unit import PLACES_MAX
from inventory.reporting import Line, Report, Reporter, most_believable
from inventory.schemas import hash_of


def count_of(told: ToldCount, one: KnownUnit, known: KnownRegion, source: UUID, *, blind: bool = False) -> Report:
    """Return what a row says as the report of its unit; raise Unfit where it cannot be meant.

    `blind`: whoever imports it is not told how many places a secret shelter has (I11).
    """
    values = told.values
    observed_at = _observed_at(values.get("observed_at"), known)
    night = values.get("night")
    spoken_in = night_of(observed_at, known.zone)
    if night is not None and abs(night - spoken_in) > timedelta(days=1):
        raise Unfit("wrong-night", night=night.isoformat(), expected=spoken_in.isoformat())
    free, over_by = _free(values, one.capacity)
    most = most_believable(one.capacity)
    if max(free or 0, over_by) > most and blind:
        raise Unfit("absurd-count-there", number=max(free or 0, over_by))
    if max(free or 0, over_by) > most:
        raise Unfit("absurd-count", number=max(free or 0, over_by), capacity=one.capacity, most=most)
    out = _out(values)
    paused = values.get("paused")
    intake = None if paused is None else Intake(paused)
    body_hash = hash_of((observed_at, night, free, over_by, out, intake))
    line = Line(one.unit.id, free, over_by, out, intake, body_hash=body_hash)
    return Report(
        id=report_id(source, one.unit.id, body_hash, observed_at, night),
        reporter=Reporter(source, Spoke.FEED),
        shelter_id=one.unit.shelter_id,
        lines=(line,),
        body_hash=body_hash,
        observed_at=observed_at,
        night=night,
    )


def _observed_at(observed_at: datetime | None, known: KnownRegion) -> datetime:
    if observed_at is None:
        raise Unfit("observed-at-missing")
    if observed_at > known.now + SKEW_MAX:
        raise Unfit("in-the-future", observed_at=observed_at.astimezone(known.zone).strftime("%Y-%m-%d %H:%M"))
    return observed_at


def _free(values: dict[str, Any] | Any, capacity: int) -> tuple[int | None, int]:
    """Return how many are free and over; `occupied` leaves what is neither occupied nor out of service."""
    free, over_by, occupied = values.get("free"), values.get("over_by") or 0, values.get("occupied")
    if occupied is not None:
        rest = capacity - (values.get("out_of_service") or 0) - occupied
        return min(max(0, rest), PLACES_MAX), max(0, -rest)
    if free and over_by:
        raise Unfit("free-and-over", free=free, over_by=over_by)
    if free is None and over_by:
        return 0, over_by
    return free, over_by


def _out(values: Any) -> tuple[OutOfService, ...] | None:
    places = values.get("out_of_service")
    if places is None:
        return None
    reason = values.get("out_reason") or OutReason.OTHER
    return (OutOfService(reason, places, values.get("out_until")),) if places else ()
