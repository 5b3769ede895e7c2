"""Tasks that programs of others gave us: a restart or a second web process finds them."""

from alembic import op

from db.connect import APPLICATION_ROLE
from db.migrations.protection import protect, run_file

revision = "0014"
down_revision = "0013"

TABLE = "remote_tasks"
ME = "user_id = nullif(current_setting('app.user', true), '')"


def upgrade() -> None:
    run_file("remote_tasks.sql")
    protect(TABLE, "SELECT, INSERT, UPDATE, DELETE")
    # On top of the organisation's policy: what one person's program asks is nobody else's to read.
    op.execute(
        f"CREATE POLICY person ON carryover.{TABLE} AS RESTRICTIVE TO {APPLICATION_ROLE} USING ({ME}) WITH CHECK ({ME})"
    )


def downgrade() -> None:
    op.execute(f"REVOKE ALL ON carryover.{TABLE} FROM {APPLICATION_ROLE}")
    op.drop_table(TABLE, schema="carryover")
