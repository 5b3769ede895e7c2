CREATE TABLE carryover.conversations (
  organisation_id TEXT NOT NULL,
  id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  project_id TEXT,
  title TEXT NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_conversations PRIMARY KEY (organisation_id, id),
  CONSTRAINT fk_conversations_organisation_id_project_id FOREIGN KEY(organisation_id, project_id)
    REFERENCES carryover.projects (organisation_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_conversations_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id)
);

CREATE INDEX ix_conversations_organisation_id_user_id_project_id_updated_at
  ON carryover.conversations (organisation_id, user_id, project_id, updated_at);

CREATE TABLE carryover.conversation_messages (
  organisation_id TEXT NOT NULL,
  id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  conversation_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  document JSONB NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_conversation_messages PRIMARY KEY (organisation_id, id),
  CONSTRAINT fk_conversation_messages_organisation_id_conversation_id FOREIGN KEY(organisation_id, conversation_id)
    REFERENCES carryover.conversations (organisation_id, id) ON DELETE CASCADE,
  CONSTRAINT uq_conversation_messages_organisation_id_conversation_id_number
    UNIQUE (organisation_id, conversation_id, number),
  CONSTRAINT fk_conversation_messages_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id)
);

CREATE TABLE carryover.proposals (
  organisation_id TEXT NOT NULL,
  id TEXT NOT NULL,
  project_id TEXT,
  status TEXT NOT NULL,
  document JSONB NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_proposals PRIMARY KEY (organisation_id, id),
  CONSTRAINT fk_proposals_organisation_id_project_id FOREIGN KEY(organisation_id, project_id)
    REFERENCES carryover.projects (organisation_id, id) ON DELETE CASCADE,
  CONSTRAINT fk_proposals_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id)
);

CREATE INDEX ix_proposals_organisation_id_project_id_status ON carryover.proposals (organisation_id, project_id, status);

CREATE TABLE carryover.llm_routes (
  organisation_id TEXT NOT NULL,
  task TEXT NOT NULL,
  document JSONB NOT NULL,
  CONSTRAINT pk_llm_routes PRIMARY KEY (organisation_id, task),
  CONSTRAINT fk_llm_routes_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id)
);

CREATE TABLE carryover.llm_usage (
  organisation_id TEXT NOT NULL,
  id TEXT NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  user_id TEXT NOT NULL,
  project_id TEXT,
  conversation_id TEXT,
  task TEXT NOT NULL,
  provider TEXT NOT NULL,
  model TEXT NOT NULL,
  ending TEXT NOT NULL,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  seconds DOUBLE PRECISION NOT NULL,
  cost DOUBLE PRECISION,
  CONSTRAINT pk_llm_usage PRIMARY KEY (organisation_id, id),
  CONSTRAINT fk_llm_usage_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id)
);

CREATE INDEX ix_llm_usage_organisation_id_at ON carryover.llm_usage (organisation_id, at);

CREATE INDEX ix_llm_usage_organisation_id_conversation_id ON carryover.llm_usage (organisation_id, conversation_id);

CREATE TABLE carryover.llm_answers (
  organisation_id TEXT NOT NULL,
  key TEXT NOT NULL,
  answer TEXT NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_llm_answers PRIMARY KEY (organisation_id, key),
  CONSTRAINT fk_llm_answers_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id)
);
