"""Talks that programs lead on a person's behalf are told from those that the person leads."""

from alembic import op

revision = "0015"
down_revision = "0014"

TABLE = "carryover.conversations"


def upgrade() -> None:
    op.execute(f"ALTER TABLE {TABLE} ADD COLUMN remote TEXT")
    op.execute(
        "CREATE UNIQUE INDEX uq_conversations_remote "
        f"ON {TABLE} (organisation_id, user_id, project_id, remote) WHERE remote IS NOT NULL"
    )


def downgrade() -> None:
    op.execute("DROP INDEX carryover.uq_conversations_remote")
    op.execute(f"ALTER TABLE {TABLE} DROP COLUMN remote")
