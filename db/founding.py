"""The first way in: an organisation that the settings name, and its first administrator's invitation."""

from datetime import timedelta
from uuid import uuid4

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from db.connect import sqlalchemy_url
from db.failures import as_unavailable
from db.roles import DOOR_ROLE

LOCK = 7_203_115
CLAIM = "founded:"
"""What marks the organisation; a token's claim is kept with another prefix and cannot reach it."""
BY = "the operator's settings"
VALID = timedelta(days=30)


def found(admin_url: str, organisation: str, email: str) -> None:
    """Make sure that the organisation exists and that somebody can be its administrator.

    Every start may call it: as long as the organisation has no administrator, each renews the address's invitation;
    once there is one, only a new name of the organisation has an effect.
    """
    engine = create_engine(sqlalchemy_url(admin_url), poolclass=NullPool, connect_args={"connect_timeout": 5})
    try:
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            # The owner itself is under the policies; the role of the sign-in sees every organisation.
            connection.execute(text(f"SET LOCAL ROLE {DOOR_ROLE}"))
            made = _organisation(connection, organisation.strip())
            if not _has_administrator(connection, made):
                _invite(connection, made, email.strip().lower())
    except OperationalError as error:
        raise as_unavailable(error) from error
    finally:
        engine.dispose()


def _organisation(connection: Connection, name: str) -> str:
    statement = text("""
        INSERT INTO carryover.organisations (organisation_id, name, claim) VALUES (:id, :name, :claim)
        ON CONFLICT (claim) DO UPDATE SET name = excluded.name RETURNING organisation_id
    """)
    values = {"id": str(uuid4()), "name": name, "claim": CLAIM}
    return str(connection.execute(statement, values).scalar_one())


def _has_administrator(connection: Connection, organisation: str) -> bool:
    query = text(
        "SELECT 1 FROM carryover.memberships WHERE organisation_id = :organisation AND role = 'admin' AND NOT disabled"
    )
    return connection.execute(query, {"organisation": organisation}).first() is not None


def _invite(connection: Connection, organisation: str, email: str) -> None:
    values = {"organisation": organisation, "email": email, "by": BY, "valid": VALID}
    # An address that the settings no longer name must not stay a way in.
    connection.execute(
        text("""
            UPDATE carryover.invitations SET expires_at = now()
             WHERE organisation_id = :organisation AND invited_by = :by AND email <> :email AND accepted_at IS NULL
        """),
        values,
    )
    connection.execute(
        text("""
            INSERT INTO carryover.invitations (organisation_id, email, role, invited_by, expires_at)
            VALUES (:organisation, :email, 'admin', :by, now() + :valid)
            ON CONFLICT (organisation_id, email) DO UPDATE
               SET role = 'admin', invited_by = excluded.invited_by, expires_at = excluded.expires_at,
                   accepted_at = NULL
        """),
        values,
    )
