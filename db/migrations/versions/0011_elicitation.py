"""People who are asked under a link what a channel brings, their answers, and what was accepted of them."""

from alembic import op

from db.connect import APPLICATION_ROLE
from db.migrations.protection import make_doors, protect, run_file
from db.roles import DOOR_ROLE

revision = "0011"
down_revision = "0010"

GRANTS = {
    "inquiries": "SELECT, INSERT, UPDATE",
    "inquiry_views": "SELECT, INSERT",
    "inquiry_replies": "SELECT, INSERT",
    "accepted_beliefs": "SELECT, INSERT, UPDATE",
}
"""What was answered stays: the application may add to it and read it, nothing else."""
FUNCTION = "find_inquiry(text)"


def upgrade() -> None:
    run_file("elicitation.sql")
    for table, grants in GRANTS.items():
        protect(table, grants)
    op.execute(f"CREATE POLICY door ON carryover.inquiries FOR SELECT TO {DOOR_ROLE} USING (true)")
    op.execute(f"GRANT SELECT (organisation_id, id, token_hash) ON carryover.inquiries TO {DOOR_ROLE}")
    make_doors([FUNCTION])


def downgrade() -> None:
    op.execute(f"DROP FUNCTION carryover.{FUNCTION}")
    op.execute(f"REVOKE ALL (organisation_id, id, token_hash) ON carryover.inquiries FROM {DOOR_ROLE}")
    for table in reversed(GRANTS):
        op.execute(f"REVOKE ALL ON carryover.{table} FROM {APPLICATION_ROLE}")
        op.drop_table(table, schema="carryover")
