"""Receipts: a secret with which a household follows its request, known to the household alone.

Sixty bits in letters that are not mistaken for each other. They follow from the request's id under a key that no
database has, so that an answer that was lost on its way can be given again (I10); kept is an HMAC under the same key.
"""

from __future__ import annotations

import hashlib
import hmac
from uuid import UUID

# Without I and O, 0 and 1: what is copied from a slip of paper is what was written.
_SIGNS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_LENGTH, _GROUP = 12, 4
# Longer than any spelling of a receipt: nothing is made of what cannot be one.
_SPELLED_MAX = 64


class Receipts:
    def __init__(self, key: bytes) -> None:
        self._key = key

    def make(self, request_id: UUID) -> tuple[str, bytes]:
        """Return the receipt of a request as it is shown, and what is kept of it."""
        # Thirty-two signs are five bits of a byte each.
        drawn = hmac.digest(self._key, b"receipt of " + request_id.bytes, hashlib.sha256)[:_LENGTH]
        signs = "".join(_SIGNS[byte % len(_SIGNS)] for byte in drawn)
        shown = "-".join(signs[at : at + _GROUP] for at in range(0, _LENGTH, _GROUP))
        return shown, self._digest(signs)

    def hash_of(self, receipt: str) -> bytes:
        """Return what would be kept of this receipt, however it is spelled. Nonsense has a hash like any other."""
        return self._digest("".join(sign for sign in receipt[:_SPELLED_MAX].upper() if sign not in " -\t"))

    def _digest(self, signs: str) -> bytes:
        return hmac.digest(self._key, signs.encode("utf-8", "surrogatepass"), hashlib.sha256)
