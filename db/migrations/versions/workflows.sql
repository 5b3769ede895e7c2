CREATE TABLE carryover.workflows (
  organisation_id TEXT NOT NULL,
  id TEXT NOT NULL,
  project_id TEXT NOT NULL,
  status TEXT NOT NULL,
  options JSONB NOT NULL,
  attempt INTEGER NOT NULL,
  requested_by TEXT NOT NULL,
  user_id TEXT NOT NULL,
  requested_at TIMESTAMP WITH TIME ZONE NOT NULL,
  queued_at TIMESTAMP WITH TIME ZONE,
  started_at TIMESTAMP WITH TIME ZONE,
  ended_at TIMESTAMP WITH TIME ZONE,
  heartbeat_at TIMESTAMP WITH TIME ZONE,
  stage TEXT,
  awaited TEXT,
  awaited_id TEXT,
  error TEXT,
  outcome TEXT,
  leads_to TEXT,
  job_id TEXT,
  found JSONB NOT NULL,
  CONSTRAINT pk_workflows PRIMARY KEY (organisation_id, id),
  CONSTRAINT fk_workflows_organisation_id_project_id FOREIGN KEY(organisation_id, project_id)
    REFERENCES carryover.projects (organisation_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_workflows_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id)
);

CREATE INDEX ix_workflows_organisation_id_project_id_requested_at
  ON carryover.workflows (organisation_id, project_id, requested_at);

CREATE INDEX ix_workflows_organisation_id_awaited_id ON carryover.workflows (organisation_id, awaited_id);

-- One analysis at a time in a project: two would answer each other's questions.
CREATE UNIQUE INDEX workflows_one_open ON carryover.workflows (organisation_id, project_id)
  WHERE status IN ('queued', 'running', 'waiting');

CREATE TABLE carryover.workflow_events (
  organisation_id TEXT NOT NULL,
  workflow_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  key TEXT NOT NULL,
  kind TEXT NOT NULL,
  stage TEXT,
  document JSONB NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_workflow_events PRIMARY KEY (organisation_id, workflow_id, number),
  CONSTRAINT fk_workflow_events_organisation_id_workflow_id FOREIGN KEY(organisation_id, workflow_id)
    REFERENCES carryover.workflows (organisation_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_workflow_events_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id)
);

CREATE UNIQUE INDEX ix_workflow_events_organisation_id_workflow_id_key
  ON carryover.workflow_events (organisation_id, workflow_id, key);

CREATE TABLE carryover.workflow_acts (
  organisation_id TEXT NOT NULL,
  workflow_id TEXT NOT NULL,
  key TEXT NOT NULL,
  result TEXT NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_workflow_acts PRIMARY KEY (organisation_id, workflow_id, key),
  CONSTRAINT fk_workflow_acts_organisation_id_workflow_id FOREIGN KEY(organisation_id, workflow_id)
    REFERENCES carryover.workflows (organisation_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_workflow_acts_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id)
);

CREATE TABLE carryover.approvals (
  organisation_id TEXT NOT NULL,
  workflow_id TEXT NOT NULL,
  key TEXT NOT NULL,
  gate TEXT NOT NULL,
  question JSONB NOT NULL,
  asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_approvals PRIMARY KEY (organisation_id, workflow_id, key),
  CONSTRAINT fk_approvals_organisation_id_workflow_id FOREIGN KEY(organisation_id, workflow_id)
    REFERENCES carryover.workflows (organisation_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_approvals_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id)
);

CREATE TABLE carryover.approval_answers (
  organisation_id TEXT NOT NULL,
  workflow_id TEXT NOT NULL,
  key TEXT NOT NULL,
  verdict TEXT NOT NULL,
  answer JSONB NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_approval_answers PRIMARY KEY (organisation_id, workflow_id, key),
  CONSTRAINT fk_approval_answers_organisation_id_workflow_id FOREIGN KEY(organisation_id, workflow_id)
    REFERENCES carryover.workflows (organisation_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_approval_answers_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id)
);
