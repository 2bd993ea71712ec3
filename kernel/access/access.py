"""Access: the one object through which a node knows who somebody is. Built once, kept in app.state.access.

It composes sessions, keys, tickets and rations; policies.py asks it on every request.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from hashlib import sha256
from uuid import UUID

from litestar.datastructures import Headers
from redis.asyncio import Redis
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from kernel.access.identifying import DATABASE_AWAY, Identifying
from kernel.access.key_secrets import KeySecrets
from kernel.access.model import Credential, Principal, public_principal
from kernel.access.origins import allowed_origin
from kernel.access.passwords import Passwords
from kernel.access.problems import COOKIE, KeyRefused, OriginRefused, SessionEnded, TicketRefused
from kernel.access.rationing import Rationing
from kernel.access.signing_in import SignedIn, SigningIn, session_credential
from kernel.access.tickets import Tickets
from kernel.problems import Busy, InvalidParameter, negotiate
from kernel.settings import Settings
from kernel.tables import region

_REGIONS_S = 10.0
_REGIONS_MAX = 1_000


class Access:
    def __init__(
        self, settings: Settings, engine: AsyncEngine, redis: Redis | None, passwords: Passwords | None = None
    ) -> None:
        self.settings = settings
        self.engine = engine
        self.passwords = passwords or Passwords()
        self.key_secrets = KeySecrets(settings)
        self.rationing = Rationing(redis, self.key_secrets.derive("rations"), settings.redis_timeout_s)
        self._signing_in = SigningIn(settings, engine, self.passwords, self.rationing)
        self._identifying = Identifying(engine)
        self._tickets = Tickets(redis)
        self._regions: tuple[Mapping[str, UUID], float] = ({}, 0.0)

    async def identify(self, headers: Headers, cookies: Mapping[str, str], *, ambient: bool) -> Principal | None:
        """Return who sent this; None when it does not say. Raises for what it says and is not so.

        `ambient`: a cookie alone may do this, because it only reads. Otherwise the Origin must
        show that one of our own pages sent it. A key is never sent by a browser unasked.
        """
        if "authorization" in headers:
            return await self._identify_key(headers)
        token = cookies.get(COOKIE)
        if token is None:
            return None
        if not ambient and not allowed_origin(self.settings, headers):
            raise OriginRefused
        credential = session_credential(token)
        principal = await self._identifying.find(credential) if credential else None
        if principal is None:
            raise SessionEnded
        return principal

    async def _identify_key(self, headers: Headers) -> Principal:
        values = headers.getall("authorization")
        credential = self.key_secrets.credential(values[0]) if len(values) == 1 else None
        principal = await self._identifying.find(credential) if credential else None
        if principal is None:
            raise KeyRefused
        self._identifying.note(sha256(values[0].encode("latin-1")).digest(), principal)
        return principal

    def recall(self, authorization: bytes) -> Principal | None:
        """Return whose key a header shows, if exactly that header was looked at a moment ago, and none has been since.

        As long as `identify` would not ask either; not a secret is kept for it, but its digest.
        """
        return self._identifying.recall(sha256(authorization).digest())

    async def public(self, named: str | None, accept_language: str | None) -> Principal:
        """Return the public, looking at the region it names by slug or id, or at the only one."""
        regions = await self._known_regions()
        ids = set(regions.values())
        if named is None and len(ids) == 1:
            chosen = ids.pop()
        elif named is not None and named in regions:
            chosen = regions[named]
        else:
            raise InvalidParameter(where="region", why="name one of this installation's regions")
        return public_principal(chosen, negotiate(accept_language))

    async def _known_regions(self) -> Mapping[str, UUID]:
        regions, until = self._regions
        if until > time.monotonic():
            return regions
        try:
            async with self.engine.connect() as connection:
                rows = await connection.execute(select(region.c.id, region.c.slug).limit(_REGIONS_MAX))
                regions = {name: row.id for row in rows for name in (row.slug, str(row.id))}
        except DATABASE_AWAY as error:
            raise Busy from error
        self._regions = (regions, time.monotonic() + (_REGIONS_S if regions else 0.0))
        return regions

    async def sign_in(self, login: str, password: str, address: str, token: str | None) -> tuple[SignedIn, Principal]:
        """Open a session; `token` is what the browser's cookie held, to be ended and never adopted."""
        former = session_credential(token) if token else None
        try:
            signed_in = await self._signing_in.sign_in(login, password, address, former)
        except DATABASE_AWAY as error:
            raise Busy from error
        if former is not None:
            self._identifying.forget()
        principal = await self._identifying.find(signed_in.credential)
        if principal is None:
            raise SessionEnded
        return signed_in, principal

    async def sign_out(self, principal: Principal) -> None:
        if principal.credential is not None:
            await self._signing_in.sign_out(principal.credential)
        self._identifying.forget()

    async def issue_ticket(self, credential: Credential) -> str:
        return await self._tickets.issue(credential)

    async def authenticate_ticket(self, ticket: str) -> Principal:
        """Use up a ticket, and return whose session or key it stands for, as it is now."""
        principal = await self._identifying.find(await self._tickets.redeem(ticket))
        if principal is None:
            raise TicketRefused
        return principal

    async def still_valid(self, principals: Iterable[Principal]) -> set[Principal]:
        """Return those whose rights are exactly what they were: one query, however many they are.

        Raises Busy when Postgres does not answer: nothing is then known about any of them.
        """
        return await self._identifying.still_valid(principals)

    def forget(self) -> None:
        """Drop what this node remembers about rights. Call it after every change of them."""
        self._identifying.forget()

    async def close(self) -> None:
        await self._identifying.close()
        self.passwords.close()
