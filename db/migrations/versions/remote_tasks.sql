CREATE TABLE carryover.remote_tasks (
  organisation_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  id TEXT NOT NULL,
  content TEXT NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_remote_tasks PRIMARY KEY (organisation_id, user_id, id),
  CONSTRAINT fk_remote_tasks_organisation_id_user_id FOREIGN KEY(organisation_id, user_id)
    REFERENCES carryover.users (organisation_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_remote_tasks_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id)
);

CREATE INDEX ix_remote_tasks_organisation_id_user_id_changed_at
  ON carryover.remote_tasks (organisation_id, user_id, changed_at);
