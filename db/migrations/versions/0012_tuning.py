"""Workflows of two kinds: the analysis, and tuning sessions; one of each may be open in a project."""

from alembic import op

revision = "0012"
down_revision = "0011"

OPEN = "WHERE status IN ('queued', 'running', 'waiting')"


def upgrade() -> None:
    # The default fills the rows that are there, which the policies hide from an UPDATE.
    op.execute("ALTER TABLE carryover.workflows ADD COLUMN kind TEXT NOT NULL DEFAULT 'analysis'")
    op.execute("ALTER TABLE carryover.workflows ALTER COLUMN kind DROP DEFAULT")
    op.execute("DROP INDEX carryover.workflows_one_open")
    # Two of a kind would answer each other's questions.
    op.execute(
        f"CREATE UNIQUE INDEX workflows_one_open ON carryover.workflows (organisation_id, project_id, kind) {OPEN}"
    )


def downgrade() -> None:
    op.execute("DROP INDEX carryover.workflows_one_open")
    # A tuning session means nothing to the older program; its rows are hidden from the owner too while that is forced.
    op.execute("ALTER TABLE carryover.workflows NO FORCE ROW LEVEL SECURITY")
    op.execute("DELETE FROM carryover.workflows WHERE kind <> 'analysis'")
    op.execute("ALTER TABLE carryover.workflows FORCE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE carryover.workflows DROP COLUMN kind")
    op.execute(f"CREATE UNIQUE INDEX workflows_one_open ON carryover.workflows (organisation_id, project_id) {OPEN}")
