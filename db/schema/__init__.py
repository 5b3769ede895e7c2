"""Every table, each row with its organisation.

Keys and references carry ``organisation_id``: a foreign key is checked without row-level security, so only a composite
one makes sure that a row cannot refer to another organisation's. Migrations hold policies, grants, triggers and doors.
"""

from db.columns import SCHEMA, metadata
from db.schema.assistants import (
    conversation_messages,
    conversations,
    llm_answers,
    llm_prices,
    llm_routes,
    llm_usage,
    proposals,
)
from db.schema.elicitation import accepted_beliefs, inquiries, inquiry_replies, inquiry_views
from db.schema.fits import checkpoints, chunks, facts, progress, results, runs, studies, study_steps
from db.schema.knowledge import audit, blob_parts, blobs, documents, edges, nodes, passages
from db.schema.made import code_sessions, personal_tokens, remote_tasks, router_weights, routings, runtime_tools
from db.schema.people import allowed_domains, invitations, memberships, organisations, users
from db.schema.work import (
    baselines,
    dataset_versions,
    plan_talks,
    plans,
    projects,
    reports,
    scenarios,
    share_links,
    share_views,
    spec_drafts,
)
from db.schema.workflow import approval_answers, approvals, workflow_acts, workflow_events, workflows

__all__ = [
    "SCHEMA",
    "accepted_beliefs",
    "allowed_domains",
    "approval_answers",
    "approvals",
    "audit",
    "baselines",
    "blob_parts",
    "blobs",
    "checkpoints",
    "chunks",
    "code_sessions",
    "conversation_messages",
    "conversations",
    "dataset_versions",
    "documents",
    "edges",
    "facts",
    "inquiries",
    "inquiry_replies",
    "inquiry_views",
    "invitations",
    "llm_answers",
    "llm_prices",
    "llm_routes",
    "llm_usage",
    "memberships",
    "metadata",
    "nodes",
    "organisations",
    "passages",
    "personal_tokens",
    "plan_talks",
    "plans",
    "progress",
    "projects",
    "proposals",
    "remote_tasks",
    "reports",
    "results",
    "router_weights",
    "routings",
    "runs",
    "runtime_tools",
    "scenarios",
    "share_links",
    "share_views",
    "spec_drafts",
    "studies",
    "study_steps",
    "users",
    "workflow_acts",
    "workflow_events",
    "workflows",
]
