"""Commanding: how a command of the command line reaches the database, and says in a sentence what went wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import asyncpg
import click
from alembic.util import CommandError
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from kernel.postgres import open_engine
from kernel.problems import Problem, document
from kernel.redis import REDIS_AWAY
from kernel.settings import Settings, SettingsError

T = TypeVar("T")

_BAD_ADDRESS = (
    "The database's address cannot be understood: write it like postgresql://user:password@host/database, and signs "
    "such as / @ : # % in a password as %2F and so on."
)


def settings_of(context: click.Context) -> Settings:
    """Take the settings of the group this is attached to, else the environment's."""
    return context.find_object(Settings) or Settings.from_environment()


def run(context: click.Context, work: Callable[[AsyncEngine], Awaitable[T]]) -> T:
    """Do the work on the database of the settings."""

    async def connected(settings: Settings) -> T:
        engine = open_engine(settings, "command line")
        try:
            return await work(engine)
        finally:
            await engine.dispose()

    with as_sentences():
        settings = settings_of(context)
        if settings.database_url is None:
            raise click.ClickException("No database: set DATABASE_URL.")
        return asyncio.run(connected(settings))


@contextmanager
def as_sentences() -> Iterator[None]:
    """End with 1 and one sentence where settings or servers are in the way; what is our own fault stays a traceback."""
    try:
        yield
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    except Problem as problem:
        words = document(problem)
        raise click.ClickException(f"{words['title']}. {words['detail']}") from None
    except (ArgumentError, asyncpg.ClientConfigurationError):
        # Their own words may quote a part of the address, which holds a password.
        raise click.ClickException(_BAD_ADDRESS) from None
    except CommandError as error:
        raise click.ClickException(f"The database cannot be migrated, is it of a newer release? {error}") from None
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, SQLAlchemyError) as error:
        raise click.ClickException(_refusal(_origin(error))) from None
    except REDIS_AWAY as error:
        raise click.ClickException(f"A server does not answer: {str(error) or type(error).__name__}") from None


def _origin(error: BaseException) -> BaseException:
    """Return what Postgres said below what SQLAlchemy makes of it: the statement is nothing for an operator."""
    while (below := getattr(error, "orig", None) or error.__cause__) is not None:
        error = below
    return error


def _refusal(error: BaseException) -> str:
    if isinstance(error, asyncpg.UndefinedTableError | asyncpg.UndefinedColumnError):
        return "The database is not of this release: bring it up to date with `halte migrate`."
    if isinstance(error, asyncpg.ProtocolViolationError) and "startup parameter" in str(error):
        return "A pooler stands before the database and refuses what Halte sets in a session: set HALTE_POOLER=1."
    # The first line alone: those below it (DETAIL) may quote a row.
    said = str(error).partition("\n")[0] or type(error).__name__
    return f"The database refuses: {said}"
