"""Planning conversations: what was asked and answered, and the draft plan that came of it."""

from alembic import op

from db.connect import APPLICATION_ROLE
from db.migrations.protection import protect, run_file

revision = "0013"
down_revision = "0012"

TABLE = "plan_talks"


def upgrade() -> None:
    run_file("plan_talks.sql")
    protect(TABLE, "SELECT, INSERT, UPDATE")


def downgrade() -> None:
    op.execute(f"REVOKE ALL ON carryover.{TABLE} FROM {APPLICATION_ROLE}")
    op.drop_table(TABLE, schema="carryover")
