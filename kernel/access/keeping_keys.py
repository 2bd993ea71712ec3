"""Keeping machine keys: made with named verbs and shelters, rotated without an outage, revoked at once.

A key has one live secret, or two while its owner replaces it; the table's slots allow no third.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from kernel.access.key_secrets import KeySecrets
from kernel.access.model import Basis, Verb
from kernel.access.tables import machine_key, machine_key_secret, machine_key_shelter
from kernel.ids import new_id
from kernel.problems import InvalidBody, NotFound

LIST_MAX = 500
SHELTERS_MAX = 500
SETTLE_LAG_MAX_S = 86_400
_NAME_MAX = 80
_SLOTS = (1, 2)


@dataclass(frozen=True, slots=True)
class Key:
    """`secrets`: since when each of its live secrets exists, the oldest first."""

    id: UUID
    name: str
    verbs: frozenset[Verb]
    basis: Basis
    settle_lag_s: int
    shelters: frozenset[UUID]
    secrets: tuple[datetime, ...]
    created_at: datetime
    revoked_at: datetime | None


async def add_key(
    engine: AsyncEngine,
    key_secrets: KeySecrets,
    *,
    region_id: UUID,
    name: str,
    verbs: Collection[Verb],
    basis: Basis,
    settle_lag_s: int,
    shelters: Collection[UUID],
    actor_id: UUID,
) -> tuple[Key, str]:
    """Make a key; return it with the only copy of its secret."""
    name = name.strip()
    _check(name, verbs, settle_lag_s, shelters)
    key_id = new_id()
    shown, stored = key_secrets.make(key_id)
    values = {
        "id": key_id,
        "region_id": region_id,
        "name": name,
        "verbs": sorted(set(verbs)),
        "basis": basis,
        "settle_lag_s": settle_lag_s,
        "actor_id": actor_id,
    }
    grants = [{"key_id": key_id, "shelter_id": id_, "actor_id": actor_id} for id_ in sorted(set(shelters))]
    async with engine.begin() as connection:
        await connection.execute(insert(machine_key).values(values))
        if grants:
            await connection.execute(insert(machine_key_shelter).values(grants))
        await _add_secret(connection, key_id, _SLOTS[0], stored, actor_id)
        return await _read(connection, region_id, key_id), shown


async def list_keys(
    engine: AsyncEngine, region_id: UUID, after: UUID | None = None, limit: int = LIST_MAX
) -> list[Key]:
    """Return a region's keys, revoked ones too, in the order they were made."""
    page = _keys(region_id).order_by(machine_key.c.id).limit(min(limit, LIST_MAX))
    if after is not None:
        page = page.where(machine_key.c.id > after)
    async with engine.connect() as connection:
        return [_key(row) for row in await connection.execute(page)]


async def find_key_region(engine: AsyncEngine, key_id: UUID) -> UUID:
    """Return the region of a key: for the command line, which stands above the regions."""
    async with engine.connect() as connection:
        found = await connection.execute(select(machine_key.c.region_id).where(machine_key.c.id == key_id))
        region_id: UUID | None = found.scalar_one_or_none()
    if region_id is None:
        raise NotFound
    return region_id


async def rotate_key(
    engine: AsyncEngine, key_secrets: KeySecrets, region_id: UUID, key_id: UUID, *, end_old: bool, actor_id: UUID
) -> tuple[Key, str]:
    """Give a key a new secret. The newest old one stays good until the next rotation, unless `end_old`."""
    shown, stored = key_secrets.make(key_id)
    async with engine.begin() as connection:
        await _lock(connection, region_id, key_id)
        live = await _live_slots(connection, key_id)
        ended = live if end_old else live[: max(0, len(live) - 1)]
        await _end_secrets(connection, key_id, ended, actor_id)
        free = next(slot for slot in _SLOTS if slot not in live or slot in ended)
        await _add_secret(connection, key_id, free, stored, actor_id)
        return await _read(connection, region_id, key_id), shown


async def revoke_key(engine: AsyncEngine, region_id: UUID, key_id: UUID, actor_id: UUID) -> None:
    async with engine.begin() as connection:
        await _lock(connection, region_id, key_id)
        await _end_secrets(connection, key_id, _SLOTS, actor_id)
        revoked = {"revoked_at": func.clock_timestamp(), "actor_id": actor_id}
        await connection.execute(update(machine_key).where(machine_key.c.id == key_id).values(revoked))


def _check(name: str, verbs: Collection[Verb], settle_lag_s: int, shelters: Collection[UUID]) -> None:
    if not 1 <= len(name) <= _NAME_MAX or not name.isprintable():
        raise InvalidBody(where="name", why=f"1 to {_NAME_MAX} printable characters")
    if not verbs:
        raise InvalidBody(where="verbs", why=f"at least one of {', '.join(Verb)}")
    if not 0 <= settle_lag_s <= SETTLE_LAG_MAX_S:
        raise InvalidBody(where="settle_lag_s", why=f"0 to {SETTLE_LAG_MAX_S} seconds")
    if len(shelters) > SHELTERS_MAX:
        raise InvalidBody(where="shelters", why=f"at most {SHELTERS_MAX}")


async def _lock(connection: AsyncConnection, region_id: UUID, key_id: UUID) -> None:
    """Hold a living key: two rotations at once take turns, and none follows a revocation."""
    living = (
        select(machine_key.c.id)
        .where(machine_key.c.id == key_id, machine_key.c.region_id == region_id, machine_key.c.revoked_at.is_(None))
        .with_for_update()
    )
    if (await connection.execute(living)).one_or_none() is None:
        raise NotFound


async def _live_slots(connection: AsyncConnection, key_id: UUID) -> list[int]:
    """Return the slots in use, the oldest secret first."""
    secret = machine_key_secret.c
    live = select(secret.slot).where(secret.key_id == key_id, secret.revoked_at.is_(None)).order_by(secret.created_at)
    return list((await connection.execute(live)).scalars())


async def _end_secrets(connection: AsyncConnection, key_id: UUID, slots: Collection[int], actor_id: UUID) -> None:
    secret = machine_key_secret.c
    ended = (secret.key_id == key_id) & secret.revoked_at.is_(None) & secret.slot.in_(slots)
    revoked = {"revoked_at": func.clock_timestamp(), "actor_id": actor_id}
    await connection.execute(update(machine_key_secret).where(ended).values(revoked))


async def _add_secret(connection: AsyncConnection, key_id: UUID, slot: int, stored: bytes, actor_id: UUID) -> None:
    values = {"id": new_id(), "key_id": key_id, "slot": slot, "secret_hmac": stored, "actor_id": actor_id}
    await connection.execute(insert(machine_key_secret).values(values))


def _keys(region_id: UUID) -> Select[Any]:
    secret, shelter = machine_key_secret.c, machine_key_shelter.c
    live = (secret.key_id == machine_key.c.id) & secret.revoked_at.is_(None)
    secrets = select(func.array_agg(secret.created_at)).where(live).scalar_subquery()
    shelters = select(func.array_agg(shelter.shelter_id)).where(shelter.key_id == machine_key.c.id).scalar_subquery()
    mine = machine_key.c.region_id == region_id
    return select(machine_key, secrets.label("secrets"), shelters.label("shelters")).where(mine)


async def _read(connection: AsyncConnection, region_id: UUID, key_id: UUID) -> Key:
    return _key((await connection.execute(_keys(region_id).where(machine_key.c.id == key_id))).one())


def _key(row: Row[Any]) -> Key:
    return Key(
        id=row.id,
        name=row.name,
        verbs=frozenset(map(Verb, row.verbs)),
        basis=row.basis,
        settle_lag_s=row.settle_lag_s,
        shelters=frozenset(row.shelters or ()),
        secrets=tuple(sorted(row.secrets or ())),
        created_at=row.created_at,
        revoked_at=row.revoked_at,
    )
