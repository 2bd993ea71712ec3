"""Fit of a whole queue: every household against every unit, as matching says, and what is the same reckoned once.

The score of matching is a sum of terms, and each term looks at one thing: what a party is, what it would be near to,
what it speaks, where it was. So households that are the same to a term share it, and the sum is matching's own.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from inventory.model.unit import Regime
from orientation.matching.admitting import party_of
from orientation.matching.blocking import Bools, judge
from orientation.matching.columns import Columns, Ints, Longs, Rows
from orientation.matching.context import Context
from orientation.matching.weighing import weigh
from orientation.model.household import Age, AwayFrom, Gender, Household, Member, Needs, Relation
from orientation.model.policy import OrientationPolicy
from orientation.planning.case import Case, Seeker, context_of

Points: TypeAlias = npt.NDArray[np.int16]

# Of a pair that does not fit. A term has at most a thousand points, so that no sum which means anything comes near.
NEVER = -(1 << 15)
_MOST = (1 << 15) - 1
_SOMEBODY = Household((Member(Age.ADULT, Gender.UNSAID, Relation.SELF),))
_NOWHERE = AwayFrom()


class Fits(NamedTuple):
    """`points`: a row for each seeker, a column for each unit asked about; NEVER where a rule forbids it.

    Seekers of one `kind` fit into the same units, but for where they must not go: `plain` says which, by kind.
    """

    points: Points
    kind: Longs
    plain: Bools


def fit_all(case: Case, columns: Columns, seekers: Sequence[Seeker], units: Rows, policy: OrientationPolicy) -> Fits:
    fitting = _Fitting(case, columns, policy)
    points = np.empty((len(seekers), len(units)), np.int16)
    kinds: dict[Hashable, int] = {}
    plain: list[Bools] = []
    kind = np.empty(len(seekers), np.int64)
    for row, seeker in enumerate(seekers):
        alike = _kind(seeker.household)
        base, found = fitting.of(seeker, alike)
        points[row] = found[units]
        kind[row] = kinds.setdefault(alike, len(kinds))
        if len(kinds) > len(plain):
            plain.append(base[units] != NEVER)
    return Fits(points, kind, np.array(plain).reshape(len(plain), len(units)))


class _Fitting:
    def __init__(self, case: Case, columns: Columns, policy: OrientationPolicy) -> None:
        self._case = case
        self._columns = columns
        self._policy = policy
        self._plain = Context(Regime.NIGHT, ZoneInfo(case.zone))
        self._known: dict[Hashable, Ints] = {}
        self._ground = self._points(_SOMEBODY, self._plain)

    def of(self, seeker: Seeker, alike: Hashable) -> tuple[Ints, Ints]:
        """Return the points of one household, and what they would be if it had no wishes and might go anywhere."""
        household, needs = seeker.household, seeker.household.needs
        base = self._once(alike, lambda: self._base(household))
        points = base.copy()
        if needs.near is not None:
            points += self._more(Needs(near=needs.near), None)
        if needs.languages:
            points += self._more(Needs(languages=needs.languages), None)
        if seeker.continues is not None:
            points += self._more(Needs(), seeker.continues)
        np.clip(points, NEVER + 1, _MOST, out=points)
        points[base == NEVER] = NEVER
        if seeker.bars or needs.away_from != _NOWHERE:
            masks = judge(self._columns, household, context_of(self._case, seeker), self._case.now)
            points[masks.blockers != 0] = NEVER
        return base, points

    def _base(self, household: Household) -> Ints:
        """Return the points of a household that wishes for nothing and has been nowhere."""
        plain = replace(household, needs=replace(household.needs, languages=(), near=None, away_from=_NOWHERE))
        masks = judge(self._columns, plain, self._plain, self._case.now)
        return np.where(masks.blockers == 0, self._points(plain, self._plain, masks.asks), np.int32(NEVER))

    def _more(self, wished: Needs, continues: UUID | None) -> Ints:
        """Return what one wish, or the night before, adds for anybody."""
        wishing = replace(_SOMEBODY, needs=wished)
        context = replace(self._plain, continues=continues)
        return self._once((wished, continues), lambda: self._points(wishing, context) - self._ground)

    def _points(self, household: Household, context: Context, asks: Ints | None = None) -> Ints:
        rows = np.arange(len(self._columns))
        asked = np.zeros(len(rows), np.int32) if asks is None else asks
        weights = self._policy.weights
        return weigh(self._columns, rows, asked, household, context, weights, now=self._case.now).score

    def _once(self, key: Hashable, reckon: Callable[[], Ints]) -> Ints:
        if key not in self._known:
            self._known[key] = reckon()
        return self._known[key]


def _kind(household: Household) -> Hashable:
    """Return all that rules and points look at, but for wishes and where a household may not go."""
    youngest, oldest = zip(*(member.age.years for member in household.answering), strict=True)
    ages = (min(youngest), max(youngest), min(oldest), max(oldest))
    needs = household.needs
    needed = (needs.step_free, needs.pets > 0, needs.medical_care, needs.tolerance, needs.together)
    return party_of(household), household.party_size, ages, needed
