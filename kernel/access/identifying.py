"""From a credential to a principal: batched, remembered for less than two seconds, never longer.

Requests that arrive while a query runs share the next one, so a burst of phones costs a few
queries and not one each. What is remembered counts from the start of its query: a revocation is
seen on every node within REMEMBER_S, and at once on the node that did it.
"""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from kernel.access.model import Credential, Principal, Role, Verb
from kernel.postgres import POSTGRES_GONE
from kernel.problems import Busy

log = structlog.get_logger(__name__)

REMEMBER_S = 1.5
_REMEMBER_MAX = 10_000
_BATCH_MAX = 1_000

# What asking Postgres raises when it does not answer. SQLAlchemy wraps some of asyncpg's, not all.
DATABASE_AWAY = (SQLAlchemyError, *POSTGRES_GONE)

# Idle and absolute ends by the database's real clock (see tables.py).
_ALIVE = """s.expires_at > clock_timestamp() AND a.disabled_at IS NULL
    AND s.last_seen_at + s.idle_s * interval '1 second' > clock_timestamp()"""

# Often enough that an idle window is exact to a tenth of itself, or to a minute.
_TOUCH_DUE = "s.last_seen_at < clock_timestamp() - least(60, s.idle_s / 10.0) * interval '1 second'"

_SESSIONS = bindparam("sessions", type_=ARRAY(BYTEA))
_KEYS = bindparam("keys", type_=ARRAY(PG_UUID))

_FIND = text(f"""
SELECT 'session' AS kind, s.token_sha256 AS session_id, a.id, a.region_id, a.role, a.language,
       ARRAY(SELECT shelter_id FROM account_shelter WHERE account_id = a.id) AS shelters,
       ARRAY[]::text[] AS verbs, NULL AS basis, 0 AS settle_lag_s, ARRAY[]::bytea[] AS proofs,
       {_TOUCH_DUE} AS touch_due
FROM session s JOIN account a ON a.id = s.account_id
WHERE s.token_sha256 = ANY(:sessions) AND {_ALIVE}
UNION ALL
SELECT 'key', NULL, k.id, k.region_id, 'machine', 'en',
       ARRAY(SELECT shelter_id FROM machine_key_shelter WHERE key_id = k.id),
       k.verbs, k.basis, k.settle_lag_s,
       ARRAY(SELECT secret_hmac FROM machine_key_secret WHERE key_id = k.id AND revoked_at IS NULL), false
FROM machine_key k
WHERE k.id = ANY(:keys) AND k.revoked_at IS NULL
""").bindparams(_SESSIONS, _KEYS)  # noqa: S608 -- the fragments are constants of this module

# A row that somebody else is touching is fresh enough; waiting for it could only deadlock.
_TOUCH = text(f"""
UPDATE session SET last_seen_at = clock_timestamp() WHERE token_sha256 IN (
  SELECT s.token_sha256 FROM session s JOIN account a ON a.id = s.account_id
  WHERE s.token_sha256 = ANY(:sessions) AND {_ALIVE} FOR UPDATE OF s SKIP LOCKED)
""").bindparams(_SESSIONS)  # noqa: S608 -- as above

_Name = tuple[str, bytes]


@dataclass(frozen=True, slots=True)
class _Found:
    """A live session or key. `proofs`: what the key's live secrets hash to."""

    principal: Principal
    proofs: tuple[bytes, ...]
    touch_due: bool


class Identifying:
    """Finds principals by credential, for one node."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._remembered: dict[_Name, tuple[_Found, float]] = {}
        # By the digest of what was shown: what it was found to be, as long as just that is remembered.
        self._shown: dict[bytes, tuple[_Found, Principal]] = {}
        self._forgettings = 0
        self._waiting: dict[_Name, asyncio.Future[_Found | None]] = {}
        self._reader: asyncio.Task[None] | None = None

    async def find(self, credential: Credential) -> Principal | None:
        """Return whose credential this is; None where it is not (or no longer) one."""
        found, until = self._remembered.get(_name(credential), (None, 0.0))
        if until <= time.monotonic():
            try:
                found = await self._read_soon(_name(credential))
            except DATABASE_AWAY as error:
                log.warning("access.postgres_away", error=type(error).__name__)
                raise Busy from error
        return _accept(found, credential)

    def note(self, digest: bytes, principal: Principal) -> None:
        """Note what a principal was found by, for `recall`."""
        if principal.credential is None:
            return
        found, _ = self._remembered.get(_name(principal.credential), (None, 0.0))
        if found is not None:
            if len(self._shown) >= _REMEMBER_MAX:
                self._shown.clear()
            self._shown[digest] = (found, principal)

    def recall(self, digest: bytes) -> Principal | None:
        """Return who was found by what has this digest, if `find` would remember the same."""
        found, principal = self._shown.get(digest, (None, None))
        if principal is None or principal.credential is None:
            return None
        remembered, until = self._remembered.get(_name(principal.credential), (None, 0.0))
        return principal if remembered is found and until > time.monotonic() else None

    async def still_valid(self, principals: Iterable[Principal]) -> set[Principal]:
        """Return those whose rights are exactly what they were, in one query.

        It is no sign of life: a screen left alone must still time out. Raises Busy when Postgres
        does not answer.
        """
        asked = set(principals)
        names = {_name(p.credential) for p in asked if p.credential is not None}
        try:
            found = await self._query(names) if names else {}
        except DATABASE_AWAY as error:
            raise Busy from error
        return {p for p in asked if _stands(p, found)}

    def forget(self) -> None:
        """Trust nothing that was read before now. Called after every change of rights on this node."""
        self._remembered.clear()
        self._forgettings += 1

    async def close(self) -> None:
        if self._reader is not None:
            self._reader.cancel()
            with suppress(asyncio.CancelledError):
                await self._reader
        for future in self._waiting.values():
            future.cancel()

    async def _read_soon(self, name: _Name) -> _Found | None:
        future = self._waiting.get(name)
        if future is None:
            future = self._waiting[name] = asyncio.get_running_loop().create_future()
        if self._reader is None:
            self._reader = asyncio.create_task(self._read_all_waiting())
        # Shielded: several requests wait for it, and one that hangs up must not take it from the others.
        return await asyncio.shield(future)

    async def _read_all_waiting(self) -> None:
        try:
            while self._waiting:
                names = list(self._waiting)[:_BATCH_MAX]
                await self._read({name: self._waiting.pop(name) for name in names})
        finally:
            self._reader = None

    async def _read(self, batch: dict[_Name, asyncio.Future[_Found | None]]) -> None:
        started, forgettings = time.monotonic(), self._forgettings
        try:
            found = await self._query(batch)
            await self._touch([name for name, f in found.items() if f.touch_due])
        except asyncio.CancelledError:
            for future in batch.values():
                future.cancel()
            raise
        except Exception as error:  # noqa: BLE001 -- whoever waits must hear of it, whatever it is
            for future in batch.values():
                future.set_exception(error)
            return
        for name, future in batch.items():
            future.set_result(found.get(name))
        if forgettings == self._forgettings:
            self._remember(found, started + REMEMBER_S)

    def _remember(self, found: dict[_Name, _Found], until: float) -> None:
        for name, one in found.items():
            self._remembered.pop(name, None)  # so that the order of the dict is the order of reading
            self._remembered[name] = (one, until)
        while len(self._remembered) > _REMEMBER_MAX:
            del self._remembered[next(iter(self._remembered))]

    async def _query(self, names: Collection[_Name]) -> dict[_Name, _Found]:
        parameters = {
            "sessions": [id_ for kind, id_ in names if kind == "session"],
            "keys": [UUID(bytes=id_) for kind, id_ in names if kind == "key"],
        }
        async with self._engine.connect() as connection:
            rows = await connection.execute(_FIND, parameters)
            return {_name_of_row(row): _found(row) for row in rows}

    async def _touch(self, names: Collection[_Name]) -> None:
        if not names:
            return
        async with self._engine.begin() as connection:
            await connection.execute(_TOUCH, {"sessions": [id_ for _, id_ in names]})


def _name(credential: Credential) -> _Name:
    return credential.kind, credential.id


def _name_of_row(row: Row[Any]) -> _Name:
    return row.kind, row.session_id if row.kind == "session" else row.id.bytes


def _found(row: Row[Any]) -> _Found:
    principal = Principal(
        kind="account" if row.kind == "session" else "key",
        id=row.id,
        region_id=row.region_id,
        role=Role(row.role),
        shelters=frozenset(row.shelters),
        verbs=frozenset(map(Verb, row.verbs)),
        language=row.language,
        basis=row.basis,
        settle_lag_s=row.settle_lag_s,
    )
    return _Found(principal, tuple(row.proofs), row.touch_due)


def _accept(found: _Found | None, credential: Credential) -> Principal | None:
    """Give the principal its credential, if the proof is one of the live ones."""
    if found is None:
        return None
    if credential.kind == "key":
        # All are compared, in constant time each: the answer's delay tells nothing about either.
        equal = [hmac.compare_digest(proof, credential.proof) for proof in found.proofs]
        if not any(equal):
            return None
    return replace(found.principal, credential=credential)


def _stands(principal: Principal, found: dict[_Name, _Found]) -> bool:
    if principal.credential is None:
        return principal.role is Role.PUBLIC
    return _accept(found.get(_name(principal.credential)), principal.credential) == principal
