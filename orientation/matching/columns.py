"""The board as columns: one row per unit, in numpy, so that a rule is one pass over one of them.

A row is written whole whenever anything of its unit changes, and no other row is touched; rows stand close together,
and in no order. What a unit says of itself whoever asks stands there as bits of its reasons already.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping
from datetime import UTC, datetime, time
from typing import TypeVar
from uuid import UUID

import numpy as np
import numpy.typing as npt

from inventory.bodies import UnitAbout
from inventory.model.state import Status
from inventory.model.unit import Admits, Allotment, Regime, Tolerance
from orientation.matching.reasons import ASK, BLOCKER, Ask, Blocker
from orientation.matching.seeing import FEATURES, Seen

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Rows = npt.NDArray[np.intp]
Position = tuple[float, float]

# More than anything that is counted here, and room left to add to it.
MANY = 1 << 30
EARLIEST, LATEST = -(1 << 62), 1 << 62
DAY_MIN = 1_440
_NOON_MIN = 720
# Metres to a degree of a meridian. A region is small enough to be flat.
_DEGREE_M = 111_195

_INTS = (
    "standing", "regime", "age_min", "age_max", "party_min", "party_max", "is_room", "room", "least", "most", "lacks",
    "unknown", "tolerance", "intake_ends_min", "shelter", "commune", "located", "x_m", "y_m",
)  # fmt: skip
# Instants, halves of ids, and what is looked up in tables: numpy wants long numbers for that.
_LONGS = (
    "audience", "speech", "features", "paused_until", "expires_at", "aging_at", "stale_at", "silent_at", "id_high",
    "id_low",
)  # fmt: skip
_LOCATED = _INTS.index("located")
_ROWS_AT_FIRST = 256

REGIMES: Mapping[str, int] = {regime: place for place, regime in enumerate(Regime)}
ADMITS: Mapping[Admits, int] = {kind: 1 << place for place, kind in enumerate(Admits)}
TOLERANCES: Mapping[str, int] = {Tolerance.NONE: 0, Tolerance.SUPERVISED: 1, Tolerance.OPEN: 2}
FEATURE_BITS: Mapping[str, int] = {name: 1 << place for place, name in enumerate(FEATURES)}

_UNHOLDABLE = {
    Status.OPEN: BLOCKER[Blocker.UNCONFIRMED],
    Status.UNCONFIRMED: BLOCKER[Blocker.UNCONFIRMED],
    Status.AWAITING_REPORT: BLOCKER[Blocker.AWAITING_REPORT],
}
_SIGN = 1 << 63
_1970 = datetime(1970, 1, 1, tzinfo=UTC)
_Name = TypeVar("_Name", bound=Hashable)


class Names(dict[_Name, int]):
    """Numbers for names, given in the order in which they are met."""

    def number(self, name: _Name) -> int:
        return self.setdefault(name, len(self))


def micros(instant: datetime | None, unless: int) -> int:
    """Return an instant as microseconds since 1970."""
    if instant is None:
        return unless
    whole = instant - _1970
    return (whole.days * 86_400 + whole.seconds) * 1_000_000 + whole.microseconds


def minutes_of_night(of_day: time) -> int:
    """Return how long after noon a time of day is: a night begins at noon."""
    return (of_day.hour * 60 + of_day.minute - _NOON_MIN) % DAY_MIN


class Columns:
    standing: Ints
    regime: Ints
    age_min: Ints
    age_max: Ints
    party_min: Ints
    party_max: Ints
    is_room: Ints
    room: Ints
    least: Ints
    most: Ints
    lacks: Ints
    unknown: Ints
    tolerance: Ints
    intake_ends_min: Ints
    shelter: Ints
    commune: Ints
    located: Ints
    x_m: Ints
    y_m: Ints
    audience: Longs
    speech: Longs
    features: Longs
    paused_until: Longs
    expires_at: Longs
    aging_at: Longs
    stale_at: Longs
    silent_at: Longs
    id_high: Longs
    id_low: Longs

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.rows: dict[UUID, int] = {}
        self.shelters: Names[UUID] = Names()
        self.communes: Names[str] = Names()
        # Which languages are spoken together in a house.
        self.speeches: Names[frozenset[str]] = Names()
        # How many units that are not closed have just these features, by regime.
        self.having = np.zeros((len(REGIMES), 1 << len(FEATURES)), np.int64)
        self._points: dict[str, tuple[int, int]] = {}
        self._narrowing = 1.0
        self._order: Longs | None = None
        self._ints: Ints = np.zeros((len(_INTS), _ROWS_AT_FIRST), np.int32)
        self._longs: Longs = np.zeros((len(_LONGS), _ROWS_AT_FIRST), np.int64)
        self._show()

    def __len__(self) -> int:
        return len(self.seen)

    def fill(self, units: Iterable[Seen]) -> None:
        """Write all rows at once, where there are none yet: a tenth of the cost of one after the other."""
        self.seen = list(units)
        self.rows = {seen.about.id: row for row, seen in enumerate(self.seen)}
        if self.seen:
            self._show()
            self._ints[:, : len(self)] = np.array([self._in_ints(seen) for seen in self.seen], np.int32).T
            self._longs[:, : len(self)] = np.array([self._in_longs(seen) for seen in self.seen], np.int64).T
        for seen in self.seen:
            self._count(seen, 1)

    def put(self, seen: Seen) -> None:
        """Write the row of a unit, a new one where there is none."""
        row = self.rows.get(seen.about.id)
        if row is None:
            row = self.rows[seen.about.id] = len(self.seen)
            self.seen.append(seen)
            self._show()
        else:
            self._count(self.seen[row], -1)
            self.seen[row] = seen
        self._ints[:, row] = self._in_ints(seen)
        self._longs[:, row] = self._in_longs(seen)
        self._count(seen, 1)

    def drop(self, unit_id: UUID) -> None:
        """Take a row out; the last one moves to where it was."""
        row = self.rows.pop(unit_id, None)
        if row is None:
            return
        self._count(self.seen[row], -1)
        last = self.seen.pop()
        if row < len(self.seen):
            self.seen[row] = last
            self.rows[last.about.id] = row
            for table in (self._ints, self._longs):
                table[:, row] = table[:, len(self.seen)]
        self._show()

    def order(self) -> Longs:
        """Return the place of each row in the order of the units' ids: what decides where nothing else does."""
        if self._order is None:
            self._order = np.empty(len(self), np.int64)
            self._order[np.lexsort((self.id_low, self.id_high))] = np.arange(len(self))
        return self._order

    def place(self, points: Mapping[str, Position]) -> None:
        """Take over where the communes' labels stand: what is near one is reckoned from there."""
        latitudes = [latitude for _, latitude in points.values()]
        middle = sum(latitudes) / len(latitudes) if latitudes else 0.0
        self._narrowing = math.cos(math.radians(middle))
        self._points = {code: self._metres(point) for code, point in points.items()}
        for row, seen in enumerate(self.seen):
            self._ints[_LOCATED:, row] = self._whereabouts(seen)

    def point(self, commune: str) -> tuple[int, int] | None:
        return self._points.get(commune)

    def _metres(self, position: Position) -> tuple[int, int]:
        longitude, latitude = position
        return round(longitude * _DEGREE_M * self._narrowing), round(latitude * _DEGREE_M)

    def _in_ints(self, seen: Seen) -> tuple[int, ...]:
        """Return the values of a row in the order of _INTS."""
        about, shelter = seen.about, seen.shelter
        return (
            _standing(seen),
            REGIMES[about.regime],
            about.age_min or 0,
            MANY if about.age_max is None else about.age_max,
            about.party_min,
            about.party_max or MANY,
            about.allotment == Allotment.ROOM,
            about.room_size or MANY,
            MANY if seen.least is None else seen.least,
            MANY if seen.most is None else seen.most,
            _lacks(about),
            _unknown(about),
            -1 if about.tolerance is None else TOLERANCES[about.tolerance],
            intake_ends_min(shelter.intake_from, shelter.intake_to),
            self.shelters.number(shelter.id),
            self.communes.number(shelter.commune),
            *self._whereabouts(seen),
        )

    def _in_longs(self, seen: Seen) -> tuple[int, ...]:
        """Return the values of a row in the order of _LONGS."""
        about = seen.about
        return (
            sum(ADMITS[Admits(kind)] for kind in set(about.audience)),
            self.speeches.number(frozenset(seen.shelter.languages)),
            sum(FEATURE_BITS[name] for name in seen.features),
            micros(seen.paused_until, LATEST) if seen.paused else EARLIEST,
            micros(about.expires_at, LATEST),
            micros(seen.aging_at, LATEST),
            micros(seen.stale_at, LATEST),
            micros(seen.silent_at, LATEST),
            # Columns have a sign, and an id has none.
            (about.id.int >> 64) - _SIGN,
            (about.id.int & (2 * _SIGN - 1)) - _SIGN,
        )

    def _whereabouts(self, seen: Seen) -> tuple[int, int, int]:
        """A secret shelter is where its commune's label is, as its body says no position to anybody (I11)."""
        location = None if seen.shelter.secret else seen.shelter.location
        point = self._points.get(seen.shelter.commune) if location is None else self._metres(location)
        return (0, 0, 0) if point is None else (1, *point)

    def _count(self, seen: Seen, by: int) -> None:
        if not seen.closed:
            self.having[REGIMES[seen.about.regime], sum(FEATURE_BITS[name] for name in seen.features)] += by

    def _show(self) -> None:
        """Let every column end where the rows end."""
        size, room = len(self.seen), self._ints.shape[1]
        if size > room:
            self._ints = np.pad(self._ints, ((0, 0), (0, max(room, size - room))))
            self._longs = np.pad(self._longs, ((0, 0), (0, max(room, size - room))))
        for name, ints in zip(_INTS, self._ints, strict=True):
            setattr(self, name, ints[:size])
        for name, longs in zip(_LONGS, self._longs, strict=True):
            setattr(self, name, longs[:size])
        self._order = None


def _standing(seen: Seen) -> int:
    if seen.closed:
        return BLOCKER[Blocker.CLOSED]
    return 0 if seen.holdable else _UNHOLDABLE[seen.status]


def _lacks(about: UnitAbout) -> int:
    asked = (
        (about.step_free, Blocker.STEP_FREE),
        (about.pets, Blocker.PETS),
        (about.medical_care, Blocker.MEDICAL_CARE),
    )
    return sum(BLOCKER[blocker] for said, blocker in asked if said is False)


def _unknown(about: UnitAbout) -> int:
    sized = about.allotment != Allotment.ROOM or about.room_size
    asked = (
        (about.step_free, Ask.STEP_FREE),
        (about.pets, Ask.PETS),
        (about.medical_care, Ask.MEDICAL_CARE),
        (sized or None, Ask.ROOM_SIZE),
    )
    return sum(ASK[ask] for said, ask in asked if said is None)


def intake_ends_min(opens: time | None, closes: time | None) -> int:
    """Return how long after noon a house lets nobody in any more; never where that is unknown, or it does so by day."""
    if closes is None:
        return DAY_MIN
    start, end = minutes_of_night(opens) if opens else 0, minutes_of_night(closes)
    return end if start < end else DAY_MIN
