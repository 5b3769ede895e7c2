CREATE TABLE carryover.llm_prices (
  organisation_id TEXT NOT NULL,
  provider TEXT NOT NULL,
  model TEXT NOT NULL,
  document JSONB NOT NULL,
  CONSTRAINT pk_llm_prices PRIMARY KEY (organisation_id, provider, model),
  CONSTRAINT fk_llm_prices_organisation_id FOREIGN KEY(organisation_id)
    REFERENCES carryover.organisations (organisation_id)
);
