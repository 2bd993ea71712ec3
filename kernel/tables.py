"""Tables of the kernel: regions with their counter, the journal, the stamps of the board, the clocks."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Double,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
    text,
)

from kernel.postgres import metadata


def instant(name: str, *, nullable: bool = True) -> Column[object]:
    """Declare when something was, or was to be."""
    return Column(name, DateTime(timezone=True), nullable=nullable)


# The counter's row is updated by every write: room on its page keeps those updates HOT.
region = Table(
    "region",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("slug", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("timezone", Text, nullable=False),
    Column("seq", BigInteger, nullable=False, server_default="0"),
    Column("epoch", Uuid, nullable=False),
    Column("cluster", Text, nullable=False, server_default=""),
    postgresql_with={"fillfactor": "10"},
)

journal = Table(
    "journal",
    metadata,
    Column("region_id", Uuid, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("batch", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject_id", Uuid, nullable=False),
    Column("visible_seq", BigInteger, nullable=False),
    Column("gone", Boolean, nullable=False),
    Column("causes", JSON, nullable=False),
    Column("body", JSON, nullable=False),
    Index("ix_journal_subject", "subject_id", "seq"),
)

subject = Table(
    "subject",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("region_id", Uuid, nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("visible_seq", BigInteger, nullable=False),
    Column("gone", Boolean, nullable=False, server_default="false"),
    postgresql_with={"fillfactor": "70"},
)

# At most one row; halte_now() reads it. Production refuses to start where it is not empty (I12).
demo_clock = Table(
    "demo_clock",
    metadata,
    Column("id", Integer, CheckConstraint("id = 1", name="single"), primary_key=True, server_default="1"),
    Column("real_anchor", DateTime(timezone=True), nullable=False),
    Column("shown_anchor", DateTime(timezone=True), nullable=False),
    Column("speed", Double, CheckConstraint("speed >= 0", name="forward"), nullable=False),
)

# At most one row: a demonstration, whose passwords are published. Production refuses to start where it is.
demonstration = Table(
    "demonstration",
    metadata,
    Column("id", Integer, CheckConstraint("id = 1", name="single"), primary_key=True, server_default="1"),
    Column("marked_at", DateTime(timezone=True), nullable=False, server_default=text("clock_timestamp()")),
)

# One row each time an operator has looked at a clock that jumped; nodes count them (I12).
sweep_restart = Table(
    "sweep_restart",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("restarted_at", DateTime(timezone=True), nullable=False),
    Column("actor_id", Uuid, nullable=False),
)
