CREATE TABLE carryover.inquiries (
  organisation_id TEXT NOT NULL,
  id TEXT NOT NULL,
  project_id TEXT NOT NULL,
  document JSONB NOT NULL,
  token_hash TEXT NOT NULL,
  passcode_hash TEXT,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  revoked_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_inquiries PRIMARY KEY (organisation_id, id),
  CONSTRAINT fk_inquiries_organisation_id_project_id FOREIGN KEY(organisation_id, project_id)
    REFERENCES carryover.projects (organisation_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_inquiries_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id),
  CONSTRAINT uq_inquiries_token_hash UNIQUE (token_hash)
);

CREATE INDEX ix_inquiries_organisation_id_project_id ON carryover.inquiries (organisation_id, project_id);

CREATE TABLE carryover.inquiry_views (
  organisation_id TEXT NOT NULL,
  id TEXT DEFAULT CAST(gen_random_uuid() AS TEXT) NOT NULL,
  inquiry_id TEXT NOT NULL,
  viewer TEXT NOT NULL,
  opened BOOLEAN NOT NULL,
  at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT pk_inquiry_views PRIMARY KEY (organisation_id, id),
  CONSTRAINT fk_inquiry_views_organisation_id_inquiry_id FOREIGN KEY(organisation_id, inquiry_id)
    REFERENCES carryover.inquiries (organisation_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_inquiry_views_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id)
);

CREATE INDEX ix_inquiry_views_organisation_id_inquiry_id_at
  ON carryover.inquiry_views (organisation_id, inquiry_id, at);

CREATE TABLE carryover.inquiry_replies (
  organisation_id TEXT NOT NULL,
  id TEXT NOT NULL,
  inquiry_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  document JSONB NOT NULL,
  viewer TEXT NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_inquiry_replies PRIMARY KEY (organisation_id, id),
  CONSTRAINT fk_inquiry_replies_organisation_id_inquiry_id FOREIGN KEY(organisation_id, inquiry_id)
    REFERENCES carryover.inquiries (organisation_id, id) ON DELETE CASCADE,
  CONSTRAINT uq_inquiry_replies_organisation_id_inquiry_id_number UNIQUE (organisation_id, inquiry_id, number),
  CONSTRAINT fk_inquiry_replies_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id)
);

CREATE TABLE carryover.accepted_beliefs (
  organisation_id TEXT NOT NULL,
  project_id TEXT NOT NULL,
  channel TEXT NOT NULL,
  document JSONB NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_accepted_beliefs PRIMARY KEY (organisation_id, project_id, channel),
  CONSTRAINT fk_accepted_beliefs_organisation_id_project_id FOREIGN KEY(organisation_id, project_id)
    REFERENCES carryover.projects (organisation_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_accepted_beliefs_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id)
);

-- The one way from the token of an inquiry's link to its organisation; what follows happens under the policies.
CREATE FUNCTION carryover.find_inquiry(p_token_hash text)
RETURNS TABLE (organisation_id text, inquiry_id text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT i.organisation_id, i.id FROM carryover.inquiries i WHERE i.token_hash = p_token_hash
$$;
