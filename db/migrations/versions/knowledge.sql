CREATE TABLE carryover.routings (
  organisation_id TEXT NOT NULL,
  id TEXT NOT NULL,
  message TEXT NOT NULL,
  routing JSONB NOT NULL,
  went_to TEXT,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_routings PRIMARY KEY (organisation_id, id),
  CONSTRAINT fk_routings_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id)
);

CREATE TABLE carryover.router_weights (
  organisation_id TEXT NOT NULL,
  weights BYTEA NOT NULL,
  examples INTEGER NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_router_weights PRIMARY KEY (organisation_id),
  CONSTRAINT fk_router_weights_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id)
);

CREATE TABLE carryover.runtime_tools (
  organisation_id TEXT NOT NULL,
  id TEXT NOT NULL,
  project_id TEXT NOT NULL,
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  status TEXT NOT NULL,
  document JSONB NOT NULL,
  written_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_runtime_tools PRIMARY KEY (organisation_id, id),
  CONSTRAINT fk_runtime_tools_organisation_id_project_id FOREIGN KEY(organisation_id, project_id)
    REFERENCES carryover.projects (organisation_id, id) ON DELETE CASCADE,
  CONSTRAINT uq_runtime_tools_organisation_id_project_id_name_version
    UNIQUE (organisation_id, project_id, name, version),
  CONSTRAINT fk_runtime_tools_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id)
);

-- At most one version of a tool can be used.
CREATE UNIQUE INDEX runtime_tools_one_approved ON carryover.runtime_tools (organisation_id, project_id, name)
  WHERE status = 'approved';

CREATE TABLE carryover.code_sessions (
  organisation_id TEXT NOT NULL,
  project_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  document JSONB NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_code_sessions PRIMARY KEY (organisation_id, project_id, user_id),
  CONSTRAINT fk_code_sessions_organisation_id_project_id FOREIGN KEY(organisation_id, project_id)
    REFERENCES carryover.projects (organisation_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_code_sessions_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id)
);

CREATE TABLE carryover.personal_tokens (
  organisation_id TEXT NOT NULL,
  id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  name TEXT NOT NULL,
  token_hash TEXT NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  used_at TIMESTAMP WITH TIME ZONE,
  revoked_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_personal_tokens PRIMARY KEY (organisation_id, id),
  CONSTRAINT uq_personal_tokens_token_hash UNIQUE (token_hash),
  CONSTRAINT fk_personal_tokens_organisation_id_user_id FOREIGN KEY(organisation_id, user_id)
    REFERENCES carryover.users (organisation_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_personal_tokens_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id)
);

-- The one way from a personal token to its owner, who has to be a member still.
CREATE FUNCTION carryover.token_owner(p_token_hash text)
RETURNS TABLE (organisation_id text, user_id text, name text, email text, role text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE carryover.personal_tokens t SET used_at = now()
   WHERE t.token_hash = p_token_hash AND (t.used_at IS NULL OR t.used_at < now() - interval '1 minute');
  RETURN QUERY SELECT u.organisation_id, u.id, u.name, u.email, m.role
    FROM carryover.personal_tokens t
    JOIN carryover.users u ON u.organisation_id = t.organisation_id AND u.id = t.user_id
    JOIN carryover.memberships m ON m.organisation_id = u.organisation_id AND m.user_id = u.id
   WHERE t.token_hash = p_token_hash AND t.revoked_at IS NULL AND t.expires_at > now() AND NOT m.disabled;
END $$;
