"""What people make: projects, plans, data, baselines, scenarios, reports and their links."""

from sqlalchemy import Boolean, Column, Index, UniqueConstraint, func
from sqlalchemy import text as sql

from db.columns import UUID, at, json, number, refers, table, text

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

plan_talks = table(
    "plan_talks",
    ("id",),
    text("id"),
    text("project_id"),
    number("number"),
    text("status"),
    json("document"),
    at("begun_at"),
    refers("project_id", "projects"),
    Index("ix_plan_talks_open", "organisation_id", "project_id", unique=True, postgresql_where=sql("status = 'open'")),
    Index(None, "organisation_id", "project_id", "begun_at"),
)

spec_drafts = table(
    "spec_drafts",
    ("project_id",),
    text("project_id"),
    text("spec_yaml"),
    text("saved_by"),
    at("saved_at"),
    refers("project_id", "projects"),
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
