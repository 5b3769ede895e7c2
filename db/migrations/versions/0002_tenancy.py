"""Row-level security, grants, the two doors past it, and the append-only audit trail."""

from alembic import op

from db.connect import APPLICATION_ROLE
from db.migrations.protection import make_doors, open_to, protect, run_file
from db.roles import DOOR_ROLE

revision = "0002"
down_revision = "0001"

WRITE = "SELECT, INSERT, UPDATE, DELETE"
GRANTS = {
    "organisations": "SELECT",
    "users": "SELECT",
    "memberships": "SELECT, UPDATE",
    "invitations": WRITE,
    "allowed_domains": "SELECT",
    **dict.fromkeys(("projects", "plans", "dataset_versions", "runs", "progress", "chunks", "checkpoints"), WRITE),
    **dict.fromkeys(("results", "facts", "scenarios", "reports", "share_links"), WRITE),
    **dict.fromkeys(("nodes", "edges", "documents", "blobs", "blob_parts"), WRITE),
    "share_views": "SELECT, INSERT",
    "audit": "SELECT, INSERT",
}
DOOR = {
    "organisations": "SELECT, INSERT",
    "users": "SELECT, INSERT, UPDATE",
    "memberships": "SELECT, INSERT, UPDATE",
    "invitations": "SELECT, UPDATE",
    "allowed_domains": "SELECT",
    "share_links": "SELECT",
}
FUNCTIONS = (
    "sign_in(text, text, text, boolean, text, text)",
    "find_share_link(text)",
)


def upgrade() -> None:
    op.execute(f"GRANT USAGE ON SCHEMA carryover TO {APPLICATION_ROLE}, {DOOR_ROLE}")
    for table, grants in GRANTS.items():
        protect(table, grants)
    for table, grants in DOOR.items():
        open_to(DOOR_ROLE, table, grants)
    # Whoever migrates also looks for abandoned runs of every organisation, and need not be a superuser.
    op.execute("CREATE POLICY recovery ON carryover.runs FOR SELECT TO CURRENT_USER USING (true)")
    run_file("audit.sql")
    run_file("doors.sql")
    make_doors(FUNCTIONS)
    for table, column in (("blob_parts", "content"), ("chunks", "draws"), ("checkpoints", "state")):
        # These bytes are compressed already.
        op.execute(f"ALTER TABLE carryover.{table} ALTER COLUMN {column} SET STORAGE EXTERNAL")


def downgrade() -> None:
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION carryover.{function}")
    op.execute("DROP TRIGGER append ON carryover.audit")
    op.execute("DROP TRIGGER keep ON carryover.audit")
    op.execute("DROP TRIGGER keep_all ON carryover.audit")
    op.execute("DROP FUNCTION carryover.append_audit(), carryover.refuse_change()")
    op.execute("DROP POLICY recovery ON carryover.runs")
    for table in GRANTS:
        op.execute(f"DROP POLICY organisation ON carryover.{table}")
        op.execute(f"REVOKE ALL ON carryover.{table} FROM {APPLICATION_ROLE}")
        op.execute(f"ALTER TABLE carryover.{table} DISABLE ROW LEVEL SECURITY")
    for table in DOOR:
        op.execute(f"DROP POLICY door ON carryover.{table}")
        op.execute(f"REVOKE ALL ON carryover.{table} FROM {DOOR_ROLE}")
