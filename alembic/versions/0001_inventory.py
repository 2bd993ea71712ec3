"""Regions, the journal, the stamps of the board, and the inventory.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    # asyncpg prepares what it executes, so the file goes in statement by statement.
    for statement in Path(__file__).with_suffix(".sql").read_text("utf-8").split(";\n\n"):
        op.execute(statement.rstrip().removesuffix(";"))


def downgrade() -> None:
    raise RuntimeError("The first migration has nothing to go back to: drop the database.")
