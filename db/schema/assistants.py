"""The assistant: conversations, what it proposes, who answers what, and what answers cost."""

from sqlalchemy import Column, Float, Index, UniqueConstraint, literal_column

from db.columns import at, json, number, refers, table, text

conversations = table(
    "conversations",
    ("id",),
    text("id"),
    text("user_id"),
    text("project_id", nullable=True),
    text("title"),
    at("created_at"),
    at("updated_at"),
    text("remote", nullable=True),
    refers("project_id", "projects"),
    Index(None, "organisation_id", "user_id", "project_id", "updated_at"),
    Index(
        "uq_conversations_remote",
        "organisation_id",
        "user_id",
        "project_id",
        "remote",
        unique=True,
        postgresql_where=literal_column("remote IS NOT NULL"),
    ),
)

conversation_messages = table(
    "conversation_messages",
    ("id",),
    text("id"),
    text("user_id"),
    text("conversation_id"),
    number("number"),
    json("document"),
    at("at"),
    refers("conversation_id", "conversations"),
    UniqueConstraint("organisation_id", "conversation_id", "number"),
)

proposals = table(
    "proposals",
    ("id",),
    text("id"),
    text("project_id", nullable=True),
    text("status"),
    json("document"),
    at("created_at"),
    refers("project_id", "projects"),
    Index(None, "organisation_id", "project_id", "status"),
)

llm_routes = table(
    "llm_routes",
    ("task",),
    text("task"),
    json("document"),
)

llm_prices = table(
    "llm_prices",
    ("provider", "model"),
    text("provider"),
    text("model"),
    json("document"),
)

llm_usage = table(
    "llm_usage",
    ("id",),
    text("id"),
    at("at"),
    text("user_id"),
    text("project_id", nullable=True),
    text("conversation_id", nullable=True),
    text("task"),
    text("provider"),
    text("model"),
    text("ending"),
    number("input_tokens"),
    number("output_tokens"),
    Column("seconds", Float, nullable=False),
    Column("cost", Float, nullable=True),
    Index(None, "organisation_id", "at"),
    Index(None, "organisation_id", "conversation_id"),
)

llm_answers = table(
    "llm_answers",
    ("key",),
    text("key"),
    text("answer"),
    at("at"),
)
