"""The command line against a real database. It has a loop of its own, so these tests have none."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from typing import Any
from uuid import UUID

import asyncpg
import click
import pytest
from click.testing import CliRunner, Result

from kernel.access.cli import account, key
from kernel.access.key_secrets import KeySecrets
from kernel.access.model import COMMAND_LINE
from kernel.ids import new_id
from kernel.settings import Settings

PASSWORD = "cactus lamp zondag vier"


def ask(settings: Settings, query: str, *values: object) -> Any:
    async def run() -> Any:
        connection = await asyncpg.connect(settings.database_url)
        try:
            return await connection.fetchval(query, *values)
        finally:
            await connection.close()

    return asyncio.run(run())


@pytest.fixture
def region(settings: Settings) -> UUID:
    insert = "INSERT INTO region (id, slug, name, timezone, epoch) VALUES ($1, 'brussels', 'B', 'UTC', $1) RETURNING id"
    return UUID(str(ask(settings, insert, new_id())))


def run(settings: Settings, group: click.Group, *arguments: str, given: str | None = None) -> Result:
    return CliRunner().invoke(group, list(arguments), obj=settings, input=given)


def add(settings: Settings, login: str, *more: str, role: str = "administrator", password: str = PASSWORD) -> Result:
    return run(settings, account, "add", login, "--role", role, "--password-stdin", *more, given=f"{password}\n")


@pytest.mark.usefixtures("region")
def test_the_first_administrator_comes_from_here(settings: Settings) -> None:
    added = add(settings, "boss")
    assert added.exit_code == 0, added.output
    assert ask(settings, "SELECT actor_id FROM account WHERE id = $1", UUID(added.output.strip())) == COMMAND_LINE
    listed = run(settings, account, "list")
    assert re.search(r"administrator +active +0 shelters +boss", listed.output)
    assert PASSWORD not in added.output + listed.output


@pytest.mark.usefixtures("region")
def test_a_password_is_asked_for_twice_and_not_shown(settings: Settings) -> None:
    shelter = str(new_id())
    arguments = ("add", "nadia", "--role", "staff", "--shelter", shelter)
    added = run(settings, account, *arguments, given=f"{PASSWORD}\n{PASSWORD}\n")
    assert added.exit_code == 0, added.output
    assert PASSWORD not in added.output
    assert str(ask(settings, "SELECT shelter_id FROM account_shelter")) == shelter


@pytest.mark.usefixtures("region")
def test_refusals_are_sentences(settings: Settings) -> None:
    add(settings, "boss")
    taken = add(settings, "Boss")
    weak = add(settings, "nadia", password="short")
    last = run(settings, account, "disable", "boss")
    unknown = run(settings, account, "disable", "nobody")
    astray = add(settings, "nadia", "--region", "nowhere")
    homeless = run(replace(settings, database_url=None), account, "list")
    for result, words in [
        (taken, "already in use"),
        (weak, "12 to 256 characters"),
        (last, "last administrator"),
        (unknown, "cannot find"),
        (astray, "Known: brussels"),
        (homeless, "DATABASE_URL"),
    ]:
        assert result.exit_code == 1
        assert words in result.output
        assert "Traceback" not in result.output


@pytest.mark.usefixtures("region")
def test_disabling_enabling_and_a_new_password(settings: Settings) -> None:
    add(settings, "boss")
    add(settings, "nadia", role="staff")
    before = ask(settings, "SELECT password_hash FROM account WHERE login = 'nadia'")
    assert run(settings, account, "disable", "nadia").exit_code == 0
    assert ask(settings, "SELECT disabled_at FROM account WHERE login = 'nadia'") is not None
    assert run(settings, account, "enable", "nadia").exit_code == 0
    assert ask(settings, "SELECT disabled_at FROM account WHERE login = 'nadia'") is None
    changed = run(settings, account, "password", "nadia", "--password-stdin", given="four other words here\n")
    assert changed.exit_code == 0, changed.output
    assert ask(settings, "SELECT password_hash FROM account WHERE login = 'nadia'") != before


@pytest.mark.usefixtures("region")
def test_keys_are_made_listed_rotated_and_revoked(settings: Settings) -> None:
    made = run(settings, key, "add", "Maison d'ici", "--verb", "report", "--verb", "read", "--basis", "net")
    assert made.exit_code == 0, made.output
    first = KeySecrets(settings).credential(f"Bearer {made.output.strip()}")
    assert first is not None
    assert ask(settings, "SELECT secret_hmac FROM machine_key_secret") == first.proof
    key_id = str(UUID(bytes=first.id))
    rotated = run(settings, key, "rotate", key_id)
    assert rotated.output.startswith(key_id)
    assert rotated.output != made.output
    listed = run(settings, key, "list").output
    assert re.search(rf"{key_id}  2 secrets +net +read,report +Maison d'ici", listed)
    assert run(settings, key, "rotate", key_id, "--end-old").exit_code == 0
    assert "1 secrets" in run(settings, key, "list").output
    assert run(settings, key, "revoke", key_id).exit_code == 0
    assert "revoked" in run(settings, key, "list").output
    assert "cannot find" in run(settings, key, "revoke", key_id).output


@pytest.mark.usefixtures("region")
def test_without_the_installations_secret_no_key_is_made(settings: Settings) -> None:
    bare = replace(settings, secret_key=None)
    refused = run(bare, key, "add", "x", "--verb", "read")
    assert refused.exit_code == 1
    assert "HALTE_SECRET_KEY" in refused.output
    assert ask(settings, "SELECT count(*) FROM machine_key") == 0
