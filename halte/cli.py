"""The command line `halte`. Each command says in one sentence what went wrong, never with a traceback."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from socket import socket

import click

from halte import VERSION, logs, regions
from halte.backtest import cli as backtest_cli
from halte.demo.marking import refuse_public_host, refuse_real_database
from halte.demo.seeding import LOGINS, PASSWORD, seed_demo
from halte.demo.winding import Clock
from halte.embedded import EmbeddedError, default_data_dir
from halte.replay import cli as replay_cli
from halte.serving import PortTaken, bind, find_servers, serve, with_servers
from halte.simulate import cli as simulate_cli
from halte.simulate.companion import CURTAIN, SPEED, Show, accompanied
from halte.verifying import verify
from inventory.cli import rebuild
from inventory.importing.cli import import_file
from kernel.access.cli import account, key
from kernel.clock_cli import clock
from kernel.commanding import as_sentences
from kernel.migrating import Look
from kernel.migrating import migrate as run_migrations
from kernel.settings import Settings
from orientation.assigning.cli import plan
from orientation.drawing.cli import draw

# These start servers of their own; the others work on those that run.
_STARTING = {"run", "demo", "replay", "simulate"}
# These need neither servers nor settings: a file is all.
_OFFLINE = {"draw", "plan"}

# Postgres may start beside us, or again: after a power cut it reads its log first.
_PATIENCE_S = 10.0

_port = click.option("--port", type=int, help="Port to listen on (8018).")
_host = click.option("--host", help="Address to listen on (127.0.0.1: this machine only).")
_data_dir = click.option("--data-dir", type=click.Path(path_type=Path), help="Where its own servers keep their data.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="halte")
@click.pass_context
def main(context: click.Context) -> None:
    """Live regional inventory of shelter places."""
    if context.invoked_subcommand in _OFFLINE:
        return
    with _as_sentences():
        settings = Settings.from_environment()
        context.obj = settings if context.invoked_subcommand in _STARTING else find_servers(settings)


@main.command()
@_port
@_host
@_data_dir
@click.pass_obj
def run(settings: Settings, port: int | None, host: str | None, data_dir: Path | None) -> None:
    """Serve; without DATABASE_URL and REDIS_URL on servers of its own."""
    with _as_sentences():
        settings = _override(settings, port, host, data_dir)
        logs.configure(settings.log_level)
        with _served(settings) as (listener, served):
            serve(served, listener, lambda port: _greet(served.host, port))


@main.command()
@_port
@_host
@_data_dir
@click.option("--speed", type=click.FloatRange(0, 10_000), default=SPEED, show_default=True,
              help="How many times as fast as time the evening passes; 0: it stands still at --at.")  # fmt: skip
@click.option("--at", type=click.DateTime(["%H:%M"]), default=f"{CURTAIN:%H:%M}", show_default=True,
              help="The time of day from which on the first evening is shown.")  # fmt: skip
@click.option("--still", is_flag=True, help="No evening: the region alone.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Another region, another evening.")
@click.option(
    "--size", type=click.FloatRange(0.1, 200), default=1.0, show_default=True, help="How many times as large."
)
@click.pass_obj
def demo(
    settings: Settings,
    *,
    port: int | None,
    host: str | None,
    data_dir: Path | None,
    speed: float,
    at: datetime,
    still: bool,
    seed: int,
    size: float,
) -> None:
    """Serve an invented region to look around in, and let an evening pass in it."""
    with _as_sentences():
        settings = replace(_override(settings, port, host, data_dir), demo=True)
        refuse_public_host(settings)
        if settings.data_dir is None:
            # Its log-ins are published: `halte run` must never come upon them where it keeps its own data.
            settings = replace(settings, data_dir=default_data_dir("halte-demo"))
        logs.configure("warning", pretty=True)
        _demonstrate(settings, Show(seed, size, at.time(), speed), still=still)


@main.command()
@click.pass_obj
def migrate(settings: Settings) -> None:
    """Bring the database of DATABASE_URL to the newest schema."""
    if settings.database_url is None:
        raise click.ClickException("No database: set DATABASE_URL. Halte's own servers are migrated at every start.")
    with _as_sentences():
        asyncio.run(run_migrations(settings.database_url))


main.add_command(account)
main.add_command(backtest_cli.main)
main.add_command(clock)
main.add_command(draw)
main.add_command(import_file)
main.add_command(key)
main.add_command(regions.main)
main.add_command(replay_cli.main)
main.add_command(plan)
main.add_command(rebuild)
main.add_command(simulate_cli.main)
main.add_command(verify)


def _override(settings: Settings, port: int | None, host: str | None, data_dir: Path | None) -> Settings:
    return replace(
        settings,
        port=settings.port if port is None else port,
        host=host or settings.host,
        data_dir=data_dir or settings.data_dir,
    )


@contextmanager
def _served(settings: Settings, look: Look | None = None) -> Iterator[tuple[socket, Settings]]:
    """Take the port, run the servers that are ours, and migrate. Ctrl-C ends it all, which is no complaint."""
    listener = bind(settings)
    with listener, with_servers(settings) as served:
        if served.database_url is not None:
            asyncio.run(run_migrations(served.database_url, _PATIENCE_S, look))
        with suppress(KeyboardInterrupt):
            yield listener, served


def _demonstrate(settings: Settings, show: Show, *, still: bool) -> None:
    with _served(settings, refuse_real_database) as (listener, served):
        asyncio.run(seed_demo(served, show.seed, show.size, Clock.STILL if still else Clock.EVENING))
        with accompanied(show) as begin:

            def greet(port: int) -> None:
                _greet_demo(served.host, port, None if still else show)
                if not still:
                    begin(_address(served.host, port))

            serve(served, listener, greet)


def _greet(host: str, port: int) -> None:
    click.echo(f"Halte is at {_address(host, port)}")
    sys.stdout.flush()


def _greet_demo(host: str, port: int, show: Show | None) -> None:
    click.echo(f"Halte is at {_address(host, port)}")
    click.echo(f"Sign in as {', '.join(login for login, _ in LOGINS)}; the password is {PASSWORD}")
    click.echo("Everything in it is invented. Ctrl-C ends it; the data stay for the next time.")
    if show is not None:
        click.echo(str(show))
    sys.stdout.flush()


def _address(host: str, port: int) -> str:
    """Return where it is, on this machine by name: browsers keep a Secure cookie without TLS there."""
    name = "localhost" if host in {"127.0.0.1", "::1"} else f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}"


@contextmanager
def _as_sentences() -> Iterator[None]:
    with as_sentences():
        try:
            yield
        except (EmbeddedError, PortTaken) as error:
            raise click.ClickException(str(error)) from None
        except OSError as error:
            raise click.ClickException(f"Cannot go on: {error}") from None
