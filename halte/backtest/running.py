"""Running a backtest: every rule plays the same months, and the table says what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date

from halte.backtest.asking import draw_askers
from halte.backtest.assuming import EVENING_MIN, Assumptions
from halte.backtest.board import Board
from halte.backtest.counting import Figures, figures
from halte.backtest.deciding import ByPhone, Desk, Drawn, FirstCome, Open
from halte.backtest.freeing import draw_evenings
from halte.backtest.planned import Planned
from halte.backtest.playing import Script, play
from halte.backtest.reading import Month
from halte.backtest.showing import table, tell
from orientation.model.policy import OrientationPolicy


def backtest(month: Month, assumed: Assumptions, seeds: Iterable[int]) -> Iterator[str]:
    """Yield the lines of the report, the table last."""
    scripts = [script_of(month, assumed, seed) for seed in seeds]
    yield from tell(month, scripts, assumed)
    yield ""
    yield from table(run(month, scripts, assumed))


def script_of(month: Month, assumed: Assumptions, seed: int) -> Script:
    """Draw what is the same for every rule."""
    return Script(month.evenings, draw_askers(month, assumed, seed), draw_evenings(month, assumed, seed), seed)


def run(month: Month, scripts: Iterable[Script], assumed: Assumptions) -> dict[str, list[Figures]]:
    board, policy = Board(month), OrientationPolicy()
    return {
        name: [figures(play(script, board, open_desk, policy), policy.plan) for script in scripts]
        for name, open_desk in desks(assumed).items()
    }


def desks(assumed: Assumptions) -> dict[str, Open]:
    """Return what is compared, in the order of the table."""
    moments = tuple(range(assumed.every_min, EVENING_MIN + 1, assumed.every_min))

    def drawn(board: Board, policy: OrientationPolicy, day: date, seed: int) -> Desk:
        return Drawn(board, policy, day, seed, assumed.draw_at_min)

    def planned(board: Board, policy: OrientationPolicy, day: date, seed: int) -> Desk:
        return Planned(board, policy, day, seed, moments, assumed.plan_limit_s)

    def untiered(board: Board, policy: OrientationPolicy, day: date, seed: int) -> Desk:
        """Show what planning alone does, for who is in which tier is the one thing that is quite invented here."""
        return planned(board, replace(policy, plan=replace(policy.plan, tiers=())), day, seed)

    return {
        "by phone": ByPhone,
        "first come": FirstCome,
        "the draw": drawn,
        "Halte's plan": planned,
        "the plan without tiers": untiered,
    }
