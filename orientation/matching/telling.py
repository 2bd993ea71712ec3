"""What a mask means, told with its facts: the numbers and codes that a sentence is made of, in whatever language.

Of a secret shelter no fact says more than its band (I11).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from inventory.model.audience import BAND_FLOOR
from orientation.matching.columns import Columns, Ints, Rows
from orientation.matching.context import Context
from orientation.matching.reasons import ASK, BLOCKER, Ask, Blocker, Change, Term
from orientation.matching.results import Asked, Blocked, Blocking, Changing, NearMiss, Points, Suggestion
from orientation.matching.seeing import Seen
from orientation.matching.weighing import Fit, needed, wishes_met
from orientation.model.household import Household

Facts = dict[str, Any]


_BLOCKERS = tuple(BLOCKER.items())
_AGES = ("age_min", "age_max")
# What a code says of a unit is what the unit says of itself, under the same name.
_SAID: dict[str, tuple[str, ...]] = {
    "age": _AGES,
    "gender": ("audience",),
    "children": ("audience",),
    "minor-alone": ("audience",),
    "families-only": ("audience",),
    "minors-only": ("audience",),
    "family": ("audience",),
    "room-too-small": ("room_size",),
    "party-too-large": ("party_max",),
    "party-too-small": ("party_min",),
    "tolerance": ("tolerance",),
    "regime": ("regime",),
    "expired": ("expires_at",),
}
# Nothing more can be said of these: one answer serves for all.
_PLAIN = {code: Asked(code, {}) for code in (Ask.STEP_FREE, Ask.PETS, Ask.MEDICAL_CARE, Ask.TOLERANCE)}
_PARTY = {"room-too-small", "room-size", "party-too-large", "party-too-small"}

_CHANGES = {
    Blocker.UNCONFIRMED: Change.REPORT,
    Blocker.AWAITING_REPORT: Change.REPORT,
    Blocker.INTAKE_PAUSED: Change.INTAKE_OPENS,
    Blocker.BARRED: Change.WAIT,
    Blocker.AWAY_COMMUNE: Change.HOUSEHOLD_AGREES,
    Blocker.AWAY_SHELTER: Change.HOUSEHOLD_AGREES,
    Blocker.REGIME: Change.OTHER_REGIME,
    Blocker.EXPIRED: Change.REOPEN,
    Blocker.CLOSED: Change.REOPEN,
}
# These say until when, or which one, as their blockers do.
_CARRIED = {Change.INTAKE_OPENS, Change.WAIT, Change.OTHER_REGIME}


class Teller:
    """Tells the rows of one ranking."""

    def __init__(self, columns: Columns, household: Household, context: Context) -> None:
        self._seen = columns.seen
        self._household = household
        self._bars = context.bars
        self._needed = needed(household)

    def suggestions(self, fit: Fit, best: Rows, need: Ints) -> list[Suggestion]:
        """Tell the best, each column taken once for all: a number out of numpy is dear, and a list of them is not."""
        rows = fit.rows[best]
        seen = [self._seen[row] for row in rows.tolist()]
        asks = fit.asks[best].tolist()
        far = _kilometres(np.full(len(seen), -1) if fit.distance_m is None else fit.distance_m[best])
        terms = [self._points(term, column[best].tolist(), seen, asks, far) for term, column in fit.terms.items()]
        columns = (seen, need[rows].tolist(), asks, fit.score[best].tolist(), far, zip(*terms, strict=True))
        return [self._suggestion(*told) for told in zip(*columns, strict=True)]

    def near_miss(self, seen: Seen, mask: int, need: int) -> NearMiss:
        (blocker,) = self._blocking(seen, mask, need)
        return NearMiss(seen.about.id, seen.shelter.id, blocker, self._changing(seen, blocker, need))

    def blocked(self, seen: Seen, mask: int, need: int) -> Blocked:
        return Blocked(seen.about.id, seen.shelter.id, self._blocking(seen, mask, need))

    def _suggestion(
        self, seen: Seen, need: int, asks: int, score: int, km: float | None, terms: tuple[Points | None, ...]
    ) -> Suggestion:
        asked = [self._asked(code, seen, need) for code in _codes(asks)]
        return Suggestion(
            seen.about.id, seen.shelter.id, need, seen.about.allotment, seen.available, seen.band, score,
            [one for one in terms if one is not None], asked,
            seen.confirmed_at, seen.aging_at, seen.stale_at, seen.silent_at, km,
        )  # fmt: skip

    def _points(
        self, term: Term, points: list[int], seen: list[Seen], asks: list[int], far: list[float | None]
    ) -> list[Points | None]:
        """Return one term of all rows, with its facts; rows of which they are the same share them."""
        if term is Term.DISTANCE:
            near = self._household.needs.near
            return [
                Points(term, given, {"km": km, "near": near}) if given else None
                for given, km in zip(points, far, strict=True)
            ]
        if term is Term.LANGUAGE:
            keys: list[Any] = [one.shelter.languages for one in seen]
            return _shared(term, points, keys, self._languages)
        if term is Term.PREFERENCES:
            keys = [
                tuple(wishes_met(one, self._household)) if met else () for one, met in zip(seen, points, strict=True)
            ]
            return _shared(term, points, keys, lambda met: {"met": list(met)})
        if term is Term.THRIFT:
            size = self._household.party_size
            keys = [(one.features, max(0, (one.about.room_size or 0) - size)) for one in seen]
            return _shared(term, points, keys, self._wasted)
        if term is Term.ASKS:
            return _shared(term, points, asks, lambda mask: {"asks": mask.bit_count()})
        return _shared(term, points, points, lambda _: {})

    def _languages(self, spoken: tuple[str, ...]) -> Facts:
        return {"languages": [one for one in self._household.needs.languages if one in spoken]}

    def _wasted(self, having: tuple[tuple[str, ...], int]) -> Facts:
        return {"features": [name for name in having[0] if name not in self._needed], "spare": having[1]}

    def _blocking(self, seen: Seen, mask: int, need: int) -> list[Blocking]:
        return [Blocking(code, self._blocked(code, seen, need)) for code, bit in _BLOCKERS if mask & bit]

    def _blocked(self, code: Blocker, seen: Seen, need: int) -> Facts:
        facts = self._said(code, seen)
        if code is Blocker.NO_PLACES:
            # Nothing more of a secret shelter than its band.
            return {"need": need} | ({"left": seen.least} if seen.band is None else {"band": seen.band})
        if code is Blocker.INTAKE_PAUSED:
            facts["until"] = seen.paused_until
        elif code is Blocker.BARRED:
            concerned = (bar for bar in self._bars if bar.concerns(seen.about.id, seen.shelter.id))
            bar = max(concerned, key=lambda one: one.until)
            facts |= {"until": bar.until, "reason": bar.reason}
        elif code is Blocker.UNCONFIRMED:
            facts["confirmed_at"] = seen.confirmed_at
        elif code is Blocker.AWAY_COMMUNE:
            facts["commune"] = seen.shelter.commune
        return facts

    def _asked(self, code: Ask, seen: Seen, need: int) -> Asked:
        plain = _PLAIN.get(code)
        if plain is not None:
            return plain
        if code is Ask.PLACES:
            return Asked(code, {"need": need, "band": seen.band})
        if code is Ask.INTAKE_HOURS:
            return Asked(code, {"intake_to": seen.shelter.intake_to})
        return Asked(code, self._said(code, seen))

    def _said(self, code: Ask | Blocker, seen: Seen) -> Facts:
        facts: Facts = {name: getattr(seen.about, name) for name in _SAID.get(code, ())}
        if code in _PARTY:
            facts["party"] = self._household.party_size
        return facts

    def _changing(self, seen: Seen, blocker: Blocking, need: int) -> Changing:
        split = self._split(seen, blocker.code)
        if split:
            return Changing(Change.SPLIT_PARTY, {"places": split})
        if blocker.code is Blocker.NO_PLACES:
            more = {} if seen.band is not None or seen.left is None else {"more": need - seen.left}
            return Changing(Change.PLACES_FREE, {"need": need} | more)
        change = _CHANGES.get(blocker.code, Change.INTAKE_AGREES)
        return Changing(change, dict(blocker.facts) if change in _CARRIED else {})

    def _split(self, seen: Seen, code: Blocker) -> int:
        """Return how many could go there if the party were split, which they must have said that it may be."""
        if self._household.needs.together:
            return 0
        if code is Blocker.NO_PLACES and seen.about.allotment == "place":
            return BAND_FLOOR[seen.band] if seen.band is not None else seen.least or 0
        if code is Blocker.ROOM_TOO_SMALL:
            return seen.about.room_size or 0
        return seen.about.party_max or 0 if code is Blocker.PARTY_TOO_LARGE else 0


def _kilometres(metres: npt.NDArray[Any]) -> list[float | None]:
    # Asked of the metres: less than none is unknown, and would be rounded to none.
    known, kilometres = (metres >= 0).tolist(), np.round(metres / 1_000, 1).tolist()
    return [km if there else None for there, km in zip(known, kilometres, strict=True)]


@lru_cache(maxsize=4_096)
def _codes(mask: int) -> tuple[Ask, ...]:
    return tuple(code for code, bit in ASK.items() if mask & bit)


def _shared(term: Term, points: list[int], keys: list[Any], tell: Callable[[Any], Facts]) -> list[Points | None]:
    """Tell each combination of points and key once."""
    combined = list(zip(points, keys, strict=True))
    made = {one: Points(term, one[0], tell(one[1])) if one[0] else None for one in set(combined)}
    return [made[one] for one in combined]
