"""Keeping accounts: who gets one, with which role and which shelters, and how it ends.

What takes rights away ends the account's sessions in the same transaction. An account is never
deleted: the rows it wrote name it as their actor.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from kernel.access.model import ACCOUNT_ROLES, LOGIN, Role
from kernel.access.passwords import Passwords, check_strength
from kernel.access.problems import LastAdministrator, LoginTaken
from kernel.access.signing_in import end_sessions
from kernel.access.tables import account, account_shelter
from kernel.ids import new_id
from kernel.problems import LANGUAGES, InvalidBody, NotFound

LIST_MAX = 500
SHELTERS_MAX = 500


@dataclass(frozen=True, slots=True)
class Account:
    id: UUID
    region_id: UUID
    login: str = field(repr=False)
    role: Role
    language: str
    shelters: frozenset[UUID]
    created_at: datetime
    disabled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Change:
    """What to change of an account; None leaves it as it is."""

    role: Role | None = None
    language: str | None = None
    shelters: frozenset[UUID] | None = None
    disabled: bool | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def ends_sessions(self) -> bool:
        """A new role has another idle time, and a new password is often set because the old one got out."""
        return self.role is not None or self.disabled is True or self.password is not None

    @property
    def may_remove_administrator(self) -> bool:
        return self.disabled is True or self.role not in {None, Role.ADMINISTRATOR}


async def add_account(
    engine: AsyncEngine,
    passwords: Passwords,
    *,
    region_id: UUID,
    login: str,
    password: str,
    role: Role,
    language: str,
    shelters: Collection[UUID],
    actor_id: UUID,
) -> Account:
    login = login.strip().lower()
    if not LOGIN.fullmatch(login):
        raise InvalidBody(where="login", why="3 to 64 letters without accents, digits, and . _ @ + -")
    _check(role, language, shelters)
    check_strength(password, login)
    account_id = new_id()
    values = {
        "id": account_id,
        "region_id": region_id,
        "login": login,
        "role": role,
        "language": language,
        "password_hash": await passwords.hash(password),
        "actor_id": actor_id,
    }
    async with engine.begin() as connection:
        added = insert(account).values(values).on_conflict_do_nothing().returning(account.c.id)
        if (await connection.execute(added)).one_or_none() is None:
            raise LoginTaken
        await _grant(connection, account_id, shelters, actor_id)
        return await _read(connection, region_id, account_id)


async def list_accounts(engine: AsyncEngine, region_id: UUID, after: str = "", limit: int = LIST_MAX) -> list[Account]:
    """Return a region's accounts by login, from the first one behind `after`."""
    page = _accounts(region_id).where(account.c.login > after).order_by(account.c.login).limit(min(limit, LIST_MAX))
    async with engine.connect() as connection:
        return [_account(row) for row in await connection.execute(page)]


async def find_account(engine: AsyncEngine, login: str) -> Account:
    """Return the account of a login, in whichever region: for the command line, which stands above them."""
    found = select(account.c.id, account.c.region_id).where(account.c.login == login.strip().lower())
    async with engine.connect() as connection:
        row = (await connection.execute(found)).one_or_none()
        if row is None:
            raise NotFound
        return await _read(connection, row.region_id, row.id)


async def change_account(
    engine: AsyncEngine, passwords: Passwords, change: Change, *, region_id: UUID, account_id: UUID, actor_id: UUID
) -> Account:
    _check(change.role, change.language, change.shelters or ())
    async with engine.connect() as connection:
        login = (await _read(connection, region_id, account_id)).login
    values: dict[str, Any] = {"actor_id": actor_id}
    if change.password is not None:
        check_strength(change.password, login)
        values["password_hash"] = await passwords.hash(change.password)
    if change.role is not None:
        values["role"] = change.role
    if change.language is not None:
        values["language"] = change.language
    if change.disabled is not None:
        values["disabled_at"] = (
            func.coalesce(account.c.disabled_at, func.clock_timestamp()) if change.disabled else None
        )
    async with engine.begin() as connection:
        if change.may_remove_administrator:
            await _keep_an_administrator(connection, region_id, account_id)
        await connection.execute(update(account).where(account.c.id == account_id).values(values))
        if change.shelters is not None:
            await _regrant(connection, account_id, change.shelters, actor_id)
        if change.ends_sessions:
            await end_sessions(connection, account_id)
        return await _read(connection, region_id, account_id)


def _check(role: Role | None, language: str | None, shelters: Collection[UUID]) -> None:
    if role is not None and role not in ACCOUNT_ROLES:
        raise InvalidBody(where="role", why=f"one of {', '.join(ACCOUNT_ROLES)}")
    if language is not None and language not in LANGUAGES:
        raise InvalidBody(where="language", why=f"one of {', '.join(LANGUAGES)}")
    if len(shelters) > SHELTERS_MAX:
        raise InvalidBody(where="shelters", why=f"at most {SHELTERS_MAX}")


async def _keep_an_administrator(connection: AsyncConnection, region_id: UUID, leaving: UUID) -> None:
    """Refuse what leaves a region without an administrator.

    All of them are locked first, in one order: two who disable each other at once must not both succeed.
    """
    living = (
        select(account.c.id)
        .where(account.c.region_id == region_id, account.c.role == Role.ADMINISTRATOR, account.c.disabled_at.is_(None))
        .order_by(account.c.id)
        .with_for_update()
    )
    if set((await connection.execute(living)).scalars()) == {leaving}:
        raise LastAdministrator


async def _grant(connection: AsyncConnection, account_id: UUID, shelters: Collection[UUID], actor_id: UUID) -> None:
    rows = [
        {"account_id": account_id, "shelter_id": shelter_id, "actor_id": actor_id} for shelter_id in sorted(shelters)
    ]
    if rows:
        await connection.execute(insert(account_shelter).values(rows).on_conflict_do_nothing())


async def _regrant(connection: AsyncConnection, account_id: UUID, shelters: Collection[UUID], actor_id: UUID) -> None:
    mine = account_shelter.c.account_id == account_id
    await connection.execute(delete(account_shelter).where(mine, account_shelter.c.shelter_id.not_in(shelters)))
    await _grant(connection, account_id, shelters, actor_id)


def _accounts(region_id: UUID) -> Select[Any]:
    shelters = (
        select(func.array_agg(account_shelter.c.shelter_id))
        .where(account_shelter.c.account_id == account.c.id)
        .scalar_subquery()
    )
    columns = (c for c in account.c if c.name not in {"password_hash", "actor_id"})
    return select(*columns, shelters.label("shelters")).where(account.c.region_id == region_id)


async def _read(connection: AsyncConnection, region_id: UUID, account_id: UUID) -> Account:
    row = (await connection.execute(_accounts(region_id).where(account.c.id == account_id))).one_or_none()
    if row is None:
        raise NotFound
    return _account(row)


def _account(row: Row[Any]) -> Account:
    return Account(
        id=row.id,
        region_id=row.region_id,
        login=row.login,
        role=Role(row.role),
        language=row.language,
        shelters=frozenset(row.shelters or ()),
        created_at=row.created_at,
        disabled_at=row.disabled_at,
    )
