"""The first tables."""

from alembic import op

from db.migrations.protection import run_file

revision = "0001"
down_revision = None

TABLES = (
    "organisations", "allowed_domains", "audit", "blobs", "invitations", "nodes", "projects", "users",
    "blob_parts", "dataset_versions", "documents", "edges", "memberships", "plans", "runs", "checkpoints",
    "chunks", "facts", "progress", "reports", "results", "scenarios", "share_links", "share_views",
)  # fmt: skip
"""In the order of their creation."""


def upgrade() -> None:
    run_file("tables.sql")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table, schema="carryover")
