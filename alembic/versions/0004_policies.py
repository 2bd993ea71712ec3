"""Rules that change while everybody works, and the activation of surge units.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # asyncpg prepares what it executes, so the file goes in statement by statement.
    for statement in Path(__file__).with_suffix(".sql").read_text("utf-8").split(";\n\n"):
        op.execute(statement.rstrip().removesuffix(";"))


def downgrade() -> None:
    for table in ("surge_unit", "surge_change", "surge"):
        op.execute(f"DROP TABLE {table}")
    op.execute("ALTER TABLE policy DROP COLUMN id, DROP COLUMN body_hash")
    op.execute("ALTER TABLE unit_state DROP COLUMN policy")
