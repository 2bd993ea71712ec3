"""Desk codes: what a request is called on the telephone. Short, unlike each other, and saying nothing of anybody."""

from __future__ import annotations

from hashlib import blake2b
from uuid import UUID

# Letters that are heard as themselves on a bad line, in three languages.
_LETTERS = "BDFGKLMNPRSTVXZ"
_TRIES = 4


def codes_of(request_id: UUID) -> tuple[str, ...]:
    """Return the codes a request may have, like K47-M3, the first that is free being its own.

    They follow from the id, so that a repetition that finds nothing stored yet asks for the same ones.
    """
    digest = blake2b(request_id.bytes, digest_size=4 * _TRIES).digest()
    numbers = (int.from_bytes(digest[at : at + 4], "big") for at in range(0, len(digest), 4))
    return tuple(map(_code, numbers))


def _code(number: int) -> str:
    number, digits = divmod(number, 1_000)
    first, second = divmod(number, len(_LETTERS))
    return f"{_LETTERS[first % len(_LETTERS)]}{digits // 10:02}-{_LETTERS[second]}{digits % 10}"
