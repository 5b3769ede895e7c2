"""Baseline estimates, each with its own approval."""

from alembic import op

from db.connect import APPLICATION_ROLE
from db.migrations.protection import protect, run_file

revision = "0006"
down_revision = "0005"

TABLE = "baselines"


def upgrade() -> None:
    run_file("baselines.sql")
    protect(TABLE, "SELECT, INSERT, UPDATE, DELETE")


def downgrade() -> None:
    op.execute(f"REVOKE ALL ON carryover.{TABLE} FROM {APPLICATION_ROLE}")
    op.drop_table(TABLE, schema="carryover")
