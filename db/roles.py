"""Two database roles: the application's own, and the one that owns the doors past row-level security."""

from sqlalchemy import Connection, text
from sqlalchemy.exc import InternalError

from db.connect import APPLICATION_ROLE, application_password

DOOR_ROLE = "carryover_door"


def ensure(connection: Connection, admin_url: str) -> None:
    """Create both roles where they are missing; the application's password always follows the owner's.

    Roles belong to the whole server, so a lock on one database is not enough: creation is tried under a savepoint.
    """
    _create(connection, APPLICATION_ROLE, "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOINHERIT")
    _create(connection, DOOR_ROLE, "NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOINHERIT")
    _set_password(connection, application_password(admin_url))
    superuser = connection.execute(text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")).scalar()
    if not superuser:
        connection.execute(text(f"GRANT {DOOR_ROLE} TO CURRENT_USER"))


def _create(connection: Connection, role: str, options: str) -> None:
    connection.execute(
        text(f"""
        DO $do$ BEGIN
          IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{role}') THEN
            CREATE ROLE {role} {options};
          END IF;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END $do$
        """)  # noqa: S608 - the names are constants of this module
    )


def _set_password(connection: Connection, password: str) -> None:
    """Sends the SCRAM verifier, so that no log of the server ever holds the password."""
    driver = connection.connection.driver_connection
    assert driver is not None
    verifier = driver.pgconn.encrypt_password(password.encode(), APPLICATION_ROLE.encode(), b"scram-sha-256").decode()
    try:
        with connection.begin_nested():
            connection.exec_driver_sql(f"ALTER ROLE {APPLICATION_ROLE} PASSWORD '{verifier}'")
    except InternalError as error:
        # Another process, at work on another database of this server, has just set the same password.
        if "concurrently" not in str(error):
            raise
