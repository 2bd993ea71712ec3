"""Names and hours of a daily file. Units are named by PROGRAM_ID, which stays when names change (I10)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from halte.replay.daily.reading import Programme
from halte.replay.naming import named

# The publisher: the date is that of the evening, and the counts are taken at 4:00 the next morning. The service night
# that the date names, 12:00 to 12:00, contains that hour, and no change to or from summer time skips or repeats it.
_COUNTED = time(4)
_NOON = time(12)


def operator_id(region: UUID, programme: Programme) -> UUID:
    return named(region, "operator", _organisation(programme))


def shelter_id(region: UUID, programme: Programme) -> UUID:
    """Name a site by organisation and LOCATION_ID; without one by its name, else it is the programme's own.

    Two organisations under one roof are two shelters: each reports for its own, with its own key.
    """
    if programme.location_id:
        site = ("id", programme.location_id)
    elif programme.location:
        site = ("name", programme.location.casefold())
    else:
        site = ("programme", programme.id)
    return named(region, "shelter", _organisation(programme), *site)


def unit_id(region: UUID, programme_id: str) -> UUID:
    return named(region, "unit", programme_id)


def report_id(digest: str, day: date, shelter: UUID, programme_id: str) -> UUID:
    """Name what this file says of one programme on one day; the shelter's id already holds the region."""
    return named(shelter, "report", digest, day.isoformat(), programme_id)


def begins_at(day: date, zone: ZoneInfo) -> datetime:
    """Return the noon at which the night of this date begins: programmes open and close then."""
    return datetime.combine(day, _NOON, zone)


def counted_at(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant of which the counts of this date speak."""
    return datetime.combine(day + timedelta(days=1), _COUNTED, zone)


def _organisation(programme: Programme) -> str:
    return programme.organisation_id or programme.organisation.casefold()
