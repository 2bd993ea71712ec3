"""Sealing: alias and contact are kept encrypted, each bound to its row, and compared within one night only (I9).

AES-256-GCM under a data key of its own. Who has the database has no contact, and who has the data key later cannot
compare contacts of a night whose key was destroyed.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kernel.access.key_secrets import KeySecrets
from kernel.postgres import Pool
from kernel.settings import Settings
from orientation.model.contact import Contact, SealedContact, normalised

_NONCE_BYTES = 12
_NIGHT_KEY_BYTES = 32
_NIGHT_KEY = """
WITH made AS (INSERT INTO night_key (region_id, night, key) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING key)
SELECT key FROM made UNION ALL SELECT key FROM night_key WHERE region_id = $1 AND night = $2 LIMIT 1
"""


class _DataKey:
    def __init__(self, words: str) -> None:
        root = words.encode()
        self.id = hmac.digest(root, b"halte contact key id", hashlib.sha256).hex()[:16]
        self.cipher = AESGCM(hmac.digest(root, b"halte contact cipher", hashlib.sha256))
        self.twins = hmac.digest(root, b"halte contact twins", hashlib.sha256)


class Sealer:
    """Seals with the first key, and opens with whichever a row names."""

    def __init__(self, keys: Sequence[str]) -> None:
        made = [_DataKey(words) for words in keys]
        self._first = made[0]
        self._keys = {key.id: key for key in made}

    @classmethod
    def of(cls, settings: Settings) -> Sealer | None:
        """Return what the settings allow. A demonstration's contacts are invented, and so is their key."""
        if settings.contact_key:
            return cls(settings.contact_key)
        return cls([KeySecrets(settings).derive("contacts").hex()]) if settings.demo else None

    def seal(self, request_id: UUID, contact: Contact, night_key: bytes) -> SealedContact:
        twin = None
        if contact.contact is not None:
            key = hmac.digest(self._first.twins, night_key, hashlib.sha256)
            twin = hmac.digest(key, normalised(contact.contact).encode(), hashlib.sha256)[:16]
        alias, reached = (
            self._close(request_id, name, text)
            for name, text in (("alias", contact.alias), ("contact", contact.contact))
        )
        return SealedContact(self._first.id, alias, reached, twin)

    def open(self, request_id: UUID, sealed: SealedContact) -> Contact | None:
        """Return what was sealed; None where its key is gone, or where it was brought here from another row."""
        key = self._keys.get(sealed.key_id)
        if key is None:
            return None
        try:
            return Contact(
                _open(key, request_id, "alias", sealed.alias), _open(key, request_id, "contact", sealed.contact)
            )
        except InvalidTag:
            return None

    def _close(self, request_id: UUID, column: str, text: str | None) -> bytes | None:
        if text is None:
            return None
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._first.cipher.encrypt(nonce, text.encode(), _bound(request_id, column))


def _open(key: _DataKey, request_id: UUID, column: str, sealed: bytes | None) -> str | None:
    if sealed is None:
        return None
    nonce, closed = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    return key.cipher.decrypt(nonce, closed, _bound(request_id, column)).decode()


def _bound(request_id: UUID, column: str) -> bytes:
    """A sealed value says nothing in another column or another row."""
    return f"contact/{column}/{request_id}".encode()


async def night_key(pool: Pool, region_id: UUID, night: date) -> bytes:
    """Return the key under which contacts are compared tonight, made by whoever needs it first."""
    key: bytes | None = None
    while key is None:
        # A statement does not see what another one has just made and not yet committed when it began.
        key = await pool.fetchval(_NIGHT_KEY, region_id, night, secrets.token_bytes(_NIGHT_KEY_BYTES))
    return key
