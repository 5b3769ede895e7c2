"""Documents in passages, each with a vector of its own and the model that made it."""

from alembic import op

from db.connect import APPLICATION_ROLE
from db.migrations.protection import protect, run_file

revision = "0007"
down_revision = "0006"

TABLE = "passages"


def upgrade() -> None:
    run_file("passages.sql")
    protect(TABLE, "SELECT, INSERT, UPDATE, DELETE")


def downgrade() -> None:
    op.execute(f"REVOKE ALL ON carryover.{TABLE} FROM {APPLICATION_ROLE}")
    op.drop_table(TABLE, schema="carryover")
    op.execute("ALTER TABLE carryover.documents DROP COLUMN address")
    op.execute("ALTER TABLE carryover.documents ADD COLUMN embedder TEXT, ADD COLUMN embedding VECTOR(384)")
    op.execute(
        "ALTER TABLE carryover.documents ADD CONSTRAINT ck_documents_embedder"
        " CHECK ((embedder is null) = (embedding is null))"
    )
