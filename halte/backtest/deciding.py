"""The rules that are compared: who gets what just came free, and when that is decided. All see the same evening.

Each is a desk with a queue. A desk holds what it decides at once, so nobody is moved afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from uuid import UUID

from halte.backtest.asking import Asker
from halte.backtest.board import CONTEXT, Board
from orientation.drawing.algorithm import Entry, order_of
from orientation.matching.blocking import judge
from orientation.model.policy import OrientationPolicy
from orientation.model.sharing import place_among, tickets_of


@dataclass(frozen=True, slots=True)
class Waiting:
    """A household that asks this evening; `turned_away` the evening before, if it asked then."""

    asker: Asker
    asked_at: datetime
    turned_away: bool


@dataclass(frozen=True, slots=True)
class Placed:
    waiting: Waiting
    unit: UUID
    places: int
    at: datetime


class Desk:
    """A queue beside a board. What it does not decide at a call or at a report, it decides at set `moments`."""

    moments: tuple[int, ...] = ()

    def __init__(self, board: Board, policy: OrientationPolicy, day: date, seed: int) -> None:
        self.board = board
        self.policy = policy
        self.day = day
        self.seed = seed
        self.queue: list[Waiting] = []
        self.placed: list[Placed] = []

    def called(self, waiting: Waiting) -> None:
        self.queue.append(waiting)

    def freed(self, unit: UUID, now: datetime) -> None:
        """Nothing is decided by a report alone."""

    def struck(self, now: datetime) -> None:
        """Nothing is decided by the clock."""

    def hold(self, waiting: Waiting, unit: UUID, now: datetime) -> None:
        if not self.board.holds(unit, waiting.asker.household):
            raise ValueError(f"{waiting.asker.id} was given {unit}, where there is no room for all of them.")
        places = self.board.need(unit, waiting.asker.household)
        self.board.change(unit, -places)
        self.queue.remove(waiting)
        self.placed.append(Placed(waiting, unit, places, now))

    def serve(self, waiting: Waiting, now: datetime) -> bool:
        """Hold the best place for them that there is."""
        unit = self.board.best(waiting.asker.household, self.policy, now)
        if unit is not None:
            self.hold(waiting, unit, now)
        return unit is not None

    def go_down(self, unit: UUID, now: datetime) -> None:
        """Serve whoever stands first in the queue and fits where something came free."""
        row = self.board.columns.rows[unit]
        for waiting in tuple(self.queue):
            household = waiting.asker.household
            fits = judge(self.board.columns, household, CONTEXT, now).blockers[row] == 0
            if fits and self.board.holds(unit, household):
                self.hold(waiting, unit, now)
            if not self.board.free[unit]:
                return


class ByPhone(Desk):
    """Whoever calls gets the best place of that minute, or a no until tomorrow. Nothing is kept."""

    def called(self, waiting: Waiting) -> None:
        super().called(waiting)
        self.serve(waiting, waiting.asked_at)


class FirstCome(ByPhone):
    """The same, but whoever was not served stays in a queue in the order of asking, and hears of what comes free."""

    def freed(self, unit: UUID, now: datetime) -> None:
        self.go_down(unit, now)


class Drawn(FirstCome):
    """Nothing is given before the draw; then in its order, and what comes free later too. Late ones come after."""

    def __init__(self, board: Board, policy: OrientationPolicy, day: date, seed: int, at_min: int) -> None:
        super().__init__(board, policy, day, seed)
        self.moments = (at_min,)
        self._drawn = False

    def called(self, waiting: Waiting) -> None:
        self.queue.append(waiting)
        if self._drawn:
            self.serve(waiting, waiting.asked_at)

    def freed(self, unit: UUID, now: datetime) -> None:
        if self._drawn:
            self.go_down(unit, now)

    def struck(self, now: datetime) -> None:
        seed = sha256(f"{self.seed} {self.day}".encode()).hexdigest()
        drawn = order_of(seed, [self._entry(one) for one in self.queue])
        places = {UUID(pseudonym): place for place, pseudonym in enumerate(drawn)}
        self.queue.sort(key=lambda one: places[one.asker.id])
        self._drawn = True
        for waiting in tuple(self.queue):
            self.serve(waiting, now)

    def _entry(self, waiting: Waiting) -> Entry:
        rules, household = self.policy.draw, waiting.asker.household
        stratum = place_among(rules.strata, household, turned_away=waiting.turned_away)
        return Entry(waiting.asker.id.hex, stratum, tickets_of(rules, household, turned_away=waiting.turned_away))


Open = Callable[[Board, OrientationPolicy, date, int], Desk]
