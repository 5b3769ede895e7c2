"""What workers compute: fits with their progress, draws and results, and studies step by step."""

from sqlalchemy import BigInteger, Column, Double, Index, UniqueConstraint, func

from db.columns import at, binary, json, number, refers, table, text

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
