"""Passwords: argon2id, in threads of its own and never on the loop; bounded, because each check takes 64 MiB.

An unknown login costs the same as a known one: a hash that nobody's password has is checked instead.
"""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from kernel.access.problems import PasswordTooWeak
from kernel.problems import Busy

T = TypeVar("T")

SHORTEST = 12
LONGEST = 256
_FEWEST_DIFFERENT = 5
_FEWEST_BESIDE_LOGIN = 8

# RFC 9106's second recommendation with one lane instead of four: on a node of two cores, four
# would keep both busy, the event loop's too.
HASHER = PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=1, hash_len=32, salt_len=16, type=Type.ID)
NOBODYS_HASH = "$argon2id$v=19$m=65536,t=3,p=1$U4bHMlspvnpIKpnt7kz4dA$BoWnIIyMEOXGy/qIxTQVOns6hI7G1TFqWT5KqPLzM6s"

_THREADS = 2
_WAITING_MAX = 32


def check_strength(password: str, login: str) -> None:
    """Refuse what is guessed first. Length decides; no rules on signs, which only make people write it down."""
    plain = _normal(password)
    beside_login = plain.casefold().replace(login.casefold(), "")
    too_plain = len(set(plain)) < _FEWEST_DIFFERENT or len(beside_login) < _FEWEST_BESIDE_LOGIN
    if too_plain or not SHORTEST <= len(plain) <= LONGEST:
        raise PasswordTooWeak(shortest=SHORTEST, longest=LONGEST)


def _normal(password: str) -> str:
    # A phone and a desk keyboard may compose é differently.
    return unicodedata.normalize("NFKC", password)


class Passwords:
    """Hashes and verifies off the loop; raises Busy when too many wait, before memory runs out.

    The product has one cost. Tests that only need somebody to be signed in pass a hasher that costs nothing.
    """

    def __init__(self, hasher: PasswordHasher = HASHER, nobodys_hash: str = NOBODYS_HASH) -> None:
        self._hasher = hasher
        self._nobodys_hash = nobodys_hash
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="argon2")
        self._running = 0

    async def hash(self, password: str) -> str:
        return await self._run(lambda: self._hasher.hash(_normal(password)))

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Compare, also where there is no account: then the answer is no, after the same time."""
        matches = await self._run(lambda: _verify(password_hash or self._nobodys_hash, password))
        return matches and password_hash is not None

    def outdated(self, password_hash: str) -> bool:
        """Was it made at another cost than today's."""
        return self._hasher.check_needs_rehash(password_hash)

    async def _run(self, work: Callable[[], T]) -> T:
        if self._running >= _WAITING_MAX:
            raise Busy(retry_after_s=5)
        self._running += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._running -= 1

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _verify(password_hash: str, password: str) -> bool:
    if len(password) > LONGEST:
        password = ""  # costs the same as any other wrong one
    try:
        return HASHER.verify(password_hash, _normal(password))
    except (VerificationError, InvalidHashError):
        return False
