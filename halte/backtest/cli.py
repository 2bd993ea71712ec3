"""`halte backtest toronto DIR`: one winter month of open data under several rules, and the table of what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import click

from halte.backtest.assuming import Assumptions
from halte.backtest.reading import read_month
from halte.replay.steps import NotThisFile

_ASSUMED = Assumptions()


@click.group("backtest")
def main() -> None:
    """Distribute a month of open data anew, under several rules."""


@main.command()
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--month", type=click.DateTime(["%Y-%m"]), default="2024-01", show_default=True)
@click.option("--nights", type=click.IntRange(min=1), help="Only the first so many nights of the month.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="The first seed.")
@click.option("--seeds", type=click.IntRange(min=1), default=5, show_default=True, help="How many seeds.")
@click.option(
    "--weeks-back",
    type=click.IntRange(0),
    help="By how many weeks the calls are older than the nights. As few as the file of calls allows.",
)
@click.option(
    "--again",
    type=click.FloatRange(0, 1),
    default=_ASSUMED.again,
    show_default=True,
    help="What share of those who were turned away asks again the next evening.",
)
@click.option(
    "--every",
    type=click.IntRange(1, 720),
    default=_ASSUMED.every_min,
    show_default=True,
    help="Minutes from one plan to the next.",
)
def toronto(
    *,
    folder: Path,
    month: datetime,
    nights: int | None,
    seed: int,
    seeds: int,
    weeks_back: int | None,
    again: float,
    every: int,
) -> None:
    """Play one winter month of Toronto's files in DIR (occupancy, central intake, flow) under several rules.

    No server is needed. What is assumed stands in docs/backtest.md.
    """
    # The solver comes with it, which a command that serves must never load.
    from halte.backtest.running import backtest

    assumed = replace(_ASSUMED, again=again, every_min=every)
    with _files_as_sentences():
        read = read_month(folder, month.date(), weeks_back, nights, assumed.family_room_spare)
    for line in backtest(read, assumed, range(seed, seed + seeds)):
        click.echo(line)


@contextmanager
def _files_as_sentences() -> Iterator[None]:
    try:
        yield
    except (NotThisFile, KeyError, ValueError) as error:
        raise click.ClickException(f"These are not the files that are needed: {error}") from None
