CREATE TABLE carryover.baselines (
  organisation_id TEXT NOT NULL,
  id TEXT NOT NULL,
  project_id TEXT NOT NULL,
  dataset_version_id TEXT NOT NULL,
  document JSONB NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_baselines PRIMARY KEY (organisation_id, id),
  CONSTRAINT fk_baselines_organisation_id_project_id FOREIGN KEY(organisation_id, project_id)
    REFERENCES carryover.projects (organisation_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_baselines_organisation_id_dataset_version_id FOREIGN KEY(organisation_id, dataset_version_id)
    REFERENCES carryover.dataset_versions (organisation_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_baselines_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id)
);

CREATE INDEX ix_baselines_organisation_id_project_id_created_at
  ON carryover.baselines (organisation_id, project_id, created_at);
