"""rank: a board and a household in, reasons out. Hard rules first, then fit; all of it decided by what is given here.

A ranking looks into the columns that it was made of: whoever wants more than the best of it asks before anything is
awaited, because the next change moves rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

import numpy as np
import numpy.typing as npt

from orientation.matching.blocking import Masks, judge
from orientation.matching.columns import Columns, Rows
from orientation.matching.context import Context
from orientation.matching.results import Blocked, NearMiss, Suggestion
from orientation.matching.seeing import Seen
from orientation.matching.telling import Teller
from orientation.matching.weighing import Fit, weigh
from orientation.model.household import Household
from orientation.model.policy import OrientationPolicy

BEST = 50
# One number per row, in which a lower one comes first: blocker, then score, then the place of its id.
_BLOCKER_SHIFT, _SCORE_SHIFT = 56, 32

WeighRows = Callable[[Rows], Fit]


class Ranking:
    """The best as `suggestions`. `fits` and `blocked` count all that do and do not; `near`, those out by one rule."""

    def __init__(self, columns: Columns, masks: Masks, weigh_rows: WeighRows, teller: Teller, limit: int) -> None:
        self._masks = masks
        self._weigh = weigh_rows
        self._teller = teller
        self._order = columns.order()
        self._seen = columns.seen
        fitting = np.flatnonzero(masks.blockers == 0)
        self.fits = len(fitting)
        self.blocked = len(columns) - self.fits
        self.near = int(np.count_nonzero(self._is_near()))
        fit = weigh_rows(fitting)
        self.suggestions: list[Suggestion] = teller.suggestions(fit, self._first(fit, limit), masks.need)

    def near_misses(self, limit: int = BEST) -> list[NearMiss]:
        """Return those that one rule alone keeps out: first what is easily changed, then what would fit best."""
        return [self._teller.near_miss(*told) for told in self._told(np.flatnonzero(self._is_near()), limit)]

    def blocked_units(self) -> Iterator[Blocked]:
        """Return everything that does not fit, with all its reasons, in the order of the near misses.

        What it yields was decided before the first: whoever tells of thousands may let others in between.
        """
        rows = np.flatnonzero(self._masks.blockers)
        told = self._told(rows, len(rows))
        return (self._teller.blocked(*one) for one in told)

    def _told(self, rows: Rows, limit: int) -> list[tuple[Seen, int, int]]:
        first = rows[self._first(self._weigh(rows), limit)]
        seen = [self._seen[row] for row in first.tolist()]
        return list(zip(seen, self._masks.blockers[first].tolist(), self._masks.need[first].tolist(), strict=True))

    def _is_near(self) -> npt.NDArray[np.bool_]:
        blockers = self._masks.blockers
        near: npt.NDArray[np.bool_] = (blockers != 0) & (blockers & (blockers - 1) == 0)
        return near

    def _first(self, fit: Fit, limit: int) -> Rows:
        """Return where in `fit` the first rows are, in their order."""
        # With the lowest bit of a mask comes the blocker that is changed most easily. Of no blocker it is none.
        blockers = self._masks.blockers[fit.rows]
        easiest = np.bitwise_count((blockers & -blockers) - 1).astype(np.int64) * (blockers != 0)
        keys = (easiest << _BLOCKER_SHIFT) - (fit.score.astype(np.int64) << _SCORE_SHIFT) + self._order[fit.rows]
        if limit >= len(keys):
            return np.argsort(keys)
        chosen = np.argpartition(keys, limit)[:limit]
        return chosen[np.argsort(keys[chosen])]


def rank(
    columns: Columns,
    household: Household,
    context: Context,
    policy: OrientationPolicy,
    now: datetime,
    limit: int = BEST,
) -> Ranking:
    masks = judge(columns, household, context, now)

    def weigh_rows(rows: Rows) -> Fit:
        return weigh(columns, rows, masks.asks[rows], household, context, policy.weights, now=now)

    return Ranking(columns, masks, weigh_rows, Teller(columns, household, context), limit)
