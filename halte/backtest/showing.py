"""The table of a backtest, as Markdown: a row for each figure, a column for each rule, means with their ranges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from halte.backtest.assuming import Assumptions
from halte.backtest.counting import Figures, Spread, spreads
from halte.backtest.playing import Script
from halte.backtest.reading import Month


def tell(month: Month, scripts: Sequence[Script], assumed: Assumptions) -> Iterator[str]:
    """Yield what was played, so that nobody takes the table for something that happened."""
    evenings = month.evenings
    yield (
        f"A backtest, not a measurement: {len(evenings)} evenings from {evenings[0]} to {evenings[-1]}, seeds "
        f"{scripts[0].seed} to {scripts[-1].seed}. Calls are those of {month.weeks_back} weeks before."
    )
    asking, referred = ([getattr(one, name) for one in month.calls] for name in ("asking", "referred"))
    left = [sum(one.left for one in evening.values()) for evening in scripts[0].evenings]
    yield (
        f"In the files, a day: {_mean(asking):.0f} calls that ask for a place, {_mean(referred):.1f} referrals, "
        f"{_mean(left):.1f} places and rooms left empty. A plan every {assumed.every_min} minutes."
    )


def table(runs: Mapping[str, Sequence[Figures]]) -> Iterator[str]:
    columns = {name: spreads(figures) for name, figures in runs.items()}
    yield "| | " + " | ".join(columns) + " |"
    yield "|---|" + "---:|" * len(columns)
    for figure in next(iter(columns.values())):
        yield f"| {figure} | " + " | ".join(_cell(column[figure]) for column in columns.values()) + " |"


def _cell(spread: Spread) -> str:
    least, most = _number(spread.least), _number(spread.most)
    return _number(spread.mean) if least == most else f"{_number(spread.mean)} ({least}–{most})"


def _number(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 or number == int(number) else f"{number:.1f}"


def _mean(numbers: Sequence[int]) -> float:
    return sum(numbers) / len(numbers)
