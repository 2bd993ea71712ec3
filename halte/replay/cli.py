"""`halte replay PATH`: open data through the real interface, and then the board compared with what they came to."""

from __future__ import annotations

import asyncio
import os
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
from halte.replay.doors import Door, own_server
from halte.replay.finding import found_at
from halte.replay.remembering import NotOurs
from halte.replay.running import Outcome, Wanted, replay
from halte.replay.showing import tell, watching
from halte.replay.steps import NotThisFile
from halte.serving import PortTaken
from halte.visiting.asking import ask_login, check_url, prove
from halte.visiting.calling import Caller, Refused, ServerAway
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


@click.command("replay")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--url",
    callback=check_url,
    help="A running server. Without it: a demo server of the replay's own, while it lasts.",
)
@click.option("--login", envvar="HALTE_LOGIN", help="An administrator of the region to replay into.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input, else HALTE_PASSWORD.")
@click.option("--days", type=click.IntRange(min=1), help="Replay so many days, counted from the first.")
@click.option("--files", type=click.IntRange(min=1), help="Of a folder: replay so many files, counted from the first.")
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
    path: Path,
    url: str | None,
    login: str | None,
    password_stdin: bool,
    days: int | None,
    files: int | None,
    first: datetime | None,
    state: Path | None,
    data_dir: Path | None,
    zone: ZoneInfo,
    language: str | None,
) -> None:
    """Replay what lies at PATH by the interface that feeds use: a daily shelter occupancy file (City of Toronto's
    columns), day by day, or a folder of hourly files (Québec's emergency rooms), each at the time it arrived.

    Interrupted, the same command goes on where it stopped. Ends with 1 where the board differs from the last day or
    hour, or `halte verify` finds a difference.
    """
    language = language or negotiate(os.environ.get("LANG", "").partition(".")[0].replace("_", "-"))
    with _problems_as_sentences(), found_at(path, zone) as source:
        if files is not None and source.words.one_file:
            raise click.UsageError("--files counts the files of a folder. Of one file, --days replays a part.")
        click.echo(source.found, err=True)
        strangers = partial(_strangers, login, from_stdin=password_stdin)
        with own_server(data_dir, source.region, zone) if url is None else strangers(url) as door:
            remembered = state or door.memory / f"{source.digest[:16]}.json"
            wanted = Wanted(source, zone, remembered, first.date() if first else None, days, files)
            outcome = asyncio.run(_replay(wanted, door, language))
            for line in tell(outcome):
                click.echo(line)
            proven = prove(context, door.servers, source.region[0])
    context.exit(0 if outcome.fine and proven else 1)


def _strangers(login: str | None, url: str, *, from_stdin: bool) -> AbstractContextManager[Door]:
    return nullcontext(Door.of(url, *ask_login(login, from_stdin=from_stdin)))


async def _replay(wanted: Wanted, door: Door, language: str) -> Outcome:
    caller = Caller(door.url, language)
    try:
        with watching(Console(stderr=True), wanted.source.words) as watch:
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
