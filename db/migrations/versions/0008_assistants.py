"""Conversations of each person, proposals that wait for a yes, and what language models answered at what cost."""

from alembic import op

from db.connect import APPLICATION_ROLE
from db.migrations.protection import protect, run_file

revision = "0008"
down_revision = "0007"

GRANTS = {
    "conversations": "SELECT, INSERT, UPDATE, DELETE",
    "conversation_messages": "SELECT, INSERT",
    "proposals": "SELECT, INSERT, UPDATE",
    "llm_routes": "SELECT, INSERT, UPDATE, DELETE",
    "llm_usage": "SELECT, INSERT",
    "llm_answers": "SELECT, INSERT, UPDATE, DELETE",
}
PERSONAL = ("conversations", "conversation_messages")
ME = "user_id = nullif(current_setting('app.user', true), '')"


def upgrade() -> None:
    run_file("assistants.sql")
    for table, grants in GRANTS.items():
        protect(table, grants)
    for table in PERSONAL:
        # On top of the organisation's policy: what one person asks is nobody else's to read.
        op.execute(
            f"CREATE POLICY person ON carryover.{table} AS RESTRICTIVE TO {APPLICATION_ROLE}"
            f" USING ({ME}) WITH CHECK ({ME})"
        )


def downgrade() -> None:
    for table in reversed(GRANTS):
        op.execute(f"REVOKE ALL ON carryover.{table} FROM {APPLICATION_ROLE}")
        op.drop_table(table, schema="carryover")
