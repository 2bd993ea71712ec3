"""Rations: how often something may be tried, counted atomically in Redis for all nodes together.

Each node counts for itself first, by the same arithmetic: a flood is shed without a round trip, and
without Redis the ration is weaker, never absent. Keys are digests, because neither Redis nor its
dump should say who tried to sign in (I9).
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from redis.asyncio import Redis

from kernel.redis import REDIS_AWAY

_SCRIPT = Path(__file__).with_suffix(".lua").read_text("utf-8")
_LOCAL_MAX = 10_000
# The client's pool is shared with tickets and readiness, and refuses beyond its size.
_CALLS_MAX = 8


@dataclass(frozen=True, slots=True)
class Ration:
    """`burst` tries at once, and one more every `every_ms`."""

    name: str
    burst: int
    every_ms: int


class Rationing:
    """Takes one try from several rations at once: from all of them, or from none."""

    def __init__(self, redis: Redis | None, key: bytes, timeout_s: float) -> None:
        self._redis = redis
        self._take = None if redis is None else redis.register_script(_SCRIPT)
        self._calls = asyncio.Semaphore(_CALLS_MAX)
        self._key = key
        self._timeout_s = timeout_s
        self._local: dict[str, float] = {}

    async def take(self, tries: Sequence[tuple[Ration, str]]) -> int:
        """Return 0 when allowed, otherwise the milliseconds until it would be."""
        keys = [self._name(ration, subject) for ration, subject in tries]
        rations = [ration for ration, _ in tries]
        wait_ms = self._take_here(keys, rations)
        if wait_ms or self._take is None:
            return wait_ms
        arguments = [number for r in rations for number in (r.burst, r.every_ms)]
        try:
            async with asyncio.timeout(self._timeout_s), self._calls:
                wait_ms = int(await self._take(keys=keys, args=arguments))
        except REDIS_AWAY:
            return 0
        if wait_ms:
            self._believe(keys, rations, wait_ms)
        return wait_ms

    def _believe(self, keys: Sequence[str], rations: Sequence[Ration], wait_ms: int) -> None:
        """Let this node shed for as long as Redis says, and not for the try that was refused besides."""
        now = time.monotonic() * 1_000
        for key, ration in zip(keys, rations, strict=True):
            full_at = now + wait_ms + (ration.burst - 1) * ration.every_ms
            self._local[key] = min(self._local.get(key, full_at), full_at)

    async def forgive(self, ration: Ration, subject: str) -> None:
        """Give back what a subject has used: it proved to be entitled."""
        key = self._name(ration, subject)
        self._local.pop(key, None)
        if self._redis is None:
            return
        try:
            async with asyncio.timeout(self._timeout_s), self._calls:
                await self._redis.delete(key)
        except REDIS_AWAY:
            return  # it grows back by itself

    def _name(self, ration: Ration, subject: str) -> str:
        digest = hmac.digest(self._key, f"ration {ration.name} {subject}".encode(), hashlib.sha256)
        return f"halte:ration:{ration.name}:{digest.hex()[:32]}"

    def _take_here(self, keys: Sequence[str], rations: Sequence[Ration]) -> int:
        """Do what rationing.lua does, in this process. No await in here: that makes it atomic."""
        now = time.monotonic() * 1_000
        full = [max(self._local.get(key, 0.0), now) for key in keys]
        waits = [at - now - (r.burst - 1) * r.every_ms for at, r in zip(full, rations, strict=True)]
        if max(waits) > 0:
            return int(max(waits)) + 1
        for key, at, ration in zip(keys, full, rations, strict=True):
            self._local.pop(key, None)  # so that the order of the dict is the order of use
            self._local[key] = at + ration.every_ms
        while len(self._local) > _LOCAL_MAX:
            del self._local[next(iter(self._local))]
        return 0
