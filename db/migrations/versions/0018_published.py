"""When a page was published that is kept as a source, beside when it was kept."""

from alembic import op

revision = "0018"
down_revision = "0017"

TABLE = "carryover.documents"


def upgrade() -> None:
    op.execute(f"ALTER TABLE {TABLE} ADD COLUMN published TEXT NOT NULL DEFAULT ''")
    # The graph has known it all along.
    op.execute(
        "UPDATE carryover.documents d SET published = n.properties->>'published' FROM carryover.nodes n "
        "WHERE n.organisation_id = d.organisation_id AND n.kind = d.kind AND n.key = d.key "
        "AND d.kind = 'research' AND n.properties->>'published' IS NOT NULL"
    )


def downgrade() -> None:
    op.execute(f"ALTER TABLE {TABLE} DROP COLUMN published")
