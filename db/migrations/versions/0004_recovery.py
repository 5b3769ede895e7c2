"""Abandoned runs are listed through a door of their own: whoever owns the database needs no way past its policies."""

from alembic import op

from db.migrations.protection import make_doors
from db.roles import DOOR_ROLE

revision = "0004"
down_revision = "0003"

FUNCTION = "unfinished_runs()"


def upgrade() -> None:
    op.execute("DROP POLICY recovery ON carryover.runs")
    op.execute(f"CREATE POLICY door ON carryover.runs FOR SELECT TO {DOOR_ROLE} USING (true)")
    op.execute(f"GRANT SELECT (organisation_id, id, status) ON carryover.runs TO {DOOR_ROLE}")
    op.execute("""
        CREATE FUNCTION carryover.unfinished_runs() RETURNS TABLE (organisation_id text, run_id text)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
          SELECT r.organisation_id, r.id FROM carryover.runs r WHERE r.status IN ('queued', 'running', 'interrupted')
        $$
    """)
    make_doors([FUNCTION], callers="CURRENT_USER")


def downgrade() -> None:
    op.execute(f"DROP FUNCTION carryover.{FUNCTION}")
    op.execute("DROP POLICY door ON carryover.runs")
    op.execute(f"REVOKE ALL (organisation_id, id, status) ON carryover.runs FROM {DOOR_ROLE}")
    op.execute("CREATE POLICY recovery ON carryover.runs FOR SELECT TO CURRENT_USER USING (true)")
