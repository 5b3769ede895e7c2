"""Who works here: organisations, people, their roles and ways in."""

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Table, UniqueConstraint, func

from db.columns import at, metadata, refers, table, text

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
