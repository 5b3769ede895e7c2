"""The specification of a project as somebody left it: it outlives the browser, and an analysis begins with it."""

from alembic import op

from db.connect import APPLICATION_ROLE
from db.migrations.protection import protect, run_file

revision = "0017"
down_revision = "0016"

TABLE = "spec_drafts"


def upgrade() -> None:
    run_file("spec_drafts.sql")
    protect(TABLE, "SELECT, INSERT, UPDATE, DELETE")


def downgrade() -> None:
    op.execute(f"REVOKE ALL ON carryover.{TABLE} FROM {APPLICATION_ROLE}")
    op.drop_table(TABLE, schema="carryover")
