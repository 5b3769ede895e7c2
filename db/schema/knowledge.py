"""What is remembered: the graph, searchable texts, files in parts, and the audit trail."""

from pgvector.sqlalchemy import VECTOR
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Computed,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import TSVECTOR

from db.columns import SCHEMA, UUID, at, binary, json, number, refers, table, text

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
    at("at", server_default=func.now()),
    text("address", server_default=""),
    text("published", server_default=""),
    refers("project_id", "projects"),
    Index(None, "search", postgresql_using="gin"),
)

PASSAGE_TEXT = "setweight(to_tsvector('english', title), 'A') || setweight(to_tsvector('english', text), 'B')"

passages = table(
    "passages",
    ("kind", "key", "number"),
    text("kind"),
    text("key"),
    number("number"),
    text("title"),
    text("text"),
    Column("search", TSVECTOR, Computed(PASSAGE_TEXT, persisted=True), nullable=False),
    text("embedder", nullable=True),
    number("dimensions", nullable=True),
    Column("embedding", VECTOR(), nullable=True),
    ForeignKeyConstraint(
        ["organisation_id", "kind", "key"],
        [f"{SCHEMA}.documents.organisation_id", f"{SCHEMA}.documents.kind", f"{SCHEMA}.documents.key"],
        ondelete="CASCADE",
    ),
    CheckConstraint(
        "(embedder is null) = (embedding is null) and (embedding is null or dimensions = vector_dims(embedding))",
        name="embedder",
    ),
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
