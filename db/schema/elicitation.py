"""People who are asked under a link, what they answered, and what was accepted of it."""

from sqlalchemy import Boolean, Column, Index, UniqueConstraint, func

from db.columns import UUID, at, json, number, refers, table, text

inquiries = table(
    "inquiries",
    ("id",),
    text("id"),
    text("project_id"),
    json("document"),
    text("token_hash", unique=True),
    text("passcode_hash", nullable=True),
    at("created_at"),
    at("expires_at"),
    at("revoked_at", nullable=True),
    refers("project_id", "projects"),
    Index(None, "organisation_id", "project_id"),
)

inquiry_views = table(
    "inquiry_views",
    ("id",),
    text("id", server_default=UUID),
    text("inquiry_id"),
    text("viewer"),
    Column("opened", Boolean, nullable=False),
    at("at", server_default=func.now()),
    refers("inquiry_id", "inquiries"),
    Index(None, "organisation_id", "inquiry_id", "at"),
)

inquiry_replies = table(
    "inquiry_replies",
    ("id",),
    text("id"),
    text("inquiry_id"),
    number("number"),
    json("document"),
    text("viewer"),
    at("at"),
    refers("inquiry_id", "inquiries"),
    UniqueConstraint("organisation_id", "inquiry_id", "number"),
)

accepted_beliefs = table(
    "accepted_beliefs",
    ("project_id", "channel"),
    text("project_id"),
    text("channel"),
    json("document"),
    at("at"),
    refers("project_id", "projects"),
)
