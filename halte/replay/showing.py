"""Showing a replay: a bar on a terminal, a line a day anywhere else, and what came of it in the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from halte.replay.accounting import REFUSED
from halte.replay.planning import DayPlan
from halte.replay.running import Outcome, Watch

# Whoever has this many on a screen does not read on.
_SHOWN_MAX = 100


@contextmanager
def watching(console: Console) -> Iterator[Watch]:
    """Show the days as they are done."""
    if console.is_terminal:
        with _bar(console) as watch:
            yield watch
        return

    def say(plan: DayPlan | None, done: int, total: int) -> None:
        if plan is not None:
            console.print(f"{plan.day}  {_words(plan)}  ({done} of {total})", highlight=False)
        elif done:
            console.print(f"{done} of {total} days were replayed before.", highlight=False)

    yield say


@contextmanager
def _bar(console: Console) -> Iterator[Watch]:
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("making ready", total=None)

        def move(plan: DayPlan | None, done: int, total: int) -> None:
            before = f"{done} days were replayed before" if done else ""
            words = f"{plan.day}  {_words(plan)}" if plan else before
            progress.update(task, completed=done, total=total, description=words)

        yield move


def _words(plan: DayPlan) -> str:
    closed = sum(turn.closed for turn in plan.turns)
    parts = [f"{len(plan.counts)} rows"]
    parts += [f"{closed} closed"] if closed else []
    parts += [f"{len(plan.turns) - closed} reopened"] if len(plan.turns) > closed else []
    return ", ".join(parts)


def tell(outcome: Outcome) -> Iterator[str]:
    """Yield the lines that say what came of it: nothing of the file goes missing here."""
    yield f"{outcome.first} to {outcome.last}: {outcome.account}."
    yield from _fates(outcome)
    if outcome.account.missing:
        yield f"{outcome.account.missing} rows are not accounted for: this is a fault of the replay. Please report it."
    yield from _few(outcome.steps)
    for programme, day in outcome.moved.items():
        yield f"  programme {programme} names another site since {day}: its unit stays where it was defined"
    yield from _few([f"{day}: {_kept(count)}" for day, count in outcome.kept_open.items()])
    units = outcome.units
    if units.untold:
        yield f"{units.untold} of {units.named} units were not compared: a row that may tell of their end was refused."
    if units.others:
        yield f"{units.others} other units of the region are not in the file: left as they were."
    yield from _comparison(outcome)


def _fates(outcome: Outcome) -> Iterator[str]:
    """Yield the rows that were not applied, the refused ones first; where they are too many, where all of them are."""
    fates = sorted(outcome.account.fates, key=lambda one: one.became != REFUSED)
    yield from (f"  {fate}" for fate in fates[:_SHOWN_MAX])
    if len(fates) > _SHOWN_MAX:
        yield f"  and {len(fates) - _SHOWN_MAX} more rows that were not applied. All are in {outcome.listing}"


def _few(lines: Sequence[str]) -> Iterator[str]:
    yield from (f"  {line}" for line in lines[:_SHOWN_MAX])
    if len(lines) > _SHOWN_MAX:
        yield f"  and {len(lines) - _SHOWN_MAX} more like these"


def _kept(count: int) -> str:
    return f"{count} programmes seem absent and were not closed, for a refused row may be theirs"


def _comparison(outcome: Outcome) -> Iterator[str]:
    units = outcome.units
    if not outcome.differences:
        yield f"The board equals {outcome.last} in the file: {units.named - units.untold} units."
        return
    yield f"The board differs from {outcome.last} in the file, {len(outcome.differences)} times:"
    for one in outcome.differences:
        yield f"  {one.programme_id} {one.name}: {one.fact} {one.file} in the file, {one.board} on the board"
