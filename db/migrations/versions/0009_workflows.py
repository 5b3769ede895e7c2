"""Workflows with their history, questions and answers, and the door through which abandoned ones are found."""

from alembic import op

from db.connect import APPLICATION_ROLE
from db.migrations.protection import make_doors, protect, run_file
from db.roles import DOOR_ROLE

revision = "0009"
down_revision = "0008"

CHANGED = ("workflows",)
ADDED = ("workflow_events", "workflow_acts", "approvals", "approval_answers")
"""What was said and answered stays: the application may add to these and read them, nothing else."""
FUNCTION = "unfinished_workflows()"


def upgrade() -> None:
    run_file("workflows.sql")
    for table in CHANGED:
        protect(table, "SELECT, INSERT, UPDATE")
    for table in ADDED:
        protect(table, "SELECT, INSERT")
    op.execute(f"CREATE POLICY door ON carryover.workflows FOR SELECT TO {DOOR_ROLE} USING (true)")
    op.execute(f"GRANT SELECT (organisation_id, id, status) ON carryover.workflows TO {DOOR_ROLE}")
    op.execute("""
        CREATE FUNCTION carryover.unfinished_workflows() RETURNS TABLE (organisation_id text, workflow_id text)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
          SELECT w.organisation_id, w.id FROM carryover.workflows w WHERE w.status IN ('queued', 'running', 'waiting')
        $$
    """)
    make_doors([FUNCTION], callers="CURRENT_USER")


def downgrade() -> None:
    op.execute(f"DROP FUNCTION carryover.{FUNCTION}")
    op.execute(f"REVOKE ALL (organisation_id, id, status) ON carryover.workflows FROM {DOOR_ROLE}")
    for table in (*reversed(ADDED), *CHANGED):
        op.execute(f"REVOKE ALL ON carryover.{table} FROM {APPLICATION_ROLE}")
        op.drop_table(table, schema="carryover")
