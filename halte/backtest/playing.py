"""Playing a month: every evening's calls and reports in their order, to a desk of one rule. Same seed, same month.

Asked = placed + unmet + still waiting; given + left empty = what there was. Both are checked at the end of every run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from halte.backtest.asking import Asker
from halte.backtest.assuming import instant
from halte.backtest.board import Board
from halte.backtest.deciding import Desk, Open, Placed, Waiting
from halte.backtest.freeing import Evening
from orientation.model.policy import OrientationPolicy


@dataclass(frozen=True, slots=True)
class Script:
    """What is the same for every rule: who asks, and what comes free."""

    days: tuple[date, ...]
    askers: tuple[Asker, ...]
    evenings: tuple[Evening, ...]
    seed: int


@dataclass(slots=True)
class Played:
    """What became of a month. `refusals` are evenings that ended without a place for somebody who had asked."""

    askers: tuple[Asker, ...]
    placed: dict[UUID, Placed] = field(default_factory=dict)
    refusals: list[Asker] = field(default_factory=list)
    unmet: list[Asker] = field(default_factory=list)
    waiting: list[Asker] = field(default_factory=list)
    # Of each evening, what was left empty in each unit.
    empty: list[Counter[UUID]] = field(default_factory=list)
    offered: int = 0
    taken: int = 0
    # Households that hold less than all of them need, and holds that gave somebody another place than before.
    split: int = 0
    moves: int = 0

    @property
    def left_over(self) -> int:
        return sum(sum(evening.values()) for evening in self.empty)


def play(script: Script, board: Board, open_desk: Open, policy: OrientationPolicy) -> Played:
    played = Played(script.askers)
    # What this rule gave less than the file's intake did: it is there the next evening, or lacking.
    carried: Counter[UUID] = Counter()
    for nth, (day, evening) in enumerate(zip(script.days, script.evenings, strict=True)):
        calls = _calls(script.askers, nth, played)
        noon, reports = _opening(evening, carried, day)
        board.open(noon)
        desk = open_desk(board, policy, day, script.seed)
        _pass(desk, calls, reports)
        _close(played, desk, nth, sum(noon.values()) + len(reports))
        for unit, standing in evening.items():
            carried[unit] += standing.given
        for one in desk.placed:
            carried[one.unit] -= one.places
    _check(played)
    return played


def _calls(askers: tuple[Asker, ...], nth: int, played: Played) -> list[Waiting]:
    return [
        Waiting(asker, asker.asks[nth - asker.first], nth > asker.first)
        for asker in askers
        if asker.first <= nth < asker.first + len(asker.asks) and asker.id not in played.placed
    ]


def _opening(
    evening: Evening, carried: Counter[UUID], day: date
) -> tuple[dict[UUID, int], list[tuple[datetime, UUID]]]:
    """Return what is free at noon, and one report for each place that comes free after it."""
    noon, reports = {}, []
    for unit, standing in evening.items():
        there = max(0, standing.left + standing.given + carried[unit])
        noon[unit] = min(there, max(0, standing.before + carried[unit]))
        reports += [(instant(day, minute), unit) for minute in standing.minutes[: there - noon[unit]]]
    return noon, reports


def _pass(desk: Desk, calls: list[Waiting], reports: list[tuple[datetime, UUID]]) -> None:
    """Let the evening pass. What happens in the same moment happens in the order of reports, calls, clock."""
    happening: list[tuple[datetime, int, int, Callable[[datetime], object]]] = []
    happening += [(at, 0, n, _report(desk, unit)) for n, (at, unit) in enumerate(reports)]
    happening += [(one.asked_at, 1, n, _call(desk, one)) for n, one in enumerate(calls)]
    happening += [(instant(desk.day, minute), 2, minute, desk.struck) for minute in desk.moments]
    for at, _, _, happen in sorted(happening, key=lambda one: one[:3]):
        happen(at)


def _report(desk: Desk, unit: UUID) -> Callable[[datetime], object]:
    def happen(now: datetime) -> None:
        desk.board.change(unit, 1)
        desk.freed(unit, now)

    return happen


def _call(desk: Desk, waiting: Waiting) -> Callable[[datetime], object]:
    return lambda _: desk.called(waiting)


def _close(played: Played, desk: Desk, nth: int, offered: int) -> None:
    for one in desk.placed:
        asker = one.waiting.asker
        played.moves += asker.id in played.placed
        played.split += one.places < desk.board.need(one.unit, asker.household)
        played.taken += one.places
        played.placed[asker.id] = one
    played.offered += offered
    played.empty.append(Counter(desk.board.free))
    for waiting in desk.queue:
        asker = waiting.asker
        played.refusals.append(asker)
        if nth == asker.first + len(asker.asks) - 1:
            (played.waiting if asker.goes_on else played.unmet).append(asker)


def _check(played: Played) -> None:
    if len(played.askers) != len(played.placed) + len(played.unmet) + len(played.waiting):
        raise ValueError("Somebody who asked is neither placed nor unmet nor waiting.")
    if played.offered != played.taken + played.left_over:
        raise ValueError("What was given and what was left empty is not what there was.")
