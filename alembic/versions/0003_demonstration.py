"""The mark of a demonstration, and an operator's answers to a clock that jumped.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # asyncpg prepares what it executes, so the file goes in statement by statement.
    for statement in Path(__file__).with_suffix(".sql").read_text("utf-8").split(";\n\n"):
        op.execute(statement.rstrip().removesuffix(";"))


def downgrade() -> None:
    for table in ("sweep_restart", "demonstration"):
        op.execute(f"DROP TABLE {table}")
