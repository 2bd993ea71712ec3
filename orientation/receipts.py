"""Receipts: a secret with which a household follows its request, known to the household alone.

Sixty bits in letters that are not mistaken for each other, shown once. Kept is an HMAC; no database has its key.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

# Without I and O, 0 and 1: what is copied from a slip of paper is what was written.
_SIGNS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_LENGTH, _GROUP = 12, 4
# Longer than any spelling of a receipt: nothing is made of what cannot be one.
_SPELLED_MAX = 64


class Receipts:
    def __init__(self, key: bytes) -> None:
        self._key = key

    def make(self) -> tuple[str, bytes]:
        """Return a new receipt as it is shown once, and what is kept of it."""
        signs = "".join(secrets.choice(_SIGNS) for _ in range(_LENGTH))
        shown = "-".join(signs[at : at + _GROUP] for at in range(0, _LENGTH, _GROUP))
        return shown, self._digest(signs)

    def hash_of(self, receipt: str) -> bytes:
        """Return what would be kept of this receipt, however it is spelled. Nonsense has a hash like any other."""
        return self._digest("".join(sign for sign in receipt[:_SPELLED_MAX].upper() if sign not in " -\t"))

    def _digest(self, signs: str) -> bytes:
        return hmac.digest(self._key, signs.encode("utf-8", "surrogatepass"), hashlib.sha256)
