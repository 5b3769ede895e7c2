CREATE TABLE carryover.spec_drafts (
  organisation_id TEXT NOT NULL,
  project_id TEXT NOT NULL,
  spec_yaml TEXT NOT NULL,
  saved_by TEXT NOT NULL,
  saved_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_spec_drafts PRIMARY KEY (organisation_id, project_id),
  CONSTRAINT fk_spec_drafts_organisation_id_project_id FOREIGN KEY(organisation_id, project_id)
    REFERENCES carryover.projects (organisation_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_spec_drafts_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id)
);
