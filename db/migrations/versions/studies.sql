CREATE TABLE carryover.studies (
  organisation_id TEXT NOT NULL,
  id TEXT NOT NULL,
  project_id TEXT NOT NULL,
  dataset_version_id TEXT NOT NULL,
  run_id TEXT,
  other_run_id TEXT,
  kind TEXT NOT NULL,
  spec_yaml TEXT NOT NULL,
  options JSONB NOT NULL,
  status TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  requested_by TEXT NOT NULL,
  requested_at TIMESTAMP WITH TIME ZONE NOT NULL,
  started_at TIMESTAMP WITH TIME ZONE,
  ended_at TIMESTAMP WITH TIME ZONE,
  heartbeat_at TIMESTAMP WITH TIME ZONE,
  error TEXT,
  job_id TEXT,
  device TEXT NOT NULL,
  outcome JSONB,
  CONSTRAINT pk_studies PRIMARY KEY (organisation_id, id),
  CONSTRAINT fk_studies_organisation_id_project_id FOREIGN KEY(organisation_id, project_id)
    REFERENCES carryover.projects (organisation_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_studies_organisation_id_dataset_version_id FOREIGN KEY(organisation_id, dataset_version_id)
    REFERENCES carryover.dataset_versions (organisation_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_studies_organisation_id_run_id FOREIGN KEY(organisation_id, run_id)
    REFERENCES carryover.runs (organisation_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_studies_organisation_id_other_run_id FOREIGN KEY(organisation_id, other_run_id)
    REFERENCES carryover.runs (organisation_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_studies_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id)
);

CREATE INDEX ix_studies_organisation_id_project_id_requested_at ON carryover.studies (organisation_id, project_id, requested_at);

CREATE INDEX ix_studies_organisation_id_run_id ON carryover.studies (organisation_id, run_id);

CREATE TABLE carryover.study_steps (
  organisation_id TEXT NOT NULL,
  study_id TEXT NOT NULL,
  position INTEGER NOT NULL,
  name TEXT NOT NULL,
  label TEXT NOT NULL,
  arguments JSONB NOT NULL,
  status TEXT NOT NULL,
  result JSONB,
  error TEXT,
  seconds DOUBLE PRECISION,
  progress JSONB,
  attempt INTEGER NOT NULL,
  at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_study_steps PRIMARY KEY (organisation_id, study_id, position),
  CONSTRAINT fk_study_steps_organisation_id_study_id FOREIGN KEY(organisation_id, study_id)
    REFERENCES carryover.studies (organisation_id, id) ON DELETE CASCADE,
  CONSTRAINT uq_study_steps_organisation_id_study_id_name UNIQUE (organisation_id, study_id, name),
  CONSTRAINT fk_study_steps_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id)
);
