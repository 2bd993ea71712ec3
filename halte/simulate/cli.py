"""`halte simulate`: whole nights of an invented region, and then the board held against what was said."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import click

from halte.demo.marking import refuse_real_database
from halte.demo.seeding import PASSWORD, SLUG, seed_demo
from halte.demo.winding import Clock
from halte.embedded import EmbeddedError, default_data_dir
from halte.replay.doors import serving
from halte.serving import PortTaken, with_servers
from halte.simulate.pacing import NoDemonstration
from halte.simulate.running import Outcome, Wanted, simulate, tell
from halte.simulate.staging import AnotherRegion, prepare
from halte.visiting.asking import ask_login, check_url, prove
from halte.visiting.calling import Caller, Refused, ServerAway
from kernel.commanding import as_sentences
from kernel.migrating import migrate
from kernel.problems import LANGUAGES, negotiate
from kernel.settings import Settings

_INTERRUPTED = 130


@click.command("simulate")
@click.option(
    "--url",
    callback=check_url,
    help="A demonstration that runs (`halte demo --still`). Without it: one of the simulation's own, while it lasts.",
)
@click.option("--login", envvar="HALTE_LOGIN", help="An administrator of the demonstration.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input, else HALTE_PASSWORD.")
@click.option("--nights", type=click.IntRange(1), default=1, show_default=True, help="How many, noon to noon.")
@click.option(
    "--speed",
    type=click.FloatRange(0, 100_000),
    default=0.0,
    show_default=True,
    help="How many times as fast as time; 0: as fast as the server takes it.",
)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Of the region and its evenings.")
@click.option(
    "--size", type=click.FloatRange(0.1, 200), default=1.0, show_default=True, help="How many times as large."
)
@click.option("--data-dir", type=click.Path(file_okay=False, path_type=Path), help="Where its own servers keep data.")
@click.option("--language", type=click.Choice(LANGUAGES), help="Of the server's refusals.")
@click.pass_context
def main(
    context: click.Context,
    *,
    url: str | None,
    login: str | None,
    password_stdin: bool,
    nights: int,
    speed: float,
    seed: int,
    size: float,
    data_dir: Path | None,
    language: str | None,
) -> None:
    """Let whole nights pass in an invented region, and compare its board with what was said.

    Interrupted, the same command goes on where it stopped: what was said before counts once. Ends with 1 where the
    board differs, or `halte verify` finds a difference.
    """
    language = language or negotiate(os.environ.get("LANG", "").partition(".")[0].replace("_", "-"))
    wanted = Wanted(seed, size, nights, speed)
    with _problems_as_sentences():
        there = (
            _own_server(data_dir, wanted)
            if url is None
            else nullcontext(_Place(url, *ask_login(login, from_stdin=password_stdin)))
        )
        with there as place:
            outcome = asyncio.run(_simulate(wanted, place, language))
            for line in tell(outcome):
                click.echo(line)
            proven = prove(context, place.servers, SLUG)
    context.exit(0 if outcome.fine and proven else 1)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where to simulate, and as whom. `servers` reach what is behind it, where that is ours."""

    url: str
    login: str
    password: str = field(repr=False)
    servers: Settings | None = field(default=None, repr=False)


@contextmanager
def _own_server(data_dir: Path | None, wanted: Wanted) -> Iterator[_Place]:
    """Run a demonstration for as long as the block lasts; its data stay, for the next night to go on with."""
    folder = data_dir or default_data_dir("halte-simulate")
    asked = Settings(data_dir=folder, run_as=os.environ.get("HALTE_RUN_AS"), demo=True, log_level="warning", port=0)
    with with_servers(asked) as settings:
        asyncio.run(migrate(str(settings.database_url), look=refuse_real_database))
        asyncio.run(seed_demo(settings, wanted.seed, wanted.size, Clock.NIGHTS))
        with serving(settings) as port:
            yield _Place(f"http://{settings.host}:{port}", "admin", PASSWORD, settings)


async def _simulate(wanted: Wanted, place: _Place, language: str) -> Outcome:
    caller = Caller(place.url, language, agent="halte-simulate")
    try:
        stage = await prepare(caller, place.login, place.password, wanted.seed, wanted.size)
        outcome = await simulate(stage, wanted, partial(click.echo, err=True))
        await stage.crew.dismiss()
        return outcome
    finally:
        await caller.close()


@contextmanager
def _problems_as_sentences() -> Iterator[None]:
    with as_sentences():
        try:
            yield
        except (Refused, ServerAway, NoDemonstration, AnotherRegion, EmbeddedError, PortTaken) as problem:
            raise click.ClickException(str(problem)) from None
        except OSError as error:
            raise click.ClickException(f"Cannot go on: {error}") from None
        except KeyboardInterrupt:
            click.echo("Interrupted. The same command goes on where it stopped.", err=True)
            raise click.exceptions.Exit(_INTERRUPTED) from None
