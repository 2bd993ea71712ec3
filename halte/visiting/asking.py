"""Visiting: commands that speak to a server over HTTP, somebody's or their own while it lasts."""

from __future__ import annotations

import os
import re
import sys

import click

from halte.verifying import verify
from kernel.settings import Settings


def check_url(_context: click.Context, _param: click.Parameter, url: str | None) -> str | None:
    if url is not None and not re.fullmatch(r"https?://[^/?#@\s]+/?", url):
        raise click.BadParameter("write it like https://halte.example, with nothing behind the host and its port")
    return url


def ask_login(login: str | None, *, from_stdin: bool) -> tuple[str, str]:
    """Return log-in and password. A password never stands in the command, which all users of the machine can see."""
    login = login or str(click.prompt("Login"))
    if from_stdin:
        return login, sys.stdin.readline().rstrip("\r\n")
    return login, os.environ.get("HALTE_PASSWORD") or str(click.prompt("Password", hide_input=True))


def prove(context: click.Context, servers: Settings | None, region_slug: str) -> bool:
    """Run `halte verify` while our servers still run; behind somebody's address we reach no database."""
    if servers is None:
        click.echo("Run `halte verify` where that server runs: it proves that journal, tables and Redis agree.")
        return True
    try:
        with verify.make_context("verify", ["--region", region_slug], parent=context, obj=servers) as proving:
            verify.invoke(proving)
    except click.exceptions.Exit as ended:
        return ended.exit_code == 0
    return True
