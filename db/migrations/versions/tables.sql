CREATE TABLE carryover.organisations (
  organisation_id TEXT NOT NULL,
  name TEXT NOT NULL,
  claim TEXT,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT pk_organisations PRIMARY KEY (organisation_id),
  CONSTRAINT uq_organisations_claim UNIQUE (claim)
);

CREATE TABLE carryover.users (
  organisation_id TEXT NOT NULL,
  id TEXT NOT NULL,
  issuer TEXT NOT NULL,
  subject TEXT NOT NULL,
  email TEXT NOT NULL,
  name TEXT NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  seen_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT pk_users PRIMARY KEY (organisation_id, id),
  CONSTRAINT uq_users_organisation_id_issuer_subject UNIQUE (organisation_id, issuer, subject),
  CONSTRAINT fk_users_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id)
);

CREATE INDEX ix_users_issuer_subject ON carryover.users (issuer, subject);

CREATE TABLE carryover.invitations (
  organisation_id TEXT NOT NULL,
  email TEXT NOT NULL,
  role TEXT NOT NULL,
  invited_by TEXT NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  accepted_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_invitations PRIMARY KEY (organisation_id, email),
  CONSTRAINT ck_invitations_role CHECK (role in ('viewer', 'analyst', 'approver', 'admin')),
  CONSTRAINT ck_invitations_lower CHECK (email = lower(email)),
  CONSTRAINT fk_invitations_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id)
);

CREATE INDEX ix_invitations_email ON carryover.invitations (email);

CREATE TABLE carryover.allowed_domains (
  organisation_id TEXT NOT NULL,
  domain TEXT NOT NULL,
  role TEXT NOT NULL,
  CONSTRAINT pk_allowed_domains PRIMARY KEY (organisation_id, domain),
  CONSTRAINT ck_allowed_domains_role CHECK (role in ('viewer', 'analyst', 'approver', 'admin')),
  CONSTRAINT ck_allowed_domains_lower CHECK (domain = lower(domain)),
  CONSTRAINT fk_allowed_domains_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id),
  CONSTRAINT uq_allowed_domains_domain UNIQUE (domain)
);

CREATE TABLE carryover.projects (
  organisation_id TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  document JSONB NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_projects PRIMARY KEY (organisation_id, id),
  CONSTRAINT fk_projects_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id)
);

CREATE TABLE carryover.nodes (
  organisation_id TEXT NOT NULL,
  id TEXT DEFAULT CAST(gen_random_uuid() AS TEXT) NOT NULL,
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  label TEXT NOT NULL,
  properties JSONB NOT NULL,
  project_id TEXT NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT pk_nodes PRIMARY KEY (organisation_id, id),
  CONSTRAINT uq_nodes_organisation_id_kind_key UNIQUE (organisation_id, kind, key),
  CONSTRAINT fk_nodes_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id)
);

CREATE INDEX ix_nodes_organisation_id_project_id_kind ON carryover.nodes (organisation_id, project_id, kind);

CREATE TABLE carryover.blobs (
  organisation_id TEXT NOT NULL,
  name TEXT NOT NULL,
  size BIGINT NOT NULL,
  media_type TEXT NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT pk_blobs PRIMARY KEY (organisation_id, name),
  CONSTRAINT fk_blobs_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id)
);

CREATE TABLE carryover.audit (
  organisation_id TEXT NOT NULL,
  number BIGINT NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  user_id TEXT NOT NULL,
  who TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  detail JSONB NOT NULL,
  hash BYTEA NOT NULL,
  CONSTRAINT pk_audit PRIMARY KEY (organisation_id, number),
  CONSTRAINT fk_audit_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id)
);

CREATE TABLE carryover.memberships (
  organisation_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  role TEXT NOT NULL,
  disabled BOOLEAN DEFAULT 'false' NOT NULL,
  CONSTRAINT pk_memberships PRIMARY KEY (organisation_id, user_id),
  CONSTRAINT fk_memberships_organisation_id_user_id FOREIGN KEY(organisation_id, user_id)
    REFERENCES carryover.users (organisation_id, id) ON DELETE CASCADE,
  CONSTRAINT ck_memberships_role CHECK (role in ('viewer', 'analyst', 'approver', 'admin')),
  CONSTRAINT fk_memberships_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id)
);

CREATE TABLE carryover.plans (
  organisation_id TEXT NOT NULL,
  id TEXT NOT NULL,
  project_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  document JSONB NOT NULL,
  CONSTRAINT pk_plans PRIMARY KEY (organisation_id, id),
  CONSTRAINT fk_plans_organisation_id_project_id FOREIGN KEY(organisation_id, project_id)
    REFERENCES carryover.projects (organisation_id, id) ON DELETE CASCADE,
  CONSTRAINT uq_plans_organisation_id_project_id_version UNIQUE (organisation_id, project_id, version),
  CONSTRAINT fk_plans_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id)
);

CREATE TABLE carryover.dataset_versions (
  organisation_id TEXT NOT NULL,
  id TEXT NOT NULL,
  project_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  content_hash TEXT NOT NULL,
  source_blob TEXT NOT NULL,
  document JSONB NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_dataset_versions PRIMARY KEY (organisation_id, id),
  CONSTRAINT fk_dataset_versions_organisation_id_project_id FOREIGN KEY(organisation_id, project_id)
    REFERENCES carryover.projects (organisation_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_dataset_versions_organisation_id_source_blob FOREIGN KEY(organisation_id, source_blob)
    REFERENCES carryover.blobs (organisation_id, name),
  CONSTRAINT uq_dataset_versions_organisation_id_project_id_number UNIQUE (organisation_id, project_id, number),
  CONSTRAINT fk_dataset_versions_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id)
);

CREATE TABLE carryover.edges (
  organisation_id TEXT NOT NULL,
  source_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  target_id TEXT NOT NULL,
  properties JSONB NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT pk_edges PRIMARY KEY (organisation_id, source_id, kind, target_id),
  CONSTRAINT fk_edges_organisation_id_source_id FOREIGN KEY(organisation_id, source_id)
    REFERENCES carryover.nodes (organisation_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_edges_organisation_id_target_id FOREIGN KEY(organisation_id, target_id)
    REFERENCES carryover.nodes (organisation_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_edges_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id)
);

CREATE INDEX ix_edges_organisation_id_target_id ON carryover.edges (organisation_id, target_id);

CREATE TABLE carryover.documents (
  organisation_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  project_id TEXT,
  title TEXT NOT NULL,
  body TEXT NOT NULL,
  search TSVECTOR GENERATED ALWAYS AS (setweight(to_tsvector('english', title), 'A')
    || setweight(to_tsvector('english', left(body, 500000)), 'B')) STORED NOT NULL,
  embedder TEXT,
  embedding VECTOR(384),
  at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT pk_documents PRIMARY KEY (organisation_id, kind, key),
  CONSTRAINT fk_documents_organisation_id_project_id FOREIGN KEY(organisation_id, project_id)
    REFERENCES carryover.projects (organisation_id, id) ON DELETE CASCADE,
  CONSTRAINT ck_documents_embedder CHECK ((embedder is null) = (embedding is null)),
  CONSTRAINT fk_documents_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id)
);

CREATE INDEX ix_documents_search ON carryover.documents USING gin (search);

CREATE TABLE carryover.blob_parts (
  organisation_id TEXT NOT NULL,
  name TEXT NOT NULL,
  number INTEGER NOT NULL,
  content BYTEA NOT NULL,
  CONSTRAINT pk_blob_parts PRIMARY KEY (organisation_id, name, number),
  CONSTRAINT fk_blob_parts_organisation_id_name FOREIGN KEY(organisation_id, name)
    REFERENCES carryover.blobs (organisation_id, name) ON DELETE CASCADE,
  CONSTRAINT fk_blob_parts_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id)
);

CREATE TABLE carryover.runs (
  organisation_id TEXT NOT NULL,
  id TEXT NOT NULL,
  project_id TEXT NOT NULL,
  dataset_version_id TEXT NOT NULL,
  spec_yaml TEXT NOT NULL,
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
  name TEXT NOT NULL,
  CONSTRAINT pk_runs PRIMARY KEY (organisation_id, id),
  CONSTRAINT fk_runs_organisation_id_project_id FOREIGN KEY(organisation_id, project_id)
    REFERENCES carryover.projects (organisation_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_runs_organisation_id_dataset_version_id FOREIGN KEY(organisation_id, dataset_version_id)
    REFERENCES carryover.dataset_versions (organisation_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_runs_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id)
);

CREATE INDEX ix_runs_organisation_id_project_id_requested_at ON carryover.runs (organisation_id, project_id, requested_at);

CREATE INDEX ix_runs_organisation_id_status_heartbeat_at ON carryover.runs (organisation_id, status, heartbeat_at);

CREATE TABLE carryover.progress (
  organisation_id TEXT NOT NULL,
  run_id TEXT NOT NULL,
  number BIGINT NOT NULL,
  attempt INTEGER NOT NULL,
  chain INTEGER NOT NULL,
  document JSONB NOT NULL,
  at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  CONSTRAINT pk_progress PRIMARY KEY (organisation_id, run_id, number),
  CONSTRAINT fk_progress_organisation_id_run_id FOREIGN KEY(organisation_id, run_id)
    REFERENCES carryover.runs (organisation_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_progress_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id)
);

CREATE INDEX ix_progress_organisation_id_run_id_chain_number ON carryover.progress (organisation_id, run_id, chain, number);

CREATE TABLE carryover.chunks (
  organisation_id TEXT NOT NULL,
  run_id TEXT NOT NULL,
  chain INTEGER NOT NULL,
  number INTEGER NOT NULL,
  document JSONB NOT NULL,
  draws BYTEA NOT NULL,
  CONSTRAINT pk_chunks PRIMARY KEY (organisation_id, run_id, chain, number),
  CONSTRAINT fk_chunks_organisation_id_run_id FOREIGN KEY(organisation_id, run_id)
    REFERENCES carryover.runs (organisation_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_chunks_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id)
);

CREATE TABLE carryover.checkpoints (
  organisation_id TEXT NOT NULL,
  run_id TEXT NOT NULL,
  chain INTEGER NOT NULL,
  number INTEGER NOT NULL,
  state BYTEA NOT NULL,
  CONSTRAINT pk_checkpoints PRIMARY KEY (organisation_id, run_id, chain),
  CONSTRAINT fk_checkpoints_organisation_id_run_id FOREIGN KEY(organisation_id, run_id)
    REFERENCES carryover.runs (organisation_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_checkpoints_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id)
);

CREATE TABLE carryover.results (
  organisation_id TEXT NOT NULL,
  run_id TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  document JSONB NOT NULL,
  draws_blob TEXT NOT NULL,
  at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT pk_results PRIMARY KEY (organisation_id, run_id),
  CONSTRAINT fk_results_organisation_id_run_id FOREIGN KEY(organisation_id, run_id)
    REFERENCES carryover.runs (organisation_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_results_organisation_id_draws_blob FOREIGN KEY(organisation_id, draws_blob)
    REFERENCES carryover.blobs (organisation_id, name),
  CONSTRAINT fk_results_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id)
);

CREATE TABLE carryover.facts (
  organisation_id TEXT NOT NULL,
  run_id TEXT NOT NULL,
  key TEXT NOT NULL,
  position INTEGER NOT NULL,
  value DOUBLE PRECISION NOT NULL,
  unit TEXT NOT NULL,
  CONSTRAINT pk_facts PRIMARY KEY (organisation_id, run_id, key),
  CONSTRAINT fk_facts_organisation_id_run_id FOREIGN KEY(organisation_id, run_id)
    REFERENCES carryover.runs (organisation_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_facts_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id)
);

CREATE TABLE carryover.scenarios (
  organisation_id TEXT NOT NULL,
  id TEXT NOT NULL,
  project_id TEXT NOT NULL,
  run_id TEXT NOT NULL,
  parent_id TEXT,
  document JSONB NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_scenarios PRIMARY KEY (organisation_id, id),
  CONSTRAINT fk_scenarios_organisation_id_project_id FOREIGN KEY(organisation_id, project_id)
    REFERENCES carryover.projects (organisation_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_scenarios_organisation_id_run_id FOREIGN KEY(organisation_id, run_id)
    REFERENCES carryover.runs (organisation_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_scenarios_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id)
);

CREATE INDEX ix_scenarios_organisation_id_project_id ON carryover.scenarios (organisation_id, project_id);

CREATE TABLE carryover.reports (
  organisation_id TEXT NOT NULL,
  id TEXT NOT NULL,
  project_id TEXT NOT NULL,
  run_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  title TEXT NOT NULL,
  markdown TEXT NOT NULL,
  html_blob TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_reports PRIMARY KEY (organisation_id, id),
  CONSTRAINT fk_reports_organisation_id_project_id FOREIGN KEY(organisation_id, project_id)
    REFERENCES carryover.projects (organisation_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_reports_organisation_id_run_id FOREIGN KEY(organisation_id, run_id)
    REFERENCES carryover.runs (organisation_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_reports_organisation_id_html_blob FOREIGN KEY(organisation_id, html_blob)
    REFERENCES carryover.blobs (organisation_id, name),
  CONSTRAINT uq_reports_organisation_id_project_id_version UNIQUE (organisation_id, project_id, version),
  CONSTRAINT fk_reports_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id)
);

CREATE TABLE carryover.share_links (
  organisation_id TEXT NOT NULL,
  id TEXT NOT NULL,
  report_id TEXT NOT NULL,
  token_hash TEXT NOT NULL,
  passcode_hash TEXT,
  created_by TEXT NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  revoked_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_share_links PRIMARY KEY (organisation_id, id),
  CONSTRAINT fk_share_links_organisation_id_report_id FOREIGN KEY(organisation_id, report_id)
    REFERENCES carryover.reports (organisation_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_share_links_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id),
  CONSTRAINT uq_share_links_token_hash UNIQUE (token_hash)
);

CREATE INDEX ix_share_links_organisation_id_report_id ON carryover.share_links (organisation_id, report_id);

CREATE TABLE carryover.share_views (
  organisation_id TEXT NOT NULL,
  id TEXT DEFAULT CAST(gen_random_uuid() AS TEXT) NOT NULL,
  link_id TEXT NOT NULL,
  viewer TEXT NOT NULL,
  opened BOOLEAN NOT NULL,
  at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT pk_share_views PRIMARY KEY (organisation_id, id),
  CONSTRAINT fk_share_views_organisation_id_link_id FOREIGN KEY(organisation_id, link_id)
    REFERENCES carryover.share_links (organisation_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_share_views_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id)
);

CREATE INDEX ix_share_views_organisation_id_link_id_at ON carryover.share_views (organisation_id, link_id, at);
