"""`halte replay FILE`: a daily file through the real interface, and then the board compared with its last day."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click
from rich.console import Console

from halte.embedded import EmbeddedError
from halte.replay.calling import Caller, Refused, ServerAway
from halte.replay.doors import Door, own_server
from halte.replay.reading import NotThisFile, read_file
from halte.replay.remembering import NotOurs
from halte.replay.running import Outcome, Wanted, replay
from halte.replay.showing import tell, watching
from halte.serving import PortTaken
from kernel.problems import LANGUAGES, negotiate
from kernel.settings import SettingsError

TIMEZONE = "America/Toronto"
_INTERRUPTED = 130


class _Zone(click.ParamType[ZoneInfo]):
    name = "zone"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> ZoneInfo:
        try:
            return ZoneInfo(str(value))
        except (ZoneInfoNotFoundError, ValueError):
            self.fail(f"{value!r} is not a time zone", param, ctx)


def _check_url(_context: click.Context, _param: click.Parameter, url: str | None) -> str | None:
    if url is not None and not re.fullmatch(r"https?://[^/?#@\s]+/?", url):
        raise click.BadParameter("write it like https://halte.example, with nothing behind the host and its port")
    return url


@click.command("replay")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--url",
    callback=_check_url,
    help="A running server. Without it: a demo server of the replay's own, while it lasts.",
)
@click.option("--login", envvar="HALTE_LOGIN", help="An administrator of the region to replay into.")
@click.option("--password", envvar="HALTE_PASSWORD", help="Better in HALTE_PASSWORD: others can see a command.")
@click.option("--days", type=click.IntRange(min=1), help="Replay so many days, counted from the first.")
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), help="Begin with this day.")
@click.option("--state", type=click.Path(dir_okay=False, path_type=Path), help="Where to remember how far it came.")
@click.option(
    "--data-dir", type=click.Path(file_okay=False, path_type=Path), help="Where its own server keeps its data."
)
@click.option("--timezone", "zone", type=_Zone(), default=TIMEZONE, show_default=True, help="Whose noon and nights.")
@click.option("--language", type=click.Choice(LANGUAGES), help="Of the server's refusals.")
@click.pass_context
def main(
    context: click.Context,
    *,
    file: Path,
    url: str | None,
    login: str | None,
    password: str | None,
    days: int | None,
    first: datetime | None,
    state: Path | None,
    data_dir: Path | None,
    zone: ZoneInfo,
    language: str | None,
) -> None:
    """Replay a daily shelter occupancy FILE (City of Toronto's columns), day by day, by the interface that feeds use.

    Interrupted, the same command goes on where it stopped. Ends with 1 where the board differs from the last day.
    """
    language = language or negotiate(os.environ.get("LANG", "").partition(".")[0].replace("_", "-"))
    with _problems_as_sentences():
        reading = read_file(file)
        with _door(url, login, password, data_dir, zone) as door:
            remembered = state or door.memory / f"{reading.digest[:16]}.json"
            wanted = Wanted(reading, zone, remembered, first.date() if first else None, days)
            outcome = asyncio.run(_replay(wanted, door, language))
    for line in tell(outcome):
        click.echo(line)
    context.exit(1 if outcome.differences else 0)


def _door(
    url: str | None, login: str | None, password: str | None, data_dir: Path | None, zone: ZoneInfo
) -> AbstractContextManager[Door]:
    if url is None:
        return own_server(data_dir, zone)
    login = login or str(click.prompt("Login"))
    return nullcontext(Door.of(url, login, password or str(click.prompt("Password", hide_input=True))))


async def _replay(wanted: Wanted, door: Door, language: str) -> Outcome:
    caller = Caller(door.url, language)
    try:
        with watching(Console(stderr=True)) as watch:
            return await replay(wanted, caller, door.login, door.password, watch, partial(click.echo, err=True))
    finally:
        await caller.close()


@contextmanager
def _problems_as_sentences() -> Iterator[None]:
    try:
        yield
    except (Refused, ServerAway, NotThisFile, NotOurs, EmbeddedError, SettingsError, PortTaken) as problem:
        raise click.ClickException(str(problem)) from None
    except OSError as error:
        raise click.ClickException(f"Cannot go on: {error}") from None
    except KeyboardInterrupt:
        click.echo("Interrupted. The same command goes on where it stopped.", err=True)
        raise click.exceptions.Exit(_INTERRUPTED) from None
