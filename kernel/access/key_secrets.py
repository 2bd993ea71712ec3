"""The secrets of machine keys: made once, shown once, kept as HMAC-SHA256 under settings.secret_key.

A stolen dump alone opens nothing: whoever has it lacks the key that the HMAC was made with.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from uuid import UUID

from kernel.access.model import Credential
from kernel.settings import Settings, SettingsError

_BEARER = re.compile(r"bearer +([0-9a-f-]{36})\.([A-Za-z0-9_-]{43})", re.ASCII | re.IGNORECASE)


class KeySecrets:
    def __init__(self, settings: Settings) -> None:
        if settings.secret_key is None:
            raise SettingsError(
                "HALTE_SECRET_KEY is not set: give every node the same random text of 32 characters or more, "
                "for machine keys are checked with it."
            )
        self._root = settings.secret_key.encode()

    def derive(self, purpose: str) -> bytes:
        """Return a key for one purpose, from which neither the root nor another purpose's can be had."""
        return hmac.digest(self._root, f"halte {purpose}".encode(), hashlib.sha256)

    def make(self, key_id: UUID) -> tuple[str, bytes]:
        """Return a new secret as it is shown once, `<key id>.<secret>`, and what is stored of it."""
        secret = secrets.token_urlsafe(32)
        return f"{key_id}.{secret}", self._digest(key_id, secret)

    def credential(self, authorization: str) -> Credential | None:
        """Read an Authorization header; None for what cannot be one of our keys."""
        match = _BEARER.fullmatch(authorization.strip())
        if match is None:
            return None
        try:
            key_id = UUID(match[1])
        except ValueError:
            return None
        return Credential("key", key_id.bytes, self._digest(key_id, match[2]))

    def _digest(self, key_id: UUID, secret: str) -> bytes:
        return hmac.digest(self.derive("machine key"), key_id.bytes + secret.encode(), hashlib.sha256)
