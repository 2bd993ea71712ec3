"""Tickets: let a websocket in where cookie and header do not reach. They work once, for 30 seconds.

A ticket stands for the session or key that asked for it and ends with it: redeeming one looks the
credential up again. Redis keeps the ticket's digest only; losing Redis loses tickets, never a fact.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from typing import Literal, cast

from redis.asyncio import Redis

from kernel.access.model import Credential
from kernel.access.problems import TicketRefused, TicketsUnavailable
from kernel.redis import PATIENCE_S, REDIS_AWAY

LIFETIME_S = 30
_LONGEST = 128
# After a restart all screens come at once, and a connection for each would cost more than waiting for one's turn.
_CALLS_MAX = 16


class Tickets:
    def __init__(self, redis: Redis | None) -> None:
        self._redis = redis
        self._calls = asyncio.Semaphore(_CALLS_MAX)

    async def issue(self, credential: Credential) -> str:
        if self._redis is None:
            raise TicketsUnavailable
        ticket = secrets.token_urlsafe(32)
        try:
            async with self._calls, asyncio.timeout(PATIENCE_S):
                await self._redis.set(_key(ticket), _write(credential), ex=LIFETIME_S)
        except REDIS_AWAY:
            raise TicketsUnavailable from None
        return ticket

    async def redeem(self, ticket: str) -> Credential:
        """Return what the ticket stands for and use it up, in one step."""
        if self._redis is None:
            raise TicketsUnavailable
        if not ticket.isascii() or len(ticket) > _LONGEST:
            raise TicketRefused
        try:
            async with self._calls, asyncio.timeout(PATIENCE_S):
                written = await self._redis.getdel(_key(ticket))
        except REDIS_AWAY:
            raise TicketsUnavailable from None
        if written is None:
            raise TicketRefused
        return _read(written)


def _key(ticket: str) -> str:
    return f"halte:ticket:{hashlib.sha256(ticket.encode()).hexdigest()}"


def _write(credential: Credential) -> str:
    return f"{credential.kind} {credential.id.hex()} {credential.proof.hex()}"


def _read(written: bytes | str) -> Credential:
    text = written.decode() if isinstance(written, bytes) else written
    kind, id_, proof = text.split(" ")
    return Credential(cast("Literal['session', 'key']", kind), bytes.fromhex(id_), bytes.fromhex(proof))
