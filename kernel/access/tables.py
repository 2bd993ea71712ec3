"""Tables of access: accounts, their sessions, machine keys, and the shelters both hold.

All times here are `clock_timestamp()`, the real clock, never `halte_now()`: when a demonstration
jumps to tomorrow morning, nobody should be signed out by it. Shelters belong to the package above,
hence ids without a foreign key: a grant for a shelter that does not exist joins with nothing.
`actor_id` is who wrote the row last.
"""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

import kernel.tables  # noqa: F401 -- accounts and keys refer to its region
from kernel.postgres import metadata


def _instant(name: str, *, nullable: bool = False) -> Column[object]:
    default = None if nullable else text("clock_timestamp()")
    return Column(name, DateTime(timezone=True), nullable=nullable, server_default=default)


account = Table(
    "account",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("region_id", Uuid, ForeignKey("region.id"), nullable=False, index=True),
    Column("login", Text, CheckConstraint("login = lower(login)", name="login_lower"), nullable=False, unique=True),
    Column(
        "role",
        Text,
        CheckConstraint("role IN ('staff', 'desk', 'supervisor', 'administrator')", name="role"),
        nullable=False,
    ),
    Column("password_hash", Text, nullable=False),
    Column("language", Text, CheckConstraint("language IN ('en', 'fr', 'nl')", name="language"), nullable=False),
    _instant("created_at"),
    _instant("disabled_at", nullable=True),
    Column("actor_id", Uuid, nullable=False),
)

account_shelter = Table(
    "account_shelter",
    metadata,
    Column("account_id", Uuid, ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    Column("shelter_id", Uuid, primary_key=True, index=True),
    _instant("granted_at"),
    Column("actor_id", Uuid, nullable=False),
)

# The token itself is only ever in the browser: a stolen dump opens no session.
session = Table(
    "session",
    metadata,
    Column(
        "token_sha256",
        LargeBinary,
        CheckConstraint("octet_length(token_sha256) = 32", name="sha256"),
        primary_key=True,
    ),
    Column("account_id", Uuid, ForeignKey("account.id", ondelete="CASCADE"), nullable=False, index=True),
    _instant("created_at"),
    _instant("last_seen_at"),
    Column("expires_at", DateTime(timezone=True), nullable=False, index=True),
    Column("idle_s", Integer, CheckConstraint("idle_s > 0", name="idle"), nullable=False),
    Column("actor_id", Uuid, nullable=False),
)

machine_key = Table(
    "machine_key",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("region_id", Uuid, ForeignKey("region.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column(
        "verbs",
        ARRAY(Text),
        CheckConstraint("verbs <@ ARRAY['report', 'move', 'close', 'read'] AND cardinality(verbs) > 0", name="verbs"),
        nullable=False,
    ),
    Column("basis", Text, CheckConstraint("basis IN ('physical', 'net')", name="basis"), nullable=False),
    Column(
        "settle_lag_s",
        Integer,
        CheckConstraint("settle_lag_s BETWEEN 0 AND 86400", name="settle_lag"),
        nullable=False,
        server_default="0",
    ),
    _instant("created_at"),
    _instant("revoked_at", nullable=True),
    Column("actor_id", Uuid, nullable=False),
)

# Two slots: while a secret is being replaced both work, and a third cannot be made by any race.
machine_key_secret = Table(
    "machine_key_secret",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("key_id", Uuid, ForeignKey("machine_key.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("slot", SmallInteger, CheckConstraint("slot IN (1, 2)", name="slot"), nullable=False),
    Column(
        "secret_hmac",
        LargeBinary,
        CheckConstraint("octet_length(secret_hmac) = 32", name="hmac"),
        nullable=False,
    ),
    _instant("created_at"),
    _instant("revoked_at", nullable=True),
    Column("actor_id", Uuid, nullable=False),
    Index(
        "uq_machine_key_secret_live_slot",
        "key_id",
        "slot",
        unique=True,
        postgresql_where=text("revoked_at IS NULL"),
    ),
)

machine_key_shelter = Table(
    "machine_key_shelter",
    metadata,
    Column("key_id", Uuid, ForeignKey("machine_key.id", ondelete="CASCADE"), primary_key=True),
    Column("shelter_id", Uuid, primary_key=True, index=True),
    _instant("granted_at"),
    Column("actor_id", Uuid, nullable=False),
)
