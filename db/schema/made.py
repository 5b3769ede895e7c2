"""What people and assistants make with the product: routed messages, tools, code that goes on, tokens, tasks."""

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy import text as sql

from db.columns import at, binary, json, number, refers, table, text

routings = table(
    "routings",
    ("id",),
    text("id"),
    text("message"),
    json("routing"),
    text("went_to", nullable=True),
    at("at"),
)

router_weights = table("router_weights", (), binary("weights"), number("examples"), at("at"))

runtime_tools = table(
    "runtime_tools",
    ("id",),
    text("id"),
    text("project_id"),
    text("name"),
    number("version"),
    text("status"),
    json("document"),
    at("written_at"),
    refers("project_id", "projects"),
    UniqueConstraint("organisation_id", "project_id", "name", "version"),
    Index(
        "runtime_tools_one_approved",
        "organisation_id",
        "project_id",
        "name",
        unique=True,
        postgresql_where=sql("status = 'approved'"),
    ),
)

code_sessions = table(
    "code_sessions",
    ("project_id", "user_id"),
    text("project_id"),
    text("user_id"),
    json("document"),
    at("at"),
    refers("project_id", "projects"),
)

personal_tokens = table(
    "personal_tokens",
    ("id",),
    text("id"),
    text("user_id"),
    text("name"),
    text("token_hash", unique=True),
    at("created_at"),
    at("expires_at"),
    at("used_at", nullable=True),
    at("revoked_at", nullable=True),
    refers("user_id", "users"),
)

remote_tasks = table(
    "remote_tasks",
    ("user_id", "id"),
    text("user_id"),
    text("id"),
    text("content"),
    at("changed_at"),
    refers("user_id", "users"),
    Index(None, "organisation_id", "user_id", "changed_at"),
)
