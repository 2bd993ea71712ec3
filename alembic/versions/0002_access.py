"""Accounts, their sessions, machine keys, and the shelters both hold.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # asyncpg prepares what it executes, so the file goes in statement by statement.
    for statement in Path(__file__).with_suffix(".sql").read_text("utf-8").split(";\n\n"):
        op.execute(statement.rstrip().removesuffix(";"))


def downgrade() -> None:
    for table in ("machine_key_shelter", "machine_key_secret", "machine_key", "session", "account_shelter", "account"):
        op.execute(f"DROP TABLE {table}")
