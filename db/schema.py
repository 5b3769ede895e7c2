"""Every table, each row with its organisation.

Keys and references carry ``organisation_id``: a foreign key is checked without row-level security, so only a composite
one makes sure that a row cannot refer to another organisation's. Migrations hold policies, grants, triggers and doors.
"""

from pgvector.sqlalchemy import VECTOR
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    Computed,
    Double,
    Index,
    Table,
    UniqueConstraint,
    func,
    literal_column,
)
from sqlalchemy.dialects.postgresql import TSVECTOR

from db.columns import DIMENSIONS, SCHEMA, at, binary, json, metadata, number, refers, table, text

__all__ = ["DIMENSIONS", "SCHEMA", "metadata"]

UUID: ColumnElement[str] = literal_column("(gen_random_uuid())::text")

# ---- people ---------------------------------------------------------------------------------------------------------

organisations = Table(
    "organisations",
    metadata,
    text("organisation_id", primary_key=True),
    text("name"),
    text("claim", nullable=True, unique=True),
    at("created_at", server_default=func.now()),
)

users = table(
    "users",
    ("id",),
    text("id"),
    text("issuer"),
    text("subject"),
    text("email"),
    text("name"),
    at("created_at", server_default=func.now()),
    at("seen_at", server_default=func.now()),
    Column("email_verified", Boolean, nullable=False, server_default="false"),
    UniqueConstraint("organisation_id", "issuer", "subject"),
    Index(None, "issuer", "subject"),
)

ROLES = "role in ('viewer', 'analyst', 'approver', 'admin')"

memberships = table(
    "memberships",
    ("user_id",),
    text("user_id"),
    text("role"),
    Column("disabled", Boolean, nullable=False, server_default="false"),
    refers("user_id", "users"),
    CheckConstraint(ROLES, name="role"),
)

invitations = table(
    "invitations",
    ("email",),
    text("email"),
    text("role"),
    text("invited_by"),
    at("created_at", server_default=func.now()),
    at("expires_at"),
    at("accepted_at", nullable=True),
    CheckConstraint(ROLES, name="role"),
    CheckConstraint("email = lower(email)", name="lower"),
    Index(None, "email"),
)

allowed_domains = table(
    "allowed_domains",
    ("domain",),
    text("domain", unique=True),
    text("role"),
    CheckConstraint(ROLES, name="role"),
    CheckConstraint("domain = lower(domain)", name="lower"),
)

# ---- work -----------------------------------------------------------------------------------------------------------

projects = table(
    "projects",
    ("id",),
    text("id"),
    text("name"),
    json("document"),
    at("created_at"),
)

plans = table(
    "plans",
    ("id",),
    text("id"),
    text("project_id"),
    number("version"),
    json("document"),
    refers("project_id", "projects"),
    UniqueConstraint("organisation_id", "project_id", "version"),
)

dataset_versions = table(
    "dataset_versions",
    ("id",),
    text("id"),
    text("project_id"),
    number("number"),
    text("content_hash"),
    text("source_blob"),
    json("document"),
    at("created_at"),
    refers("project_id", "projects"),
    refers("source_blob", "blobs", "name"),
    UniqueConstraint("organisation_id", "project_id", "number"),
)

runs = table(
    "runs",
    ("id",),
    text("id"),
    text("project_id"),
    text("dataset_version_id"),
    text("spec_yaml"),
    text("status"),
    number("attempt"),
    text("requested_by"),
    at("requested_at"),
    at("started_at", nullable=True),
    at("ended_at", nullable=True),
    at("heartbeat_at", nullable=True),
    text("error", nullable=True),
    text("job_id", nullable=True),
    text("device"),
    text("name"),
    refers("project_id", "projects"),
    refers("dataset_version_id", "dataset_versions"),
    Index(None, "organisation_id", "project_id", "requested_at"),
    Index(None, "organisation_id", "status", "heartbeat_at"),
)

progress = table(
    "progress",
    ("run_id", "number"),
    text("run_id"),
    Column("number", BigInteger, nullable=False),
    number("attempt"),
    number("chain"),
    json("document"),
    at("at", server_default=func.clock_timestamp()),
    refers("run_id", "runs"),
    Index(None, "organisation_id", "run_id", "chain", "number"),
)

chunks = table(
    "chunks",
    ("run_id", "chain", "number"),
    text("run_id"),
    number("chain"),
    number("number"),
    json("document"),
    binary("draws"),
    refers("run_id", "runs"),
)

checkpoints = table(
    "checkpoints",
    ("run_id", "chain"),
    text("run_id"),
    number("chain"),
    number("number"),
    binary("state"),
    refers("run_id", "runs"),
)

results = table(
    "results",
    ("run_id",),
    text("run_id"),
    number("attempt"),
    json("document"),
    text("draws_blob"),
    at("at", server_default=func.now()),
    refers("run_id", "runs"),
    refers("draws_blob", "blobs", "name"),
)

facts = table(
    "facts",
    ("run_id", "key"),
    text("run_id"),
    text("key"),
    number("position"),
    Column("value", Double, nullable=False),
    text("unit"),
    refers("run_id", "runs"),
)

studies = table(
    "studies",
    ("id",),
    text("id"),
    text("project_id"),
    text("dataset_version_id"),
    text("run_id", nullable=True),
    text("other_run_id", nullable=True),
    text("kind"),
    text("spec_yaml"),
    json("options"),
    text("status"),
    number("attempt"),
    text("requested_by"),
    at("requested_at"),
    at("started_at", nullable=True),
    at("ended_at", nullable=True),
    at("heartbeat_at", nullable=True),
    text("error", nullable=True),
    text("job_id", nullable=True),
    text("device"),
    json("outcome", nullable=True),
    refers("project_id", "projects"),
    refers("dataset_version_id", "dataset_versions"),
    refers("run_id", "runs"),
    refers("other_run_id", "runs"),
    Index(None, "organisation_id", "project_id", "requested_at"),
    Index(None, "organisation_id", "run_id"),
)

study_steps = table(
    "study_steps",
    ("study_id", "position"),
    text("study_id"),
    number("position"),
    text("name"),
    text("label"),
    json("arguments"),
    text("status"),
    json("result", nullable=True),
    text("error", nullable=True),
    Column("seconds", Double),
    json("progress", nullable=True),
    number("attempt"),
    at("at", nullable=True),
    refers("study_id", "studies"),
    UniqueConstraint("organisation_id", "study_id", "name"),
)

scenarios = table(
    "scenarios",
    ("id",),
    text("id"),
    text("project_id"),
    text("run_id"),
    text("parent_id", nullable=True),
    json("document"),
    at("created_at"),
    refers("project_id", "projects"),
    refers("run_id", "runs"),
    Index(None, "organisation_id", "project_id"),
)

reports = table(
    "reports",
    ("id",),
    text("id"),
    text("project_id"),
    text("run_id"),
    number("version"),
    text("title"),
    text("markdown"),
    text("html_blob"),
    text("created_by"),
    at("created_at"),
    refers("project_id", "projects"),
    refers("run_id", "runs"),
    refers("html_blob", "blobs", "name"),
    UniqueConstraint("organisation_id", "project_id", "version"),
)

share_links = table(
    "share_links",
    ("id",),
    text("id"),
    text("report_id"),
    text("token_hash", unique=True),
    text("passcode_hash", nullable=True),
    text("created_by"),
    at("created_at"),
    at("expires_at"),
    at("revoked_at", nullable=True),
    refers("report_id", "reports"),
    Index(None, "organisation_id", "report_id"),
)

share_views = table(
    "share_views",
    ("id",),
    text("id", server_default=UUID),
    text("link_id"),
    text("viewer"),
    Column("opened", Boolean, nullable=False),
    at("at", server_default=func.now()),
    refers("link_id", "share_links"),
    Index(None, "organisation_id", "link_id", "at"),
)

baselines = table(
    "baselines",
    ("id",),
    text("id"),
    text("project_id"),
    text("dataset_version_id"),
    json("document"),
    at("created_at"),
    refers("project_id", "projects"),
    refers("dataset_version_id", "dataset_versions"),
    Index(None, "organisation_id", "project_id", "created_at"),
)

# ---- knowledge ------------------------------------------------------------------------------------------------------

nodes = table(
    "nodes",
    ("id",),
    text("id", server_default=UUID),
    text("kind"),
    text("key"),
    text("label"),
    json("properties"),
    text("project_id"),
    at("created_at", server_default=func.now()),
    at("updated_at", server_default=func.now()),
    UniqueConstraint("organisation_id", "kind", "key"),
    Index(None, "organisation_id", "project_id", "kind"),
)

edges = table(
    "edges",
    ("source_id", "kind", "target_id"),
    text("source_id"),
    text("kind"),
    text("target_id"),
    json("properties"),
    at("created_at", server_default=func.now()),
    refers("source_id", "nodes"),
    refers("target_id", "nodes"),
    Index(None, "organisation_id", "target_id"),
)

SEARCH_TEXT = (
    "setweight(to_tsvector('english', title), 'A') || setweight(to_tsvector('english', left(body, 500000)), 'B')"
)

documents = table(
    "documents",
    ("kind", "key"),
    text("kind"),
    text("key"),
    text("project_id", nullable=True),
    text("title"),
    text("body"),
    Column("search", TSVECTOR, Computed(SEARCH_TEXT, persisted=True), nullable=False),
    text("embedder", nullable=True),
    Column("embedding", VECTOR(DIMENSIONS), nullable=True),
    at("at", server_default=func.now()),
    refers("project_id", "projects"),
    CheckConstraint("(embedder is null) = (embedding is null)", name="embedder"),
    Index(None, "search", postgresql_using="gin"),
)

blobs = table(
    "blobs",
    ("name",),
    text("name"),
    Column("size", BigInteger, nullable=False),
    text("media_type"),
    at("created_at", server_default=func.now()),
)

blob_parts = table(
    "blob_parts",
    ("name", "number"),
    text("name"),
    number("number"),
    binary("content"),
    refers("name", "blobs", "name"),
)

audit = table(
    "audit",
    ("number",),
    Column("number", BigInteger, nullable=False, autoincrement=False),
    at("at"),
    text("user_id"),
    text("who"),
    text("action"),
    text("subject"),
    json("detail"),
    binary("hash"),
)
