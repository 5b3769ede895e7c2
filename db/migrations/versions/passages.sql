ALTER TABLE carryover.documents ADD COLUMN address TEXT DEFAULT '' NOT NULL;
ALTER TABLE carryover.documents DROP CONSTRAINT ck_documents_embedder;
ALTER TABLE carryover.documents DROP COLUMN embedder;
ALTER TABLE carryover.documents DROP COLUMN embedding;

CREATE TABLE carryover.passages (
  organisation_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  number INTEGER NOT NULL,
  title TEXT NOT NULL,
  text TEXT NOT NULL,
  search TSVECTOR GENERATED ALWAYS AS (setweight(to_tsvector('english', title), 'A')
    || setweight(to_tsvector('english', text), 'B')) STORED NOT NULL,
  embedder TEXT,
  dimensions INTEGER,
  embedding VECTOR,
  CONSTRAINT pk_passages PRIMARY KEY (organisation_id, kind, key, number),
  CONSTRAINT fk_passages_organisation_id_kind_key FOREIGN KEY(organisation_id, kind, key)
    REFERENCES carryover.documents (organisation_id, kind, key) ON DELETE CASCADE,
  CONSTRAINT ck_passages_embedder CHECK (
    (embedder is null) = (embedding is null) and (embedding is null or dimensions = vector_dims(embedding))),
  CONSTRAINT fk_passages_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id)
);

CREATE INDEX ix_passages_search ON carryover.passages USING gin (search);
