"""Sharing out scarce places: draws, plans, what was done with them, and the nights that rules are tried on.

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # asyncpg prepares what it executes, so the file goes in statement by statement.
    for statement in Path(__file__).with_suffix(".sql").read_text("utf-8").split(";\n\n"):
        op.execute(statement.rstrip().removesuffix(";"))


def downgrade() -> None:
    for table in ("night_case", "sharing_event", "plan", "draw_entry", "draw"):
        op.execute(f"DROP TABLE {table}")
