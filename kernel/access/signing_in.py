"""Signing in and out: opaque sessions, of which Postgres knows only the SHA-256.

A token is made here and nowhere else: one that a client brings along is looked up or deleted,
never adopted. Idle and absolute ends are reckoned by the database's real clock.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_address, ip_network
from uuid import UUID

import structlog
from sqlalchemy import bindparam, delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from kernel.access import metrics
from kernel.access.model import LOGIN, Credential, Role
from kernel.access.passwords import Passwords
from kernel.access.problems import LoginFailed, TooManyAttempts
from kernel.access.rationing import Ration, Rationing
from kernel.access.tables import account, session
from kernel.settings import Settings

log = structlog.get_logger(__name__)

# A person mistypes a few times; a guesser gets 2,880 guesses a day at one login.
LOGIN_RATION = Ration("login", burst=10, every_ms=30_000)
# A shelter and its neighbours may sit behind one address: wide enough for a change of shift.
ADDRESS_RATION = Ration("address", burst=60, every_ms=1_000)

_TOKEN_BYTES = 32
_TOKEN_LENGTH = 43
_SWEEP_MAX = 50

_SWEEP = text("""
DELETE FROM session WHERE token_sha256 IN (
  SELECT token_sha256 FROM session WHERE expires_at < clock_timestamp()
  ORDER BY expires_at LIMIT :most FOR UPDATE SKIP LOCKED)
""")

_FIND_ACCOUNT = select(account.c.id, account.c.role, account.c.password_hash).where(
    account.c.login == bindparam("login"), account.c.disabled_at.is_(None)
)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A fresh session: the token for the browser, and what it is known by here."""

    token: str = field(repr=False)
    credential: Credential
    lasts_s: int | None


# A phone in a pocket and a board on a wall are in use for a whole night with nobody touching them.
_LASTING = frozenset({Role.STAFF, Role.SUPERVISOR})


@dataclass(frozen=True, slots=True)
class _Known:
    id: UUID
    role: Role
    password_hash: str = field(repr=False)


def session_credential(token: str) -> Credential | None:
    """Return what a cookie's value is known by; None for what cannot be one of ours."""
    if len(token) != _TOKEN_LENGTH or not token.isascii():
        return None
    return Credential("session", hashlib.sha256(token.encode()).digest())


def network_of(host: str) -> str:
    """Return what counts as one address: an IPv6 subscriber has at least a /64 of them."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    return str(ip_network((address, 64), strict=False)) if address.version == 6 else str(address)


class SigningIn:
    def __init__(self, settings: Settings, engine: AsyncEngine, passwords: Passwords, rationing: Rationing) -> None:
        self._settings = settings
        self._engine = engine
        self._passwords = passwords
        self._rationing = rationing

    async def sign_in(self, login: str, password: str, address: str, former: Credential | None) -> SignedIn:
        """Check and open a session, ending the one this browser had (`former`)."""
        login = login.strip().lower()
        wait_ms = await self._rationing.take([(LOGIN_RATION, login), (ADDRESS_RATION, network_of(address))])
        if wait_ms:
            metrics.RATIONED.inc()
            log.warning("access.sign_in_rationed")
            raise TooManyAttempts(-(-wait_ms // 1_000))
        known = await self._check(login, password)
        signed_in = await self._open(known, former)
        await self._rationing.forgive(LOGIN_RATION, login)
        await self._renew_hash(known, password)
        log.info("access.signed_in", actor_id=str(known.id))
        return signed_in

    async def sign_out(self, credential: Credential) -> None:
        async with self._engine.begin() as connection:
            await connection.execute(delete(session).where(session.c.token_sha256 == credential.id))

    async def _check(self, login: str, password: str) -> _Known:
        """Return the account, or refuse in one way and after one time for all reasons."""
        known = await self._find(login) if LOGIN.fullmatch(login) else None
        matches = await self._passwords.verify(known.password_hash if known else None, password)
        if known is None or not matches:
            metrics.WRONG.inc()
            log.warning("access.sign_in_refused")
            raise LoginFailed
        return known

    async def _find(self, login: str) -> _Known | None:
        """Read the account and give the connection back: a flood of guesses at argon2 must not empty the pool."""
        async with self._engine.connect() as connection:
            row = (await connection.execute(_FIND_ACCOUNT, {"login": login})).one_or_none()
        return None if row is None else _Known(row.id, Role(row.role), row.password_hash)

    async def _open(self, known: _Known, former: Credential | None) -> SignedIn:
        lasting = known.role in _LASTING
        idle_s = self._settings.staff_idle_s if lasting else self._settings.desk_idle_s
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        digest = hashlib.sha256(token.encode()).digest()
        async with self._engine.begin() as connection:
            if not await _lock_unchanged(connection, known):
                raise LoginFailed
            if former is not None:
                await connection.execute(delete(session).where(session.c.token_sha256 == former.id))
            await connection.execute(_SWEEP, {"most": _SWEEP_MAX})
            await connection.execute(
                insert(session).values(
                    token_sha256=digest,
                    account_id=known.id,
                    expires_at=func.clock_timestamp() + timedelta(seconds=self._settings.session_max_s),
                    idle_s=idle_s,
                    actor_id=known.id,
                )
            )
        # A phone and a wall keep their cookie when the browser restarts by night; a desk computer forgets it.
        lasts_s = self._settings.session_max_s if lasting else None
        return SignedIn(token, Credential("session", digest), lasts_s)

    async def _renew_hash(self, known: _Known, password: str) -> None:
        """Hash again when the cost was raised since."""
        if not self._passwords.outdated(known.password_hash):
            return
        fresh = await self._passwords.hash(password)
        unchanged = (account.c.id == known.id) & (account.c.password_hash == known.password_hash)
        async with self._engine.begin() as connection:
            await connection.execute(update(account).where(unchanged).values(password_hash=fresh, actor_id=known.id))


async def end_sessions(connection: AsyncConnection, account_id: UUID) -> None:
    """End all sessions of an account; inside the transaction that takes its rights away."""
    await connection.execute(delete(session).where(session.c.account_id == account_id))


async def _lock_unchanged(connection: AsyncConnection, known: _Known) -> bool:
    """Hold the account against whoever disables it or changes its password meanwhile.

    Its own statement, before the session is written: otherwise one opened with the old password
    could slip in behind the deletion of all sessions.
    """
    unchanged = (
        select(account.c.id)
        .where(account.c.id == known.id, account.c.disabled_at.is_(None))
        .where(account.c.password_hash == known.password_hash, account.c.role == known.role)
        .with_for_update(read=True)
    )
    return (await connection.execute(unchanged)).one_or_none() is not None
