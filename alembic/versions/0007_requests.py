"""What goes with a request and is erased with it: sealed contacts, steps of an admission; and what is left: counts.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # asyncpg prepares what it executes, so the file goes in statement by statement.
    for statement in Path(__file__).with_suffix(".sql").read_text("utf-8").split(";\n\n"):
        op.execute(statement.rstrip().removesuffix(";"))


def downgrade() -> None:
    for index in ("ix_request_continues", "ix_request_past"):
        op.execute(f"DROP INDEX {index}")
    for table in ("night_count", "request_step", "night_key", "contact"):
        op.execute(f"DROP TABLE {table}")
