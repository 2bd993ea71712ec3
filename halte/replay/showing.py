"""Showing a replay: a bar on a terminal, a line a step anywhere else, and what came of it in the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from halte.replay.plans import Plan
from halte.replay.running import Outcome, Watch
from halte.replay.steps import REFUSED, Fate, Words

# Whoever has this many on a screen does not read on.
_SHOWN_MAX = 100


@contextmanager
def watching(console: Console, words: Words) -> Iterator[Watch]:
    """Show the steps as they are done."""
    if console.is_terminal:
        with _bar(console, words) as watch:
            yield watch
        return

    def say(plan: Plan | None, done: int, total: int) -> None:
        if plan is not None:
            console.print(f"{plan.name}  {_words(plan)}  ({done} of {total})", highlight=False)
        elif done:
            console.print(f"{done} of {total} {words.steps} were replayed before.", highlight=False)

    yield say


@contextmanager
def _bar(console: Console, words: Words) -> Iterator[Watch]:
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("making ready", total=None)

        def move(plan: Plan | None, done: int, total: int) -> None:
            before = f"{done} {words.steps} were replayed before" if done else ""
            description = f"{plan.name}  {_words(plan)}" if plan else before
            progress.update(task, completed=done, total=total, description=description)

        yield move


def _words(plan: Plan) -> str:
    closed = sum(turn.closed for turn in plan.turns)
    parts = [f"{len(plan.counts)} rows"]
    parts += [f"{closed} closed"] if closed else []
    parts += [f"{len(plan.turns) - closed} reopened"] if len(plan.turns) > closed else []
    return ", ".join(parts)


def tell(outcome: Outcome) -> Iterator[str]:
    """Yield the lines that say what came of it: nothing of the source goes missing here."""
    yield f"{outcome.first} to {outcome.last}: {_sum(outcome)}."
    yield from _fates(outcome)
    if outcome.account.missing:
        yield f"{outcome.account.missing} rows are not accounted for: this is a fault of the replay. Please report it."
    yield from _few(outcome.notes)
    units = outcome.units
    if units.untold:
        yield f"{units.untold} of {units.named} units were not compared: a row that may tell of their end was refused."
    if units.others:
        yield f"{units.others} other units of the region are not in {outcome.words.source}: left as they were."
    yield from _comparison(outcome)


def _sum(outcome: Outcome) -> str:
    parts = " + ".join(f"{count} {what}" for what, count in outcome.account.tally.items())
    return f"{outcome.account.rows} rows in {outcome.words.source} = {parts or 'nothing'}"


def _fates(outcome: Outcome) -> Iterator[str]:
    """Yield the rows that were not applied, the refused ones first; where they are too many, where all of them are.

    Of a folder only refused rows are shown one by one: a file that came late is a hundred rows, and one piece of news.
    """
    fates, words = outcome.account.fates, outcome.words
    refused = [one for one in fates if one.became == REFUSED]
    others = [one for one in fates if one.became != REFUSED and one.became not in words.routine]
    shown = [*refused, *others] if words.one_file else refused
    yield from (f"  {_fate(one, words)}" for one in shown[:_SHOWN_MAX])
    if len(shown) > _SHOWN_MAX:
        yield f"  and {len(shown) - _SHOWN_MAX} more rows that were not applied. All are in {outcome.listing}"
    if not words.one_file:
        yield from _few(_by_file(others))
    if len(shown) <= _SHOWN_MAX and len(shown) < len(fates):
        yield f"  All rows that were not applied are in {outcome.listing}"


def _fate(fate: Fate, words: Words) -> str:
    where = f"line {fate.line}" if words.one_file else f"{fate.step}, line {fate.line}"
    return f"{where} {fate.became}{fate.reason and f': {fate.reason}'}"


def _by_file(fates: Sequence[Fate]) -> list[str]:
    counted: dict[str, Counter[str]] = {}
    for one in fates:
        counted.setdefault(one.step, Counter())[one.became] += 1
    return [f"{step}: {', '.join(f'{count} {what}' for what, count in of.items())}" for step, of in counted.items()]


def _few(lines: Sequence[str]) -> Iterator[str]:
    yield from (f"  {line}" for line in lines[:_SHOWN_MAX])
    if len(lines) > _SHOWN_MAX:
        yield f"  and {len(lines) - _SHOWN_MAX} more like these"


def _comparison(outcome: Outcome) -> Iterator[str]:
    units, source = outcome.units, outcome.words.source
    if not outcome.differences:
        yield f"The board equals {outcome.last} in {source}: {units.named - units.untold} units."
        return
    yield f"The board differs from {outcome.last} in {source}, {len(outcome.differences)} times:"
    for one in outcome.differences:
        yield f"  {one.ref} {one.name}: {one.fact} {one.source} in {source}, {one.board} on the board"
