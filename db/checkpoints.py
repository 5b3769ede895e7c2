"""LangGraph's checkpoint tables: its own schema, under row-level security by an organisation-prefixed thread id.

The saver commits each statement by itself, so the organisation cannot be set per transaction: a connection belongs to
one organisation from its start, and resetting it leads back to the same one.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, text

from db.connect import APPLICATION_ROLE, sqlalchemy_url
from mmm_core.domain.errors import BadInput

if TYPE_CHECKING:
    from langgraph.checkpoint.postgres import PostgresSaver

SCHEMA = "agents"
PACKAGE = "langgraph-checkpoint-postgres"
SEPARATOR = ":"


def thread_id(organisation_id: str, name: str) -> str:
    """The only form of thread id that the policy lets through."""
    return f"{organisation_id}{SEPARATOR}{name}"


def prepare(connection: Connection) -> None:
    """Create or migrate the tables as LangGraph's own set-up does, inside our transaction, and protect each of them."""
    wanted = f"{PACKAGE} {version(PACKAGE)}"
    kept = connection.execute(text("SELECT obj_description(to_regnamespace(:s), 'pg_namespace')"), {"s": SCHEMA})
    if kept.scalar() == wanted:
        return
    connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
    connection.execute(text(f"SET LOCAL search_path = {SCHEMA}, public"))
    _migrate(connection)
    connection.execute(text("SET LOCAL search_path = DEFAULT"))
    _protect(connection)
    connection.execute(text(f"COMMENT ON SCHEMA {SCHEMA} IS '{wanted}'"))


def _migrate(connection: Connection) -> None:
    from langgraph.checkpoint.postgres import PostgresSaver

    statements = PostgresSaver.MIGRATIONS
    connection.execute(text(statements[0]))
    done = connection.execute(text("SELECT coalesce(max(v), -1) FROM checkpoint_migrations")).scalar_one()
    for number in range(done + 1, len(statements)):
        # An index cannot be built concurrently within a transaction, and nobody waits for these tables yet.
        connection.exec_driver_sql(statements[number].replace("CONCURRENTLY", ""))
        connection.execute(text("INSERT INTO checkpoint_migrations (v) VALUES (:v)"), {"v": number})


def _protect(connection: Connection) -> None:
    tables = """
        SELECT c.relname, EXISTS (
            SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'thread_id' AND NOT a.attisdropped)
        FROM pg_class c WHERE c.relnamespace = to_regnamespace(:s) AND c.relkind IN ('r', 'p')
    """
    mine = f"split_part(thread_id, '{SEPARATOR}', 1) = nullif(current_setting('app.organisation', true), '')"
    connection.execute(text(f"GRANT USAGE ON SCHEMA {SCHEMA} TO {APPLICATION_ROLE}"))
    for table, has_thread in connection.execute(text(tables), {"s": SCHEMA}).all():
        name = f'{SCHEMA}."{table}"'
        connection.exec_driver_sql(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
        if not has_thread:
            # The list of done migrations: nobody's data, and the owner needs to read it; the application may not.
            continue
        for statement in (
            f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY",
            f"DROP POLICY IF EXISTS organisation ON {name}",
            f"CREATE POLICY organisation ON {name} TO {APPLICATION_ROLE} USING ({mine}) WITH CHECK ({mine})",
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON {name} TO {APPLICATION_ROLE}",
        ):
            connection.exec_driver_sql(statement)


@contextlib.contextmanager
def saver(app_url: str, organisation_id: str, *, size: int = 4) -> Iterator[PostgresSaver]:
    """LangGraph's saver for one organisation, on a small pool of the application's role."""
    os.environ.setdefault("LANGGRAPH_STRICT_MSGPACK", "true")
    from langgraph.checkpoint.postgres import PostgresSaver
    from psycopg.rows import dict_row
    from psycopg_pool import ConnectionPool

    if (
        not organisation_id
        or SEPARATOR in organisation_id
        or not organisation_id.isprintable()
        or " " in organisation_id
    ):
        raise BadInput("An organisation's id has no blank or colon in it.")
    options: dict[str, Any] = {
        "autocommit": True,
        "row_factory": dict_row,
        "prepare_threshold": 0,
        "connect_timeout": 5,
        "options": f"-c app.organisation={organisation_id} -c search_path={SCHEMA}",
    }
    address = sqlalchemy_url(app_url).set(drivername="postgresql").render_as_string(hide_password=False)
    make: Any = ConnectionPool
    with make(address, kwargs=options, min_size=1, max_size=size, open=True) as pool:
        yield PostgresSaver(pool)
