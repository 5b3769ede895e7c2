"""Every table, each row with its organisation.

Keys and references carry ``organisation_id``: a foreign key is checked without row-level security, so only a composite
one makes sure that a row cannot refer to another organisation's. Migrations hold policies, grants, triggers and doors.
"""

from typing import Any

from pgvector.sqlalchemy import VECTOR
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    Dialect,
    Double,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR

from db.codec import clean

SCHEMA = "carryover"
DIMENSIONS = 384
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(schema=SCHEMA, naming_convention=NAMING)


class Words(TypeDecorator[str]):
    """Text in, text out; what Postgres cannot hold (NUL, half a surrogate pair) is replaced on the way in."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else clean(value)


def _text(name: str, **options: Any) -> Column[str]:
    return Column(name, Words, nullable=options.pop("nullable", False), **options)


def _number(name: str, **options: Any) -> Column[int]:
    return Column(name, Integer, nullable=options.pop("nullable", False), **options)


def _json(name: str, **options: Any) -> Column[Any]:
    return Column(name, JSONB, nullable=options.pop("nullable", False), **options)


def _at(name: str, **options: Any) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=options.pop("nullable", False), **options)


def _bytes(name: str) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=False)


def _refers(column: str, target: str, key: str = "id") -> ForeignKeyConstraint:
    """What goes with its parent; content that somebody still refers to stays."""
    return ForeignKeyConstraint(
        ["organisation_id", column],
        [f"{SCHEMA}.{target}.organisation_id", f"{SCHEMA}.{target}.{key}"],
        ondelete="CASCADE" if target != "blobs" or column == "name" else None,
    )


def _table(name: str, key: tuple[str, ...], *parts: Any) -> Table:
    organisation = ForeignKeyConstraint(["organisation_id"], [f"{SCHEMA}.organisations.organisation_id"])
    return Table(
        name, metadata, _text("organisation_id"), *parts, PrimaryKeyConstraint("organisation_id", *key), organisation
    )


# ---- people ---------------------------------------------------------------------------------------------------------

organisations = Table(
    "organisations",
    metadata,
    _text("organisation_id", primary_key=True),
    _text("name"),
    _text("claim", nullable=True, unique=True),
    _at("created_at", server_default=func.now()),
)

users = _table(
    "users",
    ("id",),
    _text("id"),
    _text("issuer"),
    _text("subject"),
    _text("email"),
    _text("name"),
    _at("created_at", server_default=func.now()),
    _at("seen_at", server_default=func.now()),
    UniqueConstraint("organisation_id", "issuer", "subject"),
    Index(None, "issuer", "subject"),
)

ROLES = "role in ('viewer', 'analyst', 'approver', 'admin')"

memberships = _table(
    "memberships",
    ("user_id",),
    _text("user_id"),
    _text("role"),
    Column("disabled", Boolean, nullable=False, server_default="false"),
    _refers("user_id", "users"),
    CheckConstraint(ROLES, name="role"),
)

invitations = _table(
    "invitations",
    ("email",),
    _text("email"),
    _text("role"),
    _text("invited_by"),
    _at("created_at", server_default=func.now()),
    _at("expires_at"),
    _at("accepted_at", nullable=True),
    CheckConstraint(ROLES, name="role"),
    CheckConstraint("email = lower(email)", name="lower"),
    Index(None, "email"),
)

allowed_domains = _table(
    "allowed_domains",
    ("domain",),
    _text("domain", unique=True),
    _text("role"),
    CheckConstraint(ROLES, name="role"),
    CheckConstraint("domain = lower(domain)", name="lower"),
)

# ---- work -----------------------------------------------------------------------------------------------------------

projects = _table(
    "projects",
    ("id",),
    _text("id"),
    _text("name"),
    _json("document"),
    _at("created_at"),
)

plans = _table(
    "plans",
    ("id",),
    _text("id"),
    _text("project_id"),
    _number("version"),
    _json("document"),
    _refers("project_id", "projects"),
    UniqueConstraint("organisation_id", "project_id", "version"),
)

dataset_versions = _table(
    "dataset_versions",
    ("id",),
    _text("id"),
    _text("project_id"),
    _number("number"),
    _text("content_hash"),
    _text("source_blob"),
    _json("document"),
    _at("created_at"),
    _refers("project_id", "projects"),
    _refers("source_blob", "blobs", "name"),
    UniqueConstraint("organisation_id", "project_id", "number"),
)

runs = _table(
    "runs",
    ("id",),
    _text("id"),
    _text("project_id"),
    _text("dataset_version_id"),
    _text("spec_yaml"),
    _text("status"),
    _number("attempt"),
    _text("requested_by"),
    _at("requested_at"),
    _at("started_at", nullable=True),
    _at("ended_at", nullable=True),
    _at("heartbeat_at", nullable=True),
    _text("error", nullable=True),
    _text("job_id", nullable=True),
    _text("device"),
    _text("name"),
    _refers("project_id", "projects"),
    _refers("dataset_version_id", "dataset_versions"),
    Index(None, "organisation_id", "project_id", "requested_at"),
    Index(None, "organisation_id", "status", "heartbeat_at"),
)

progress = _table(
    "progress",
    ("run_id", "number"),
    _text("run_id"),
    Column("number", BigInteger, nullable=False),
    _number("attempt"),
    _number("chain"),
    _json("document"),
    _at("at", server_default=func.clock_timestamp()),
    _refers("run_id", "runs"),
    Index(None, "organisation_id", "run_id", "chain", "number"),
)

chunks = _table(
    "chunks",
    ("run_id", "chain", "number"),
    _text("run_id"),
    _number("chain"),
    _number("number"),
    _json("document"),
    _bytes("draws"),
    _refers("run_id", "runs"),
)

checkpoints = _table(
    "checkpoints",
    ("run_id", "chain"),
    _text("run_id"),
    _number("chain"),
    _number("number"),
    _bytes("state"),
    _refers("run_id", "runs"),
)

results = _table(
    "results",
    ("run_id",),
    _text("run_id"),
    _number("attempt"),
    _json("document"),
    _text("draws_blob"),
    _at("at", server_default=func.now()),
    _refers("run_id", "runs"),
    _refers("draws_blob", "blobs", "name"),
)

facts = _table(
    "facts",
    ("run_id", "key"),
    _text("run_id"),
    _text("key"),
    _number("position"),
    Column("value", Double, nullable=False),
    _text("unit"),
    _refers("run_id", "runs"),
)

scenarios = _table(
    "scenarios",
    ("id",),
    _text("id"),
    _text("project_id"),
    _text("run_id"),
    _text("parent_id", nullable=True),
    _json("document"),
    _at("created_at"),
    _refers("project_id", "projects"),
    _refers("run_id", "runs"),
    Index(None, "organisation_id", "project_id"),
)

reports = _table(
    "reports",
    ("id",),
    _text("id"),
    _text("project_id"),
    _text("run_id"),
    _number("version"),
    _text("title"),
    _text("markdown"),
    _text("html_blob"),
    _text("created_by"),
    _at("created_at"),
    _refers("project_id", "projects"),
    _refers("run_id", "runs"),
    _refers("html_blob", "blobs", "name"),
    UniqueConstraint("organisation_id", "project_id", "version"),
)

share_links = _table(
    "share_links",
    ("id",),
    _text("id"),
    _text("report_id"),
    _text("token_hash", unique=True),
    _text("passcode_hash", nullable=True),
    _text("created_by"),
    _at("created_at"),
    _at("expires_at"),
    _at("revoked_at", nullable=True),
    _refers("report_id", "reports"),
    Index(None, "organisation_id", "report_id"),
)

share_views = _table(
    "share_views",
    ("id",),
    _text("id", server_default=func.gen_random_uuid().cast(Text)),
    _text("link_id"),
    _text("viewer"),
    Column("opened", Boolean, nullable=False),
    _at("at", server_default=func.now()),
    _refers("link_id", "share_links"),
    Index(None, "organisation_id", "link_id", "at"),
)

# ---- knowledge ------------------------------------------------------------------------------------------------------

nodes = _table(
    "nodes",
    ("id",),
    _text("id", server_default=func.gen_random_uuid().cast(Text)),
    _text("kind"),
    _text("key"),
    _text("label"),
    _json("properties"),
    _text("project_id"),
    _at("created_at", server_default=func.now()),
    _at("updated_at", server_default=func.now()),
    UniqueConstraint("organisation_id", "kind", "key"),
    Index(None, "organisation_id", "project_id", "kind"),
)

edges = _table(
    "edges",
    ("source_id", "kind", "target_id"),
    _text("source_id"),
    _text("kind"),
    _text("target_id"),
    _json("properties"),
    _at("created_at", server_default=func.now()),
    _refers("source_id", "nodes"),
    _refers("target_id", "nodes"),
    Index(None, "organisation_id", "target_id"),
)

SEARCH_TEXT = (
    "setweight(to_tsvector('english', title), 'A') || setweight(to_tsvector('english', left(body, 500000)), 'B')"
)

documents = _table(
    "documents",
    ("kind", "key"),
    _text("kind"),
    _text("key"),
    _text("project_id", nullable=True),
    _text("title"),
    _text("body"),
    Column("search", TSVECTOR, Computed(SEARCH_TEXT, persisted=True), nullable=False),
    _text("embedder", nullable=True),
    Column("embedding", VECTOR(DIMENSIONS), nullable=True),
    _at("at", server_default=func.now()),
    _refers("project_id", "projects"),
    CheckConstraint("(embedder is null) = (embedding is null)", name="embedder"),
    Index(None, "search", postgresql_using="gin"),
)

blobs = _table(
    "blobs",
    ("name",),
    _text("name"),
    Column("size", BigInteger, nullable=False),
    _text("media_type"),
    _at("created_at", server_default=func.now()),
)

blob_parts = _table(
    "blob_parts",
    ("name", "number"),
    _text("name"),
    _number("number"),
    _bytes("content"),
    _refers("name", "blobs", "name"),
)

audit = _table(
    "audit",
    ("number",),
    Column("number", BigInteger, nullable=False, autoincrement=False),
    _at("at"),
    _text("user_id"),
    _text("who"),
    _text("action"),
    _text("subject"),
    _json("detail"),
    _bytes("hash"),
)
