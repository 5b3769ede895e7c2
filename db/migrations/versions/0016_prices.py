"""What language models cost an organisation, as an administrator enters it."""

from alembic import op

from db.connect import APPLICATION_ROLE
from db.migrations.protection import protect, run_file

revision = "0016"
down_revision = "0015"

TABLE = "llm_prices"


def upgrade() -> None:
    run_file("prices.sql")
    protect(TABLE, "SELECT, INSERT, UPDATE, DELETE")


def downgrade() -> None:
    op.execute(f"REVOKE ALL ON carryover.{TABLE} FROM {APPLICATION_ROLE}")
    op.drop_table(TABLE, schema="carryover")
