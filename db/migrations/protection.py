"""What a migration says to put a table under its organisation's policy; a new table calls ``protect`` once."""

from collections.abc import Sequence
from pathlib import Path

from alembic import op

from db.connect import APPLICATION_ROLE
from db.roles import DOOR_ROLE
from db.schema import SCHEMA

MINE = "organisation_id = nullif(current_setting('app.organisation', true), '')"


def protect(table: str, grants: str) -> None:
    """Row-level security for everybody, the owner included; ``grants`` is what the application may do."""
    name = f"{SCHEMA}.{table}"
    op.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY organisation ON {name} TO {APPLICATION_ROLE} USING ({MINE}) WITH CHECK ({MINE})")
    op.execute(f"GRANT {grants} ON {name} TO {APPLICATION_ROLE}")


def open_to(role: str, table: str, grants: str) -> None:
    """Let the role that owns the doors see every row of a table, as far as ``grants`` go."""
    name = f"{SCHEMA}.{table}"
    op.execute(f"CREATE POLICY door ON {name} TO {role} USING (true) WITH CHECK (true)")
    op.execute(f"GRANT {grants} ON {name} TO {role}")


def make_doors(functions: Sequence[str], callers: str = APPLICATION_ROLE) -> None:
    """Hand functions to the role that owns the doors; the application alone, or ``callers``, may call them."""
    # A function's new owner needs to be able to create in its schema at the moment of the hand-over.
    op.execute(f"GRANT CREATE ON SCHEMA {SCHEMA} TO {DOOR_ROLE}")
    for function in functions:
        op.execute(f"REVOKE ALL ON FUNCTION {SCHEMA}.{function} FROM PUBLIC")
        op.execute(f"ALTER FUNCTION {SCHEMA}.{function} OWNER TO {DOOR_ROLE}")
        # After the hand-over, which takes the former owner's own right along.
        op.execute(f"GRANT EXECUTE ON FUNCTION {SCHEMA}.{function} TO {callers}")
    op.execute(f"REVOKE CREATE ON SCHEMA {SCHEMA} FROM {DOOR_ROLE}")


def run_file(name: str) -> None:
    """A file of statements beside the versions; what looks like a parameter in it is Postgres's own syntax."""
    statements = (Path(__file__).parent / "versions" / name).read_text()
    op.get_bind().exec_driver_sql(statements.replace("%", "%%"))
