CREATE TABLE carryover.plan_talks (
  organisation_id TEXT NOT NULL,
  id TEXT NOT NULL,
  project_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  status TEXT NOT NULL,
  document JSONB NOT NULL,
  begun_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_plan_talks PRIMARY KEY (organisation_id, id),
  CONSTRAINT fk_plan_talks_organisation_id_project_id FOREIGN KEY(organisation_id, project_id)
    REFERENCES carryover.projects (organisation_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_plan_talks_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id)
);

CREATE UNIQUE INDEX ix_plan_talks_open ON carryover.plan_talks (organisation_id, project_id) WHERE status = 'open';

CREATE INDEX ix_plan_talks_organisation_id_project_id_begun_at
  ON carryover.plan_talks (organisation_id, project_id, begun_at);
