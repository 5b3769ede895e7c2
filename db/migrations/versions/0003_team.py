"""A team keeps itself: domains can be allowed, an invitation brings a removed member back, joining leaves a trace."""

from alembic import op

from db.connect import APPLICATION_ROLE
from db.migrations.protection import make_doors, open_to, run_file
from db.roles import DOOR_ROLE

revision = "0003"
down_revision = "0002"

FUNCTIONS = (
    "sign_in(text, text, text, boolean, text, text)",
    "find_share_link(text)",
)


def upgrade() -> None:
    op.execute("ALTER TABLE carryover.users ADD COLUMN email_verified boolean DEFAULT false NOT NULL")
    op.execute(f"GRANT INSERT, DELETE ON carryover.allowed_domains TO {APPLICATION_ROLE}")
    # Signing in adds to the audit trail; the first organisation is founded in the door's name.
    open_to(DOOR_ROLE, "audit", "SELECT, INSERT")
    op.execute(f"GRANT UPDATE ON carryover.organisations TO {DOOR_ROLE}")
    op.execute(f"GRANT INSERT ON carryover.invitations TO {DOOR_ROLE}")
    op.execute(f"DROP FUNCTION carryover.{FUNCTIONS[0]}")
    run_file("sign_in.sql")
    make_doors(FUNCTIONS[:1])


def downgrade() -> None:
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION carryover.{function}")
    run_file("doors.sql")
    make_doors(FUNCTIONS)
    op.execute(f"REVOKE INSERT ON carryover.invitations FROM {DOOR_ROLE}")
    op.execute(f"REVOKE UPDATE ON carryover.organisations FROM {DOOR_ROLE}")
    op.execute("DROP POLICY door ON carryover.audit")
    op.execute(f"REVOKE ALL ON carryover.audit FROM {DOOR_ROLE}")
    op.execute(f"REVOKE INSERT, DELETE ON carryover.allowed_domains FROM {APPLICATION_ROLE}")
    op.execute("ALTER TABLE carryover.users DROP COLUMN email_verified")
