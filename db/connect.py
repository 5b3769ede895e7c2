"""Addresses and engines: one pool per process, quick to notice a server that is gone."""

import base64
import hashlib
import hmac
import json
from functools import partial

from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import URL, make_url

from mmm_core.domain.errors import BadInput

APPLICATION_ROLE = "carryover_app"
POOL_SIZE = 10
OVERFLOW = 20


def sqlalchemy_url(url: str) -> URL:
    """``postgres://``, ``postgresql://`` or a dialect's own address, always through psycopg 3."""
    try:
        parsed = make_url(url)
    except Exception:
        raise BadInput("DATABASE_URL is not a database address such as postgresql://user:password@host/name.") from None
    if parsed.get_backend_name() not in ("postgresql", "postgres"):
        raise BadInput("DATABASE_URL must be the address of a Postgres database.")
    return parsed.set(drivername="postgresql+psycopg")


def application_url(admin_url: str) -> str:
    """Address of the application's own role in the same database.

    Its password follows from the owner's, so that web and workers on many machines agree with nothing more to set.
    """
    admin = sqlalchemy_url(admin_url)
    url = admin.set(drivername="postgresql", username=_role_name(admin), password=_role_password(admin))
    return url.render_as_string(hide_password=False)


def application_password(admin_url: str) -> str:
    return _role_password(sqlalchemy_url(admin_url))


def _role_password(admin: URL) -> str:
    key = str(admin.password or "").encode()
    digest = hmac.digest(key, b"carryover application role", hashlib.sha256)
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _role_name(admin: URL) -> str:
    """Supabase's pooler wants ``role.project`` where the owner is ``postgres.project``."""
    _, dot, project = (admin.username or "").partition(".")
    return APPLICATION_ROLE + dot + project


def engine(url: str) -> Engine:
    """A pool for the threads of a web process or the jobs of a worker."""
    return create_engine(
        sqlalchemy_url(url),
        pool_size=POOL_SIZE,
        max_overflow=OVERFLOW,
        pool_timeout=15,
        pool_recycle=1800,
        pool_pre_ping=True,
        # What people typed or uploaded stays out of error texts and logs.
        hide_parameters=True,
        json_serializer=partial(json.dumps, allow_nan=False, ensure_ascii=False, separators=(",", ":")),
        connect_args={
            "connect_timeout": 5,
            "application_name": "carryover",
            "keepalives_idle": 30,
            # A pooler in transaction mode between us and Postgres does not keep prepared statements.
            "prepare_threshold": None,
        },
    )
