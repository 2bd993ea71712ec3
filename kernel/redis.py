"""Redis (or Valkey): the clients of the live regional inventory, of rations and of tickets.

Every wait is short and bounded, nothing is retried in here: whoever calls knows what to do without
Redis (I6: it may lag, and losing it costs time, never a fact). Several clients, because a
blocking read keeps its connection busy for as long as it blocks.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from redis.asyncio import Redis, Sentinel
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.maint_notifications import MaintNotificationsConfig

from kernel.settings import Settings

# Everything that means "not now": refused, reset, timed out, loading, read-only, out of memory.
REDIS_AWAY = (RedisError, OSError, TimeoutError)

# Who asks for a ticket waits for nothing else, and would only ask again: a Redis that stutters gets this long.
PATIENCE_S = 2.0

# How long one blocking read waits for news before it looks whether Redis still holds the board.
BLOCK_S = 1.0


@dataclass(frozen=True, slots=True)
class RedisLinks:
    """`quick` for whoever has a short question, and says itself how long the answer may take.

    The live board has its own two, so that a flood of sign-ins cannot take its connections: `board`
    for commands that answer at once, `patient` for blocking and for large reads.
    """

    quick: Redis
    board: Redis
    patient: Redis

    async def close(self) -> None:
        """Close all. One that does not end in time is gone with the process, and keeps nothing else from ending."""
        for client in (self.quick, self.board, self.patient):
            with suppress(*REDIS_AWAY):
                await client.aclose()


def open_redis(settings: Settings, name: str) -> RedisLinks | None:
    """Build the clients; None where no Redis is configured. Connects on first use, so it never waits."""
    if settings.redis_url is None:
        return None
    bound_s = settings.redis_timeout_s
    return RedisLinks(
        quick=_open(settings.redis_url, f"halte-{name}", PATIENCE_S, PATIENCE_S),
        board=_open(settings.redis_url, f"halte-{name}-board", bound_s, bound_s),
        patient=_open(settings.redis_url, f"halte-{name}-follower", bound_s, BLOCK_S + bound_s),
    )


def _open(url: str, name: str, connect_timeout_s: float, timeout_s: float) -> Redis:
    options: dict[str, Any] = {
        "protocol": 3,
        "client_name": name,
        "socket_connect_timeout": connect_timeout_s,
        "socket_timeout": timeout_s,
        "retry": Retry(NoBackoff(), 0),
        # Two more round trips per connection, for notices that only hosted Redis sends.
        "maint_notifications_config": MaintNotificationsConfig(enabled=False),
        "driver_info": None,
    }
    if url.startswith("sentinel://"):
        return _open_sentinel(url, options)
    return Redis.from_url(url, **options)


def _open_sentinel(url: str, options: dict[str, Any]) -> Redis:
    """`sentinel://[user:password@]host:port,host:port/service[/db]`: follow the service's master."""
    parts = urlsplit(url)
    credentials, _, addresses = parts.netloc.rpartition("@")
    user, _, password = credentials.partition(":")
    service, _, db = parts.path.strip("/").partition("/")
    hosts = [address.rpartition(":") for address in addresses.split(",")]
    sentinel = Sentinel(  # type: ignore[no-untyped-call]  # redis-py types its clients, not this one
        [(host or port, int(port) if host else 26379) for host, _, port in hosts],
        sentinel_kwargs={
            key: options[key] for key in ("protocol", "socket_connect_timeout", "socket_timeout", "retry")
        },
        username=unquote(user) or None,
        password=unquote(password) or None,
        db=int(db or 0),
        **options,
    )
    master: Redis = sentinel.master_for(service)
    return master
