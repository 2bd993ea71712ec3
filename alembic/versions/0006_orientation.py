"""Requests, placements, what was done with them, and the rules of orientation.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # asyncpg prepares what it executes, so the file goes in statement by statement.
    for statement in Path(__file__).with_suffix(".sql").read_text("utf-8").split(";\n\n"):
        op.execute(statement.rstrip().removesuffix(";"))


def downgrade() -> None:
    for table in ("orientation_policy", "request_event", "request_bar", "placement", "request"):
        op.execute(f"DROP TABLE {table}")
