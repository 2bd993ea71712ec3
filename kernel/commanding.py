"""Commanding: how a command of the command line reaches the database, and says in a sentence what went wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import click
from sqlalchemy.ext.asyncio import AsyncEngine

from kernel.postgres import open_engine
from kernel.problems import Problem, document
from kernel.settings import Settings

T = TypeVar("T")


def settings_of(context: click.Context) -> Settings:
    """Take the settings of the group this is attached to, else the environment's."""
    return context.find_object(Settings) or Settings.from_environment()


def run(context: click.Context, work: Callable[[AsyncEngine], Awaitable[T]]) -> T:
    """Do the work on the database of the settings."""
    settings = settings_of(context)
    if settings.database_url is None:
        raise click.ClickException("No database: set DATABASE_URL.")

    async def connected() -> T:
        engine = open_engine(settings, "command line")
        try:
            return await work(engine)
        finally:
            await engine.dispose()

    try:
        return asyncio.run(connected())
    except Problem as problem:
        words = document(problem)
        raise click.ClickException(f"{words['title']}. {words['detail']}") from None
    except OSError as error:
        raise click.ClickException(f"The database does not answer: {error}") from None
