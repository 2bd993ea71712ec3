"""`halte account` and `halte key`: how the first administrator comes to be, and what to do when nobody can sign in.

Passwords are asked for or read from standard input, never taken from the command line, which other
users of the machine can see.
"""

from __future__ import annotations

import sys
from uuid import UUID

import click
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from kernel.access import keeping_accounts, keeping_keys
from kernel.access.key_secrets import KeySecrets
from kernel.access.model import ACCOUNT_ROLES, COMMAND_LINE, Basis, Role, Verb
from kernel.access.passwords import Passwords
from kernel.commanding import run, settings_of
from kernel.problems import LANGUAGES
from kernel.settings import SettingsError
from kernel.tables import region

_region_option = click.option("--region", "region_slug", help="The region's slug; needed where there are several.")
_shelter_option = click.option(
    "--shelter", "shelters", type=click.UUID, multiple=True, help="A shelter's id; may be given several times."
)
_password_option = click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")


def _key_secrets(context: click.Context) -> KeySecrets:
    try:
        return KeySecrets(settings_of(context))
    except SettingsError as error:
        raise click.ClickException(str(error)) from None


async def _region_id(engine: AsyncEngine, slug: str | None) -> UUID:
    async with engine.connect() as connection:
        rows = (await connection.execute(select(region.c.id, region.c.slug).order_by(region.c.slug))).all()
    chosen = [row.id for row in rows if slug in {None, row.slug}]
    if len(chosen) != 1:
        known = ", ".join(row.slug for row in rows) or "none yet"
        raise click.ClickException(f"Name the region with --region. Known: {known}.")
    return UUID(str(chosen[0]))


def _ask_password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))


@click.group()
def account() -> None:
    """Accounts of people."""


@account.command("add")
@click.argument("login")
@click.option("--role", type=click.Choice([role.value for role in ACCOUNT_ROLES]), required=True)
@click.option("--language", type=click.Choice(LANGUAGES), default="fr", show_default=True)
@_shelter_option
@_region_option
@_password_option
@click.pass_context
def add_account(
    context: click.Context,
    *,
    login: str,
    role: str,
    language: str,
    shelters: tuple[UUID, ...],
    region_slug: str | None,
    password_stdin: bool,
) -> None:
    """Add an account and print its id."""
    password = _ask_password(from_stdin=password_stdin)

    async def work(engine: AsyncEngine) -> keeping_accounts.Account:
        return await keeping_accounts.add_account(
            engine,
            Passwords(),
            region_id=await _region_id(engine, region_slug),
            login=login,
            password=password,
            role=Role(role),
            language=language,
            shelters=set(shelters),
            actor_id=COMMAND_LINE,
        )

    click.echo(run(context, work).id)


@account.command("list")
@_region_option
@click.pass_context
def list_accounts(context: click.Context, region_slug: str | None) -> None:
    """List a region's accounts."""

    async def work(engine: AsyncEngine) -> list[keeping_accounts.Account]:
        region_id = await _region_id(engine, region_slug)
        accounts: list[keeping_accounts.Account] = []
        while page := await keeping_accounts.list_accounts(engine, region_id, accounts[-1].login if accounts else ""):
            accounts += page
        return accounts

    for one in run(context, work):
        state = "disabled" if one.disabled_at else "active"
        click.echo(f"{one.id}  {one.role:13}  {state:8}  {len(one.shelters):3} shelters  {one.login}")


def _change(context: click.Context, login: str, change: keeping_accounts.Change) -> None:
    async def work(engine: AsyncEngine) -> None:
        found = await keeping_accounts.find_account(engine, login)
        await keeping_accounts.change_account(
            engine, Passwords(), change, region_id=found.region_id, account_id=found.id, actor_id=COMMAND_LINE
        )

    run(context, work)


@account.command("disable")
@click.argument("login")
@click.pass_context
def disable_account(context: click.Context, login: str) -> None:
    """Disable an account and end its sessions."""
    _change(context, login, keeping_accounts.Change(disabled=True))
    click.echo("Disabled; its sessions have ended.")


@account.command("enable")
@click.argument("login")
@click.pass_context
def enable_account(context: click.Context, login: str) -> None:
    """Let a disabled account sign in again."""
    _change(context, login, keeping_accounts.Change(disabled=False))
    click.echo("Enabled.")


@account.command("password")
@click.argument("login")
@_password_option
@click.pass_context
def set_password(context: click.Context, *, login: str, password_stdin: bool) -> None:
    """Set a new password and end the account's sessions."""
    password = _ask_password(from_stdin=password_stdin)
    _change(context, login, keeping_accounts.Change(password=password))
    click.echo("Changed; its sessions have ended.")


@click.group()
def key() -> None:
    """Keys of operators' software."""


@key.command("add")
@click.argument("name")
@click.option("--verb", "verbs", type=click.Choice([verb.value for verb in Verb]), multiple=True, required=True)
@click.option("--basis", type=click.Choice(["physical", "net"]), default="physical", show_default=True)
@click.option("--settle-lag", "settle_lag_s", type=int, default=0, show_default=True, help="In seconds.")
@_shelter_option
@_region_option
@click.pass_context
def add_key(
    context: click.Context,
    *,
    name: str,
    verbs: tuple[str, ...],
    basis: Basis,
    settle_lag_s: int,
    shelters: tuple[UUID, ...],
    region_slug: str | None,
) -> None:
    """Make a key and print it. This is the only time its secret can be seen."""
    key_secrets = _key_secrets(context)

    async def work(engine: AsyncEngine) -> str:
        _, secret = await keeping_keys.add_key(
            engine,
            key_secrets,
            region_id=await _region_id(engine, region_slug),
            name=name,
            verbs=[Verb(verb) for verb in verbs],
            basis=basis,
            settle_lag_s=settle_lag_s,
            shelters=shelters,
            actor_id=COMMAND_LINE,
        )
        return secret

    click.echo(run(context, work))


@key.command("list")
@_region_option
@click.pass_context
def list_keys(context: click.Context, region_slug: str | None) -> None:
    """List a region's keys, without their secrets."""

    async def work(engine: AsyncEngine) -> list[keeping_keys.Key]:
        region_id = await _region_id(engine, region_slug)
        keys: list[keeping_keys.Key] = []
        while page := await keeping_keys.list_keys(engine, region_id, keys[-1].id if keys else None):
            keys += page
        return keys

    for one in run(context, work):
        state = "revoked" if one.revoked_at else f"{len(one.secrets)} secrets"
        click.echo(f"{one.id}  {state:9}  {one.basis:8}  {','.join(sorted(one.verbs)):22}  {one.name}")


@key.command("rotate")
@click.argument("key_id", type=click.UUID)
@click.option("--end-old", is_flag=True, help="Stop the old secret now, because it got out.")
@click.pass_context
def rotate_key(context: click.Context, *, key_id: UUID, end_old: bool) -> None:
    """Give a key a new secret and print it. The old one works until the next rotation."""
    key_secrets = _key_secrets(context)

    async def work(engine: AsyncEngine) -> str:
        region_id = await keeping_keys.find_key_region(engine, key_id)
        _, secret = await keeping_keys.rotate_key(
            engine, key_secrets, region_id, key_id, end_old=end_old, actor_id=COMMAND_LINE
        )
        return secret

    click.echo(run(context, work))


@key.command("revoke")
@click.argument("key_id", type=click.UUID)
@click.pass_context
def revoke_key(context: click.Context, key_id: UUID) -> None:
    """Revoke a key for good."""

    async def work(engine: AsyncEngine) -> None:
        region_id = await keeping_keys.find_key_region(engine, key_id)
        await keeping_keys.revoke_key(engine, region_id, key_id, COMMAND_LINE)

    run(context, work)
    click.echo("Revoked.")
