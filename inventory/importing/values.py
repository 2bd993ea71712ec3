"""Values: what one cell means for one field. Pure. What is blank is unknown, and never no."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from inventory.importing.faults import Fault
from inventory.importing.shaping import Shape
from inventory.model.facts import OutReason
from inventory.model.unit import PLACES_MAX, Admits, Allotment, Regime, Tolerance, Turnover

TEXT_MAX = 200
_SHOWN_MAX = 40
_YES = frozenset({"yes", "y", "true", "1", "x", "oui", "o", "vrai", "ja", "j", "waar"})
_NO = frozenset({"no", "n", "false", "0", "non", "faux", "nee", "neen", "onwaar"})
_WHOLE = re.compile(r"(-?)([0-9]{1,9})(?:([.,])0*)?", re.ASCII)
_DEGREES = re.compile(r"-?[0-9]{1,3}(?:([.,])[0-9]{1,15})?", re.ASCII)
_CODE = re.compile(r"[0-9A-Za-z-]{1,20}", re.ASCII)
_PHONE = re.compile(r"[0-9+ ()/.-]{1,40}", re.ASCII)
_LANGUAGE = re.compile(r"[a-z]{2,3}", re.ASCII)
_LISTED = re.compile(r"[,;/|+]")
# A spreadsheet would compute a cell that begins so. Numbers and telephone numbers compute to nothing.
_COMPUTED = re.compile(r"[=@]|[+-](?![0-9 ()/.+-]*\Z)")
_CLOCK = r"([0-9]{1,2})(?:[:h.]([0-9]{2})?(?::([0-9]{2})(?:[.,][0-9]+)?)?)?\s*([AaPp]\.?[Mm]\.?)?"
_TIME = re.compile(_CLOCK, re.ASCII)
_OFFSET = r"(?:\s*(Z|[+-][0-9]{2}:?[0-9]{2}))?"
_LONG = re.compile(rf"([0-9]{{4}})[-/.]([0-9]{{1,2}})[-/.]([0-9]{{1,2}})(?:[T\s]\s*{_CLOCK}{_OFFSET})?", re.ASCII)
_SHORT = re.compile(rf"([0-9]{{1,2}})([-/.])([0-9]{{1,2}})\2([0-9]{{4}}|[0-9]{{2}})(?:\s+{_CLOCK})?", re.ASCII)
_YEARS = range(2000, 2200)


class Unfit(Exception):
    """A cell cannot be meant; `what` is a fault's word."""

    def __init__(self, what: str, **facts: Any) -> None:
        super().__init__(what)
        self.what = what
        self.facts = facts

    def fault(self, line: int, field: str, column: str) -> Fault:
        return Fault(line, self.what, {"field": field, "column": column, **self.facts})


@dataclass(frozen=True, slots=True)
class Manner:
    """How numbers and times are written in this file, and on whose clock."""

    decimal: str | None
    dates: str | None
    zone: ZoneInfo
    # For a date without a time, where the mapping says one.
    time: time | None = None
    days_later: int = 0

    @classmethod
    def of(cls, shape: Shape, zone: ZoneInfo) -> Manner:
        return cls(shape.decimal, shape.dates, zone)


Reader: TypeAlias = Callable[[str, Manner], Any]


def shown(text: str) -> str:
    """Return as much of a cell as a sentence may quote, without what a spreadsheet would compute."""
    return text[:_SHOWN_MAX] + ("…" if len(text) > _SHOWN_MAX else "")


def text(cell: str, _manner: Manner) -> str:
    if len(cell) > TEXT_MAX:
        raise Unfit("too-long", most=TEXT_MAX, found=len(cell))
    if _COMPUTED.match(cell):
        raise Unfit("formula", sign=cell[0])
    return cell


def code(cell: str, _manner: Manner) -> str:
    if not _CODE.fullmatch(cell):
        raise Unfit("not-a-code", value=shown(cell))
    return cell


def phone(cell: str, _manner: Manner) -> str:
    if not _PHONE.fullmatch(cell):
        raise Unfit("not-a-phone", value=shown(cell))
    return cell


def whole(low: int, high: int) -> Reader:
    def read(cell: str, manner: Manner) -> int:
        match = _WHOLE.fullmatch(cell.replace(" ", "") if re.fullmatch(r"[0-9]{1,3}( [0-9]{3})+", cell) else cell)
        if match is None:
            raise Unfit("not-a-whole-number", value=shown(cell))
        _check_mark(match[3], cell, manner)
        number = int(match[1] + match[2])
        if not low <= number <= high:
            raise Unfit("out-of-bounds", value=shown(cell), low=low, high=high)
        return number

    return read


def degrees(most: int) -> Reader:
    def read(cell: str, manner: Manner) -> float:
        match = _DEGREES.fullmatch(cell)
        if match is None:
            raise Unfit("not-a-number", value=shown(cell))
        _check_mark(match[1], cell, manner)
        number = float(cell.replace(",", "."))
        if abs(number) > most:
            raise Unfit("out-of-bounds", value=shown(cell), low=-most, high=most)
        return number

    return read


def _check_mark(mark: str | None, cell: str, manner: Manner) -> None:
    if mark is None or mark == manner.decimal:
        return
    if manner.decimal is None:
        raise Unfit("decimal-undecided", value=shown(cell))
    raise Unfit("other-decimal", value=shown(cell), decimal=manner.decimal)


def yes_no(cell: str, _manner: Manner) -> bool:
    word = cell.casefold()
    if word not in _YES | _NO:
        raise Unfit("not-yes-or-no", value=shown(cell))
    return word in _YES


def one_of(kind: type[StrEnum]) -> Reader:
    def read(cell: str, _manner: Manner) -> StrEnum:
        try:
            return kind(cell.casefold())
        except ValueError:
            raise Unfit("not-among", value=shown(cell), known=", ".join(kind)) from None

    return read


def audience(cell: str, manner: Manner) -> tuple[StrEnum, ...]:
    words = [word.strip() for word in _LISTED.split(cell) if word.strip()]
    # In the order of the domain, so that another order in the file is no change.
    found = {one_of(Admits)(word, manner) for word in words}
    return tuple(one for one in Admits if one in found)


def languages(cell: str, _manner: Manner) -> tuple[str, ...]:
    words = [word.strip().casefold() for word in _LISTED.split(cell) if word.strip()]
    for word in words:
        if not _LANGUAGE.fullmatch(word):
            raise Unfit("not-a-language", value=shown(word))
    return tuple(dict.fromkeys(words))


def time_of_day(cell: str, _manner: Manner) -> time:
    match = _TIME.fullmatch(cell)
    if match is None:
        raise Unfit("not-a-time", value=shown(cell))
    return _time(*match.groups(), cell=cell)


def day(cell: str, manner: Manner) -> date:
    found, _, _ = _parts(cell, manner)
    return found


def instant(cell: str, manner: Manner) -> datetime:
    """Return an instant in UTC; what names no offset is on the clock of the file, or else of the region."""
    found, clock, offset = _parts(cell, manner)
    if clock is None:
        if manner.time is None:
            raise Unfit("time-missing", value=shown(cell))
        found, clock = found + timedelta(days=manner.days_later), manner.time
    if offset is not None:
        return _with_offset(found, clock, offset, cell)
    local = datetime.combine(found, clock, manner.zone)
    # An hour that comes twice is taken as the first one, which makes nothing look fresher than it is.
    if local.astimezone(UTC).astimezone(manner.zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise Unfit("no-such-time", value=shown(cell), zone=manner.zone.key)
    return local.astimezone(UTC)


def _with_offset(found: date, clock: time, offset: str, cell: str) -> datetime:
    try:
        return datetime.fromisoformat(f"{found}T{clock.isoformat()}{offset}").astimezone(UTC)
    except ValueError:
        # An offset of a day and more.
        raise Unfit("not-a-time", value=shown(cell)) from None


def _parts(cell: str, manner: Manner) -> tuple[date, time | None, str | None]:
    if match := _LONG.fullmatch(cell):
        year, month, number, *clock = match.groups()
        offset = clock.pop()
    elif match := _SHORT.fullmatch(cell):
        first, _, second, year, *clock = match.groups()
        offset = None
        number, month = _ordered(first, second, cell, manner)
        year = year if len(year) == 4 else f"20{year}"
    else:
        raise Unfit("not-a-date", value=shown(cell))
    try:
        found = date(int(year), int(month), int(number))
    except ValueError:
        raise Unfit("not-a-date", value=shown(cell)) from None
    if found.year not in _YEARS:
        raise Unfit("not-a-date", value=shown(cell))
    return found, None if clock[0] is None else _time(*clock, cell=cell), offset


def _ordered(first: str, second: str, cell: str, manner: Manner) -> tuple[str, str]:
    if manner.dates not in {"dmy", "mdy"}:
        raise Unfit("dates-undecided", value=shown(cell))
    return (first, second) if manner.dates == "dmy" else (second, first)


def _time(hour: str, minute: str | None, second: str | None, half: str | None, *, cell: str) -> time:
    hours = int(hour)
    if half is not None and 1 <= hours <= 12:
        hours = hours % 12 + (12 if half[0] in "Pp" else 0)
    try:
        return time(hours, int(minute or 0), int(second or 0))
    except ValueError:
        raise Unfit("not-a-time", value=shown(cell)) from None


_places = whole(0, PLACES_MAX)

READERS: Mapping[str, Mapping[str, Reader]] = {
    "operator": {"name": text},
    "shelter": {
        "operator": text, "name": text, "commune": code, "secret": yes_no, "invented": yes_no, "closed": yes_no,
        "address": text, "latitude": degrees(90), "longitude": degrees(180), "phone": phone, "languages": languages,
        "opens": time_of_day, "closes": time_of_day, "intake_from": time_of_day, "intake_to": time_of_day,
    },
    "unit": {
        "shelter": text, "name": text, "audience": audience, "capacity": _places, "allotment": one_of(Allotment),
        "regime": one_of(Regime), "turnover": one_of(Turnover), "room_size": whole(1, 50), "age_min": whole(0, 120),
        "age_max": whole(0, 120), "party_min": whole(1, 50), "party_max": whole(1, 50), "step_free": yes_no,
        "pets": yes_no, "tolerance": one_of(Tolerance), "medical_care": yes_no, "max_stay_nights": whole(1, 3_650),
        "surge": yes_no, "expires_at": instant,
    },
    "count": {
        "free": _places, "occupied": whole(0, 2 * PLACES_MAX), "over_by": _places, "out_of_service": _places,
        "out_reason": one_of(OutReason), "out_until": instant, "paused": yes_no, "observed_at": instant, "night": day,
    },
}  # fmt: skip
