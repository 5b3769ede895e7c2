"""Brings a database to the newest schema; every start calls it, and an advisory lock lets one process do the work."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError
from sqlalchemy.pool import NullPool

from db import checkpoints, roles
from db.connect import sqlalchemy_url
from db.failures import as_unavailable
from db.schema import SCHEMA
from mmm_core.domain.errors import CarryoverError, Unavailable

LOCK = 7_203_114
HEAD = "head"


def upgrade(admin_url: str, revision: str = HEAD) -> None:
    """Create or migrate schema, application role and policies as the owner of the database.

    Raises
    ------
    Unavailable
        Where the database cannot be reached, lacks pgvector, or is newer than this program.
    """
    engine = create_engine(sqlalchemy_url(admin_url), poolclass=NullPool, connect_args={"connect_timeout": 5})
    try:
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            roles.ensure(connection, admin_url)
            _extension(connection)
            connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
            _run(connection, revision)
            if revision == HEAD:
                checkpoints.prepare(connection)
    except OperationalError as error:
        raise as_unavailable(error) from error
    finally:
        engine.dispose()


def config(connection: Connection) -> Config:
    """Alembic's configuration without a file."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    made.set_main_option("path_separator", "os")
    made.attributes["connection"] = connection
    return made


def _run(connection: Connection, revision: str) -> None:
    try:
        command.upgrade(config(connection), revision)
    except CarryoverError:
        raise
    except DBAPIError:
        raise
    except Exception as error:
        if "Can't locate revision" in str(error):
            raise Unavailable("The database was written by a newer version of Carryover; update this one.") from error
        raise


def _extension(connection: Connection) -> None:
    found = connection.execute(text("SELECT 1 FROM pg_extension WHERE extname = 'vector'")).scalar()
    if found:
        return
    offered = connection.execute(text("SELECT 1 FROM pg_available_extensions WHERE name = 'vector'")).scalar()
    if not offered:
        raise Unavailable(
            "The database server has no pgvector extension; install it there (package postgresql-pgvector)."
        )
    try:
        connection.execute(text("CREATE EXTENSION IF NOT EXISTS vector"))
    except ProgrammingError as error:
        raise Unavailable(
            "This database account may not add pgvector; have an administrator run CREATE EXTENSION vector there."
        ) from error
