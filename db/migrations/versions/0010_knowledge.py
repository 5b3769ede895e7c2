"""Messages and what the router learnt of them, tools made at run time, code that goes on, personal tokens."""

from alembic import op

from db.connect import APPLICATION_ROLE
from db.migrations.protection import make_doors, open_to, protect, run_file
from db.roles import DOOR_ROLE

revision = "0010"
down_revision = "0009"

WRITE = "SELECT, INSERT, UPDATE, DELETE"
GRANTS = {
    "routings": WRITE,
    "router_weights": WRITE,
    "runtime_tools": "SELECT, INSERT, UPDATE",
    "code_sessions": WRITE,
    "personal_tokens": "SELECT, INSERT, UPDATE",
}
PERSONAL = ("code_sessions", "personal_tokens")
ME = "user_id = nullif(current_setting('app.user', true), '')"
FUNCTION = "token_owner(text)"


def upgrade() -> None:
    run_file("knowledge.sql")
    for table, grants in GRANTS.items():
        protect(table, grants)
    for table in PERSONAL:
        op.execute(
            f"CREATE POLICY person ON carryover.{table} AS RESTRICTIVE TO {APPLICATION_ROLE}"
            f" USING ({ME}) WITH CHECK ({ME})"
        )
    open_to(DOOR_ROLE, "personal_tokens", "SELECT, UPDATE")
    make_doors([FUNCTION])


def downgrade() -> None:
    op.execute(f"DROP FUNCTION carryover.{FUNCTION}")
    op.execute("DROP POLICY door ON carryover.personal_tokens")
    op.execute(f"REVOKE ALL ON carryover.personal_tokens FROM {DOOR_ROLE}")
    for table in reversed(GRANTS):
        op.execute(f"REVOKE ALL ON carryover.{table} FROM {APPLICATION_ROLE}")
        op.drop_table(table, schema="carryover")
