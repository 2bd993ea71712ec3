"""Halte's plan as a desk: the whole queue is planned at set moments, and what is planned is held at once."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from halte.backtest.assuming import ZONE
from halte.backtest.board import Board
from halte.backtest.deciding import Desk, Waiting
from orientation.model.policy import OrientationPolicy
from orientation.planning.case import Case, Seeker
from orientation.planning.solving import plan


class Planned(Desk):
    """By the rules of the policy. Whoever asks between two moments waits for the next."""

    def __init__(
        self, board: Board, policy: OrientationPolicy, day: date, seed: int, moments: tuple[int, ...], limit_s: float
    ) -> None:
        super().__init__(board, policy, day, seed)
        self.moments = moments
        self._limit_s = limit_s
        self._decided = (0, 0)

    def struck(self, now: datetime) -> None:
        if not self.queue or not any(self.board.free.values()) or self._decided == self._known():
            return
        found = plan(self._case(now), self.policy, time_limit_s=self._limit_s)
        for waiting in tuple(self.queue):
            unit = found.choice[waiting.asker.id]
            if unit is not None:
                self.hold(waiting, unit, now)
        self._decided = self._known()

    def _known(self) -> tuple[int, int]:
        """Return what only news changes between two plans: how many wait, and how much is free."""
        return len(self.queue), sum(self.board.free.values())

    def _case(self, now: datetime) -> Case:
        return Case(
            night=self.day,
            now=now,
            zone=str(ZONE),
            seq=0,
            epoch=UUID(int=0),
            shelters=tuple(self.board.shelters.values()),
            states=self.board.states(),
            points={},
            seekers=tuple(map(_seeker, self.queue)),
        )


def _seeker(waiting: Waiting) -> Seeker:
    asker = waiting.asker
    return Seeker(asker.id, str(asker.id), asker.household, waiting.asked_at, turned_away=waiting.turned_away)
