"""Workflows: where each stands, its history, what it did, what it asked and what was answered."""

from sqlalchemy import Index, literal_column

from db.columns import at, json, number, refers, table, text

workflows = table(
    "workflows",
    ("id",),
    text("id"),
    text("project_id"),
    text("status"),
    json("options"),
    number("attempt"),
    text("requested_by"),
    text("user_id"),
    at("requested_at"),
    at("queued_at", nullable=True),
    at("started_at", nullable=True),
    at("ended_at", nullable=True),
    at("heartbeat_at", nullable=True),
    text("stage", nullable=True),
    text("awaited", nullable=True),
    text("awaited_id", nullable=True),
    text("error", nullable=True),
    text("outcome", nullable=True),
    text("leads_to", nullable=True),
    text("job_id", nullable=True),
    json("found"),
    text("kind"),
    refers("project_id", "projects"),
    Index(None, "organisation_id", "project_id", "requested_at"),
    Index(None, "organisation_id", "awaited_id"),
    Index(
        "workflows_one_open",
        "organisation_id",
        "project_id",
        "kind",
        unique=True,
        postgresql_where=literal_column("status IN ('queued', 'running', 'waiting')"),
    ),
)

workflow_events = table(
    "workflow_events",
    ("workflow_id", "number"),
    text("workflow_id"),
    number("number"),
    text("key"),
    text("kind"),
    text("stage", nullable=True),
    json("document"),
    at("at"),
    refers("workflow_id", "workflows"),
    Index(None, "organisation_id", "workflow_id", "key", unique=True),
)

workflow_acts = table(
    "workflow_acts",
    ("workflow_id", "key"),
    text("workflow_id"),
    text("key"),
    text("result"),
    at("at"),
    refers("workflow_id", "workflows"),
)

approvals = table(
    "approvals",
    ("workflow_id", "key"),
    text("workflow_id"),
    text("key"),
    text("gate"),
    json("question"),
    at("asked_at"),
    refers("workflow_id", "workflows"),
)

approval_answers = table(
    "approval_answers",
    ("workflow_id", "key"),
    text("workflow_id"),
    text("key"),
    text("verdict"),
    json("answer"),
    at("at"),
    refers("workflow_id", "workflows"),
)
