"""Studies of a model, step by step, and the door through which abandoned ones are found."""

from alembic import op

from db.connect import APPLICATION_ROLE
from db.migrations.protection import make_doors, protect, run_file
from db.roles import DOOR_ROLE

revision = "0005"
down_revision = "0004"

TABLES = ("studies", "study_steps")
FUNCTION = "unfinished_studies()"


def upgrade() -> None:
    run_file("studies.sql")
    for table in TABLES:
        protect(table, "SELECT, INSERT, UPDATE, DELETE")
    op.execute(f"CREATE POLICY door ON carryover.studies FOR SELECT TO {DOOR_ROLE} USING (true)")
    op.execute(f"GRANT SELECT (organisation_id, id, status) ON carryover.studies TO {DOOR_ROLE}")
    op.execute("""
        CREATE FUNCTION carryover.unfinished_studies() RETURNS TABLE (organisation_id text, study_id text)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
          SELECT s.organisation_id, s.id FROM carryover.studies s WHERE s.status IN ('queued', 'running', 'interrupted')
        $$
    """)
    make_doors([FUNCTION], callers="CURRENT_USER")


def downgrade() -> None:
    op.execute(f"DROP FUNCTION carryover.{FUNCTION}")
    op.execute(f"REVOKE ALL (organisation_id, id, status) ON carryover.studies FROM {DOOR_ROLE}")
    for table in reversed(TABLES):
        op.execute(f"REVOKE ALL ON carryover.{table} FROM {APPLICATION_ROLE}")
        op.drop_table(table, schema="carryover")
